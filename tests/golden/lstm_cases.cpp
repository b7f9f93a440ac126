// SPDX-License-Identifier: MIT
// Golden cases of the LSTM and of the classifier built from it.
#include "golden/classifier_case.hpp"
#include "golden/registry.hpp"
#include "golden/tape_case.hpp"
#include "gyrograd/autograd/ops/lstm.hpp"
#include "gyrograd/models/lstm_classifier.hpp"

using namespace gyrograd;
using namespace gyrograd::golden;

namespace {

/// One layer of a stacked state (layers, B, H): compares the part and sets its gradient.
template <class Real>
void check_state(const Case& c, const std::string& name, Index layer, const Var<Real, dyn, dyn>& v) {
  const Array& want = c.at("output." + name);
  const Index batch = v.extent(0), width = v.extent(1);
  std::vector<Real> got;
  std::vector<double> part;
  for (Index b = 0; b < batch; ++b)
    for (Index u = 0; u < width; ++u) {
      const auto at = static_cast<std::size_t>((layer * batch + b) * width + u);
      got.push_back(v.value(b, u));
      part.push_back(want.values[at]);
      v.grad()(b, u) += static_cast<Real>(c.at("grad_output." + name).values[at]);
    }
  expect_close(name, std::span<const Real>(got), std::span<const double>(part), c.tolerance<Real>());
}

template <class Real>
void check_lstm(const Case& c) {
  TapeCase<Real> run(c);
  const Index layers = c.integer("layers");
  const bool last_only = c.text("result") == "last";
  ops::Slabs<Real> s = ops::to_slabs(run.tape, run.activation("x"));
  std::vector<Var<Real, dyn, dyn>> h0, c0;
  if (c.has("input.h0")) {
    h0 = run.layers("h0");
    c0 = run.layers("c0");
  }
  for (Index k = 0; k < layers; ++k) {
    const std::string end = "_l" + std::to_string(k);
    const ops::LstmWeights<Real> w{run.parameter("weight_ih" + end), run.parameter("weight_hh" + end),
                                   run.parameter("bias_ih" + end), run.parameter("bias_hh" + end)};
    const auto at = static_cast<std::size_t>(k);
    const ops::LstmState<Real> first =
        h0.empty() ? ops::LstmState<Real>{} : ops::LstmState<Real>{h0[at], c0[at]};
    if (k + 1 == layers && last_only) {
      run.check_output("last", ops::lstm_last(run.tape, s, w, first));
    } else if (c.has("output.cn")) {
      const auto states = ops::lstm_states(run.tape, s, w, first);
      check_state(c, "hn", k, states.last.h);
      check_state(c, "cn", k, states.last.c);
      s = states.all;
    } else {
      s = ops::lstm(run.tape, s, w, first);
    }
  }
  if (!last_only) run.check_output("all", ops::from_slabs(run.tape, s));
  run.check_gradients();
}

template <class Real>
void check_classifier(const Case& c) {
  models::LstmClassifierConfig config = models::lstm_v1(c.integer("inp"), c.integer("classes"));
  config.seq_len = c.integer("steps");
  models::LstmClassifier<Real> model(config);
  check_classifier_case<Real>(c, model, [&](auto& tape, const auto& x) { return model.logits(tape, x); });
}

const Register registered[] = {
    {"op_lstm", check_lstm<double>, check_lstm<float>},
    {"classifier_lstm", check_classifier<double>, check_classifier<float>},
};

}  // namespace
