// SPDX-License-Identifier: MIT
// Golden cases of the GRU: layers, classifier with and without dropout, a training run, initial weights,
// ReLU.
#include <algorithm>
#include <cstdint>

#include "golden/model_case.hpp"
#include "golden/registry.hpp"
#include "golden/tape_case.hpp"
#include "gyrograd/kernels/optimiser.hpp"
#include "gyrograd/losses/cross_entropy.hpp"
#include "gyrograd/models/gru_classifier.hpp"

using namespace gyrograd;
using namespace gyrograd::golden;

namespace {

/// Layer l of input.h0 or grad.h0, stored as (layers, batch, hidden).
std::vector<double> layer_of(const Array& states, Index layer) {
  const auto size = static_cast<std::size_t>(states.extent(1) * states.extent(2));
  const auto begin = states.values.begin() + static_cast<Index>(size) * layer;
  return {begin, begin + static_cast<Index>(size)};
}

template <class Real>
void check_gru(const Case& c) {
  TapeCase<Real> t(c);
  const Index layers = c.integer("layers"), hidden = c.integer("hidden");
  const std::string result = c.text("result");
  const auto x = t.activation("x");
  const Index batch = x.extent(0);

  std::vector<AlignedVector<Real>> memory(static_cast<std::size_t>(layers));
  std::vector<Var<Real, dyn, dyn>> h0(static_cast<std::size_t>(layers));
  ops::Slabs<Real> s = ops::to_slabs(t.tape, x);
  Var<Real, dyn, dyn> last;
  for (Index l = 0; l < layers; ++l) {
    const auto at = static_cast<std::size_t>(l);
    if (c.has("input.h0")) {
      const std::vector<double> rows = layer_of(c.at("input.h0"), l);
      memory[at].resize(rows.size());
      for_both_orders({batch, hidden}, [&](std::size_t row, std::size_t column) {
        memory[at][column] = static_cast<Real>(rows[row]);
      });
      h0[at] = t.tape.input(Tensor<Real, dyn, dyn>(memory[at].data(), batch, hidden));
    }
    const std::string end = "_l" + std::to_string(l);
    const ops::GruWeights<Real> w{t.parameter("weight_ih" + end), t.parameter("weight_hh" + end),
                                  t.parameter("bias_ih" + end), t.parameter("bias_hh" + end)};
    if (result == "last" && l == layers - 1)
      last = ops::gru_last(t.tape, s, w, h0[at]);
    else
      s = ops::gru(t.tape, s, w, h0[at]);
  }
  if (result == "last")
    t.check_output("last", last);
  else
    t.check_output("all", ops::from_slabs(t.tape, s));
  t.check_gradients();
  for (Index l = 0; c.has("input.h0") && l < layers; ++l) {
    const Tensor<Real, dyn, dyn> d = h0[static_cast<std::size_t>(l)].grad();
    std::vector<Real> rows(static_cast<std::size_t>(d.size()));
    for_both_orders({batch, hidden},
                    [&](std::size_t row, std::size_t column) { rows[row] = d.data()[column]; });
    const std::vector<double> want = layer_of(c.at("grad.h0"), l);
    expect_close("grad.h0", std::span<const Real>(rows), std::span<const double>(want), c.tolerance<Real>());
  }
}

template <class Real>
models::GruClassifier<models::GruClassifierConfig, Real> classifier(const Case& c, bool dropout) {
  models::GruClassifierConfig config;
  config.input = c.at("input.x").extent(2);
  config.classes = c.has_attribute("classes") ? c.integer("classes") : c.at("output.logits_after").extent(1);
  config.dropout = dropout;
  return models::GruClassifier<models::GruClassifierConfig, Real>(config);
}

template <class Real>
Var<Real, dyn, dyn, dyn> windows(Tape<Real>& tape, const Case& c, std::vector<Real>& values) {
  values = c.columns<Real>("input.x");
  const Array& x = c.at("input.x");
  return tape.constant(Tensor<Real, dyn, dyn, dyn>(values.data(), x.extent(0), x.extent(1), x.extent(2)));
}

/// Step `step` of input.dropout_mask, (..., B, H) keep flags, times 1 / (1 - p), in activation layout.
template <class Real>
std::vector<Real> scaled_mask(const Case& c, Index step) {
  const Array& a = c.at("input.dropout_mask");
  const std::vector<Index> shape(a.shape.end() - 2, a.shape.end());
  std::vector<Real> mask(static_cast<std::size_t>(shape[0] * shape[1]));
  const std::size_t start = static_cast<std::size_t>(step) * mask.size();
  for_both_orders(shape, [&](std::size_t row, std::size_t column) {
    mask[column] = static_cast<Real>(2 * a.values[start + row]);
  });
  return mask;
}

template <class Real>
void check_classifier(const Case& c) {
  const bool dropout = c.has("input.dropout_mask");
  auto model = classifier<Real>(c, dropout);
  CHECK(model.store().size() == c.integer("parameters"));
  load_parameters<Real>(c, model);
  const std::vector<std::int32_t> labels = c.values<std::int32_t>("input.labels");
  const std::vector<Real> mask = dropout ? scaled_mask<Real>(c, 0) : std::vector<Real>{};

  std::vector<Real> values;
  AlignedVector<Real> gradients(static_cast<std::size_t>(model.store().size()));
  Tape<Real> tape;
  tape.bind_gradients(gradients.data());
  const auto y = model.logits(tape, windows(tape, c, values), dropout ? mask.data() : nullptr);
  expect_columns(c, "output.logits", y.value.data(), c.tolerance<Real>());
  const auto loss = losses::cross_entropy(tape, y, labels.data(), Real(1) / static_cast<Real>(labels.size()));
  expect_number(c, "output.loss", static_cast<double>(*loss.value.data()), c.tolerance<Real>());
  tape.backward(loss);
  check_parameter_gradients<Real>(c, model, gradients);
}

template <class Real>
void check_training(const Case& c) {
  auto model = classifier<Real>(c, true);
  load_parameters<Real>(c, model);
  const std::vector<std::int32_t> labels = c.values<std::int32_t>("input.labels");
  const Index steps = c.integer("steps"), size = model.store().size();
  AlignedVector<Real> m(static_cast<std::size_t>(size)), v(m.size()), gradients(m.size());
  std::vector<Real> values, trace;
  Tape<Real> tape;
  for (Index step = 1; step <= steps; ++step) {
    const std::vector<Real> mask = scaled_mask<Real>(c, step - 1);
    std::fill(gradients.begin(), gradients.end(), Real(0));
    tape.clear();
    tape.bind_gradients(gradients.data());
    const auto y = model.logits(tape, windows(tape, c, values), mask.data());
    const auto loss =
        losses::cross_entropy(tape, y, labels.data(), Real(1) / static_cast<Real>(labels.size()));
    trace.push_back(*loss.value.data());
    tape.backward(loss);
    const Real b1 = Real(0.9), b2 = Real(0.999);
    const kernels::AdamStep<Real> adam{
        static_cast<Real>(c.number("lr")),
        b1,
        b2,
        Real(1e-8),
        Real(1) - static_cast<Real>(std::pow(0.9, static_cast<double>(step))),
        Real(1) - static_cast<Real>(std::pow(0.999, static_cast<double>(step)))};
    kernels::adam(model.store().data(), m.data(), v.data(), gradients.data(), size, adam);
  }
  constexpr bool exact = std::is_same_v<Real, double>;
  expect_rows(c, "output.loss", trace, exact ? 1e-8 : 1e-4);
  check_final_weights<Real>(c, model, exact ? 1e-6 : 1e-3);
  tape.clear();
  tape.set_recording(false);
  const auto y = model.logits(tape, windows(tape, c, values));
  expect_columns(c, "output.logits_after", y.value.data(), exact ? 1e-6 : 1e-3);
}

template <class Real>
void check_relu(const Case& c) {
  TapeCase<Real> t(c);
  t.check_output("y", ops::relu(t.tape, t.flat("x")));
  t.check_gradients();
}

const Register gru{"op_gru", check_gru<double>, check_gru<float>};
const Register plain{"classifier_gru", check_classifier<double>, check_classifier<float>};
const Register dropout{"classifier_gru_dropout", check_classifier<double>, check_classifier<float>};
const Register training{"train_gru", check_training<double>, check_training<float>};
const Register relu{"op_relu", check_relu<double>, check_relu<float>};

}  // namespace
