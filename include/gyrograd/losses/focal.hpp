// SPDX-License-Identifier: MIT
// Focal loss and weighted cross-entropy on logits, and class weights from label counts.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "gyrograd/autograd/tape.hpp"
#include "gyrograd/core/error.hpp"
#include "gyrograd/kernels/elementwise.hpp"
#include "gyrograd/kernels/focal.hpp"

namespace gyrograd::losses {

/// Weights that give every class the same share of the loss: n / (classes present * n_c), 0 where a class is
/// absent. Their mean over the labels is 1. Throws ConfigError for a label outside of [0, classes).
inline std::vector<double> balanced_class_weights(std::span<const Index> labels, Index classes) {
  std::vector<Index> counts(static_cast<std::size_t>(classes));
  for (const Index label : labels) {
    if (label < 0 || label >= classes)
      fail<ConfigError>("class weights: label ", label, ", expected 0 to ", classes - 1);
    ++counts[static_cast<std::size_t>(label)];
  }
  Index present = 0;
  for (const Index count : counts) present += count > 0 ? 1 : 0;
  std::vector<double> weights;
  for (const Index count : counts) {
    weights.push_back(count > 0 ? static_cast<double>(labels.size()) / static_cast<double>(present * count)
                                : 0.0);
  }
  return weights;
}

/// factor * sum_i w(y_i) (1 - p_i)^gamma (-ln p_i), see kernels::focal(); gamma 0 is the weighted
/// cross-entropy. factor 1 / (sum of the weights of the batch's labels) gives the mean that PyTorch calls
/// weighted.
/// logits: (B, classes)  labels: (B), in [0, classes)  weights: (classes) or null, must outlive the call only
/// Throws ShapeError for a label out of range, ConfigError for a negative gamma.
template <class Real, Index B, Index C>
Var<Real> focal(Tape<Real>& tape, Var<Real, B, C> logits, const std::int32_t* labels, const Real* weights,
                Real gamma, Real factor) {
  const Index n = logits.extent(0), classes = logits.extent(1);
  if (!(gamma >= Real(0))) fail<ConfigError>("focal loss: gamma is ", gamma, ", expected 0 or more");
  for (Index i = 0; i < n; ++i)
    if (labels[i] < 0 || labels[i] >= classes)
      fail<ShapeError>("focal loss: label ", labels[i], " of sample ", i, " is outside of ", classes,
                       " classes");
  auto loss = tape.template make<>();
  if (!tape.recording()) {
    *loss.value.data() =
        kernels::focal(static_cast<Real*>(nullptr), static_cast<const Real*>(logits.value.data()), labels,
                       weights, n, classes, gamma, factor);
    return loss;
  }
  const auto slope = tape.saved_like(logits);
  *loss.value.data() = kernels::focal(slope.data(), static_cast<const Real*>(logits.value.data()), labels,
                                      weights, n, classes, gamma, factor);
  tape.record(loss, [=] {
    if (!logits.needs_gradient()) return;
    const auto d = logits.accumulator();
    kernels::scale_add(d.into.data(), d.residual, *loss.grad().data(), slope.data(), n * classes);
  });
  return loss;
}

}  // namespace gyrograd::losses
