// SPDX-License-Identifier: MIT
// Golden cases of IMU2CLIP's other encoders and of SimCLR for activity recognition.
#include "golden/model_case.hpp"
#include "golden/registry.hpp"
#include "golden/window_case.hpp"
#include "gyrograd/losses/nt_xent.hpp"
#include "gyrograd/models/imu2clip.hpp"
#include "gyrograd/models/simclr_har.hpp"

using namespace gyrograd;
using namespace gyrograd::golden;

namespace {

/// Embedding and all gradients of one model.
template <class Real, class Model>
void check(const Case& c, Model model) {
  CHECK(parameter_count<Real>(model) == c.integer("parameters"));
  load_parameters<Real>(c, model);
  AlignedVector<Real> gradients(static_cast<std::size_t>(model.store().size()));
  Tape<Real> tape;
  tape.bind_gradients(gradients.data());
  WindowInput<Real> x(c, tape, "x");
  const auto y = model.embed(tape, x.var);
  expect_columns(c, "output.emb", y.value.data(), c.tolerance<Real>());
  const std::vector<Real> dy = c.columns<Real>("grad_output.emb");
  std::copy(dy.begin(), dy.end(), y.grad().data());
  tape.backward();
  x.check_gradient();
  check_parameter_gradients<Real>(c, model, gradients);
}

template <class Real>
void check_attention(const Case& c) {
  check<Real>(c, models::AttentionPooledEncoder<Real>(c.integer("emb")));
}
template <class Real>
void check_time_distributed(const Case& c) {
  check<Real>(
      c, models::TimeDistributedEncoder<Real>({c.integer("frames"), c.integer("steps"), c.integer("emb")}));
}
template <class Real>
void check_transformer(const Case& c) {
  check<Real>(c, models::PatchTransformer<Real>({c.integer("patch"), c.integer("emb"), c.integer("heads"),
                                                 c.integer("ff"), c.integer("layers"), c.flag("cls")}));
}
template <class Real>
void check_rnn(const Case& c) {
  check<Real>(c, models::PatchRnn<Real>({c.integer("patch"), c.integer("emb"), c.integer("layers"),
                                         c.flag("bidirectional"), models::PatchRnnBehaviour::published}));
}

template <class Real>
void check_simclr(const Case& c) {
  const Array& shape = c.at("input.view_a");
  auto config = models::TpnConfig::original(shape.extent(1), shape.extent(2));
  const std::vector<Index> kernels = c.json("kernels").get<std::vector<Index>>();
  std::copy(kernels.begin(), kernels.end(), config.kernels.begin());
  models::SimclrHar<Real> model(config);
  CHECK(parameter_count<Real>(model) == c.integer("parameters"));
  load_parameters<Real>(c, model);
  AlignedVector<Real> gradients(static_cast<std::size_t>(model.store().size()));
  Tape<Real> tape;
  tape.bind_gradients(gradients.data());
  const WindowInput<Real> a(c, tape, "view_a"), b(c, tape, "view_b");
  const auto trunk_a = model.trunk(tape, tape.constant(a.values())),
             trunk_b = model.trunk(tape, tape.constant(b.values()));
  const auto pa = model.project(tape, trunk_a), pb = model.project(tape, trunk_b);
  expect_columns(c, "output.trunk_a", trunk_a.value.data(), c.tolerance<Real>());
  expect_columns(c, "output.projection_a", pa.value.data(), c.tolerance<Real>());
  expect_columns(c, "output.projection_b", pb.value.data(), c.tolerance<Real>());
  Real temperature = static_cast<Real>(c.number("temperature"));
  const auto tau = tape.constant(Tensor<Real>(&temperature));
  const auto loss = losses::nt_xent(tape, pa, pb, tau);
  expect_number(c, "output.loss", static_cast<double>(*loss.value.data()), c.tolerance<Real>());
  tape.backward(loss);
  check_parameter_gradients<Real>(c, model, gradients);
}

const Register registered[] = {
    {"model_imu2clip_attention_pool", check_attention<double>, check_attention<float>},
    {"model_imu2clip_time_distributed", check_time_distributed<double>, check_time_distributed<float>},
    {"model_imu2clip_patch_transformer", check_transformer<double>, check_transformer<float>},
    {"model_imu2clip_patch_rnn", check_rnn<double>, check_rnn<float>},
    {"simclr_har", check_simclr<double>, check_simclr<float>},
};

}  // namespace
