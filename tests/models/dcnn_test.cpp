// SPDX-License-Identifier: MIT
#include "gyrograd/models/dcnn.hpp"

#include "support/classifier_checks.hpp"

using namespace gyrograd;
using namespace gyrograd::models;
using namespace gyrograd::testing;

namespace {

template <class Real>
auto training(const Dcnn<Real>& model, nn::Statistics statistics = nn::Statistics::batch) {
  return [&model, statistics](Tape<Real>& tape, const auto& x) {
    return model.logits(tape, x, nullptr, statistics);
  };
}

}  // namespace

TEST_CASE("DCNN: published sizes and names") {
  const auto parameters = [](Index steps, Index classes) {
    Dcnn<float> model(DcnnConfig::of(steps, 6, classes));
    return parameter_count<float>(model);
  };
  CHECK(parameters(20, 6) == 17386);
  CHECK(parameters(20, 7) == 17787);
  CHECK(parameters(40, 6) == 27786);
  CHECK(parameters(60, 6) == 39786);
  CHECK(parameters(120, 6) == 75786);
  Dcnn<float> model, other;
  CHECK(parameter_names(model) ==
        std::vector<std::string>{"conv1.weight", "conv1.bias", "bn1.weight", "bn1.bias", "conv2.weight",
                                 "conv2.bias", "bn2.weight", "bn2.bias", "conv3.weight", "conv3.bias",
                                 "bn3.weight", "bn3.bias", "lin1.weight", "lin1.bias", "lin2.weight",
                                 "lin2.bias"});
  model.initialise(1);
  check_state_file(model, other);
}

TEST_CASE("DCNN: gradients of all parameters") {
  for (const Index steps : {20, 40}) {
    Dcnn<double> model(DcnnConfig::of(steps, 2, 3));
    model.initialise(5);
    // Maxima and clipped activations make corners: a small stencil stays on one side of them.
    check_classifier_gradients(model, {4, steps, 2, 3}, training(model),
                               [](std::string_view name) { return !name.starts_with("bn3"); },
                               {.step = 1e-6, .norm_tolerance = 1e-7, .element_tolerance = 1e-6});
  }
}

TEST_CASE("DCNN: estimates move in training only, evaluation does not depend on the batch") {
  Dcnn<float> model;
  model.initialise(3);
  ClassifierBatch<float> batch(8, 20, 6, 6);
  const auto state = [&] {
    return std::vector<float>(model.store().data(), model.store().data() + model.store().size());
  };
  const auto before = state();
  Tape<float> tape;
  batch.loss(tape, training(model, nn::Statistics::stored));
  batch.loss(tape, training(model, nn::Statistics::batch));
  CHECK(state() == before);
  batch.loss(tape, training(model, nn::Statistics::batch_and_store));
  CHECK(state() != before);
  const auto window = [&](float* x, Index B) {
    return tape.constant(Tensor<float, dyn, dyn, dyn>(x, B, 20, 6));
  };
  const auto all = model.logits(tape, window(batch.x.data(), 8));
  std::vector<float> one;
  for (Index i = 0; i < 120; ++i) one.push_back(batch.x[static_cast<std::size_t>(5 + 8 * i)]);
  const auto alone = model.logits(tape, window(one.data(), 1));
  for (Index c = 0; c < 6; ++c) CHECK(alone.value(0, c) == Approx(all.value(5, c)).margin(1e-5));
}

TEST_CASE("DCNN: a warm training step allocates nothing") {
  Dcnn<float> model;
  model.initialise(3431);
  check_no_allocation(model, {20, 20, 6, 6}, training(model, nn::Statistics::batch_and_store));
}

TEST_CASE("DCNN: wrong sizes are refused in words") {
  CHECK_THROWS_AS(Dcnn<float>(DcnnConfig{6, 6, 40, 1, false}), ConfigError);
  CHECK_THROWS_AS(Dcnn<float>(DcnnConfig::of(10)), ConfigError);
  Dcnn<float> model;
  std::vector<float> x(2 * 20 * 9);
  Tape<float> tape;
  CHECK_THROWS_AS(model.logits(tape, tape.constant(Tensor<float, dyn, dyn, dyn>(x.data(), 2, 20, 9))),
                  ShapeError);
  const auto fits = tape.constant(Tensor<float, dyn, dyn, dyn>(x.data(), 2, 20, 6));
  CHECK_THROWS_AS(model.logits(tape, fits, x.data()), ConfigError);
}
