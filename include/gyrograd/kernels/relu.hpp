// SPDX-License-Identifier: MIT
// ReLU on flat arrays, forward and backward.
#pragma once

#include "gyrograd/kernels/simd.hpp"

namespace gyrograd::kernels {

/// y = max(x, 0); NaN stays NaN.   y, x: (n), y may be x
template <class Real>
void relu_forward(Real* y, const Real* x, Index n) {
  using V = Batch<Real>;
  const V zero(Real(0));
  for (Index i = 0; i < n; i += lanes<Real>) {
    const V v = load_lanes(x, i, n);
    store_lanes(y, select(v < zero, zero, v), i, n);
  }
}

/// dx = residual + (y > 0 ? dy : 0).   dx, dy, y: (n)  residual: (n) or null, may be dx
template <class Real>
void relu_backward(Real* dx, const Real* residual, const Real* dy, const Real* y, Index n) {
  using V = Batch<Real>;
  const V zero(Real(0));
  for (Index i = 0; i < n; i += lanes<Real>) {
    V d = select(load_lanes(y, i, n) > zero, load_lanes(dy, i, n), zero);
    if (residual != nullptr) d = d + load_lanes(residual, i, n);
    store_lanes(dx, d, i, n);
  }
}

}  // namespace gyrograd::kernels
