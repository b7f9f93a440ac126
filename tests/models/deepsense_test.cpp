// SPDX-License-Identifier: MIT
#include "gyrograd/models/deepsense.hpp"

#include "support/classifier_checks.hpp"

using namespace gyrograd;
using namespace gyrograd::models;
using namespace gyrograd::testing;

namespace {

template <class Real>
auto training(const DeepSense<Real>& model, nn::Statistics statistics = nn::Statistics::batch) {
  return [&model, statistics](Tape<Real>& tape, const auto& x) {
    return model.logits(tape, x, nullptr, statistics);
  };
}

}  // namespace

TEST_CASE("DeepSense: published sizes and names") {
  const auto parameters = [](Index input, Index classes) {
    DeepSenseConfig c;
    c.input = input;
    c.classes = classes;
    DeepSense<float> model(c);
    return parameter_count<float>(model);
  };
  CHECK(parameters(6, 6) == 13298);
  CHECK(parameters(6, 7) == 13311);
  DeepSense<float> model, other;
  const auto names = parameter_names(model);
  CHECK(names.size() == 40);
  CHECK(names[4] == "conv0_3.weight");
  CHECK(names[6] == "bn0_1.weight");
  CHECK(names[12] == "conv1_1.weight");
  CHECK(names[24] == "conv1.weight");
  CHECK(names[26] == "bn1.weight");
  CHECK(names.back() == "lin2.bias");
  model.initialise(1);
  check_state_file(model, other);
}

TEST_CASE("DeepSense: gradients of all parameters, three sensors") {
  DeepSenseConfig config;
  config.input = 9;
  config.classes = 3;
  config.rows = 8;
  config.filters = 3;
  config.flat = config.left();
  DeepSense<double> model(config);
  model.initialise(5);
  // Norms take the biases of the convolutions out again wherever ReLU does not clip.
  check_classifier_gradients(model, {4, 8, 9, 3}, training(model), [](std::string_view) { return true; },
                             {.step = 1e-6, .norm_tolerance = 1e-7, .element_tolerance = 1e-6});
}

TEST_CASE("DeepSense: a warm training step allocates nothing") {
  DeepSense<float> model;
  model.initialise(3431);
  check_no_allocation(model, {20, 20, 6, 6}, training(model, nn::Statistics::batch_and_store));
}

TEST_CASE("DeepSense: wrong sizes are refused in words") {
  DeepSenseConfig config;
  config.input = 7;
  CHECK_THROWS_AS(DeepSense<float>(config), ConfigError);
  config.input = 6;
  config.flat = 900;
  CHECK_THROWS_AS(DeepSense<float>(config), ConfigError);
  DeepSense<float> model;
  std::vector<float> x(2 * 20 * 9);
  Tape<float> tape;
  CHECK_THROWS_AS(model.logits(tape, tape.constant(Tensor<float, dyn, dyn, dyn>(x.data(), 2, 20, 9))),
                  ShapeError);
}
