// SPDX-License-Identifier: MIT
// Loss of masked reconstruction: squared error over the masked rows and all channels.
#pragma once

#include "gyrograd/autograd/tape.hpp"
#include "gyrograd/core/error.hpp"
#include "gyrograd/kernels/elementwise.hpp"
#include "gyrograd/kernels/squared_error.hpp"

namespace gyrograd::losses {

/// factor * sum (prediction - target)^2; factor 1 / (values of the whole batch) gives the published mean,
/// summed over micro-batches.   prediction: gathered rows (B, M, F)  target: the same number of values in the
/// same order
template <class Real, Index... Dims>
Var<Real> masked_mse(Tape<Real>& tape, Var<Real, Dims...> prediction, const Real* target, Real factor) {
  const Index n = prediction.value.size();
  auto loss = tape.template make<>();
  if (!tape.recording()) {
    *loss.value.data() =
        kernels::squared_error(static_cast<Real*>(nullptr), prediction.value.data(), target, n, factor);
    return loss;
  }
  const auto slope = tape.saved_like(prediction);
  *loss.value.data() = kernels::squared_error(slope.data(), prediction.value.data(), target, n, factor);
  tape.record(loss, [=] {
    if (!prediction.needs_gradient()) return;
    const auto d = prediction.accumulator();
    kernels::scale_add(d.into.data(), d.residual, *loss.grad().data(), slope.data(), n);
  });
  return loss;
}

}  // namespace gyrograd::losses
