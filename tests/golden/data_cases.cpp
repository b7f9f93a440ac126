// SPDX-License-Identifier: MIT
// Golden cases of random draws, data preparation, splits, masks and labelled subsets.
#include <algorithm>
#include <cmath>
#include <numeric>

#include "golden/registry.hpp"
#include "gyrograd/core/random.hpp"
#include "gyrograd/data/down_sample.hpp"
#include "gyrograd/data/normalise.hpp"
#include "gyrograd/data/pieces.hpp"
#include "gyrograd/data/readers/hapt.hpp"
#include "gyrograd/data/span_mask.hpp"
#include "gyrograd/data/split.hpp"
#include "gyrograd/data/subset.hpp"

using namespace gyrograd;
using namespace gyrograd::golden;

namespace {

std::uint32_t seed_of(const Case& c) {
  return static_cast<std::uint32_t>(c.integer("seed"));
}

/// Number behind the last underscore of a key: "output.randint_120" -> 120.
Index number_in(const std::string& key) {
  return std::stoll(key.substr(key.rfind('_') + 1));
}

void check_rng(const Case& c) {
  for (const std::string& key : c.keys()) {
    Mt19937 g(seed_of(c));
    std::vector<Index> got(static_cast<std::size_t>(c.at(key).size()));
    if (key.starts_with("output.mixed")) continue;
    if (key == "output.uniform") {
      std::vector<double> u(got.size());
      for (double& v : u) v = uniform_double(g);
      expect_rows(c, key, u, 0);
      continue;
    }
    std::vector<double> weights;
    for (int k = 0; k < 10; ++k) weights.push_back(0.2 * std::pow(0.8, k));
    const DiscreteLaw law(weights);
    if (key.starts_with("output.permutation_")) {
      got = permutation(g, number_in(key));
    } else if (key == "output.words") {
      for (Index& v : got) v = g();
    } else if (key.starts_with("output.randint_")) {
      for (Index& v : got) v = random_index(g, number_in(key));
    } else if (key == "output.choice_1_to_10") {
      for (Index& v : got) v = law(g) + 1;
    } else {
      FAIL_CHECK("unknown draw " << key);
    }
    expect_indices(c, key, got);
  }
  Mt19937 g(seed_of(c));
  expect_indices(c, "output.mixed_permutation_5", permutation(g, 5));
  expect_number(c, "output.mixed_uniform", uniform_double(g), 0);
  expect_indices(c, "output.mixed_randint_9", {random_index(g, 9)});
}

template <class Real>
void check_down_sample(const Case& c) {
  const std::vector<Real> x = c.values<Real>("input.x");
  const double ratio = c.number("ratio");
  const auto run = [&](data::LoopGuard guard) {
    return data::down_sample(std::span<const Real>(x), c.at("input.x").extent(1), ratio, guard);
  };
  expect_rows(c, "output.lt", run(data::LoopGuard::motion), c.tolerance<Real>());
  if (c.has("output.le")) {
    expect_rows(c, "output.le", run(data::LoopGuard::shoaib), c.tolerance<Real>());
    expect_rows(c, "output.lt", run(data::LoopGuard::uci), c.tolerance<Real>());
  }
  if (c.has("output.uci")) expect_rows(c, "output.uci", run(data::LoopGuard::uci), c.tolerance<Real>());
}

template <class Real>
void check_normalise(const Case& c) {
  const std::vector<Real> x = c.values<Real>("input.x");
  const Index channels = c.at("input.x").extent(1), features = c.integer("feature_len");
  const auto run = [&](data::Normalisation mode) {
    std::vector<Real> y(x.size() / static_cast<std::size_t>(channels) * static_cast<std::size_t>(features));
    data::normalise(std::span<Real>(y), std::span<const Real>(x), channels, features, mode);
    return y;
  };
  expect_rows(c, "output.public", run(data::Normalisation::limu), c.tolerance<Real>());
  expect_rows(c, "output.x_form", run(data::Normalisation::limu_x), c.tolerance<Real>());
}

void check_span_mask(const Case& c) {
  data::SpanMaskConfig config;
  config.mask_ratio = c.number("mask_ratio");
  config.max_gram = c.integer("max_span");
  config.mask_prob = c.number("mask_prob");
  data::SpanMasker masker(config, c.integer("time"));
  const Array& want = c.at("output.positions");
  REQUIRE(masker.count() == want.extent(1));
  Mt19937 g(seed_of(c));
  std::vector<Index> positions, zeroed, words;
  for (Index i = 0; i < want.extent(0); ++i) {
    std::vector<Index> row(static_cast<std::size_t>(masker.count()));
    const std::uint64_t before = g.position();
    const data::MaskAction action = masker.draw(g, row);
    zeroed.push_back(action == data::MaskAction::zero ? 1 : 0);
    words.push_back(static_cast<Index>(g.position() - before) % 624);
    positions.insert(positions.end(), row.begin(), row.end());
    if (i != 0) continue;
    std::vector<double> x = c.values<double>("input.window0"), target;
    const Index channels = c.at("input.window0").extent(1);
    for (Index p : row) target.insert(target.end(), x.begin() + p * channels, x.begin() + (p + 1) * channels);
    Philox noise(1);
    data::apply_mask(std::span<double>(x), channels, row, action, noise);
    expect_rows(c, "output.window0_masked", x, 0);
    expect_rows(c, "output.window0_target", target, 0);
  }
  expect_indices(c, "output.positions", positions);
  expect_indices(c, "output.zeroed", zeroed);
  expect_indices(c, "output.words_consumed", words);
}

void check_split(const Case& c) {
  const data::Split split = data::random_split(c.integer("n"), seed_of(c));
  expect_indices(c, "output.train", split.train);
  expect_indices(c, "output.vali", split.validation);
  expect_indices(c, "output.test", split.test);
}

data::PieceLabel mode_of(const std::string& name) {
  return name == "all"   ? data::PieceLabel::all
         : name == "any" ? data::PieceLabel::any
                         : data::PieceLabel::first;
}

void check_merge_labels(const Case& c) {
  const std::vector<Index> labels = c.indices("input.labels");
  const Index steps = c.at("input.labels").extent(1);
  std::vector<Index> all(static_cast<std::size_t>(c.at("input.labels").extent(0)));
  std::iota(all.begin(), all.end(), Index{0});
  for (const char* mode : {"all", "any", "first"}) {
    const data::PieceSet set = data::label_pieces(labels, steps, all, steps, mode_of(mode));
    expect_indices(c, std::string("output.") + mode + "_kept", set.piece);
    expect_indices(c, std::string("output.") + mode + "_label", set.label);
  }
}

void check_slice(const Case& c) {
  const Array& x = c.at("input.x");
  data::Windows w(x.extent(0), x.extent(1), x.extent(2));
  std::transform(x.values.begin(), x.values.end(), w.values.begin(),
                 [](double v) { return static_cast<float>(v); });
  const auto check = [&](const std::string& key, const data::Windows& cut, Index steps) {
    CHECK(cut.steps == steps);
    CHECK(cut.count * cut.steps * cut.channels == c.at(key).size());
    expect_close(key, std::span<const float>(cut.values), std::span<const double>(c.at(key).values), 1e-7);
  };
  check("output.pieces", data::cut_windows(w, c.integer("merge")), c.at("output.pieces").extent(1));
  check("output.steps", data::cut_windows(w, 0), 1);
}

void expect_pieces(const Case& c, const std::string& key, const data::PieceSet& set) {
  expect_indices(c, "output." + key + "_piece", set.piece);
  expect_indices(c, "output." + key + "_label", set.label);
}

/// The chain of the classifier: split, cut, reduce labels, balanced and unbalanced labelled subsets.
void check_subset_chain(const Case& c, std::vector<Index> labels, Index steps) {
  const Index least = *std::min_element(labels.begin(), labels.end()), merge = c.integer("merge");
  for (Index& v : labels) v -= least;
  const data::Split split = data::random_split(static_cast<Index>(labels.size()) / steps, seed_of(c));
  const auto part = [&](const std::vector<Index>& windows) {
    return data::label_pieces(labels, steps, windows, merge, mode_of(c.text("mode")));
  };
  const data::PieceSet train = part(split.train);
  expect_pieces(c, "train", train);
  expect_pieces(c, "vali", part(split.validation));
  expect_pieces(c, "test", part(split.test));
  const data::Subset balanced = data::balanced_subset(train, c.number("rate"), seed_of(c));
  CHECK(balanced.per_class == c.integer("per_class"));
  expect_pieces(c, "balanced", balanced.pieces);
  expect_pieces(c, "unbalanced", data::unbalanced_subset(train, c.number("rate"), seed_of(c)).pieces);
}

void check_subset(const Case& c) {
  check_subset_chain(c, c.indices("input.labels"), c.at("input.labels").extent(1));
}

void check_uci_subset(const Case& c) {
  std::vector<Index> labels;
  for (Index label : c.indices("input.window_label")) labels.insert(labels.end(), 120, label);
  check_subset_chain(c, labels, 120);
}

template <class Real>
void check_hapt_segment(const Case& c) {
  const std::vector<Real> acc = c.values<Real>("input.acc_g"), gyro = c.values<Real>("input.gyro");
  const std::vector<Real> rows =
      data::hapt_segment_rows(std::span<const Real>(acc), std::span<const Real>(gyro));
  expect_rows(c, "output.rows", rows, c.tolerance<Real>());
  const Index windows =
      c.integer("activity") <= 6 ? data::window_count(static_cast<Index>(rows.size()) / 6, 120) : 0;
  CHECK(windows == c.integer("window_count"));
  if (!c.has("output.windows")) return;
  const std::vector<Real> whole(rows.begin(), rows.begin() + windows * 120 * 6);
  expect_rows(c, "output.windows", whole, c.tolerance<Real>());
  if constexpr (std::is_same_v<Real, double>) {
    const std::vector<float> narrow(whole.begin(), whole.end());
    expect_rows(c, "output.windows_float32", narrow, c.tolerance<float>());
  }
}

void check_fill(const Case& c) {
  const Array& want = c.at("output.v");
  std::vector<double> v;
  for (Index k : c.indices("input.k")) {
    for (Index i = 0; i < want.extent(1); ++i) {
      v.push_back(2.0 * fill_unit(static_cast<std::uint32_t>(k), static_cast<std::uint32_t>(i)) - 1.0);
    }
  }
  expect_rows(c, "output.v", v, 0);
}

/// Replays PyTorch's default initial values parameter by parameter (LIMU-BERT sheet §3.11, §3.12).
class InitReplay {
 public:
  explicit InitReplay(const Case& c) : case_(c), generator_(seed_of(c)) {}

