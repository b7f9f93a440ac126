// SPDX-License-Identifier: MIT
// ReLU on the tape.
#pragma once

#include "gyrograd/autograd/tape.hpp"
#include "gyrograd/kernels/relu.hpp"

namespace gyrograd::ops {

/// y = max(x, 0), derivative 0 at exactly 0.   x, y: any shape
template <class Real, Index... Dims>
auto relu(Tape<Real>& tape, Var<Real, Dims...> x) {
  auto y = tape.like(x);
  const Index n = x.value.size();
  kernels::relu_forward(y.value.data(), x.value.data(), n);
  tape.record(y, [=] {
    if (!x.needs_gradient()) return;
    const auto dx = x.accumulator();
    kernels::relu_backward(dx.into.data(), dx.residual, y.grad().data(), y.value.data(), n);
  });
  return y;
}

}  // namespace gyrograd::ops
