// SPDX-License-Identifier: MIT
// Order of calls, choice of the best epoch, and stopping anywhere, with a recipe made of arithmetic.
#include "gyrograd/train/loop.hpp"

#include <cmath>
#include <utility>
#include <vector>

#include "support/catch.hpp"

using namespace gyrograd;
using namespace gyrograd::train;

namespace {

/// Each batch changes the weight by a rule that depends on epoch, batch and the weight itself.
struct ToyRecipe {
  std::vector<double> value = {1.0};
  Index epoch = -1;
  std::vector<double> scores = {0.1, 0.5, 0.3, 0.5, 0.2};
  Index nan_at = -1;
  Index done = 0;

  Index batches() const { return 3; }
  void begin_epoch(Index n) { epoch = n; }
  double train_batch(Index batch) {
    value[0] = value[0] * 1.25 + static_cast<double>(10 * epoch + batch);
    return done++ == nan_at ? std::nan("") : value[0];
  }
  EpochRecord validate(Index n) {
    EpochRecord record;
    record.score = scores[static_cast<std::size_t>(n)];
    return record;
  }
  std::span<double> weights() { return value; }
};

bool always(const LoopState<double>&) {
  return true;
}

}  // namespace

TEST_CASE("the first epoch with the largest score is the best one", "[loop]") {
  ToyRecipe recipe;
  LoopState<double> state;
  REQUIRE(run_epochs(recipe, state, 5, always, always));
  CHECK(state.epoch == 5);
  CHECK(state.step == 15);
  CHECK(state.best_epoch == 1);
  CHECK(state.history.size() == 5);
  CHECK(state.best_weights[0] < recipe.value[0]);
}

TEST_CASE("a run that stops anywhere goes on to the same end", "[loop]") {
  ToyRecipe whole;
  LoopState<double> end;
  REQUIRE(run_epochs(whole, end, 4, always, always));
  for (Index stop = 1; stop <= 12; ++stop) {
    ToyRecipe recipe;
    LoopState<double> state;
    const auto until = [&](const LoopState<double>& s) { return s.step < stop; };
    CHECK_FALSE(run_epochs(recipe, state, 4, until, always));
    ToyRecipe resumed;  // as a new process would start it
    resumed.value = recipe.value;
    CHECK(run_epochs(resumed, state, 4, always, always));
    CHECK(resumed.value == whole.value);
    CHECK(state.best_weights == end.best_weights);
    REQUIRE(state.history.size() == end.history.size());
    for (std::size_t i = 0; i < end.history.size(); ++i) {
      CHECK(state.history[i].train_loss == end.history[i].train_loss);
    }
  }
}

TEST_CASE("stopping after an epoch and asking for no epoch", "[loop]") {
  ToyRecipe recipe;
  LoopState<double> state;
  CHECK_FALSE(run_epochs(recipe, state, 4, always, [](const auto& s) { return s.epoch < 2; }));
  CHECK(state.epoch == 2);
  CHECK(run_epochs(recipe, state, 2, always, always));
  CHECK(state.step == 6);
}

TEST_CASE("a loss that is not a number ends the run and names the step", "[loop]") {
  ToyRecipe recipe;
  recipe.nan_at = 4;
  LoopState<double> state;
  try {
    run_epochs(recipe, state, 4, always, always);
    FAIL("no error");
  } catch (const Error& error) {
    CHECK(std::string(error.what()).find("epoch 2, batch 2 (step 5)") != std::string::npos);
  }
}

TEST_CASE("patience ends a run some epochs after the best one", "[loop]") {
  for (const auto& [patience, epochs] :
       std::vector<std::pair<Index, Index>>{{0, 5}, {1, 3}, {3, 5}, {2, 4}}) {
    ToyRecipe recipe;
    recipe.scores = {0.1, 0.5, 0.3, 0.5, 0.2, 0.1};
    LoopState<double> state;
    const Index wait = patience;
    const bool all = run_epochs(recipe, state, 5, always,
                                [=](const LoopState<double>& s) { return !out_of_patience(s, wait); });
    INFO("patience " << patience);
    CHECK(state.epoch == epochs);
    CHECK(state.best_epoch == 1);
    CHECK(all == (patience == 0));
  }
}