  void run() {
    const std::vector<std::string> order = case_.names("parameter_order");
    for (const std::string& name : order) {
      if (!case_.has("param." + name))
        throw NotYet("init_replay of a model whose shapes are not in the file");
    }
    for (std::size_t i = 0; i < order.size(); ++i) {
      const std::string stem = order[i].substr(0, order[i].rfind('.') + 1);
      if (order[i].ends_with("in_proj_weight")) {  // its out-projection draws first, the biases become zero
        draw(stem + "out_proj.weight", fan_bound(stem + "out_proj.weight"));
        skip(case_.at("param." + stem + "out_proj.bias").size());
        const Array& w = case_.at("param." + order[i]);
        draw(order[i], std::sqrt(6.0 / static_cast<double>(w.extent(0) + w.extent(1))));
      } else if (stem.ends_with("out_proj.") || order[i].ends_with("in_proj_bias")) {
        continue;
      } else {
        parameter(order[i], stem);
      }
    }
  }

 private:
  Index rank(const std::string& name) const {
    return static_cast<Index>(case_.at("param." + name).shape.size());
  }

  double fan_bound(const std::string& weight) const {
    const Array& w = case_.at("param." + weight);
    return 1.0 / std::sqrt(static_cast<double>(w.size() / w.extent(0)));
  }

