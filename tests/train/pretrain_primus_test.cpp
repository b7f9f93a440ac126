// SPDX-License-Identifier: MIT
// Contrastive pre-training learns, gives the same bits on any number of threads, and goes on where it
// stopped, queue included.
#include "gyrograd/train/pretrain_primus.hpp"

#include <filesystem>
#include <memory>
#include <numeric>
#include <vector>

#include "gyrograd/data/synth_paired.hpp"
#include "gyrograd/models/primus_encoder.hpp"
#include "gyrograd/train/contrastive_model.hpp"
#include "support/catch.hpp"
#include "support/temp_folder.hpp"
#include "support/thread_team.hpp"

using namespace gyrograd;
using namespace gyrograd::train;

namespace {

constexpr Index width = 16, count = 70, training = 54;
using Encoder = models::PrimusEncoder<float>;
using Model = ContrastiveModel<float, Encoder>;
using Pretraining = PrimusPretraining<float, Model>;

const data::PairedWindows& windows() {
  static const data::PairedWindows p = [] {
    data::SynthPairedConfig c;
    c.motion.windows = count;
    c.motion.users = 3;
    c.motion.steps = 123;
    c.motion.windows_per_recording = 5;
    c.width = width;
    c.paired = 0.8;
    return data::synthesise_paired(c);
  }();
  return p;
}

Model small_model(double temperature = 0.1) {
  models::PrimusConfig config;
  config.width = width;
  Encoder encoder(config);
  encoder.initialise(3);
  return Model(std::move(encoder), temperature);
}

PrimusPretrainOptions small_options(std::string_view method) {
  PrimusPretrainOptions o = primus_method(method);
  o.batch = 12;
  o.lr = 3e-3;
  o.queue = 30;
  return o;
}

std::vector<Index> range(Index from, Index to) {
  std::vector<Index> out(static_cast<std::size_t>(to - from));
  std::iota(out.begin(), out.end(), from);
  return out;
}

Pretraining recipe_of(Model& model, const PrimusPretrainOptions& o, ThreadPool& pool,
                      distributed::Communicator* team = nullptr) {
  return Pretraining(model, windows(), range(0, training), range(training, count), o, pool, team);
}

/// All that a run leaves behind.
struct Outcome {
  LoopState<float> state;
  std::vector<std::vector<float>> buffers;
  std::array<double, 6> terms{};
};

/// Trains; `stop` > 0 ends the process after that many steps and continues in a fresh recipe.
Outcome fit(const PrimusPretrainOptions& o, Index epochs, int threads, Index stop = 0,
            distributed::Communicator* team = nullptr) {
  Outcome out;
  for (const bool first : {true, false}) {
    if (first && stop == 0) continue;
    ThreadPool pool(threads);
    Model model = small_model();
    Pretraining recipe = recipe_of(model, o, pool, team);
    const auto buffers = recipe.buffers();
    for (std::size_t i = 0; i < out.buffers.size(); ++i)
      std::copy(out.buffers[i].begin(), out.buffers[i].end(), buffers[i].values.begin());
    if (!out.buffers.empty()) recipe.resume(out.state);
    run_epochs(
        recipe, out.state, epochs, [&](const auto& s) { return !first || s.step < stop; },
        [](const auto&) { return true; });
    if (recipe.shares_checkpoint()) recipe.prepare_checkpoint();
    out.buffers.clear();
    for (const auto& b : buffers) out.buffers.emplace_back(b.values.begin(), b.values.end());
    out.terms = recipe.terms();
  }
  return out;
}

}  // namespace

TEST_CASE("every method learns, and its terms are those it names") {
  for (const std::string_view method : primus_methods) {
    INFO(std::string(method));
    const PrimusPretrainOptions o = small_options(method);
    const Outcome run = fit(o, 4, 1);
    REQUIRE(run.state.history.size() == 4);
    CHECK(run.state.step == 4 * 5);  // 54 windows: four batches of 12, one of 6
    const auto& history = run.state.history;
    if (!o.uses_queue()) CHECK(history.back().train_loss < 0.97 * history.front().train_loss);
    const bool term[6] = {o.weights.alpha > 0,    o.weights.beta > 0,     o.weights.beta > 0,
                          o.weights.gamma_mm > 0, o.weights.gamma_mm > 0, o.weights.gamma_ss > 0};
    for (std::size_t t = 0; t < 6; ++t) CHECK((run.terms[t] > 0) == term[t]);
  }
}

TEST_CASE("PRIMUS: the bits depend neither on threads nor on a stop in the middle of an epoch") {
  const PrimusPretrainOptions o = small_options("primus");
  const Outcome one = fit(o, 2, 1);
  for (const Outcome& other : {fit(o, 2, 2), fit(o, 2, 3), fit(o, 2, 2, 7)}) {
    CHECK(other.buffers == one.buffers);  // weights, moments, queue and its counters
    CHECK(other.state.best_weights == one.state.best_weights);
    for (std::size_t i = 0; i < 2; ++i) {
      CHECK(other.state.history[i].train_loss == one.state.history[i].train_loss);
      CHECK(other.state.history[i].validation_loss == one.state.history[i].validation_loss);
    }
  }
  PrimusPretrainOptions seeded = o;
  seeded.seed = 4;
  CHECK(fit(seeded, 2, 1).buffers != one.buffers);
}

