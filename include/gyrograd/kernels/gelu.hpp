// SPDX-License-Identifier: MIT
// GELU in its exact (erf) form, with the derivative as by-product of the forward pass.
#pragma once

#include "gyrograd/kernels/math.hpp"

namespace gyrograd::kernels {

/// y = x Phi(x), slope = Phi(x) + x phi(x).   y, slope, x: (n); y may be x
template <class Real>
void gelu_forward(Real* y, Real* slope, const Real* x, Index n) {
  Batch<Real> value, derivative;
  for (Index i = 0; i < n; i += lanes<Real>) {
    gelu_pair<Real>(value, derivative, load_lanes(x, i, n));
    store_lanes(y, value, i, n);
    store_lanes(slope, derivative, i, n);
  }
}

/// y = x Phi(x), without what only a backward pass needs.   y, x: (n); y may be x
template <class Real>
void gelu_forward(Real* y, const Real* x, Index n) {
  for (Index i = 0; i < n; i += lanes<Real>) store_lanes(y, gelu_value<Real>(load_lanes(x, i, n)), i, n);
}

}  // namespace gyrograd::kernels
