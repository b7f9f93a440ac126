// SPDX-License-Identifier: MIT
// TPN learns to recognise transformations, the same bits on any number of threads.
#include "gyrograd/train/tpn.hpp"

#include <cmath>
#include <numeric>
#include <vector>

#include "gyrograd/models/tpn.hpp"
#include "support/catch.hpp"

using namespace gyrograd;
using namespace gyrograd::train;

namespace {

/// Small networks keep the tests short.
models::TpnConfig small(Index tasks = 5) {
  models::TpnConfig config;
  config.tasks = tasks;
  config.channels = {8, 8, 16};
  return config;
}

/// Saw teeth of both sensors with gravity on one axis: noise, scale and flip are plain to see.
data::Windows saw_teeth(Index count) {
  data::Windows w(count, 20, 6);
  for (Index i = 0; i < count; ++i)
    for (Index t = 0; t < 20; ++t)
      for (Index c = 0; c < 6; ++c) {
        const double phase = static_cast<double>((t * (1 + c % 3) + i) % 10) / 10;
        w.window(i)[static_cast<std::size_t>(t * 6 + c)] =
            static_cast<float>(c == 2 ? 9.8 + phase : 2 * phase - 1);
      }
  return w;
}

std::vector<Index> numbers(Index first, Index last) {
  std::vector<Index> out(static_cast<std::size_t>(last - first));
  std::iota(out.begin(), out.end(), first);
  return out;
}

struct Fit {
  LoopState<float> state;
  std::vector<float> weights;
  metrics::Confusion confusion{2};
};

Fit fit(Index epochs, int threads, const TpnOptions& wanted, Index stop_after = -1) {
  ThreadPool pool(threads);
  const data::Windows w = saw_teeth(40);
  models::TpnPretrain<float> model(small(data::tpn_task_count(wanted.tasks)));
  model.initialise(3);
  TpnSelfTraining<float, models::TpnPretrain<float>> recipe(model, w, numbers(0, 30), numbers(30, 40), wanted,
                                                            pool);
  Fit out;
  run_epochs(
      recipe, out.state, epochs, [&](const auto& s) { return s.step != stop_after; },
      [](const auto&) { return true; });
  if (stop_after >= 0) {  // a resumed run: weights, moments and state go into a new recipe
    models::TpnPretrain<float> other(small(data::tpn_task_count(wanted.tasks)));
    TpnSelfTraining<float, models::TpnPretrain<float>> resumed(other, w, numbers(0, 30), numbers(30, 40),
                                                               wanted, pool);
    const auto from = recipe.buffers(), to = resumed.buffers();
    for (std::size_t i = 0; i < from.size(); ++i)
      std::copy(from[i].values.begin(), from[i].values.end(), to[i].values.begin());
    resumed.resume(out.state);
    run_epochs(
        resumed, out.state, epochs, [](const auto&) { return true; }, [](const auto&) { return true; });
    out.weights.assign(resumed.weights().begin(), resumed.weights().end());
    return out;
  }
  out.weights.assign(recipe.weights().begin(), recipe.weights().end());
  out.confusion = recipe.confusion();
  return out;
}

TpnOptions quick() {
  TpnOptions options;
  options.lr = 3e-3;
  options.batch = 60;
  return options;
}

}  // namespace

TEST_CASE("the heads learn to recognise transformations", "[tpn]") {
  const Fit f = fit(25, 1, quick());
  CHECK(f.state.step == 25 * 3);  // 30 windows, six items each, batches of 60
  CHECK(f.state.history.back().train_loss < 0.75 * f.state.history.front().train_loss);
  CHECK(f.state.best_score > 0.7);
  CHECK(f.confusion.true_count(0) == 10 * 5);  // every head is asked about an original
  CHECK(f.confusion.true_count(1) == 10 * 5);  // one head about each transformed item
  CHECK(f.state.history.back().validation_accuracy == metrics::accuracy(f.confusion));
}

TEST_CASE("threads and a stop change no bit, options do", "[tpn]") {
  const Fit one = fit(3, 1, quick());
  CHECK(fit(3, 2, quick()).weights == one.weights);
  CHECK(fit(3, 1, quick(), 4).weights == one.weights);
  TpnOptions other = quick();
  other.weight_decay = 0;
  CHECK(fit(3, 1, other).weights != one.weights);
  other = quick();
  other.shuffle = data::TpnShuffle::corrected;
  CHECK(fit(3, 1, other).weights != one.weights);
  other = quick();
  other.dropout = 0;
  CHECK(fit(3, 1, other).weights != one.weights);
}

TEST_CASE("both losses agree where no head saturates", "[tpn]") {
  TpnOptions logits = quick();
  logits.loss = TpnLoss::corrected;
  const Fit a = fit(2, 1, quick()), b = fit(2, 1, logits);
  CHECK(a.state.history.back().train_loss == Approx(b.state.history.back().train_loss).epsilon(1e-4));
}

TEST_CASE("the loss of one large batch is that of all items", "[tpn]") {
  ThreadPool pool(1);
  const data::Windows w = saw_teeth(20);
  models::TpnPretrain<float> model(small());
  model.initialise(3);
  TpnOptions options;
  options.batch = 120;
  options.lr = 0;
  options.dropout = 0;
  TpnSelfTraining<float, models::TpnPretrain<float>> recipe(model, w, numbers(0, 20), numbers(0, 20), options,
                                                            pool);
  REQUIRE(recipe.items() == 120);
  recipe.begin_epoch(0);
  CHECK(recipe.train_batch(0) == Approx(recipe.validate(0).validation_loss).epsilon(1e-5));
  CHECK(recipe.confusion().total() == 20 * 10);
}

TEST_CASE("eight transformations of the original publication", "[tpn]") {
  TpnOptions options = quick();
  options.tasks = data::TpnTasks::original;
  const Fit f = fit(2, 1, options);
  CHECK(f.state.step == 2 * 5);  // 270 items
  CHECK(f.confusion.total() == 10 * 16);
}

TEST_CASE("settings that cannot work are refused", "[tpn]") {
  ThreadPool pool(1);
  const data::Windows w = saw_teeth(4);
  models::TpnPretrain<float> model(small());
  const auto make = [&](const TpnOptions& o, Index validation = 2) {
    TpnSelfTraining<float, models::TpnPretrain<float>>(model, w, numbers(0, 2), numbers(0, validation), o,
                                                       pool);
  };
  make({});
  CHECK_THROWS_AS(make({}, 0), ConfigError);
  TpnOptions o;
  o.tasks = data::TpnTasks::original;
  CHECK_THROWS_AS(make(o), ConfigError);
  o = {};
  o.batch = 0;
  CHECK_THROWS_AS(make(o), ConfigError);
  o = {};
  o.dropout = 1;
  CHECK_THROWS_AS(make(o), ConfigError);
}