TEST_CASE("several processes train as one, queue included") {
  PrimusPretrainOptions o = small_options("primus");
  o.batch = 40, o.queue = 45;  // two micro-batches, so that both processes have work
  windows();                   // made before the threads need them
  const Outcome alone = fit(o, 10, 1);
  REQUIRE(alone.state.step >= 20);
  std::vector<Outcome> both(2);
  gyrograd::testing::run_team(2, [&](distributed::Communicator& team) {
    both[static_cast<std::size_t>(team.rank())] = fit(o, 10, 1, 0, &team);
  });
  for (const Outcome& one : both) {
    CHECK(one.buffers == alone.buffers);
    CHECK(one.terms == alone.terms);
    for (std::size_t e = 0; e < 10; ++e) {
      CHECK(one.state.history[e].train_loss == alone.state.history[e].train_loss);
      CHECK(one.state.history[e].validation_loss == alone.state.history[e].validation_loss);
    }
  }
}

TEST_CASE("windows that stay in their shards train to the same bits") {
  const gyrograd::testing::TempFolder folder;
  const std::filesystem::path shard = data::shard_path(folder / "train", 0);
  std::filesystem::create_directories(shard);
  data::write_paired_shard(shard, windows());
  const PrimusPretrainOptions o = small_options("primus");
  std::vector<float> weights[2];
  for (const bool mapped : {false, true}) {
    std::shared_ptr<data::PairedSource> source = std::make_shared<data::MemoryPaired>(windows());
    if (mapped)
      source = std::make_shared<data::ShardedPaired>(std::vector<std::filesystem::path>{folder / "train"}, 1);
    ThreadPool pool(2);
    Model model = small_model();
    Pretraining recipe(model, source, range(0, training), range(training, count), o, pool);
    LoopState<float> state;
    run_epochs(
        recipe, state, 2, [](const auto&) { return true; }, [](const auto&) { return true; });
    weights[mapped ? 1 : 0].assign(recipe.weights().begin(), recipe.weights().end());
  }
  CHECK(weights[0] == weights[1]);
}

TEST_CASE("local negatives train another model, the same in all processes") {
  PrimusPretrainOptions o = small_options("primus");
  windows();
  const Outcome alone = fit(o, 2, 1);
  o.negatives = Negatives::local;
  CHECK(fit(o, 2, 1).buffers == alone.buffers);  // a process that is alone has them all
  std::vector<Outcome> both(2);
  gyrograd::testing::run_team(2, [&](distributed::Communicator& team) {
    both[static_cast<std::size_t>(team.rank())] = fit(o, 2, 1, 0, &team);
  });
  CHECK(both[0].buffers[0] == both[1].buffers[0]);  // weights
  CHECK(both[0].buffers[0] != alone.buffers[0]);
  CHECK(both[0].terms == both[1].terms);
  for (std::size_t e = 0; e < 2; ++e) {
    CHECK(both[0].state.history[e].train_loss == both[1].state.history[e].train_loss);
    CHECK(both[0].state.history[e].validation_loss == both[1].state.history[e].validation_loss);
    CHECK(both[0].state.history[e].validation_loss <
          alone.state.history[e].validation_loss);  // fewer negatives
  }
  o.batch = 3;
  const auto refused = [&](distributed::Communicator& team) {
    ThreadPool pool(1);
    Model model = small_model();
    recipe_of(model, o, pool, &team);
  };
  CHECK_THROWS_AS(gyrograd::testing::run_team(2, refused), ConfigError);
}

TEST_CASE("local negatives: a run that stops continues with the queue of every process") {
  PrimusPretrainOptions o = small_options("primus");
  o.negatives = Negatives::local;
  windows();
  std::vector<Outcome> whole(2), stopped(2);
  gyrograd::testing::run_team(2, [&](distributed::Communicator& team) {
    const auto rank = static_cast<std::size_t>(team.rank());
    whole[rank] = fit(o, 2, 1, 0, &team);
    stopped[rank] = fit(o, 2, 1, 7, &team);
  });
  for (std::size_t rank = 0; rank < 2; ++rank) {
    CHECK(stopped[rank].buffers == whole[0].buffers);  // weights, moments and the queues of both
    CHECK(stopped[rank].state.history[1].train_loss == whole[0].state.history[1].train_loss);
  }
  const std::vector<float>& imu = whole[0].buffers[8];
  CHECK(std::vector<float>(imu.begin(), imu.begin() + 30 * width) !=
        std::vector<float>(imu.begin() + 30 * width, imu.end()));  // each its own
}

