// SPDX-License-Identifier: MIT
// Leaky ReLU on the tape.
#pragma once

#include "gyrograd/autograd/tape.hpp"
#include "gyrograd/kernels/leaky_relu.hpp"

namespace gyrograd::ops {

/// y = x > 0 ? x : slope x; derivative `slope` at exactly 0.   x, y: any shape
template <class Real, Index... Dims>
auto leaky_relu(Tape<Real>& tape, Var<Real, Dims...> x, Real slope = Real(0.01)) {
  auto y = tape.like(x);
  const Index n = x.value.size();
  kernels::leaky_relu_forward(y.value.data(), static_cast<const Real*>(x.value.data()), slope, n);
  tape.record(y, [=] {
    if (!x.needs_gradient()) return;
    const auto dx = x.accumulator();
    kernels::leaky_relu_backward(dx.into.data(), dx.residual, static_cast<const Real*>(y.grad().data()),
                                 static_cast<const Real*>(x.value.data()), slope, n);
  });
  return y;
}

}  // namespace gyrograd::ops
