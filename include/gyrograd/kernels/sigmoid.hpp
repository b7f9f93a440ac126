// SPDX-License-Identifier: MIT
// Logistic function on flat arrays, forward and backward.
#pragma once

#include "gyrograd/kernels/math.hpp"

namespace gyrograd::kernels {

/// y = 1 / (1 + exp(-x)).   y, x: (n), y may be x
template <class Real>
void sigmoid_forward(Real* y, const Real* x, Index n) {
  for (Index i = 0; i < n; i += lanes<Real>) store_lanes(y, sigmoid<Real>(load_lanes(x, i, n)), i, n);
}

/// dx = residual + dy y (1 - y).   dx, dy, y: (n)  residual: (n) or null, may be dx
template <class Real>
void sigmoid_backward(Real* dx, const Real* residual, const Real* dy, const Real* y, Index n) {
  using V = Batch<Real>;
  for (Index i = 0; i < n; i += lanes<Real>) {
    const V v = load_lanes(y, i, n);
    V d = load_lanes(dy, i, n) * (v * (V(Real(1)) - v));
    if (residual != nullptr) d = d + load_lanes(residual, i, n);
    store_lanes(dx, d, i, n);
  }
}

}  // namespace gyrograd::kernels
