// SPDX-License-Identifier: MIT
// Golden cases of the PRIMUS encoder and of the operations that it brought: (B, C, T) in the files,
// (B, T, C) here.
#include "golden/model_case.hpp"
#include "golden/registry.hpp"
#include "golden/tape_case.hpp"
#include "golden/window_case.hpp"
#include "gyrograd/autograd/ops/adaptive_avg_pool1d.hpp"
#include "gyrograd/autograd/ops/group_norm.hpp"
#include "gyrograd/autograd/ops/l2_normalise.hpp"
#include "gyrograd/autograd/ops/leaky_relu.hpp"
#include "gyrograd/models/primus_encoder.hpp"

using namespace gyrograd;
using namespace gyrograd::golden;

namespace {

template <class Real>
void check_group_norm(const Case& c) {
  TapeCase<Real> run(c);
  WindowInput<Real> x(c, run.tape, "x");
  const auto weight = run.parameter("gamma"), bias = run.parameter("beta");
  const auto y =
      ops::group_norm(run.tape, x.var, c.integer("groups"), weight, bias, static_cast<Real>(c.number("eps")));
  expect_window(c, "y", y);
  run.check_gradients();
  x.check_gradient();
}

template <class Real>
void check_adaptive_pool(const Case& c) {
  TapeCase<Real> run(c);
  WindowInput<Real> x(c, run.tape, "x");
  expect_window(c, "y", ops::adaptive_avg_pool1d(run.tape, x.var, c.integer("out")));
  run.check_gradients();
  x.check_gradient();
}

template <class Real>
void check_l2_normalise(const Case& c) {
  TapeCase<Real> run(c);
  run.check_output("y", ops::l2_normalise(run.tape, run.positions("x"), static_cast<Real>(c.number("eps"))));
  run.check_gradients();
}

template <class Real>
void check_leaky_relu(const Case& c) {
  TapeCase<Real> run(c);
  run.check_output("y", ops::leaky_relu(run.tape, run.flat("x")));
  run.check_gradients();
}

models::PrimusConfig config_of(const Case& c) {
  if (c.op() == "model_primus_multi") return models::PrimusConfig::published();
  return c.op() == "model_primus_single" ? models::PrimusConfig::single() : models::PrimusConfig::imu2clip();
}

/// The embedding of the same weights when bins of time are the steps.
template <class Real>
void check_time_as_steps(const Case& c, const Tensor<const Real, dyn, dyn, dyn>& x) {
  models::PrimusConfig config = config_of(c);
  config.time_as_steps = true;
  models::PrimusEncoder<Real> model(config);
  load_parameters<Real>(c, model);
  Tape<Real> tape;
  tape.set_recording(false);
  expect_columns(c, "output.emb_time_as_steps", model.embed(tape, tape.constant(x)).value.data(),
                 c.tolerance<Real>());
}

template <class Real>
void check_model(const Case& c) {
  models::PrimusEncoder<Real> model(config_of(c));
  CHECK(parameter_count<Real>(model) == c.integer("parameters"));
  load_parameters<Real>(c, model);
  AlignedVector<Real> gradients(static_cast<std::size_t>(model.store().size()));
  Tape<Real> tape;
  tape.bind_gradients(gradients.data());
  WindowInput<Real> x(c, tape, "x");
  const auto output = [&](const std::string& name, const Var<Real, dyn, dyn>& y) {
    if (!c.has("output." + name)) return;
    expect_columns(c, "output." + name, y.value.data(), c.tolerance<Real>());
    const std::vector<Real> dy = c.columns<Real>("grad_output." + name);
    const auto to = y.grad();
    for (Index i = 0; i < to.size(); ++i) to.data()[i] += dy[static_cast<std::size_t>(i)];
  };
  const auto h = model.embed(tape, x.var);
  output("emb", h);
  if (model.multi_head()) {
    output("ssl", model.ssl(tape, h));
    output("mmcl", model.mmcl(tape, h));
  }
  tape.backward();
  x.check_gradient();
  check_parameter_gradients<Real>(c, model, gradients);

  if (c.has("output.stage4")) {
    Tape<Real> again;
    again.set_recording(false);
    expect_window_values(c, "stage4", model.features(again, again.constant(x.var.value)));
  }
  if (c.has("output.emb_time_as_steps")) check_time_as_steps<Real>(c, x.values());
}

const Register registered[] = {
    {"op_group_norm", check_group_norm<double>, check_group_norm<float>},
    {"op_adaptive_avg_pool1d", check_adaptive_pool<double>, check_adaptive_pool<float>},
    {"op_l2_normalise", check_l2_normalise<double>, check_l2_normalise<float>},
    {"op_leaky_relu", check_leaky_relu<double>, check_leaky_relu<float>},
    {"model_primus_multi", check_model<double>, check_model<float>},
    {"model_primus_single", check_model<double>, check_model<float>},
    {"model_primus_imu2clip", check_model<double>, check_model<float>},
};

}  // namespace
