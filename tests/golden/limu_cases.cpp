// SPDX-License-Identifier: MIT
// Golden cases of LIMU-BERT: outputs, loss and every gradient.
#include <cstdint>

#include "golden/model_case.hpp"
#include "golden/registry.hpp"
#include "gyrograd/losses/masked_mse.hpp"
#include "gyrograd/models/limu_bert.hpp"

using namespace gyrograd;
using namespace gyrograd::golden;

namespace {

models::LimuBertConfig config_of(const Case& c) {
  models::LimuBertConfig config;
  config.feature_num = c.integer("feature_num");
  config.hidden = c.integer("hidden");
  config.hidden_ff = c.integer("hidden_ff");
  config.n_layers = c.integer("n_layers");
  config.n_heads = c.integer("n_heads");
  config.seq_len = c.integer("seq_len");
  return config;
}

/// input.x (B, T, F) as a constant of the tape; `values` keeps it alive.
template <class Real>
Var<Real, dyn, dyn, dyn> window(Tape<Real>& tape, const Case& c, std::vector<Real>& values) {
  values = c.columns<Real>("input.x");
  const Array& x = c.at("input.x");
  return tape.constant(Tensor<Real, dyn, dyn, dyn>(values.data(), x.extent(0), x.extent(1), x.extent(2)));
}

template <class Real>
void check_pretrain(const Case& c) {
  models::LimuBert<models::LimuBertConfig, Real> model(config_of(c));
  CHECK(model.store().size() == c.integer("parameters"));
  load_parameters<Real>(c, model);
  const double tolerance = c.tolerance<Real>();
  const std::vector<std::int32_t> positions = c.values<std::int32_t>("input.positions");
  const std::vector<Real> target = c.columns<Real>("input.target");

  std::vector<Real> values;
  Tape<Real> inference;
  inference.set_recording(false);
  const auto x = window(inference, c, values);
  expect_columns(c, "output.embedding", model.encode(inference, x).value.data(), tolerance);
  expect_columns(c, "output.reconstruction_all", model.reconstruct(inference, x).value.data(), tolerance);

  AlignedVector<Real> gradients(static_cast<std::size_t>(model.store().size()));
  Tape<Real> tape;
  tape.bind_gradients(gradients.data());
  const auto y =
      model.reconstruct(tape, window(tape, c, values), positions.data(), c.at("input.positions").extent(1));
  expect_columns(c, "output.reconstruction", y.value.data(), tolerance);
  const auto loss = losses::masked_mse(tape, y, target.data(), Real(1) / static_cast<Real>(target.size()));
  expect_number(c, "output.loss", static_cast<double>(*loss.value.data()), tolerance);
  tape.backward(loss);
  check_parameter_gradients<Real>(c, model, gradients);
}

const Register registered{"limu_pretrain", check_pretrain<double>, check_pretrain<float>};

}  // namespace
