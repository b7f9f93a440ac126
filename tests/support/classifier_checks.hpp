// SPDX-License-Identifier: MIT
// What the tests of every classifier ask: gradients of all parameters, no heap use when warm, files.
#pragma once

#include <string>
#include <vector>

#include "gyrograd/autograd/gradcheck.hpp"
#include "gyrograd/losses/cross_entropy.hpp"
#include "gyrograd/nn/state_dict.hpp"
#include "support/alloc_counter.hpp"
#include "support/reference.hpp"
#include "support/temp_folder.hpp"

namespace gyrograd::testing {

/// Mean cross-entropy of logits(tape, x) for B windows of T x C random values and labels 0, 1, 2, ...
template <class Real>
struct ClassifierBatch {
  Index B, T, C;
  std::vector<Real> x;
  std::vector<std::int32_t> labels;

  ClassifierBatch(Index batch, Index steps, Index channels, Index classes, double range = 2)
      : B(batch), T(steps), C(channels), x(random_values<Real>(batch * steps * channels, 1, -range, range)) {
    for (Index b = 0; b < batch; ++b) labels.push_back(static_cast<std::int32_t>(b % classes));
  }
  template <class Logits>
  Var<Real> loss(Tape<Real>& tape, Logits&& logits) {
    const auto window = tape.constant(Tensor<Real, dyn, dyn, dyn>(x.data(), B, T, C));
    return losses::cross_entropy(tape, logits(tape, window), labels.data(), Real(1) / static_cast<Real>(B));
  }
};

/// Gradient of the loss with respect to every trainable parameter whose name `used` accepts.
template <class Model, class Logits, class Used>
void check_classifier_gradients(Model& model, ClassifierBatch<double> batch, Logits&& logits, Used&& used,
                                const GradcheckOptions& options = {}) {
  model.visit([&](std::string_view name, Parameter<double>& p) { p.trainable = p.trainable && used(name); });
  const auto loss = [&](Tape<double>& tape) { return batch.loss(tape, logits); };
  const GradcheckResult r = gradcheck_model(model, loss, 20, options);
  INFO(r.text());
  CHECK(r.passed(options));
}

/// The third training step takes nothing from the heap.
template <class Model, class Logits>
void check_no_allocation(Model& model, ClassifierBatch<float> batch, Logits&& logits) {
  AlignedVector<float> gradients(static_cast<std::size_t>(model.store().size()));
  Tape<float> tape;
  tape.bind_gradients(gradients.data());
  const auto step = [&] {
    tape.clear();
    tape.backward(batch.loss(tape, logits));
  };
  step();
  step();
  const AllocationScope scope;
  step();
  CHECK(scope.count() == 0);
}

/// A file carries the whole state: parameters and stored estimates.
template <class Model>
void check_state_file(Model& model, Model& other) {
  const TempFolder folder;
  nn::save_parameters<float>(model, folder / "w.safetensors");
  nn::load_parameters<float>(other, io::read_safetensors(folder / "w.safetensors"));
  CHECK(std::equal(model.store().data(), model.store().data() + model.store().size(), other.store().data()));
}

template <class Model>
std::vector<std::string> parameter_names(Model& model) {
  std::vector<std::string> names;
  model.visit([&](std::string_view name, auto&) { names.emplace_back(name); });
  return names;
}

}  // namespace gyrograd::testing
