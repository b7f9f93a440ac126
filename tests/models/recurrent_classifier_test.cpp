// SPDX-License-Identifier: MIT
#include "gyrograd/models/recurrent_classifier.hpp"

#include <cstdint>
#include <string>
#include <type_traits>
#include <vector>

#include "gyrograd/losses/cross_entropy.hpp"
#include "gyrograd/models/gru_classifier.hpp"
#include "gyrograd/models/lstm_classifier.hpp"
#include "support/alloc_counter.hpp"
#include "support/reference.hpp"

using namespace gyrograd;
using namespace gyrograd::models;
using namespace gyrograd::testing;

namespace {

/// Text of the error of this type that `f` throws; empty when it throws none.
template <class Error, class F>
std::string message(F&& f) {
  try {
    f();
  } catch (const Error& e) {
    return e.what();
  }
  return "";
}

template <class Model>
void check_refusals(const std::string& name) {
  INFO(name);
  std::vector<float> x(2 * 3 * 6);
  Tape<float> tape;
  const auto window = tape.constant(Tensor<float, dyn, dyn, dyn>(x.data(), 2, 3, 6));
  CHECK(message<ShapeError>([&] { Model().logits(tape, window); }) ==
        name + ": the window has 6 channels, the model expects 72");

  using Config = std::decay_t<decltype(Model().config())>;
  Config config;
  config.input = 6;
  config.dropout = false;
  CHECK(message<ConfigError>([&] { Model(config).logits(tape, window, x.data()); }) ==
        name + ": a dropout mask, but the configuration has dropout false; pass none");

  const auto refused = [&](auto change) {
    Config c;
    change(c);
    return message<ConfigError>([&] { Model{c}; }).starts_with(name + ": input, classes, seq_len");
  };
  CHECK(refused([](Config& c) { c.modules.clear(); }));
  CHECK(refused([](Config& c) { c.modules = {{0, 1}}; }));
  CHECK(refused([](Config& c) { c.modules = {{4, 0}}; }));
  CHECK(refused([](Config& c) { c.dense = {8, 0}; }));
  CHECK(refused([](Config& c) { c.input = 0; }));
  CHECK(refused([](Config& c) { c.classes = -1; }));
  CHECK(refused([](Config& c) { c.seq_len = 0; }));
}

template <class Model>
void check_allocations() {
  Model model;
  model.initialise(3431);
  std::vector<float> x = random_values<float>(20 * 20 * 72, 1);
  const std::vector<std::int32_t> labels(20, 2);
  AlignedVector<float> gradients(static_cast<std::size_t>(model.store().size()));
  Tape<float> tape;
  tape.bind_gradients(gradients.data());
  const auto step = [&] {
    tape.clear();
    const auto window = tape.constant(Tensor<float, dyn, dyn, dyn>(x.data(), 20, 20, 72));
    tape.backward(losses::cross_entropy(tape, model.logits(tape, window), labels.data(), 0.05F));
  };
  step();
  step();
  const AllocationScope scope;
  step();
  CHECK(scope.count() == 0);
}

}  // namespace

TEST_CASE("recurrent classifiers: wrong sizes are refused in words") {
  check_refusals<GruClassifier<>>("GRU classifier");
  check_refusals<LstmClassifier<float>>("LSTM classifier");
}

TEST_CASE("recurrent classifiers: a warm training step allocates nothing") {
  check_allocations<GruClassifier<GruV2<72, 6>>>();
  check_allocations<LstmClassifier<float>>();
}
