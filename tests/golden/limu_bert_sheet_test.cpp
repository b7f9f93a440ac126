// SPDX-License-Identifier: MIT
// LIMU-BERT against the numbers printed in its fact sheet: closed-form weights (section 15.1) and the
// published uci weights on two fixed signals (section 15.2).
#include <algorithm>
#include <array>
#include <map>

#include "golden/case.hpp"
#include "gyrograd/data/normalise.hpp"
#include "gyrograd/io/pt.hpp"
#include "gyrograd/losses/masked_mse.hpp"
#include "gyrograd/models/gru_classifier.hpp"
#include "gyrograd/models/limu_bert.hpp"
#include "gyrograd/nn/state_dict.hpp"
#include "gyrograd/optim/adam.hpp"
#include "support/shared.hpp"

using namespace gyrograd;

namespace {

/// The numbers are printed with nine decimals.
template <class Real>
Approx near(double want, double scale = 1) {
  return Approx(want).margin(scale * (std::is_same_v<Real, float> ? 2e-5 : 2e-9)).epsilon(0);
}

struct Sheet {
  std::array<double, 6> first, last, reconstruction;
  double sum, loss, norm;
  std::array<double, 5> adam;
  std::map<std::string, double> norms;
};

const Sheet v1{{-1.773492190, -0.857222296, -1.498846685, 0.073040711, 0.094867059, 0.041270944},
               {-0.095156012, -0.090955758, -0.099838638, -1.368963506, -1.912005904, -0.369601554},
               {0.078863202, 1.118530182, 0.525503798, 0.636959301, -0.146548119, -0.817514450},
               -60.496673051,
               0.714130216,
               13.810336285,
               {0.714130216, 0.620170450, 0.413722015, 0.407581316, 0.392192195},
               {{"transformer.embed.lin.weight", 0.2646456},
                {"transformer.embed.lin.bias", 5.1868461},
                {"transformer.embed.pos_embed.weight", 0.08727874},
                {"transformer.embed.norm.gamma", 0.5904308},
                {"transformer.embed.norm.beta", 1.9132208},
                {"transformer.attn.proj_q.weight", 0.7109802},
                {"transformer.attn.proj_q.bias", 0.2641743},
                {"transformer.attn.proj_k.weight", 0.7402941},
                {"transformer.attn.proj_k.bias", 0},
                {"transformer.attn.proj_v.weight", 9.3000746},
                {"transformer.attn.proj_v.bias", 1.9963386},
                {"transformer.proj.weight", 4.5411571},
                {"transformer.proj.bias", 1.6166102},
                {"transformer.norm1.gamma", 0.6224905},
                {"transformer.norm1.beta", 0.6081215},
                {"transformer.pwff.fc1.weight", 1.6944556},
                {"transformer.pwff.fc1.bias", 0.1997979},
                {"transformer.pwff.fc2.weight", 2.4441752},
                {"transformer.pwff.fc2.bias", 0.6205562},
                {"transformer.norm2.gamma", 0.6259514},
                {"transformer.norm2.beta", 0.6404632},
                {"fc.weight", 0},
                {"fc.bias", 0},
                {"linear.weight", 4.2100447},
                {"linear.bias", 0.5059991},
                {"norm.gamma", 0.4033789},
                {"norm.beta", 0.2952287},
                {"decoder.weight", 3.9516316},
                {"decoder.bias", 0.4737688}}};

const Sheet v4{{-1.820762897, 0.632314629, -2.057415644, -0.270209318, -0.250348957, 0.144838107},
               {0.723417116, -0.548768290, -0.046538699, -0.862928228, -0.470049769, -0.945530583},
               {-0.264760077, 0.809253597, 0.625241478, 1.062502539, 0.116137696, -0.897609573},
               -5.811639325,
               0.787752978,
               13.021311423,
               {0.787752978, 0.454648167, 0.297643023, 0.328190539, 0.310398780},
               {{"transformer.embed.lin.weight", 0.4593191},
                {"transformer.embed.lin.bias", 4.7713438},
                {"transformer.embed.pos_embed.weight", 0.1945964},
                {"transformer.embed.norm.gamma", 0.6172966},
                {"transformer.embed.norm.beta", 1.7289562},
                {"transformer.attn.proj_q.weight", 0.6599880},
                {"transformer.attn.proj_q.bias", 0.2220309},
                {"transformer.attn.proj_k.weight", 0.7501019},
                {"transformer.attn.proj_k.bias", 0},
                {"transformer.attn.proj_v.weight", 8.6337611},
                {"transformer.attn.proj_v.bias", 1.7668073},
                {"transformer.proj.weight", 4.2728241},
                {"transformer.proj.bias", 1.4107332},
                {"transformer.norm1.gamma", 0.5352449},
                {"transformer.norm1.beta", 0.5807613},
                {"transformer.pwff.fc1.weight", 1.6718315},
                {"transformer.pwff.fc1.bias", 0.2046231},
                {"transformer.pwff.fc2.weight", 2.3053545},
                {"transformer.pwff.fc2.bias", 0.5909242},
                {"transformer.norm2.gamma", 0.5311423},
                {"transformer.norm2.beta", 0.6126251},
                {"fc.weight", 0},
                {"fc.bias", 0},
                {"linear.weight", 4.0826226},
                {"linear.bias", 0.5230019},
                {"norm.gamma", 0.4304240},
                {"norm.beta", 0.3268016},
                {"decoder.weight", 4.1121675},
                {"decoder.bias", 0.5349926}}};

/// Windows (4, T, 6) of the closed form with the rows b .. b + M - 1 of window b zeroed, and what was there.
template <class Real>
struct MaskedInput {
  static constexpr Index B = 4, F = 6;
  std::vector<Real> x, target;
  std::vector<std::int32_t> positions;

