// SPDX-License-Identifier: MIT
// Sum over time with one weight per step: pooling by attention. Lanes run along sequences.
#pragma once

#include "gyrograd/kernels/simd.hpp"

namespace gyrograd::kernels {

/// y(b, c) = sum over t of w(b, t) x(b, t, c).   y: (B, C)  w: (B, T)  x: (B, T, C)
template <class Real>
void weighted_sum_forward(Real* y, const Real* w, const Real* x, Index batch, Index steps, Index channels) {
  for (Index c = 0; c < channels; ++c, x += batch * steps, y += batch)
    for (Index b = 0; b < batch; b += lanes<Real>) {
      Batch<Real> sum(Real(0));
      for (Index t = 0; t < steps; ++t)
        sum = fma(load_lanes(w + batch * t, b, batch), load_lanes(x + batch * t, b, batch), sum);
      store_lanes(y, sum, b, batch);
    }
}

/// dx(b, t, c) = residual + w(b, t) dy(b, c).
/// dx: (B, T, C)  residual: the same or null, may be dx  dy: (B, C)  w: (B, T)
template <class Real>
void weighted_sum_backward_data(Real* dx, const Real* residual, const Real* dy, const Real* w, Index batch,
                                Index steps, Index channels) {
  for (Index c = 0; c < channels; ++c, dy += batch)
    for (Index t = 0; t < steps; ++t) {
      const Index at = batch * (t + steps * c);
      for (Index b = 0; b < batch; b += lanes<Real>) {
        const Batch<Real> weight = load_lanes(w + batch * t, b, batch), d = load_lanes(dy, b, batch);
        store_lanes(dx + at,
                    residual == nullptr ? weight * d : fma(weight, d, load_lanes(residual + at, b, batch)), b,
                    batch);
      }
    }
}

/// dw(b, t) = residual + sum over c of x(b, t, c) dy(b, c).
/// dw: (B, T)  residual: the same or null, may be dw  dy: (B, C)  x: (B, T, C)
template <class Real>
void weighted_sum_backward_weights(Real* dw, const Real* residual, const Real* dy, const Real* x, Index batch,
                                   Index steps, Index channels) {
  for (Index t = 0; t < steps; ++t)
    for (Index b = 0; b < batch; b += lanes<Real>) {
      const Index at = batch * t;
      Batch<Real> sum = residual == nullptr ? Batch<Real>(Real(0)) : load_lanes(residual + at, b, batch);
      for (Index c = 0; c < channels; ++c)
        sum =
            fma(load_lanes(x + at + batch * steps * c, b, batch), load_lanes(dy + batch * c, b, batch), sum);
      store_lanes(dw + at, sum, b, batch);
    }
}

}  // namespace gyrograd::kernels
