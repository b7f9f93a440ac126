// SPDX-License-Identifier: MIT
// Rows at given positions of each sequence, and the scatter-add that is its gradient.
#pragma once

#include <cstdint>

#include "gyrograd/core/assert.hpp"
#include "gyrograd/core/config.hpp"

namespace gyrograd::kernels {

/// y(b, m, c) = x(b, positions(b, m), c).
/// y: (B, M, C)  x: (B, T, C)  positions: (B, M) row-major, values in [0, T)
template <class Real>
void gather_forward(Real* y, const Real* x, const std::int32_t* positions, Index batch, Index count,
                    Index steps, Index channels) {
  for (Index c = 0; c < channels; ++c, y += batch * count, x += batch * steps)
    for (Index m = 0; m < count; ++m)
      for (Index b = 0; b < batch; ++b) {
        const Index t = positions[b * count + m];
        GYROGRAD_ASSERT(t >= 0 && t < steps);
        y[b + batch * m] = x[b + batch * t];
      }
}

/// dx(b, positions(b, m), c) += dy(b, m, c); repeated positions add up.   Shapes as in gather_forward.
template <class Real>
void gather_backward(Real* dx, const Real* dy, const std::int32_t* positions, Index batch, Index count,
                     Index steps, Index channels) {
  for (Index c = 0; c < channels; ++c, dy += batch * count, dx += batch * steps)
    for (Index m = 0; m < count; ++m)
      for (Index b = 0; b < batch; ++b) dx[b + batch * positions[b * count + m]] += dy[b + batch * m];
}

}  // namespace gyrograd::kernels
