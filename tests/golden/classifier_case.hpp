// SPDX-License-Identifier: MIT
// Golden case of a classifier: logits, loss, gradients, stored estimates before and after.
#pragma once

#include <string>
#include <vector>

#include "golden/model_case.hpp"
#include "gyrograd/losses/cross_entropy.hpp"

namespace gyrograd::golden {

/// Sets every buffer.<name> of the case, or the start values 0 and 1 where it holds none.
template <class Real, class Model>
void load_buffers(const Case& c, Model& model) {
  if constexpr (HasBuffers<Model, Real>) {
    model.visit_buffers([&](std::string_view name, Parameter<Real>& p) {
      const std::string key = "buffer." + std::string(name);
      if (c.has(key)) {
        const std::vector<Real> values = c.values<Real>(key);
        std::copy(values.begin(), values.end(), p.value);
      } else {
        std::fill_n(p.value, p.size(), name.ends_with("running_var") ? Real(1) : Real(0));
      }
    });
  }
}

/// Runs one case. `logits(tape, x)` computes training logits, `evaluate(tape, x)` those of an evaluation.
template <class Real, class Model, class Logits, class Evaluate>
void check_classifier_case(const Case& c, Model& model, Logits&& logits, Evaluate&& evaluate) {
  CHECK(parameter_count<Real>(model) == c.integer("parameters"));
  load_parameters<Real>(c, model);
  load_buffers<Real>(c, model);
  const double tolerance = c.tolerance<Real>();
  std::vector<Real> x = c.columns<Real>("input.x");
  const std::vector<std::int32_t> labels = c.values<std::int32_t>("input.labels");
  const Array& shape = c.at("input.x");
  const auto input = [&](Tape<Real>& tape) {
    return tape.constant(
        Tensor<Real, dyn, dyn, dyn>(x.data(), shape.extent(0), shape.extent(1), shape.extent(2)));
  };
  if (c.has("output.logits_eval")) {
    Tape<Real> tape;
    tape.set_recording(false);
    expect_columns(c, "output.logits_eval", evaluate(tape, input(tape)).value.data(), tolerance);
  }
  AlignedVector<Real> gradients(static_cast<std::size_t>(model.store().size()));
  Tape<Real> tape;
  tape.bind_gradients(gradients.data());
  const auto y = logits(tape, input(tape));
  expect_columns(c, "output.logits", y.value.data(), tolerance);
  const auto loss = losses::cross_entropy(tape, y, labels.data(), Real(1) / static_cast<Real>(labels.size()));
  expect_number(c, "output.loss", static_cast<double>(*loss.value.data()), tolerance);
  tape.backward(loss);
  check_parameter_gradients<Real>(c, model, gradients);
  if constexpr (HasBuffers<Model, Real>) {
    model.visit_buffers([&](std::string_view name, Parameter<Real>& p) {
      const std::string key = "output.buffer_after." + std::string(name);
      if (c.has(key)) expect_rows(c, key, std::vector<Real>(p.value, p.value + p.size()), tolerance);
    });
  }
}
template <class Real, class Model, class Logits>
void check_classifier_case(const Case& c, Model& model, Logits&& logits) {
  check_classifier_case<Real>(c, model, logits, logits);
}

}  // namespace gyrograd::golden
