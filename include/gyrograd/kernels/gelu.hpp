// SPDX-License-Identifier: MIT
// GELU in its exact (erf) form, with the derivative as by-product of the forward pass.
#pragma once

#include "gyrograd/kernels/math.hpp"

namespace gyrograd::kernels {

/// y = x Phi(x), slope = Phi(x) + x phi(x).   y, slope, x: (n); y may be x; slope may be null
template <class Real>
void gelu_forward(Real* y, Real* slope, const Real* x, Index n) {
  constexpr Index L = lanes<Real>;
  Batch<Real> value, derivative;
  Index i = 0;
  for (; i + L <= n; i += L) {
    gelu_pair<Real>(value, derivative, load(x + i));
    store(y + i, value);
    if (slope != nullptr) store(slope + i, derivative);
  }
  if (i < n) {
    gelu_pair<Real>(value, derivative, load_partial(x + i, n - i));
    store_partial(y + i, value, n - i);
    if (slope != nullptr) store_partial(slope + i, derivative, n - i);
  }
}

}  // namespace gyrograd::kernels
