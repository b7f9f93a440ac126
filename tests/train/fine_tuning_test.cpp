// SPDX-License-Identifier: MIT
#include "gyrograd/train/fine_tuning.hpp"

#include <cmath>
#include <numeric>

#include "gyrograd/models/primus_classifier.hpp"
#include "support/narrow_encoder.hpp"
#include "support/reference.hpp"

using namespace gyrograd;
using namespace gyrograd::testing;
using namespace gyrograd::train;

namespace {

using Model = models::PrimusClassifier<float>;

Model narrow_model() {
  Model model(narrow_encoder(), {2, models::PrimusOutput::emb});
  model.initialise(1);
  return model;
}

/// Slow and fast waves in turn.
struct Waves {
  data::Windows windows{24, 130, 6};
  std::vector<Index> labels;
  Waves() {
    for (Index i = 0; i < 24; ++i) {
      labels.push_back(i % 2);
      for (Index t = 0; t < 130; ++t)
        for (Index c = 0; c < 6; ++c)
          windows.window(i)[static_cast<std::size_t>(6 * t + c)] = static_cast<float>(
              std::sin((i % 2 == 0 ? 0.05 : 0.4) * static_cast<double>(t) + static_cast<double>(i + c)));
    }
  }
};

std::vector<Index> range(Index from, Index to) {
  std::vector<Index> out(static_cast<std::size_t>(to - from));
  std::iota(out.begin(), out.end(), from);
  return out;
}

std::vector<float> train_for(Index epochs, int threads, double lr, LoopState<float>& state) {
  const Waves waves;
  Model model = narrow_model();
  ThreadPool pool(threads);
  FineTuningOptions options;
  options.epochs = epochs;
  options.lr = lr;
  options.batch = 8;
  FineTuning<float, Model> recipe(model, waves.windows, waves.labels, range(0, 16), range(16, 24), options,
                                  pool);
  const auto go_on = [](const LoopState<float>&) { return true; };
  run_epochs(recipe, state, epochs, go_on, go_on);
  return {recipe.weights().begin(), recipe.weights().end()};
}

}  // namespace

TEST_CASE("a whole recogniser learns from few windows") {
  LoopState<float> state;
  train_for(30, 1, 5e-3, state);
  CHECK(state.history.back().train_loss < 0.5 * state.history.front().train_loss);
  CHECK(state.history[static_cast<std::size_t>(state.best_epoch)].validation_accuracy > 0.8);
}

TEST_CASE("threads change no bit of fine-tuning") {
  LoopState<float> a, b;
  CHECK(train_for(2, 1, 1e-3, a) == train_for(2, 3, 1e-3, b));
}

TEST_CASE("predictions do not depend on the order of the windows") {
  const Waves waves;
  const Model model = narrow_model();
  ThreadPool pool(1);
  const std::vector<Index> all = range(0, 24), some{20, 3};
  const std::vector<Index> whole = predict_windows<float>(model, waves.windows, all, pool);
  const std::vector<Index> part = predict_windows<float>(model, waves.windows, some, pool);
  CHECK(part[0] == whole[20]);
  CHECK(part[1] == whole[3]);
}

TEST_CASE("fine-tuning on nothing, or on labels of other windows, is refused") {
  const Waves waves;
  Model model = narrow_model();
  ThreadPool pool(1);
  using Recipe = FineTuning<float, Model>;
  CHECK_THROWS_AS(Recipe(model, waves.windows, waves.labels, {}, {}, {}, pool), ConfigError);
  const std::vector<Index> few{0, 1};
  CHECK_THROWS_AS(Recipe(model, waves.windows, few, {0}, {}, {}, pool), ShapeError);
}
