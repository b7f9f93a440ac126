// SPDX-License-Identifier: MIT
// ReLU of the hyperbolic tangent on flat arrays, forward and backward.
#pragma once

#include "gyrograd/kernels/math.hpp"

namespace gyrograd::kernels {

/// y = max(tanh x, 0), derivative 0 where it is clipped.   y, x: (n), y may be x
template <class Real>
void relu_tanh_forward(Real* y, const Real* x, Index n) {
  for (Index i = 0; i < n; i += lanes<Real>)
    store_lanes(y, max(tanh(load_lanes(x, i, n)), Batch<Real>(Real(0))), i, n);
}

/// dx = residual + dy (1 - y^2), or nothing where y is 0.   dx, dy, y: (n)  residual: (n) or null, may be dx
template <class Real>
void relu_tanh_backward(Real* dx, const Real* residual, const Real* dy, const Real* y, Index n) {
  using V = Batch<Real>;
  for (Index i = 0; i < n; i += lanes<Real>) {
    const V v = load_lanes(y, i, n);
    V d = load_lanes(dy, i, n) * (select(v > V(Real(0)), fnma(v, v, V(Real(1))), V(Real(0))));
    if (residual != nullptr) d = d + load_lanes(residual, i, n);
    store_lanes(dx, d, i, n);
  }
}

}  // namespace gyrograd::kernels
