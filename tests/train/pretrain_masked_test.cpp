// SPDX-License-Identifier: MIT
// Masked pre-training learns, gives the same bits on any number of threads, and goes on where it stopped.
#include "gyrograd/train/pretrain_masked.hpp"

#include <cmath>
#include <numeric>
#include <vector>

#include "gyrograd/models/limu_bert.hpp"
#include "gyrograd/train/embed.hpp"
#include "support/catch.hpp"
#include "support/thread_team.hpp"

using namespace gyrograd;
using namespace gyrograd::train;

namespace {

constexpr Index steps = 24, channels = 6;

/// Sines of different frequency and phase.
data::Windows waves(Index count) {
  data::Windows w(count, steps, channels);
  for (Index i = 0; i < count; ++i) {
    for (Index t = 0; t < steps; ++t) {
      for (Index c = 0; c < channels; ++c) {
        const double phase = 0.3 * static_cast<double>(t) * (1 + 0.1 * static_cast<double>(i % 5)) +
                             static_cast<double>(c + i);
        w.window(i)[static_cast<std::size_t>(t * channels + c)] = static_cast<float>(std::sin(phase));
      }
    }
  }
  return w;
}

template <class Real>
using Model = models::LimuBert<models::LimuBertConfig, Real>;

template <class Real>
Model<Real> small_model() {
  models::LimuBertConfig config;
  config.hidden = 16, config.hidden_ff = 24, config.n_layers = 2, config.n_heads = 2, config.seq_len = steps;
  Model<Real> model(config);
  model.initialise(3);
  return model;
}

std::vector<Index> range(Index from, Index to) {
  std::vector<Index> out(static_cast<std::size_t>(to - from));
  std::iota(out.begin(), out.end(), from);
  return out;
}

/// Trains; `stop` > 0 ends the process after that many steps and continues in a fresh recipe from copied
/// buffers.
template <class Real>
LoopState<Real> fit(Index epochs, int threads, Index stop = 0, std::vector<Real>* last = nullptr,
                    distributed::Communicator* team = nullptr) {
  const data::Windows windows = waves(44);
  PretrainOptions options;
  options.batch = 16;
  options.lr = 3e-3;
  LoopState<Real> state;
  std::vector<std::vector<Real>> saved;
  for (const bool first : {true, false}) {
    if (first && stop == 0) continue;
    ThreadPool pool(threads);
    Model<Real> model = small_model<Real>();
    MaskedPretraining<Real, Model<Real>> recipe(model, windows, range(0, 36), range(36, 44), options, pool,
                                                team);
    const auto buffers = recipe.buffers();
    for (std::size_t i = 0; i < saved.size(); ++i)
      std::copy(saved[i].begin(), saved[i].end(), buffers[i].values.begin());
    if (!saved.empty()) recipe.resume(state);
    run_epochs(
        recipe, state, epochs, [&](const auto& s) { return !first || s.step < stop; },
        [](const auto&) { return true; });
    for (const auto& b : buffers) saved.emplace_back(b.values.begin(), b.values.end());
    if (last != nullptr) last->assign(recipe.weights().begin(), recipe.weights().end());
  }
  return state;
}

}  // namespace

TEMPLATE_TEST_CASE("pre-training learns to fill in what is masked", "[pretrain_masked]", float, double) {
  const LoopState<TestType> state = fit<TestType>(12, 1);
  REQUIRE(state.history.size() == 12);
  CHECK(state.step == 12 * 3);  // 36 windows in batches of 16, 16 and 4
  CHECK(state.history.back().train_loss < 0.7 * state.history.front().train_loss);
  CHECK(state.history[static_cast<std::size_t>(state.best_epoch)].validation_loss <
        0.9 * state.history.front().validation_loss);
  for (const EpochRecord& r : state.history) CHECK(r.score == -r.validation_loss);
}

TEST_CASE("the bits depend neither on threads nor on a stop in the middle of an epoch", "[pretrain_masked]") {
  std::vector<float> one, two, resumed;
  const auto a = fit<float>(3, 1, 0, &one);
  const auto b = fit<float>(3, 2, 0, &two);
  const auto c = fit<float>(3, 2, 5, &resumed);
  CHECK(one == two);
  CHECK(one == resumed);
  CHECK(a.best_weights == b.best_weights);
  CHECK(a.best_weights == c.best_weights);
  for (std::size_t i = 0; i < 3; ++i) {
    CHECK(a.history[i].train_loss == c.history[i].train_loss);
    CHECK(a.history[i].validation_loss == c.history[i].validation_loss);
  }
}

TEST_CASE("several processes train as one", "[pretrain_masked]") {
  std::vector<float> alone;
  const auto want = fit<float>(7, 1, 0, &alone);  // 21 steps
  for (const int processes : {2, 3}) {
    std::vector<std::vector<float>> weights(static_cast<std::size_t>(processes));
    std::vector<LoopState<float>> states(static_cast<std::size_t>(processes));
    gyrograd::testing::run_team(processes, [&](distributed::Communicator& team) {
      const auto me = static_cast<std::size_t>(team.rank());
      states[me] = fit<float>(7, 1, team.size() == 3 ? 5 : 0, &weights[me], &team);
    });
    for (std::size_t r = 0; r < weights.size(); ++r) {
      CHECK(weights[r] == alone);
      for (std::size_t i = 0; i < 7; ++i) {
        CHECK(states[r].history[i].train_loss == want.history[i].train_loss);
        CHECK(states[r].history[i].validation_loss == want.history[i].validation_loss);
      }
    }
  }
}

TEST_CASE("embeddings of a window depend on that window only", "[embed]") {
  const data::Windows windows = waves(7);
  const Model<float> model = small_model<float>();
  ThreadPool one(1), two(2);
  const data::Windows all = embed_windows<float>(model, windows, 16, one);
  const data::Windows same = embed_windows<float>(model, windows, 16, two);
  REQUIRE(all.count == 7);
  REQUIRE(all.channels == 16);
  CHECK(all.values == same.values);
  data::Windows last(1, steps, channels);
  std::copy(windows.window(6).begin(), windows.window(6).end(), last.values.begin());
  const data::Windows single = embed_windows<float>(model, last, 16, one);
  for (std::size_t i = 0; i < single.values.size(); ++i)
    CHECK(single.values[i] == Approx(all.window(6)[i]).margin(1e-5));
}

TEST_CASE("empty parts and batches are refused", "[pretrain_masked]") {
  const data::Windows windows = waves(4);
  ThreadPool pool(1);
  Model<float> model = small_model<float>();
  using Recipe = MaskedPretraining<float, Model<float>>;
  CHECK_THROWS_AS(Recipe(model, windows, {}, {1}, {}, pool), ConfigError);
  CHECK_THROWS_AS(Recipe(model, windows, {1}, {}, {}, pool), ConfigError);
  PretrainOptions options;
  options.batch = 0;
  CHECK_THROWS_AS(Recipe(model, windows, {1}, {2}, options, pool), ConfigError);
}
