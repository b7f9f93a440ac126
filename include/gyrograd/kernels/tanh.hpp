// SPDX-License-Identifier: MIT
// Hyperbolic tangent on flat arrays, forward and backward.
#pragma once

#include "gyrograd/kernels/math.hpp"

namespace gyrograd::kernels {

/// y = tanh x.   y, x: (n), y may be x
template <class Real>
void tanh_forward(Real* y, const Real* x, Index n) {
  for (Index i = 0; i < n; i += lanes<Real>) store_lanes(y, tanh(load_lanes(x, i, n)), i, n);
}

/// dx = residual + dy (1 - y^2).   dx, dy, y: (n)  residual: (n) or null, may be dx
template <class Real>
void tanh_backward(Real* dx, const Real* residual, const Real* dy, const Real* y, Index n) {
  using V = Batch<Real>;
  for (Index i = 0; i < n; i += lanes<Real>) {
    const V v = load_lanes(y, i, n);
    V d = load_lanes(dy, i, n) * (fnma(v, v, V(Real(1))));
    if (residual != nullptr) d = d + load_lanes(residual, i, n);
    store_lanes(dx, d, i, n);
  }
}

}  // namespace gyrograd::kernels
