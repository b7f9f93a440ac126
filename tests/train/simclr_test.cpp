// SPDX-License-Identifier: MIT
#include "gyrograd/train/simclr.hpp"

#include <cmath>
#include <numeric>

#include "gyrograd/models/simclr_har.hpp"
#include "support/reference.hpp"

using namespace gyrograd;
using namespace gyrograd::testing;
using namespace gyrograd::train;

namespace {

using Model = models::SimclrHar<float>;

models::TpnConfig small() {
  models::TpnConfig c = models::TpnConfig::original(3, 20);
  c.kernels = {5, 3, 3};
  c.channels = {8, 8, 16};
  return c;
}

/// Sines of different speeds.
data::Windows waves(Index count) {
  data::Windows w(count, 20, 3);
  for (Index i = 0; i < count; ++i)
    for (Index t = 0; t < 20; ++t)
      for (Index c = 0; c < 3; ++c)
        w.window(i)[static_cast<std::size_t>(3 * t + c)] =
            static_cast<float>(std::sin(0.05 * static_cast<double>((i + 3) * t + c)));
  return w;
}

std::vector<Index> range(Index from, Index to) {
  std::vector<Index> out(static_cast<std::size_t>(to - from));
  std::iota(out.begin(), out.end(), from);
  return out;
}

SimclrOptions options() {
  SimclrOptions o;
  o.batch = 20;
  o.decay_steps = 60;
  o.views.chain = {data::TangTransform::noise};
  return o;
}

/// Weights after `epochs`, and the history.
std::pair<std::vector<float>, LoopState<float>> train_for(Index epochs, int threads) {
  const data::Windows w = waves(57);
  Model model(small());
  model.initialise(1);
  ThreadPool pool(threads);
  SimclrPretraining<float, Model> recipe(model, w, range(0, 41), range(41, 57), options(), pool);
  LoopState<float> state;
  const auto go_on = [](const LoopState<float>&) { return true; };
  run_epochs(recipe, state, epochs, go_on, go_on);
  return {{recipe.weights().begin(), recipe.weights().end()}, state};
}

}  // namespace

TEST_CASE("SimCLR learns to tell windows apart, below chance, with a rate that ends at zero") {
  const auto [weights, state] = train_for(40, 1);
  CHECK(state.step == 80);  // the single window of the last batch is left out
  CHECK(state.history.front().train_loss < 2 * std::log(39.0) + 0.5);
  CHECK(state.history.back().train_loss < 0.6 * state.history.front().train_loss);
  CHECK(state.history[35].validation_loss == state.history[39].validation_loss);  // rate 0 from step 60
  CHECK(state.history[0].validation_loss != state.history[5].validation_loss);
}

TEST_CASE("threads change no bit of SimCLR") {
  CHECK(train_for(2, 1).first == train_for(2, 3).first);
}

TEST_CASE("SimCLR refuses what it cannot contrast") {
  const data::Windows w = waves(8);
  Model model(small());
  ThreadPool pool(1);
  using Recipe = SimclrPretraining<float, Model>;
  CHECK_THROWS_AS(Recipe(model, w, range(0, 1), range(2, 8), options(), pool), ConfigError);
  CHECK_THROWS_AS(Recipe(model, w, range(0, 4), {}, options(), pool), ConfigError);
  SimclrOptions bad = options();
  bad.batch = 1;
  CHECK_THROWS_AS(Recipe(model, w, range(0, 4), range(4, 8), bad, pool), ConfigError);
  bad = options();
  bad.temperature = 0;
  CHECK_THROWS_AS(Recipe(model, w, range(0, 4), range(4, 8), bad, pool), ConfigError);
}
