// SPDX-License-Identifier: MIT
// ReLU of the hyperbolic tangent on the tape.
#pragma once

#include "gyrograd/autograd/tape.hpp"
#include "gyrograd/kernels/relu_tanh.hpp"

namespace gyrograd::ops {

/// y = max(tanh x, 0), derivative 0 where it is clipped.   x, y: any shape
template <class Real, Index... Dims>
auto relu_tanh(Tape<Real>& tape, Var<Real, Dims...> x) {
  auto y = tape.like(x);
  const Index n = x.value.size();
  kernels::relu_tanh_forward(y.value.data(), static_cast<const Real*>(x.value.data()), n);
  tape.record(y, [=] {
    if (!x.needs_gradient()) return;
    const auto dx = x.accumulator();
    kernels::relu_tanh_backward(dx.into.data(), dx.residual, static_cast<const Real*>(y.grad().data()),
                                static_cast<const Real*>(y.value.data()), n);
  });
  return y;
}

}  // namespace gyrograd::ops
