// SPDX-License-Identifier: MIT
// Leaky ReLU on flat arrays, forward and backward.
#pragma once

#include "gyrograd/kernels/simd.hpp"

namespace gyrograd::kernels {

/// y = x > 0 ? x : slope x; NaN stays NaN.   y, x: (n), y may be x
template <class Real>
void leaky_relu_forward(Real* y, const Real* x, Real slope, Index n) {
  using V = Batch<Real>;
  const V zero(Real(0)), s(slope);
  for (Index i = 0; i < n; i += lanes<Real>) {
    const V v = load_lanes(x, i, n);
    store_lanes(y, select(v > zero, v, s * v), i, n);
  }
}

/// dx = residual + (x > 0 ? dy : slope dy).   dx, dy, x: (n)  residual: (n) or null, may be dx
template <class Real>
void leaky_relu_backward(Real* dx, const Real* residual, const Real* dy, const Real* x, Real slope, Index n) {
  using V = Batch<Real>;
  const V zero(Real(0)), one(Real(1)), s(slope);
  for (Index i = 0; i < n; i += lanes<Real>) {
    const V factor = select(load_lanes(x, i, n) > zero, one, s), d = load_lanes(dy, i, n);
    store_lanes(dx, residual == nullptr ? d * factor : fma(d, factor, load_lanes(residual, i, n)), i, n);
  }
}

}  // namespace gyrograd::kernels
