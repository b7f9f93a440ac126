// SPDX-License-Identifier: MIT
// A classifier learns from labelled pieces, the same bits on any number of threads, and is scored in order.
#include "gyrograd/train/supervised.hpp"

#include <cmath>
#include <vector>

#include "gyrograd/models/gru_classifier.hpp"
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
