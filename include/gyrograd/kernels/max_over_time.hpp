// SPDX-License-Identifier: MIT
// Maximum over time of (B, T, C) activations, forward and backward; lanes run along sequences.
#pragma once

#include "gyrograd/kernels/simd.hpp"

namespace gyrograd::kernels {

/// y(b, c) = largest x(b, t, c) over t.   y: (B, C)  x: (B, T, C), T >= 1
template <class Real>
void max_over_time_forward(Real* y, const Real* x, Index batch, Index steps, Index channels) {
  for (Index c = 0; c < channels; ++c, x += batch * steps, y += batch)
    for (Index b = 0; b < batch; b += lanes<Real>) {
      Batch<Real> top = load_lanes(x, b, batch);
      for (Index t = 1; t < steps; ++t) top = max(top, load_lanes(x + batch * t, b, batch));
      store_lanes(y, top, b, batch);
    }
}

/// dx = residual + (dy at the first maximum over time, else 0).
/// dx, x: (B, T, C)  residual: (B, T, C) or null, may be dx  dy, y: (B, C)
template <class Real>
void max_over_time_backward(Real* dx, const Real* residual, const Real* dy, const Real* y, const Real* x,
                            Index batch, Index steps, Index channels) {
  using V = Batch<Real>;
  const V zero(Real(0));
  for (Index c = 0; c < channels; ++c) {
    for (Index b = 0; b < batch; b += lanes<Real>) {
      const V top = load_lanes(y + batch * c, b, batch);
      V rest = load_lanes(dy + batch * c, b, batch);  // zero once given away
      for (Index t = 0; t < steps; ++t) {
        const Index at = batch * (t + steps * c);
        const auto hit = load_lanes(x + at, b, batch) == top;
        V d = select(hit, rest, zero);
        rest = select(hit, zero, rest);
        if (residual != nullptr) d = d + load_lanes(residual + at, b, batch);
        store_lanes(dx + at, d, b, batch);
      }
    }
  }
}

}  // namespace gyrograd::kernels
