// SPDX-License-Identifier: MIT
// Cross-entropy on logits.
#pragma once

#include "gyrograd/autograd/tape.hpp"
#include "gyrograd/core/error.hpp"
#include "gyrograd/kernels/cross_entropy.hpp"
#include "gyrograd/kernels/elementwise.hpp"

namespace gyrograd::losses {

/// factor * sum_i (log sum_j exp(x(i, j)) - x(i, label_i)); factor 1 / batch gives the mean, summed over
/// micro-batches. logits: (B, classes)  labels: (B), in [0, classes); throws ShapeError otherwise
template <class Real, Index B, Index C>
Var<Real> cross_entropy(Tape<Real>& tape, Var<Real, B, C> logits, const std::int32_t* labels, Real factor) {
  const Index n = logits.extent(0), classes = logits.extent(1);
  for (Index i = 0; i < n; ++i)
    if (labels[i] < 0 || labels[i] >= classes)
      fail<ShapeError>("cross_entropy: label ", labels[i], " of sample ", i, " is outside of ", classes,
                       " classes");
  auto loss = tape.template make<>();
  if (!tape.recording()) {
    *loss.value.data() =
        kernels::cross_entropy(static_cast<Real*>(nullptr), logits.value.data(), labels, n, classes, factor);
    return loss;
  }
  const auto slope = tape.saved_like(logits);
  *loss.value.data() = kernels::cross_entropy(slope.data(), logits.value.data(), labels, n, classes, factor);
  tape.record(loss, [=] {
    if (!logits.needs_gradient()) return;
    const auto d = logits.accumulator();
    kernels::scale_add(d.into.data(), d.residual, *loss.grad().data(), slope.data(), n * classes);
  });
  return loss;
}

}  // namespace gyrograd::losses