  MaskedInput(Index T, Index M)
      : x(static_cast<std::size_t>(B * T * F)), target(static_cast<std::size_t>(B * M * F)) {
    for (Index b = 0; b < B; ++b) {
      for (Index m = 0; m < M; ++m) positions.push_back(static_cast<std::int32_t>(b + m));
      for (Index t = 0; t < T; ++t)
        for (Index c = 0; c < F; ++c) {
          const auto row_major = static_cast<std::uint32_t>((b * T + t) * F + c);
          const Real value = static_cast<Real>(2 * golden::fill_unit(999, row_major) - 1);
          const bool masked = t >= b && t < b + M;
          x[static_cast<std::size_t>(b + B * (t + T * c))] = masked ? Real(0) : value;
          if (masked) target[static_cast<std::size_t>(b + B * (t - b + M * c))] = value;
        }
    }
  }
};

template <class Real>
void check_closed_form(const Sheet& want, Index T, Index M) {
  models::LimuBert<models::LimuBertConfig, Real> model({.seq_len = T});
  Index k = 0;
  model.visit([&](std::string_view name, Parameter<Real>& p) {
    const Index size = p.size();
    for (Index i = 0; i < size; ++i) {
      const double v =
          2 * golden::fill_unit(static_cast<std::uint32_t>(k), static_cast<std::uint32_t>(i)) - 1;
      p.value[i] =
          static_cast<Real>(name.ends_with("gamma") ? 1 + 0.1 * v
                            : p.shape.rank >= 2     ? v / std::sqrt(static_cast<double>(size / p.shape[0]))
                                                    : 0.1 * v);
    }
    ++k;
  });

  const MaskedInput<Real> in(T, M);
  const Tensor<const Real, dyn, dyn, dyn> window(in.x.data(), in.B, T, in.F);

  Tape<Real> tape;
  tape.set_recording(false);
  const auto h = model.encode(tape, tape.constant(window));
  double sum = 0;
  for (Real v : h.value) sum += static_cast<double>(v);
  CHECK(sum == near<Real>(want.sum, 50));
  for (Index c = 0; c < 6; ++c) {
    const auto i = static_cast<std::size_t>(c);
    CHECK(static_cast<double>(h.value(0, 0, c)) == near<Real>(want.first[i]));
    CHECK(static_cast<double>(h.value(3, T - 1, 66 + c)) == near<Real>(want.last[i]));
  }
  tape.clear();
  tape.set_recording(true);

  optim::Adam<Real> adam(model.store().size(), {.learning_rate = 1e-3});
  AlignedVector<Real> gradients(static_cast<std::size_t>(model.store().size()));
  tape.bind_gradients(gradients.data());
  for (int step = 0; step < 5; ++step) {
    std::fill(gradients.begin(), gradients.end(), Real(0));
    const auto y = model.reconstruct(tape, tape.constant(window), in.positions.data(), M);
    const auto loss =
        losses::masked_mse(tape, y, in.target.data(), Real(1) / static_cast<Real>(in.target.size()));
    INFO("step " << step);
    CHECK(static_cast<double>(*loss.value.data()) ==
          near<Real>(want.adam[static_cast<std::size_t>(step)], 1 + 4 * step));
    tape.backward(loss);
    if (step == 0) {
      CHECK(want.adam[0] == want.loss);
      for (Index c = 0; c < 6; ++c)
        CHECK(static_cast<double>(y.value(0, 0, c)) ==
              near<Real>(want.reconstruction[static_cast<std::size_t>(c)]));
      double all = 0;
      std::size_t named = 0;
      model.visit([&](std::string_view name, Parameter<Real>& p) {
        double square = 0;
        for (Index i = 0; i < p.size(); ++i)
          square += std::pow(static_cast<double>(gradients[static_cast<std::size_t>(p.offset + i)]), 2);
        all += square;
        INFO(std::string(name));
        // Printed with seven decimals. In float, what is 0 in exact arithmetic (the bias of K, which the
        // softmax does not see) is the rounding of sums as large as the gradient of K's weights, .74.
        CHECK(std::sqrt(square) == Approx(want.norms.at(std::string(name)))
                                       .margin(std::is_same_v<Real, float> ? 2e-7 : 6e-8)
                                       .epsilon(std::is_same_v<Real, float> ? 2e-5 : 0));
        ++named;
      });
      CHECK(named == want.norms.size());
      CHECK(std::sqrt(all) == near<Real>(want.norm, 5));
    }
    tape.clear();
    adam.begin_step();
    adam.update(model.store().data(), gradients.data(), 0, model.store().size());
  }
}

// Section 15.2.

struct SignalSheet {
  std::array<double, 4> first;
  Index last_step;  ///< and first channel of `last`
  Index last_channel;
  std::array<double, 4> last;
  double sum, mean_abs, full_mse, masked_mse;  ///< mean_abs 0: not printed
  std::array<double, 6> reconstruction;        ///< zeros: not printed
  std::array<double, 6> logits;
};

const SignalSheet walking{{0.343189, -0.530484, -0.250673, -1.117971},
                          59,
                          0,
                          {0.343189, -0.530484, -0.250673, -1.117971},
                          151.6954,
                          0.627090,
                          0.032873,
                          0.034661,
                          {0.045812, 0.102843, 0.983977, 0.006344, -0.001501, -0.014393},
                          {-0.512310, 0.345191, -0.576864, -0.815685, -3.854145, 4.376911}};
const SignalSheet sweep{{1.034663, -0.138422, 0.053861, 0.435456},
                        119,
                        68,
                        {0.230462, 0.032674, -0.611914, -0.901972},
                        23.1069,
                        0,
                        0.574647,
                        0.414806,
                        {},
                        {-0.530243, 0.864319, -0.895100, -0.576261, -3.770034, 4.179966}};

/// Row-major (120, 6) in float32, normalised in float32.
std::vector<float> normalised_signal(double (*signal)(int step, int channel)) {
  std::vector<float> raw, x(720);
  for (int t = 0; t < 120; ++t)
    for (int c = 0; c < 6; ++c) raw.push_back(static_cast<float>(signal(t, c)));
  data::normalise(std::span<float>(x), std::span<const float>(raw), 6, 6, data::Normalisation::limu);
  return x;
}
double walking_signal(int step, int channel) {
  const double pi = 3.14159265358979323846, s = step / 20.0;
  switch (channel) {
    case 0:
      return 0.5 + 1.5 * std::sin(4 * pi * s);
    case 1:
      return 1.0 + 1.2 * std::cos(2 * pi * s);
    case 2:
      return 9.5 + 2.5 * std::sin(4 * pi * s + 0.3);
    case 3:
      return 0.4 * std::sin(2 * pi * s);
    case 4:
      return 0.3 * std::cos(4 * pi * s);
    default:
      return 0.2 * std::sin(2 * pi * s + 1);
  }
}
double sweep_signal(int step, int channel) {
  return channel < 3 ? 9.8 * std::sin(0.1 * (step + 1) * (channel + 1))
                     : std::cos(0.05 * (step + 1) * (channel - 2));
}

template <class Real>
using Encoder = models::LimuBert<models::LimuBertConfig, Real>;
template <class Real>
using Head = models::GruClassifier<models::GruClassifierConfig, Real>;

/// Index of the largest logit of every 20-step piece of h (1, 120, 72), and the logits of piece 0.
template <class Real>
std::pair<std::vector<int>, std::array<double, 6>> classify(Tape<Real>& tape, const Head<Real>& head,
                                                            Var<Real, dyn, dyn, dyn> pieces) {
  const auto logits = head.logits(tape, pieces);
  std::vector<int> best;
  std::array<double, 6> first{};
  for (Index p = 0; p < 6; ++p) {
    int top = 0;
    for (int c = 0; c < 6; ++c) {
      if (p == 0) first[static_cast<std::size_t>(c)] = static_cast<double>(logits.value(0, c));
      if (logits.value(p, c) > logits.value(p, top)) top = c;
    }
    best.push_back(top);
  }
  return {best, first};
}

template <class Real>
void check_signal(const Encoder<Real>& model, const Head<Real>& head, double (*signal)(int, int),
                  const SignalSheet& want, const std::vector<int>& alone) {
  // Six decimals are printed; float32 differs by up to 5e-6.
  const auto close = [&](double got, double expected, double scale = 1) {
    CHECK(got == Approx(expected).margin(scale * (std::is_same_v<Real, float> ? 6e-6 : 6e-7)).epsilon(0));
  };
  const std::vector<float> rows = normalised_signal(signal);
  std::vector<Real> x(720), hidden, target;
  for (std::size_t t = 0; t < 120; ++t)
    for (std::size_t c = 0; c < 6; ++c) x[t + 120 * c] = static_cast<Real>(rows[t * 6 + c]);
  Tape<Real> tape;
  tape.set_recording(false);
  const Tensor<const Real, dyn, dyn, dyn> window(x.data(), 1, 120, 6);
  const auto h = model.encode(tape, tape.constant(window));
  double sum = 0, mean = 0;
  for (Real v : h.value) {
    sum += static_cast<double>(v);
    mean += std::fabs(static_cast<double>(v)) / 8640;
  }
  close(sum, want.sum, 200);
  if (want.mean_abs > 0) close(mean, want.mean_abs);
  for (Index c = 0; c < 4; ++c) {
    close(static_cast<double>(h.value(0, 0, c)), want.first[static_cast<std::size_t>(c)]);
    close(static_cast<double>(h.value(0, want.last_step, want.last_channel + c)),
          want.last[static_cast<std::size_t>(c)]);
  }

  // Pieces of the embedding: (6, 20, 72).
  std::vector<Real> cut(8640), raw_cut(720);
  const Tensor<Real, dyn, dyn, dyn> pieces(cut.data(), 6, 20, 72), raw_pieces(raw_cut.data(), 6, 20, 6);
  for (Index t = 0; t < 120; ++t) {
    for (Index c = 0; c < 72; ++c) pieces(t / 20, t % 20, c) = h.value(0, t, c);
    for (Index c = 0; c < 6; ++c) raw_pieces(t / 20, t % 20, c) = window(0, t, c);
  }
  const auto [best, logits] = classify<Real>(tape, head, tape.constant(pieces));
  CHECK(best == std::vector<int>(6, 5));
  for (std::size_t c = 0; c < 6; ++c) close(logits[c], want.logits[c], 3);
  if (!alone.empty())
    CHECK(classify<Real>(tape, head, model.encode(tape, tape.constant(raw_pieces))).first == alone);

  const auto all = model.reconstruct(tape, tape.constant(window));
  double full = 0, masked = 0;
  for (std::size_t i = 0; i < 720; ++i)
    full += std::pow(static_cast<double>(all.value.data()[i] - x[i]), 2) / 720;
  close(full, want.full_mse);
  if (want.reconstruction[0] != 0)
    for (Index c = 0; c < 6; ++c)
      close(static_cast<double>(all.value(0, 0, c)), want.reconstruction[static_cast<std::size_t>(c)]);

  std::vector<std::int32_t> positions;
  hidden = x;
  for (Index t = 10; t < 28; ++t) positions.push_back(static_cast<std::int32_t>(t));
  for (Index c = 0; c < 6; ++c)
    for (Index t = 10; t < 28; ++t) {
      target.push_back(window(0, t, c));
      hidden[static_cast<std::size_t>(t + 120 * c)] = 0;
    }
  const auto y = model.reconstruct(
      tape, tape.constant(Tensor<const Real, dyn, dyn, dyn>(hidden.data(), 1, 120, 6)), positions.data(), 18);
  for (std::size_t i = 0; i < target.size(); ++i)
    masked += std::pow(static_cast<double>(y.value.data()[i] - target[i]), 2) / 108;
  close(masked, want.masked_mse);
}

}  // namespace

