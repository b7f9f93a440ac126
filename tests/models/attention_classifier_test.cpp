// SPDX-License-Identifier: MIT
#include "gyrograd/models/attention_classifier.hpp"

#include "support/classifier_checks.hpp"

using namespace gyrograd;
using namespace gyrograd::models;
using namespace gyrograd::testing;

namespace {

template <class Real>
auto logits_of(const AttentionClassifier<Real>& model, const Real* mask = nullptr) {
  return [&model, mask](Tape<Real>& tape, const auto& x) { return model.logits(tape, x, mask); };
}

/// Logits of window 0 alone and among others.
std::pair<std::vector<float>, std::vector<float>> alone_and_together(AttentionAxis axis) {
  AttentionClassifierConfig config;
  config.input = 6;
  config.axis = axis;
  AttentionClassifier<float> model(config);
  model.initialise(7);
  ClassifierBatch<float> batch(5, 20, 6, 6);
  std::vector<float> one;
  for (std::size_t i = 0; i < 120; ++i) one.push_back(batch.x[5 * i]);
  Tape<float> tape;
  const auto all = model.logits(tape, tape.constant(Tensor<float, dyn, dyn, dyn>(batch.x.data(), 5, 20, 6)));
  const auto alone = model.logits(tape, tape.constant(Tensor<float, dyn, dyn, dyn>(one.data(), 1, 20, 6)));
  std::pair<std::vector<float>, std::vector<float>> out;
  for (Index c = 0; c < 6; ++c) {
    out.first.push_back(alone.value(0, c));
    out.second.push_back(all.value(0, c));
  }
  return out;
}

}  // namespace

TEST_CASE("attention classifier: published sizes") {
  AttentionClassifierConfig config;
  AttentionClassifier<float> model(config), other(config);
  CHECK(parameter_count<float>(model) == 18978);
  config.input = 6;
  AttentionClassifier<float> raw(config);
  CHECK(parameter_count<float>(raw) == 10530);
  model.initialise(1);
  check_state_file(model, other);
}

TEST_CASE("attention classifier: over the batch as published, over time when corrected") {
  const auto published = alone_and_together(AttentionAxis::published);
  CHECK(published.first != published.second);
  const auto corrected = alone_and_together(AttentionAxis::corrected);
  for (std::size_t c = 0; c < 6; ++c) CHECK(corrected.first[c] == Approx(corrected.second[c]).margin(1e-5));
}

TEST_CASE("attention classifier: gradients of all parameters") {
  for (const auto axis : {AttentionAxis::published, AttentionAxis::corrected}) {
    AttentionClassifierConfig config{3, 3, 6, 2, 4, {4}, true, true, axis};
    AttentionClassifier<double> model(config);
    model.initialise(5);
    model.visit([](std::string_view name, Parameter<double>& p) {  // away from the corner of ReLU
      if (name == "lin0.bias" || name == "lin1.bias") std::fill_n(p.value, p.size(), 2.0);
    });
    std::vector<double> mask(static_cast<std::size_t>(3 * model.dropout_width()), 2.0);
    mask[1] = mask[6] = 0;
    check_classifier_gradients(model, {3, 6, 3, 3}, logits_of<double>(model, mask.data()),
                               [](std::string_view) { return true; },
                               {.step = 1e-6, .norm_tolerance = 1e-7, .element_tolerance = 1e-6});
  }
}

TEST_CASE("attention classifier: a warm training step allocates nothing") {
  for (const auto axis : {AttentionAxis::published, AttentionAxis::corrected}) {
    AttentionClassifierConfig config;
    config.axis = axis;
    AttentionClassifier<float> model(config);
    model.initialise(3431);
    check_no_allocation(model, {20, 20, 72, 6}, logits_of(model));
  }
}

TEST_CASE("attention classifier: wrong sizes are refused in words") {
  AttentionClassifierConfig config;
  config.heads = 5;
  CHECK_THROWS_AS(AttentionClassifier<float>(config), ConfigError);
  AttentionClassifier<float> model;
  std::vector<float> x(2 * 19 * 72);
  Tape<float> tape;
  CHECK_THROWS_AS(model.logits(tape, tape.constant(Tensor<float, dyn, dyn, dyn>(x.data(), 2, 19, 72))),
                  ShapeError);
}
