// SPDX-License-Identifier: MIT
// Maximum over time on the tape.
#pragma once

#include "gyrograd/autograd/tape.hpp"
#include "gyrograd/core/error.hpp"
#include "gyrograd/kernels/max_over_time.hpp"

namespace gyrograd::ops {

/// y(b, c) = largest x(b, t, c) over t; the first maximum gets the gradient.   x: (B, T, C); returns (B, C).
/// Throws ShapeError for a window without steps.
template <class Real, Index B, Index T, Index C>
Var<Real, dyn, dyn> max_over_time(Tape<Real>& tape, Var<Real, B, T, C> x) {
  const Index batch = x.extent(0), steps = x.extent(1), channels = x.extent(2);
  if (steps < 1) fail<ShapeError>("max_over_time: x has no steps, expected at least one");
  auto y = tape.template make<dyn, dyn>(batch, channels);
  kernels::max_over_time_forward(y.value.data(), static_cast<const Real*>(x.value.data()), batch, steps,
                                 channels);
  tape.record(y, [=] {
    if (!x.needs_gradient()) return;
    const auto dx = x.accumulator();
    kernels::max_over_time_backward(dx.into.data(), dx.residual, static_cast<const Real*>(y.grad().data()),
                                    static_cast<const Real*>(y.value.data()),
                                    static_cast<const Real*>(x.value.data()), batch, steps, channels);
  });
  return y;
}

}  // namespace gyrograd::ops
