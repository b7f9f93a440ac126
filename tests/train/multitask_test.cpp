// SPDX-License-Identifier: MIT
#include "gyrograd/train/multitask.hpp"

#include <cmath>
#include <numeric>

#include "gyrograd/models/multitask_ssl.hpp"
#include "support/narrow_encoder.hpp"
#include "support/reference.hpp"

using namespace gyrograd;
using namespace gyrograd::testing;
using namespace gyrograd::train;

namespace {

using Model = models::MultitaskSsl<float>;

Model narrow_model() {
  Model model(narrow_encoder());
  model.initialise(1);
  return model;
}

data::Windows noise(Index count) {
  data::Windows w(count, 130, 6);
  const std::vector<float> values = random_values<float>(count * 130 * 6, 3);
  for (std::size_t i = 0; i < values.size(); ++i)
    w.values[i] = values[i] + (i % 6 == 2 ? 5.0F : 0.0F);  // gravity
  return w;
}

const std::vector<Index> some{0, 1, 2, 3, 4}, held{5, 6};

/// Weights after `epochs`, and the history.
std::pair<std::vector<float>, LoopState<float>> train_for(Index epochs, int threads, MultitaskHeads heads) {
  const data::Windows w = noise(7);
  Model model = narrow_model();
  ThreadPool pool(threads);
  MultitaskOptions options;
  options.batch = 5;
  options.lr = 3e-3;
  options.heads = heads;
  MultitaskTraining<float, Model> recipe(model, w, some, held, options, pool);
  LoopState<float> state;
  const auto go_on = [](const LoopState<float>&) { return true; };
  run_epochs(recipe, state, epochs, go_on, go_on);
  return {{recipe.weights().begin(), recipe.weights().end()}, state};
}

}  // namespace

TEST_CASE("heads begin at chance and learn to see transformations") {
  const auto [weights, state] = train_for(15, 1, MultitaskHeads::balanced);
  CHECK(state.history.front().train_loss == Approx(std::log(2.0)).epsilon(0.1));
  CHECK(state.history.back().train_loss < 0.9 * state.history.front().train_loss);
  CHECK(state.history.back().validation_loss < state.history.front().validation_loss);
}

TEST_CASE("pooled heads soon say no to everything: one answer in nine is a yes") {
  const auto [weights, state] = train_for(12, 1, MultitaskHeads::pooled);
  const double share = 1.0 / 9, prior = -share * std::log(share) - (1 - share) * std::log(1 - share);
  CHECK(state.history.back().train_loss < prior + 0.05);
}

TEST_CASE("threads change no bit of the multi-task training") {
  CHECK(train_for(1, 1, MultitaskHeads::balanced).first == train_for(1, 3, MultitaskHeads::balanced).first);
}

TEST_CASE("multi-task training of nothing is refused") {
  const data::Windows w = noise(2);
  Model model = narrow_model();
  ThreadPool pool(1);
  using Recipe = MultitaskTraining<float, Model>;
  CHECK_THROWS_AS(Recipe(model, w, {}, {1}, {}, pool), ConfigError);
  CHECK_THROWS_AS(Recipe(model, w, {0}, {}, {}, pool), ConfigError);
  MultitaskOptions bad;
  bad.batch = 0;
  CHECK_THROWS_AS(Recipe(model, w, {0}, {1}, bad, pool), ConfigError);
}
