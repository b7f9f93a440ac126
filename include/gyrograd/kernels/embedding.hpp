// SPDX-License-Identifier: MIT
// Learned tables: look-up of rows, and the position table added to every step.
#pragma once

#include <algorithm>
#include <cstdint>

#include "gyrograd/core/assert.hpp"
#include "gyrograd/kernels/transpose.hpp"

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

namespace detail {

/// Rows of the position table for consecutive positions b + B t: calls f(i, row) for i < count.
template <class F>
GYROGRAD_INLINE void for_table_rows(Index first, Index count, Index batch, F&& f) {
  Index row = first / batch, left = batch - first % batch;
  for (Index i = 0; i < count; ++i) {
    f(i, row);
    if (--left == 0) ++row, left = batch;
  }
}

}  // namespace detail

/// y(b, t, c) = x(b, t, c) + table(t, c).   y, x: (B, T, C), y may be x  table: (rows >= T, C) row-major
/// The table has its channels together and activations have their positions together: blocks of it are
/// transposed.
template <class Real>
void position_add_forward(Real* y, const Real* x, const Real* table, Index batch, Index steps,
                          Index channels) {
  constexpr Index L = lanes<Real>;
  alignas(64) Real rows[static_cast<std::size_t>(L * L)] = {}, shift[static_cast<std::size_t>(L * L)];
  const Index positions = batch * steps;
  for (Index c = 0; c < channels; c += L)
    for (Index p = 0; p < positions; p += L) {
      detail::for_table_rows(p, std::min(L, positions - p), batch, [&](Index i, Index row) {
        store(rows + i * L, load_lanes(table + row * channels, c, channels));
      });
      transpose_block(shift, L, rows, L);
      for (Index j = 0; j < std::min(L, channels - c); ++j) {
        const Index at = (c + j) * positions;
        store_lanes(y + at, load_lanes(x + at, p, positions) + load(shift + j * L), p, positions);
      }
    }
}

/// dtable(t, c) += sum_b dy(b, t, c).   Shapes as in position_add_forward; rows behind T get nothing.
template <class Real>
void position_add_backward(Real* dtable, const Real* dy, Index batch, Index steps, Index channels) {
  constexpr Index L = lanes<Real>;
  alignas(64) Real columns[static_cast<std::size_t>(L * L)] = {}, rows[static_cast<std::size_t>(L * L)];
  const Index positions = batch * steps;
  for (Index c = 0; c < channels; c += L)
    for (Index p = 0; p < positions; p += L) {
      for (Index j = 0; j < std::min(L, channels - c); ++j)
        store(columns + j * L, load_lanes(dy + (c + j) * positions, p, positions));
      transpose_block(rows, L, columns, L);
      detail::for_table_rows(p, std::min(L, positions - p), batch, [&](Index i, Index row) {
        Real* to = dtable + row * channels;
        store_lanes(to, load_lanes(to, c, channels) + load(rows + i * L), c, channels);
      });
    }
}

}  // namespace gyrograd::kernels
