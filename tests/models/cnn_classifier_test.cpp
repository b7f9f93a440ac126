// SPDX-License-Identifier: MIT
#include "gyrograd/models/cnn_classifier.hpp"

#include "support/classifier_checks.hpp"

using namespace gyrograd;
using namespace gyrograd::models;
using namespace gyrograd::testing;

namespace {

template <class Real>
auto training(const CnnClassifier<Real>& model, nn::Statistics statistics = nn::Statistics::batch,
              const Real* mask = nullptr) {
  return [&model, statistics, mask](Tape<Real>& tape, const auto& x) {
    return model.logits(tape, x, mask, statistics);
  };
}

Index parameters(const CnnClassifierConfig& c) {
  CnnClassifier<float> model(c);
  return parameter_count<float>(model);
}

CnnClassifierConfig small(bool two_dimensional) {
  CnnClassifierConfig c;
  c.two_dimensional = two_dimensional;
  c.input = 12;
  c.classes = 3;
  c.seq_len = 9;
  c.conv = {{3, 3, 1}, {2, 3, 0}};
  c.pool = {3, 3, 1, 2, 0, 1};
  c.flat = two_dimensional ? 2 * 3 * 2 : 2 * 2;
  c.dense = {4};
  c.activ = true;
  return c;
}

}  // namespace

TEST_CASE("CNN classifiers: published sizes and names") {
  CHECK(parameters(cnn2_v1(72, 6)) == 4062);
  CHECK(parameters(cnn2_v1(72, 7)) == 4075);
  CHECK(parameters(cnn1_v1(72, 6)) == 5038);
  CHECK(parameters(cnn1_v1(72, 7)) == 5051);
  CHECK(parameters(cnn2_v1_prerelease(6, 6)) == 4062 + 12 * 96);
  CnnClassifier<float> model(cnn1_v1()), other(cnn1_v1());
  CHECK(parameter_names(model) ==
        std::vector<std::string>{"cnn0.weight", "cnn0.bias", "bn0.weight", "bn0.bias", "cnn1.weight",
                                 "cnn1.bias", "bn1.weight", "bn1.bias", "cnn2.weight", "cnn2.bias",
                                 "bn2.weight", "bn2.bias", "lin0.weight", "lin0.bias", "lin1.weight",
                                 "lin1.bias"});
  model.initialise(1);
  check_state_file(model, other);
}

TEST_CASE("CNN classifiers: gradients of all parameters, with dropout and activ") {
  for (const bool two : {false, true}) {
    CnnClassifier<double> model(small(two));
    model.initialise(5);
    std::vector<double> mask(static_cast<std::size_t>(4 * model.dropout_width()), 2.0);
    mask[1] = mask[6] = 0;
    INFO("two-dimensional " << two);
    check_classifier_gradients(model, {4, 9, 12, 3},
                               training<double>(model, nn::Statistics::batch, mask.data()),
                               [=](std::string_view name) { return two || !name.starts_with("bn"); },
                               {.step = 1e-6, .norm_tolerance = 1e-7, .element_tolerance = 1e-6});
  }
}

TEST_CASE("CNN classifier: ReLU on the logits is one option") {
  CnnClassifierConfig config = cnn1_v1();
  CnnClassifier<float> published(config);
  config.logits = LogitActivation::corrected;
  CnnClassifier<float> corrected(config);
  published.initialise(2);
  corrected.initialise(2);
  for (auto* model : {&published, &corrected})
    model->visit([](std::string_view name, Parameter<float>& p) {
      if (name == "lin1.bias") p.value[0] = -9;
    });
  ClassifierBatch<float> batch(3, 20, 72, 6);
  Tape<float> tape;
  const auto window = tape.constant(Tensor<float, dyn, dyn, dyn>(batch.x.data(), 3, 20, 72));
  const auto a = published.logits(tape, window), b = corrected.logits(tape, window);
  bool negative = false;
  for (Index i = 0; i < a.value.size(); ++i) {
    negative = negative || b.value.data()[i] < 0;
    CHECK(a.value.data()[i] == std::max(b.value.data()[i], 0.0F));
  }
  CHECK(negative);
}

TEST_CASE("CNN classifiers: a warm training step allocates nothing") {
  for (const CnnClassifierConfig& config : {cnn1_v1(), cnn2_v1()}) {
    CnnClassifier<float> model(config);
    model.initialise(3431);
    check_no_allocation(model, {20, 20, 72, 6}, training(model, nn::Statistics::batch_and_store));
  }
}

TEST_CASE("CNN classifiers: wrong sizes are refused in words") {
  CHECK_THROWS_AS(CnnClassifier<float>(cnn2_v1(6)), ConfigError);
  CHECK_THROWS_AS(CnnClassifier<float>(cnn1_v1(6)), ConfigError);
  CnnClassifierConfig config = cnn2_v1();
  config.flat = 190;
  CHECK_THROWS_AS(CnnClassifier<float>(config), ConfigError);
  CnnClassifier<float> model;
  std::vector<float> x(2 * 20 * 9);
  Tape<float> tape;
  CHECK_THROWS_AS(model.logits(tape, tape.constant(Tensor<float, dyn, dyn, dyn>(x.data(), 2, 20, 9))),
                  ShapeError);
}
