// SPDX-License-Identifier: MIT
// A classifier learns from labelled pieces, the same bits on any number of threads, and is scored in order.
#include "gyrograd/train/supervised.hpp"

#include <cmath>
#include <string>
#include <vector>

#include "gyrograd/models/classifier.hpp"
#include "gyrograd/models/gru_classifier.hpp"
#include "gyrograd/models/joint.hpp"
#include "support/catch.hpp"

using namespace gyrograd;
using namespace gyrograd::train;

namespace {

template <class Real>
using Model = models::GruClassifier<models::GruClassifierConfig, Real>;

template <class Real>
Model<Real> small_model(bool dropout) {
  models::GruClassifierConfig config;
  config.input = 4, config.classes = 3, config.seq_len = 10, config.dropout = dropout;
  config.modules = {{8, 1}, {6, 1}};
  Model<Real> model(config);
  model.initialise(5);
  return model;
}

/// Class k: a sine of frequency k + 1 and a level of its own.
data::Windows pieces(data::PieceSet& set) {
  data::Windows w(90, 10, 4);
  for (Index i = 0; i < w.count; ++i) {
    const Index k = i % 3;
    set.piece.push_back(i);
    set.label.push_back(k);
    for (Index t = 0; t < 10; ++t) {
      for (Index c = 0; c < 4; ++c) {
        w.window(i)[static_cast<std::size_t>(t * 4 + c)] = static_cast<float>(
            std::sin(0.4 * static_cast<double>((k + 1) * t + c) + 0.1 * static_cast<double>(i)) +
            0.5 * static_cast<double>(k));
      }
    }
  }
  return w;
}

data::PieceSet part(const data::PieceSet& set, std::size_t from, std::size_t to) {
  const auto cut = [&](const std::vector<Index>& v) {
    return std::vector<Index>(v.begin() + static_cast<Index>(from), v.begin() + static_cast<Index>(to));
  };
  return {cut(set.piece), cut(set.label)};
}

template <class Real>
LoopState<Real> fit(Index epochs, int threads, bool dropout, std::vector<Real>* weights = nullptr) {
  data::PieceSet all;
  const data::Windows w = pieces(all);
  ThreadPool pool(threads);
  Model<Real> model = small_model<Real>(dropout);
  SupervisedOptions options;
  options.batch = 40;
  options.lr = 1e-2;
  SupervisedTraining<Real, Model<Real>> recipe(model, w, part(all, 0, 60), part(all, 60, 90), 3, options,
                                               pool);
  LoopState<Real> state;
  run_epochs(
      recipe, state, epochs, [](const auto&) { return true; }, [](const auto&) { return true; });
  if (weights != nullptr) weights->assign(recipe.weights().begin(), recipe.weights().end());
  return state;
}

using Any = models::AnyClassifier<float>;

/// Pieces of 20 steps as pieces() makes them.
data::Windows wide(Index channels, data::PieceSet& set) {
  data::Windows w(60, 20, channels);
  for (Index i = 0; i < w.count; ++i) {
    const Index k = i % 3;
    set.piece.push_back(i);
    set.label.push_back(k);
    for (std::size_t j = 0; j < w.window_size(); ++j) {
      const auto t = static_cast<double>(j) / static_cast<double>(channels);
      w.window(i)[j] =
          static_cast<float>(std::sin(0.2 * static_cast<double>(k + 1) * t + 0.3 * static_cast<double>(i)) +
                             0.01 * static_cast<double>(j % 7));
    }
  }
  return w;
}

Any any(const std::string& configuration, Index channels, const models::ClassifierVariants& variants = {}) {
  const std::string method = configuration.substr(0, configuration.find('_'));
  Any model =
      models::make_classifier<float>(method, io::classifier_config(configuration), channels, 3, variants);
  model.initialise(9);
  return model;
}

/// Three epochs of three batches; stops after `steps` and goes on in a new recipe, as a resumed run does.
struct AnyRun {
  std::vector<float> weights, best;
};
template <class Model, class Make>
AnyRun fit_any(Make&& make, Index channels, int threads, Index steps = 100) {
  data::PieceSet all;
  const data::Windows w = wide(channels, all);
  ThreadPool pool(threads);
  SupervisedOptions options;
  options.batch = 16;
  LoopState<float> state;
  Model first = make(), second = make();
  using Recipe = SupervisedTraining<float, Model>;
  Recipe begin(first, w, part(all, 0, 40), part(all, 40, 60), 3, options, pool);
  const auto always = [](const auto&) { return true; };
  const bool done = run_epochs(
      begin, state, 3, [=](const auto& s) { return s.step < steps; }, always);
  if (done) return {{begin.weights().begin(), begin.weights().end()}, state.best_weights};
  Recipe end(second, w, part(all, 0, 40), part(all, 40, 60), 3, options, pool);
  const auto from = begin.buffers();
  const auto to = end.buffers();
  for (std::size_t i = 0; i < from.size(); ++i)
    std::copy(from[i].values.begin(), from[i].values.end(), to[i].values.begin());
  end.resume(state);
  run_epochs(end, state, 3, always, always);
  return {{end.weights().begin(), end.weights().end()}, state.best_weights};
}

}  // namespace