  void parameter(const std::string& name, const std::string& stem) {
    const bool recurrent = name.find("_ih_l") != std::string::npos || name.find("_hh_l") != std::string::npos;
    const bool embedding =
        rank(name) == 2 && name.ends_with(".weight") && !case_.has("param." + stem + "bias");
    if (embedding) {
      std::vector<float> values(static_cast<std::size_t>(case_.at("param." + name).size()));
      torch_normal(generator_, std::span<float>(values));
      expect(name, values);
    } else if (recurrent) {
      const std::string hidden = stem + "weight_hh_l0";
      draw(name, 1.0 / std::sqrt(static_cast<double>(case_.at("param." + hidden).extent(1))));
    } else if (name.ends_with("gamma") || (name.ends_with("weight") && rank(name) == 1)) {
      constant(name, 1.0f);
    } else if (name.ends_with("beta") || rank(stem + "weight") == 1) {
      constant(name, 0.0f);
    } else {
      draw(name, fan_bound(stem + "weight"));
    }
  }

  void draw(const std::string& name, double bound) {
    std::vector<float> values(static_cast<std::size_t>(case_.at("param." + name).size()));
    torch_uniform(generator_, std::span<float>(values), static_cast<float>(-bound),
                  static_cast<float>(bound));
    expect(name, values);
  }
  void skip(Index words) {
    for (Index i = 0; i < words; ++i) generator_();
  }
  void constant(const std::string& name, float value) {
    expect(name, std::vector<float>(static_cast<std::size_t>(case_.at("param." + name).size()), value));
  }
  void expect(const std::string& name, const std::vector<float>& values) {
    expect_rows(case_, "param." + name, values, case_.tolerance<float>());
  }

  const Case& case_;
  Mt19937 generator_;
};

void check_init(const Case& c) {
  InitReplay(c).run();
}

const Register registered[] = {
    {"rng", check_rng},
    {"data_down_sample", check_down_sample<double>, check_down_sample<float>},
    {"data_normalise", check_normalise<double>, check_normalise<float>},
    {"span_mask", check_span_mask},
    {"split", check_split},
    {"merge_labels", check_merge_labels},
    {"slice", check_slice},
    {"labelled_subset", check_subset},
    {"labelled_subset_uci", check_uci_subset},
    {"hapt_segment", check_hapt_segment<double>, check_hapt_segment<float>},
    {"fill", check_fill},
    {"init_replay", check_init},
};

}  // namespace
