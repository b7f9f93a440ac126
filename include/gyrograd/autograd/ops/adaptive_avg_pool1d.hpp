// SPDX-License-Identifier: MIT
// Adaptive average pooling over time on the tape.
#pragma once

#include "gyrograd/autograd/tape.hpp"
#include "gyrograd/core/error.hpp"
#include "gyrograd/kernels/adaptive_avg_pool1d.hpp"

namespace gyrograd::ops {

/// y(b, i, c) = mean of x(b, t, c) over t in bin i of `outputs` nearly equal bins; fewer inputs than outputs
/// repeat.   x: (B, T, C); returns (B, outputs, C). Throws ShapeError when T or outputs is 0.
template <class Real, Index B, Index T, Index C>
Var<Real, dyn, dyn, dyn> adaptive_avg_pool1d(Tape<Real>& tape, Var<Real, B, T, C> x, Index outputs) {
  const Index batch = x.extent(0), inputs = x.extent(1), channels = x.extent(2);
  if (inputs < 1 || outputs < 1)
    fail<ShapeError>("adaptive_avg_pool1d: ", inputs, " inputs to ", outputs,
                     " outputs, expected at least 1 of each");
  auto y = tape.template make<dyn, dyn, dyn>(batch, outputs, channels);
  kernels::adaptive_avg_pool1d_forward(y.value.data(), static_cast<const Real*>(x.value.data()), batch,
                                       inputs, outputs, channels);
  tape.record(y, [=] {
    if (!x.needs_gradient()) return;
    const auto dx = x.accumulator();
    kernels::adaptive_avg_pool1d_backward(dx.into.data(), dx.residual,
                                          static_cast<const Real*>(y.grad().data()), batch, inputs, outputs,
                                          channels);
  });
  return y;
}

}  // namespace gyrograd::ops
