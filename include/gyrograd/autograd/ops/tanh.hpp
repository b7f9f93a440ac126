// SPDX-License-Identifier: MIT
// Hyperbolic tangent on the tape.
#pragma once

#include "gyrograd/autograd/tape.hpp"
#include "gyrograd/kernels/tanh.hpp"

namespace gyrograd::ops {

/// y = tanh x.   x, y: any shape
template <class Real, Index... Dims>
auto tanh(Tape<Real>& tape, Var<Real, Dims...> x) {
  auto y = tape.like(x);
  const Index n = x.value.size();
  kernels::tanh_forward(y.value.data(), static_cast<const Real*>(x.value.data()), n);
  tape.record(y, [=] {
    if (!x.needs_gradient()) return;
    const auto dx = x.accumulator();
    kernels::tanh_backward(dx.into.data(), dx.residual, static_cast<const Real*>(y.grad().data()),
                           static_cast<const Real*>(y.value.data()), n);
  });
  return y;
}

}  // namespace gyrograd::ops
