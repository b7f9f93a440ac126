// SPDX-License-Identifier: MIT
// Golden cases of short training runs: losses before each step, gradient norms, final weights.
#include <cstdint>

#include "golden/model_case.hpp"
#include "golden/registry.hpp"
#include "gyrograd/losses/cross_entropy.hpp"
#include "gyrograd/losses/masked_mse.hpp"
#include "gyrograd/models/gru_classifier.hpp"
#include "gyrograd/models/limu_bert.hpp"
#include "gyrograd/optim/adam.hpp"

using namespace gyrograd;
using namespace gyrograd::golden;

namespace {

/// "1e-4 on losses, 1e-3 on final weights"; float64 states losses only, its weights are stored as float32.
template <class Real>
double weight_tolerance() {
  return std::is_same_v<Real, float> ? 1e-3 : 1e-6;
}

/// Full-batch Adam: `loss_of(tape, step)` builds the loss; `after_backward(gradients, step)` sees the
/// gradients.
template <class Real, class Model, class LossOf, class AfterBackward>
void check_run(const Case& c, Model& model, LossOf&& loss_of, AfterBackward&& after_backward) {
  optim::Adam<Real> adam(model.store().size(), {.learning_rate = c.number("lr")});
  AlignedVector<Real> gradients(static_cast<std::size_t>(model.store().size()));
  Tape<Real> tape;
  tape.bind_gradients(gradients.data());
  std::vector<double> losses;
  for (Index step = 0; step < c.integer("steps"); ++step) {
    std::fill(gradients.begin(), gradients.end(), Real(0));
    const Var<Real> loss = loss_of(tape, step);
    losses.push_back(static_cast<double>(*loss.value.data()));
    tape.backward(loss);
    tape.clear();
    after_backward(gradients, step);
    adam.begin_step();
    adam.update(model.store().data(), gradients.data(), 0, model.store().size());
  }
  expect_rows(c, "output.loss", losses, c.tolerance<Real>());
  check_final_weights<Real>(c, model, weight_tolerance<Real>());
}

template <class Real>
void check_limu(const Case& c) {
  const Array& shape = c.at("input.x");
  models::LimuBertConfig config;  // base_v1
  config.feature_num = shape.extent(2);
  models::LimuBert<models::LimuBertConfig, Real> model(config);
  load_parameters<Real>(c, model);
  std::vector<Real> x = c.columns<Real>("input.x");
  const std::vector<Real> target = c.columns<Real>("input.target");
  const std::vector<std::int32_t> positions = c.values<std::int32_t>("input.positions");
  const auto loss_of = [&](Tape<Real>& tape, Index) {
    const auto input = tape.constant(
        Tensor<Real, dyn, dyn, dyn>(x.data(), shape.extent(0), shape.extent(1), shape.extent(2)));
    const auto y = model.reconstruct(tape, input, positions.data(), c.at("input.positions").extent(1));
    return losses::masked_mse(tape, y, target.data(), Real(1) / static_cast<Real>(target.size()));
  };
  std::vector<double> norms, want;
  check_run<Real>(c, model, loss_of, [&](const AlignedVector<Real>& gradients, Index step) {
    Index k = 0;
    model.visit([&](std::string_view name, Parameter<Real>& p) {
      const std::vector<double> g(gradients.begin() + p.offset, gradients.begin() + p.offset + p.size());
      const Array& all = c.at("output.grad_norms");
      if (!name.ends_with("proj_k.bias")) {
        norms.push_back(norm_of(g));
        want.push_back(all.values[static_cast<std::size_t>(step * all.extent(1) + k)]);
      }
      ++k;
    });
  });
  expect_close("grad_norms", std::span<const double>(norms), std::span<const double>(want),
               std::is_same_v<Real, float> ? 1e-3 : 1e-7);
  Tape<Real> tape;
  tape.set_recording(false);
  expect_number(c, "output.loss_after", static_cast<double>(*loss_of(tape, 0).value.data()),
                c.tolerance<Real>());
}

template <class Real>
void check_gru(const Case& c) {
  const Array& shape = c.at("input.x");
  models::GruClassifierConfig config;
  config.input = shape.extent(2);
  config.seq_len = shape.extent(1);
  config.classes = c.at("output.logits_after").extent(1);
  models::GruClassifier<models::GruClassifierConfig, Real> model(config);
  load_parameters<Real>(c, model);
  std::vector<Real> x = c.columns<Real>("input.x"), mask;
  const std::vector<std::int32_t> labels = c.values<std::int32_t>("input.labels");
  const Array& keep = c.at("input.dropout_mask");  // (steps, batch, width)
  const Index batch = keep.extent(1), width = keep.extent(2);
  const auto input_of = [&](Tape<Real>& tape) {
    return tape.constant(
        Tensor<Real, dyn, dyn, dyn>(x.data(), shape.extent(0), shape.extent(1), shape.extent(2)));
  };
  const auto loss_of = [&](Tape<Real>& tape, Index step) {
    mask.assign(static_cast<std::size_t>(batch * width), Real(0));
    for (Index b = 0; b < batch; ++b) {
      for (Index k = 0; k < width; ++k) {
        const double kept = keep.values[static_cast<std::size_t>((step * batch + b) * width + k)];
        mask[static_cast<std::size_t>(b + batch * k)] = static_cast<Real>(2 * kept);  // p = 0.5
      }
    }
    const auto logits = model.logits(tape, input_of(tape), mask.data());
    return losses::cross_entropy(tape, logits, labels.data(), Real(1) / static_cast<Real>(batch));
  };
  check_run<Real>(c, model, loss_of, [](const AlignedVector<Real>&, Index) {});
  Tape<Real> tape;
  tape.set_recording(false);
  expect_columns(c, "output.logits_after", model.logits(tape, input_of(tape)).value.data(),
                 std::is_same_v<Real, float> ? 1e-3 : 1e-8);
}

const Register registered[] = {
    {"train_limu", check_limu<double>, check_limu<float>},
    {"train_gru", check_gru<double>, check_gru<float>},
};

}  // namespace