TEMPLATE_TEST_CASE("fact sheet 15.1: base_v1 with closed-form weights", "", float, double) {
  check_closed_form<TestType>(v1, 120, 18);
}
TEMPLATE_TEST_CASE("fact sheet 15.1: base_v4 with closed-form weights", "", float, double) {
  check_closed_form<TestType>(v4, 20, 3);
}

TEST_CASE("fact sheet 15.1: values of the closed form") {
  CHECK(golden::fill_unit(0, 0) == 0.8072537314146757);
  CHECK(golden::fill_unit(0, 2) == 0.861783264670521);
  CHECK(golden::fill_unit(2, 1) == 0.8903356071095914);
  CHECK(2 * golden::fill_unit(999, 0) - 1 == Approx(0.18392599).margin(5e-9));
}

TEMPLATE_TEST_CASE("fact sheet 15.2: published uci weights on two fixed signals", "", float, double) {
  const auto weights = testing::shared_path("weights/limu-bert");
  if (!weights) return;
  Encoder<TestType> model;
  nn::load_parameters<TestType>(model, io::read_pt(*weights / "pretrain_base_uci_20_120.pt"));
  models::GruClassifierConfig config;
  config.classes = 6;
  Head<TestType> head(config);
  nn::load_parameters<TestType>(head, io::read_pt(*weights / "classifier_base_gru_uci_20_120.pt"));
  const std::vector<float> x = normalised_signal(sweep_signal);
  CHECK(static_cast<double>(x[1]) == Approx(0.198669).margin(6e-7));
  CHECK(static_cast<double>(x[719]) == Approx(0.660317).margin(6e-7));
  check_signal<TestType>(model, head, walking_signal, walking, {});
  check_signal<TestType>(model, head, sweep_signal, sweep, {5, 5, 5, 5, 1, 5});
}
