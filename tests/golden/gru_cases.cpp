// SPDX-License-Identifier: MIT
// Golden cases of the GRU and of the classifier built from it.
#include <cstdint>

#include "golden/model_case.hpp"
#include "golden/registry.hpp"
#include "golden/tape_case.hpp"
#include "gyrograd/autograd/ops/gru.hpp"
#include "gyrograd/losses/cross_entropy.hpp"
#include "gyrograd/models/gru_classifier.hpp"

using namespace gyrograd;
using namespace gyrograd::golden;

namespace {

template <class Real>
void check_gru(const Case& c) {
  TapeCase<Real> run(c);
  const Index layers = c.integer("layers");
  ops::Slabs<Real> s = ops::to_slabs(run.tape, run.activation("x"));
  std::vector<Var<Real, dyn, dyn>> first;
  if (c.has("input.h0")) first = run.layers("h0");
  Var<Real, dyn, dyn> last;
  for (Index k = 0; k < layers; ++k) {
    const std::string end = "_l" + std::to_string(k);
    const ops::GruWeights<Real> w{run.parameter("weight_ih" + end), run.parameter("weight_hh" + end),
                                  run.parameter("bias_ih" + end), run.parameter("bias_hh" + end)};
    const auto h0 = first.empty() ? Var<Real, dyn, dyn>{} : first[static_cast<std::size_t>(k)];
    if (k + 1 == layers && c.text("result") == "last") {
      last = ops::gru_last(run.tape, s, w, h0);
    } else {
      s = ops::gru(run.tape, s, w, h0);
    }
  }
  if (c.text("result") == "last") {
    run.check_output("last", last);
  } else {
    run.check_output("all", ops::from_slabs(run.tape, s));
  }
  run.check_gradients();
}

template <class Real>
void check_classifier(const Case& c) {
  models::GruClassifierConfig config;
  config.input = c.integer("inp");
  config.classes = c.integer("classes");
  config.seq_len = c.integer("steps");
  config.dropout = true;
  models::GruClassifier<models::GruClassifierConfig, Real> model(config);
  CHECK(model.store().size() == c.integer("parameters"));
  load_parameters<Real>(c, model);
  const double tolerance = c.tolerance<Real>();
  std::vector<Real> x = c.columns<Real>("input.x"), mask;
  const std::vector<std::int32_t> labels = c.values<std::int32_t>("input.labels");
  if (c.has("input.dropout_mask")) {
    mask = c.columns<Real>("input.dropout_mask");
    for (Real& m : mask) m *= Real(2);  // p = 0.5
  }
  AlignedVector<Real> gradients(static_cast<std::size_t>(model.store().size()));
  Tape<Real> tape;
  tape.bind_gradients(gradients.data());
  const Array& shape = c.at("input.x");
  const auto input =
      tape.constant(Tensor<Real, dyn, dyn, dyn>(x.data(), shape.extent(0), shape.extent(1), shape.extent(2)));
  const auto logits = model.logits(tape, input, mask.empty() ? nullptr : mask.data());
  expect_columns(c, "output.logits", logits.value.data(), tolerance);
  const auto loss =
      losses::cross_entropy(tape, logits, labels.data(), Real(1) / static_cast<Real>(labels.size()));
  expect_number(c, "output.loss", static_cast<double>(*loss.value.data()), tolerance);
  tape.backward(loss);
  check_parameter_gradients<Real>(c, model, gradients);
}

const Register registered[] = {
    {"op_gru", check_gru<double>, check_gru<float>},
    {"classifier_gru", check_classifier<double>, check_classifier<float>},
    {"classifier_gru_dropout", check_classifier<double>, check_classifier<float>},
};

}  // namespace
