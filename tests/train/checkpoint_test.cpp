// SPDX-License-Identifier: MIT
// A checkpoint gives back every bit, refuses other options, and falls back when it is damaged.
#include "gyrograd/train/checkpoint.hpp"

#include <cmath>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "support/catch.hpp"
#include "support/temp_folder.hpp"

using namespace gyrograd;
using namespace gyrograd::train;

namespace {

template <class Real>
LoopState<Real> some_state() {
  LoopState<Real> state;
  state.epoch = 2, state.batch = 3, state.step = 23, state.best_epoch = 1;
  state.loss_sum = 0.1 + 0.2;
  state.best_score = -1.0 / 3;
  state.best_weights = {Real(1.25), Real(-0.1)};
  EpochRecord record;
  record.train_loss = 1.0 / 7;
  record.score = -2.5;
  state.history = {record, record};
  return state;
}

const RunIdentity identity = {{"lr", "0.001"}, {"seed", "3431"}, {"data", "a=b"}};

}  // namespace

TEMPLATE_TEST_CASE("a checkpoint gives back every bit", "[checkpoint]", float, double) {
  using Real = TestType;
  const testing::TempFolder folder;
  const auto path = folder / "run.checkpoint";
  std::vector<Real> weights = {Real(0.1), Real(2), Real(-3)}, moments = {Real(4), Real(5)};
  std::vector<NamedBuffer<Real>> buffers = {{"weights", weights}, {"moments", moments}};
  const LoopState<Real> state = some_state<Real>();
  save_checkpoint<Real>(path, identity, state, buffers);

  std::vector<Real> w(3), m(2);
  std::vector<NamedBuffer<Real>> into = {{"weights", w}, {"moments", m}};
  LoopState<Real> back;
  CHECK(load_checkpoint<Real>(path, identity, back, into).empty());
  CHECK(w == weights);
  CHECK(m == moments);
  CHECK(back.epoch == 2);
  CHECK(back.batch == 3);
  CHECK(back.step == 23);
  CHECK(back.best_epoch == 1);
  CHECK(back.loss_sum == state.loss_sum);
  CHECK(back.best_score == state.best_score);
  CHECK(back.best_weights == state.best_weights);
  REQUIRE(back.history.size() == 2);
  CHECK(back.history[1].train_loss == state.history[1].train_loss);
  CHECK(std::isnan(back.history[1].validation_loss));
}

TEST_CASE("a checkpoint of other options is refused by the option's name", "[checkpoint]") {
  const testing::TempFolder folder;
  const auto path = folder / "run.checkpoint";
  std::vector<float> weights = {1, 2};
  std::vector<NamedBuffer<float>> buffers = {{"weights", weights}};
  save_checkpoint<float>(path, identity, some_state<float>(), buffers);
  weights = {7, 7};
  LoopState<float> state;
  const auto refusal = [&](const RunIdentity& other) -> std::string {
    try {
      load_checkpoint<float>(path, other, state, buffers);
    } catch (const ConfigError& error) {
      return error.what();
    }
    return "";
  };
  CHECK(refusal({{"lr", "0.01"}, {"seed", "3431"}, {"data", "a=b"}})
            .find("with lr 0.001, this one has lr 0.01") != std::string::npos);
  CHECK(refusal({{"lr", "0.001"}, {"seed", "3431"}, {"batch", "5"}}).find("batch not given") !=
        std::string::npos);
  CHECK(refusal({{"lr", "0.001"}}).find("other options") != std::string::npos);
  CHECK(weights == std::vector<float>{7, 7});
  CHECK(state.epoch == 0);
}

TEST_CASE("damage is found, the previous checkpoint serves", "[checkpoint]") {
  const testing::TempFolder folder;
  const auto path = folder / "run.checkpoint";
  std::vector<float> weights = {1, 2};
  std::vector<NamedBuffer<float>> buffers = {{"weights", weights}};
  save_checkpoint<float>(path, identity, some_state<float>(), buffers);
  weights = {3, 4};
  save_checkpoint<float>(path, identity, some_state<float>(), buffers);
  {
    std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(200);
    file.put('\x55');
  }
  LoopState<float> state;
  const std::string warning = load_checkpoint<float>(path, identity, state, buffers);
  CHECK(warning.find("previous") != std::string::npos);
  CHECK(weights == std::vector<float>{1, 2});
  std::filesystem::remove(io::previous_checkpoint(path));
  CHECK_THROWS_AS(load_checkpoint<float>(path, identity, state, buffers), IoError);
}

TEST_CASE("a checkpoint of another model is refused", "[checkpoint]") {
  const testing::TempFolder folder;
  const auto path = folder / "run.checkpoint";
  std::vector<float> weights = {1, 2}, more = {1, 2, 3};
  save_checkpoint<float>(path, identity, some_state<float>(),
                         std::vector<NamedBuffer<float>>{{"weights", weights}});
  LoopState<float> state;
  CHECK_THROWS_AS(
      load_checkpoint<float>(path, identity, state, std::vector<NamedBuffer<float>>{{"weights", more}}),
      IoError);
  CHECK_THROWS_AS(
      load_checkpoint<float>(path, identity, state, std::vector<NamedBuffer<float>>{{"moments", weights}}),
      IoError);
}