TEMPLATE_TEST_CASE("a classifier learns", "[supervised]", float, double) {
  const LoopState<TestType> state = fit<TestType>(40, 1, false);
  CHECK(state.step == 80);
  CHECK(state.history.back().train_loss < 0.3 * state.history.front().train_loss);
  CHECK(state.history[static_cast<std::size_t>(state.best_epoch)].validation_accuracy > 0.9);
  for (std::size_t i = 0; i < static_cast<std::size_t>(state.best_epoch); ++i) {
    CHECK(state.history[i].validation_accuracy < state.best_score);  // the first maximum wins
  }
}

TEST_CASE("threads change no bit, dropout is drawn by item and changes the run", "[supervised]") {
  std::vector<float> one, two, without;
  fit<float>(5, 1, true, &one);
  fit<float>(5, 2, true, &two);
  fit<float>(5, 1, false, &without);
  CHECK(one == two);
  CHECK(one != without);
}

TEST_CASE("evaluation counts every piece once, in order", "[supervised]") {
  data::PieceSet all;
  const data::Windows w = pieces(all);
  ThreadPool one(1), two(2);
  const Model<float> model = small_model<float>(true);
  const Evaluation a = evaluate<float>(model, w, all, 3, one);
  const Evaluation b = evaluate<float>(model, w, all, 3, two);
  CHECK(a.confusion.total() == 90);
  for (Index k = 0; k < 3; ++k) CHECK(a.confusion.true_count(k) == 30);
  CHECK(a.loss == b.loss);
  // The same by one call on all pieces.
  Tape<float> tape;
  tape.set_recording(false);
  const auto x = tape.saved<dyn, dyn, dyn>(w.count, w.steps, w.channels);
  data::gather_windows(x.data(), w, all.piece);
  const auto y = model.logits(tape, tape.constant(x));
  metrics::Confusion direct(3);
  double loss = 0;
  for (Index i = 0; i < 90; ++i) {
    Index best = 0;
    double sum = 0;
    for (Index c = 0; c < 3; ++c) {
      if (y.value(i, c) > y.value(i, best)) best = c;
      sum += std::exp(static_cast<double>(y.value(i, c)));
    }
    direct.add(all.label[static_cast<std::size_t>(i)], best);
    loss += std::log(sum) - static_cast<double>(y.value(i, all.label[static_cast<std::size_t>(i)]));
  }
  for (Index r = 0; r < 3; ++r) {
    for (Index c = 0; c < 3; ++c) CHECK(direct(r, c) == a.confusion(r, c));
  }
  CHECK(a.loss == Approx(loss / 90).epsilon(1e-4));
  CHECK(evaluate<float>(model, w, {}, 3, one).confusion.total() == 0);
}

TEST_CASE("empty sets and bad settings are refused", "[supervised]") {
  data::PieceSet all;
  const data::Windows w = pieces(all);
  ThreadPool pool(1);
  Model<float> model = small_model<float>(true);
  using Recipe = SupervisedTraining<float, Model<float>>;
  CHECK_THROWS_AS(Recipe(model, w, {}, all, 3, {}, pool), ConfigError);
  CHECK_THROWS_AS(Recipe(model, w, all, {}, 3, {}, pool), ConfigError);
  SupervisedOptions options;
  options.dropout = 1;
  CHECK_THROWS_AS(Recipe(model, w, all, all, 3, options, pool), ConfigError);
}

TEST_CASE("every classifier trains the same bits on any number of threads, stopped or not", "[supervised]") {
  for (const auto& [configuration, channels] :
       std::vector<std::pair<std::string, Index>>{{"lstm_v1", 6},
                                                  {"attn_v1", 6},
                                                  {"cnn1_v1", 72},
                                                  {"cnn2_v1", 72},
                                                  {"dcnn_v1", 6},
                                                  {"deepsense_v1", 6}}) {
    INFO(configuration);
    models::ClassifierVariants variants;
    variants.logits = models::LogitActivation::corrected;  // the ReLU of cnn1 may end all learning here
    const auto make = [&, name = configuration, width = channels] { return any(name, width, variants); };
    const AnyRun one = fit_any<Any>(make, channels, 1);
    const AnyRun two = fit_any<Any>(make, channels, 2), stopped = fit_any<Any>(make, channels, 2, 5);
    const Any fresh = make();
    const bool threads = two.weights == one.weights, resumed = stopped.weights == one.weights;
    const bool best = stopped.best == one.best;
    const bool moved = !std::equal(one.weights.begin(), one.weights.end(), fresh.store().data());
    CHECK(threads);
    CHECK(resumed);
    CHECK(best);
    CHECK(moved);
  }
}

