// SPDX-License-Identifier: MIT
// Rows divided by their Euclidean norm on the tape.
#pragma once

#include "gyrograd/autograd/tape.hpp"
#include "gyrograd/kernels/l2_normalise.hpp"

namespace gyrograd::ops {

/// y = x / max(|x|, eps) over the last axis; below the floor the divisor is constant.   x, y: (..., C)
template <class Real, Index... Dims>
auto l2_normalise(Tape<Real>& tape, Var<Real, Dims...> x, Real eps = Real(1e-12)) {
  const Index P = position_count(x.value), C = channel_count(x.value);
  auto y = tape.like(x);
  const auto inverse = tape.template saved<dyn>(P);
  kernels::l2_normalise_forward(y.value.data(), inverse.data(), static_cast<const Real*>(x.value.data()), P,
                                C, eps);
  tape.record(y, [=] {
    if (!x.needs_gradient()) return;
    const auto dx = x.accumulator();
    kernels::l2_normalise_backward(dx.into.data(), dx.residual, static_cast<const Real*>(y.grad().data()),
                                   static_cast<const Real*>(y.value.data()),
                                   static_cast<const Real*>(inverse.data()), P, C, eps);
  });
  return y;
}

}  // namespace gyrograd::ops