TEST_CASE("text and video vectors of other widths than the encoder train through projections") {
  data::SynthPairedConfig c;
  c.motion.windows = count;
  c.motion.users = 3;
  c.motion.steps = 123;
  c.motion.windows_per_recording = 5;
  c.width = 20;
  c.video_width = 9;
  const data::PairedWindows unlike = data::synthesise_paired(c);
  const auto train = [&](int threads, Index stop) {
    std::vector<std::vector<float>> buffers;
    LoopState<float> state;
    for (const bool first : {true, false}) {
      if (first && stop == 0) continue;
      ThreadPool pool(threads);
      models::PrimusConfig config;
      config.width = width;
      Encoder encoder(config);
      encoder.initialise(3);
      Model model(std::move(encoder), 0.1, true, {.text = 20, .video = 9, .seed = 3});
      Pretraining recipe(model, unlike, range(0, training), range(training, count), small_options("primus"),
                         pool);
      const auto now = recipe.buffers();
      for (std::size_t i = 0; i < buffers.size(); ++i)
        std::copy(buffers[i].begin(), buffers[i].end(), now[i].values.begin());
      if (!buffers.empty()) recipe.resume(state);
      const std::vector<float> before(recipe.weights().begin(), recipe.weights().end());
      run_epochs(
          recipe, state, 4, [&](const auto& s) { return !first || s.step < stop; },
          [](const auto&) { return true; });
      buffers.clear();
      for (const auto& b : now) buffers.emplace_back(b.values.begin(), b.values.end());
      for (std::size_t t = 1; t < 5; ++t) CHECK((first || recipe.terms()[t] > 0));
      model.visit_heads([&](std::string_view name, const Parameter<float>& p) {
        INFO(std::string(name));
        CHECK(p.value[0] != before[static_cast<std::size_t>(p.offset)]);
      });
    }
    CHECK(state.history.back().train_loss < state.history[1].train_loss);
    return buffers;
  };
  const auto whole = train(1, 0);
  CHECK(train(2, 0) == whole);
  CHECK(train(1, 7) == whole);
  ThreadPool pool(1);
  Model model = small_model();
  CHECK_THROWS_AS(
      Pretraining(model, unlike, range(0, training), range(training, count), small_options("mm"), pool),
      ConfigError);
}

TEST_CASE("validation leaves the queue as it is and repeats its figures") {
  ThreadPool pool(1);
  Model model = small_model();
  Pretraining recipe = recipe_of(model, small_options("primus"), pool);
  recipe.begin_epoch(0);
  for (Index b = 0; b < 3; ++b) recipe.train_batch(b);
  const auto contents = [&] {
    std::vector<float> all;
    for (const auto& b : recipe.buffers()) all.insert(all.end(), b.values.begin(), b.values.end());
    return all;
  };
  const std::vector<float> before = contents();
  const double first = recipe.validate(0).validation_loss;
  CHECK(recipe.validate(1).validation_loss == first);
  CHECK(contents() == before);
  CHECK(recipe.queue().filled() > 0);
  CHECK(recipe.queue().filled() < 36);  // windows without vectors are not stored
}

TEST_CASE("temperatures are trained, or fixed") {
  PrimusPretrainOptions o = small_options("primus");
  ThreadPool pool(1);
  Model model = small_model();
  Pretraining recipe = recipe_of(model, o, pool);
  recipe.begin_epoch(0);
  recipe.train_batch(0);
  CHECK(recipe.temperature_mm() != Approx(0.1).epsilon(1e-6));
  CHECK(recipe.temperature_ss() != Approx(0.1).epsilon(1e-6));
  o.temperature.form = losses::TemperatureForm::fixed;
  Model other = small_model();
  Pretraining fixed = recipe_of(other, o, pool);
  fixed.begin_epoch(0);
  fixed.train_batch(0);
  CHECK(fixed.temperature_mm() == Approx(0.1).epsilon(1e-7));
}

TEST_CASE("published behaviour and the other options train, too") {
  PrimusPretrainOptions o = small_options("primus");
  o.be_published();
  o.mask_duplicates = true;
  o.augment_both = true;
  o.direction = losses::Direction::one_way;
  const Outcome run = fit(o, 1, 2);
  CHECK(std::isfinite(run.state.history[0].validation_loss));
}

TEST_CASE("what cannot be trained is refused in one line") {
  ThreadPool pool(1);
  Model model = small_model();
  const auto refused = [&](const PrimusPretrainOptions& o, const data::PairedWindows& p,
                           std::vector<Index> train) {
    CHECK_THROWS_AS(Pretraining(model, p, std::move(train), range(training, count), o, pool), ConfigError);
  };
  PrimusPretrainOptions o = small_options("primus");
  o.batch = 1;
  refused(o, windows(), range(0, training));
  o = small_options("primus");
  o.queue = training + 1;
  refused(o, windows(), range(0, training));
  o.queue = o.batch - 1;
  refused(o, windows(), range(0, training));
  refused(small_options("mm"), windows(), {3});
  data::PairedWindows none = windows();
  none.text_width = none.video_width = 0;
  none.text.clear(), none.video.clear();
  refused(small_options("mm"), none, range(0, training));
  data::PairedWindows narrow = windows();
  narrow.text_width = 8;
  narrow.text.resize(static_cast<std::size_t>(8 * count));
  refused(small_options("mm"), narrow, range(0, training));
  CHECK_NOTHROW(
      Pretraining(model, none, range(0, training), range(training, count), small_options("ss"), pool));
}
