// SPDX-License-Identifier: MIT
// Learned tables: look-up of rows, and the position table added to every step.
#pragma once

#include <cstdint>

#include "gyrograd/core/assert.hpp"
#include "gyrograd/core/config.hpp"

namespace gyrograd::kernels {

/// y(i, c) = table(index[i], c).   y: (n x C) column-major  table: (rows, C) row-major  index: (n), in [0,
/// rows)
template <class Real>
void embedding_forward(Real* y, const Real* table, const std::int32_t* index, Index n, Index channels) {
  for (Index c = 0; c < channels; ++c)
    for (Index i = 0; i < n; ++i) y[i + n * c] = table[index[i] * channels + c];
}

/// dtable(index[i], c) += dy(i, c); repeated indices add up.   Shapes as in embedding_forward.
template <class Real>
void embedding_backward(Real* dtable, const Real* dy, const std::int32_t* index, Index n, Index channels) {
  for (Index i = 0; i < n; ++i)
    for (Index c = 0; c < channels; ++c) dtable[index[i] * channels + c] += dy[i + n * c];
}

/// y(b, t, c) = x(b, t, c) + table(t, c).   y, x: (B, T, C), y may be x  table: (rows >= T, C) row-major
template <class Real>
void position_add_forward(Real* y, const Real* x, const Real* table, Index batch, Index steps,
                          Index channels) {
  for (Index c = 0; c < channels; ++c)
    for (Index t = 0; t < steps; ++t) {
      const Real shift = table[t * channels + c];
      const Index at = batch * (t + steps * c);
      for (Index b = 0; b < batch; ++b) y[at + b] = x[at + b] + shift;
    }
}

/// dtable(t, c) += sum_b dy(b, t, c).   Shapes as in position_add_forward; rows behind T get nothing.
template <class Real>
void position_add_backward(Real* dtable, const Real* dy, Index batch, Index steps, Index channels) {
  for (Index c = 0; c < channels; ++c)
    for (Index t = 0; t < steps; ++t) {
      const Real* d = dy + batch * (t + steps * c);
      Real sum = d[0];
      for (Index b = 1; b < batch; ++b) sum += d[b];
      dtable[t * channels + c] += sum;
    }
}

}  // namespace gyrograd::kernels
