// SPDX-License-Identifier: MIT
// Logistic function on the tape.
#pragma once

#include "gyrograd/autograd/tape.hpp"
#include "gyrograd/kernels/sigmoid.hpp"

namespace gyrograd::ops {

/// y = 1 / (1 + exp(-x)).   x, y: any shape
template <class Real, Index... Dims>
auto sigmoid(Tape<Real>& tape, Var<Real, Dims...> x) {
  auto y = tape.like(x);
  const Index n = x.value.size();
  kernels::sigmoid_forward(y.value.data(), static_cast<const Real*>(x.value.data()), n);
  tape.record(y, [=] {
    if (!x.needs_gradient()) return;
    const auto dx = x.accumulator();
    kernels::sigmoid_backward(dx.into.data(), dx.residual, static_cast<const Real*>(y.grad().data()),
                              static_cast<const Real*>(y.value.data()), n);
  });
  return y;
}

}  // namespace gyrograd::ops