TEST_CASE("training moves the running estimates of batch norms, evaluation does not", "[supervised]") {
  data::PieceSet all;
  const data::Windows w = wide(6, all);
  ThreadPool pool(2);
  Any model = any("dcnn_v1", 6);
  std::vector<float> counted;
  const auto batches = [&] {
    counted.clear();
    model.visit_buffers([&](std::string_view name, Parameter<float>& p) {
      if (name.ends_with("num_batches_tracked")) counted.push_back(*p.value);
    });
    return counted;
  };
  SupervisedOptions options;
  options.batch = 16;
  SupervisedTraining<float, Any> recipe(model, w, part(all, 0, 40), part(all, 40, 60), 3, options, pool);
  recipe.begin_epoch(0);
  for (Index b = 0; b < recipe.batches(); ++b) recipe.train_batch(b);
  CHECK(batches() == std::vector<float>{3, 3, 0});  // three batches; bn3 is never applied
  recipe.validate(0);
  CHECK(batches() == std::vector<float>{3, 3, 0});
}

TEST_CASE("attention over the batch is evaluated in batches, over time one by one", "[supervised]") {
  data::PieceSet all;
  const data::Windows w = wide(6, all);
  ThreadPool pool(1);
  models::ClassifierVariants corrected;
  corrected.attention = models::AttentionAxis::corrected;
  const Any published = any("attn_v1", 6), over_time = any("attn_v1", 6, corrected);
  const auto loss = [&](const Any& model, Index batch) {
    return evaluate<float>(model, w, all, 3, pool, batch).loss;
  };
  CHECK(std::abs(loss(published, 60) - loss(published, 10)) > 1e-4);
  CHECK(loss(over_time, 60) == loss(over_time, 10));
}

TEST_CASE("a joint model trains its encoder unless it is frozen", "[supervised]") {
  using Joint = models::JointClassifier<Any, float>;
  models::LimuBertConfig sizes;
  sizes.hidden = 8, sizes.hidden_ff = 12, sizes.n_layers = 1, sizes.n_heads = 2, sizes.seq_len = 20;
  const auto make = [&](bool frozen) {
    return [&sizes, frozen] {
      Joint model(sizes, any("gru_v2", 8), frozen);
      model.initialise(3);
      return model;
    };
  };
  const AnyRun one = fit_any<Joint>(make(false), 6, 1), frozen = fit_any<Joint>(make(true), 6, 2);
  CHECK(fit_any<Joint>(make(false), 6, 2, 4).weights == one.weights);
  Joint fresh = make(true)();
  const Index encoder = 8 * 6 + 8 + 20 * 8;  // embedding and positions
  const std::vector<float> start(fresh.store().data(), fresh.store().data() + encoder);
  CHECK(std::equal(start.begin(), start.end(), frozen.weights.begin()));
  CHECK_FALSE(std::equal(start.begin(), start.end(), one.weights.begin()));
  CHECK(frozen.weights.back() != fresh.store().data()[fresh.store().size() - 1]);
}

TEST_CASE("class weights and the focal exponent change the loss as their formulas say", "[supervised]") {
  data::PieceSet all;
  const data::Windows w = pieces(all);
  ThreadPool pool(1);
  const auto first_loss = [&](double gamma, const std::vector<double>& weights) {
    Model<float> model = small_model<float>(false);
    SupervisedOptions options;
    options.batch = 60;
    options.focal_gamma = gamma;
    options.class_weights = weights;
    SupervisedTraining<float, Model<float>> recipe(model, w, part(all, 0, 60), part(all, 60, 90), 3, options,
                                                   pool);
    recipe.begin_epoch(0);
    return recipe.train_batch(0);
  };
  const Model<float> model = small_model<float>(false);
  const Scores scores = score_pieces<float>(model, w, part(all, 0, 60), 3, pool);
  double plain = 0, weighted = 0, weight = 0, focal = 0;
  const std::vector<double> weights{1, 2, 0.5};
  for (std::size_t i = 0; i < 60; ++i) {
    double sum = 0;
    for (std::size_t c = 0; c < 3; ++c) sum += std::exp(static_cast<double>(scores.logits[3 * i + c]));
    const std::size_t label = i % 3;
    const double p = std::exp(static_cast<double>(scores.logits[3 * i + label])) / sum;
    plain -= std::log(p) / 60;
    focal -= (1 - p) * (1 - p) * std::log(p) / 60;
    weighted -= weights[label] * std::log(p);
    weight += weights[label];
  }
  CHECK(first_loss(0, {}) == Approx(plain).epsilon(1e-5));
  CHECK(first_loss(2, {}) == Approx(focal).epsilon(1e-5));
  CHECK(first_loss(0, weights) == Approx(weighted / weight).epsilon(1e-5));
  CHECK_THROWS_AS(first_loss(0, {1, 2}), ConfigError);
  CHECK_THROWS_AS(first_loss(0, {1, 2, 0}), ConfigError);
  CHECK_THROWS_AS(first_loss(-1, {}), ConfigError);
}
