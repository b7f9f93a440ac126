// SPDX-License-Identifier: MIT
// Sum over time with one weight per step on the tape.
#pragma once

#include "gyrograd/autograd/tape.hpp"
#include "gyrograd/core/error.hpp"
#include "gyrograd/kernels/weighted_sum.hpp"

namespace gyrograd::ops {

/// y(b, c) = sum over t of w(b, t) x(b, t, c).   w: (B, T)  x: (B, T, C); returns (B, C).
/// Throws ShapeError when the sizes differ.
template <class Real, Index B, Index T, Index C, Index... Weights>
Var<Real, dyn, dyn> weighted_sum(Tape<Real>& tape, Var<Real, Weights...> w, Var<Real, B, T, C> x) {
  const Index batch = x.extent(0), steps = x.extent(1), channels = x.extent(2);
  if (w.value.size() != batch * steps)
    fail<ShapeError>("weighted_sum: ", w.value.size(), " weights for ", batch, " sequences of ", steps,
                     " steps");
  auto y = tape.template make<dyn, dyn>(batch, channels);
  const Real *weights = w.value.data(), *values = x.value.data();
  kernels::weighted_sum_forward(y.value.data(), weights, values, batch, steps, channels);
  tape.record(y, [=] {
    const Real* dy = y.grad().data();
    if (w.needs_gradient()) {
      const auto dw = w.accumulator();
      kernels::weighted_sum_backward_weights(dw.into.data(), dw.residual, dy, values, batch, steps, channels);
    }
    if (x.needs_gradient()) {
      const auto dx = x.accumulator();
      kernels::weighted_sum_backward_data(dx.into.data(), dx.residual, dy, weights, batch, steps, channels);
    }
  });
  return y;
}

}  // namespace gyrograd::ops
