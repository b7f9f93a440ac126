// SPDX-License-Identifier: MIT
// Learned tables: look-up of rows, and the position table added to every step.
#pragma once

#include <algorithm>
#include <cstdint>
#include <type_traits>

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

/// Values of a block of table(t, c) or dy(p, c), which has its lanes in the other direction: `to` has column
/// j of x (x + j ldx) in lane j of row i. Where x has fewer values than a block, the rest of `to` stays.
template <class Real>
GYROGRAD_INLINE void turn_block(Real* to, const Real* x, Index ldx, Index rows, Index columns) {
  constexpr Index L = lanes<Real>;
  if (rows >= L && columns >= L) return transpose_block(to, L, x, ldx);
  for (Index i = 0; i < std::min(L, rows); ++i)
    for (Index j = 0; j < std::min(L, columns); ++j) to[j + i * L] = x[i + j * ldx];
}

/// Where a block starts that holds item i of n: a last one is moved back, so that it is whole if it can be.
template <class Real>
GYROGRAD_INLINE Index block_start(Index i, Index n) {
  return std::min(i, std::max<Index>(0, n - lanes<Real>));
}

/// p[from[l]] in lane l.   p: one vector  from: aligned
template <class Real>
GYROGRAD_INLINE Batch<Real> pick_lanes(const Real* p, const std::int32_t* from) {
#if defined(GYROGRAD_AVX512)
  if constexpr (std::is_same_v<Real, float>)
    return Batch<Real>(_mm512_permutexvar_ps(_mm512_load_si512(from), _mm512_loadu_ps(p)));
#elif defined(GYROGRAD_AVX2)
  if constexpr (std::is_same_v<Real, float>)
    return Batch<Real>(_mm256_permutevar8x32_ps(_mm256_loadu_ps(p),
                                                _mm256_load_si256(reinterpret_cast<const __m256i*>(from))));
#endif
  alignas(64) Real picked[static_cast<std::size_t>(lanes<Real>)];
  for (Index l = 0; l < lanes<Real>; ++l) picked[l] = p[from[l]];
  return load(picked);
}

/// Steps of the positions in one vector, counted from that of the first: lane l is position `in_step` + l of
/// `batch` a step.
template <class Real>
struct LaneSteps {
  alignas(64) std::int32_t from[static_cast<std::size_t>(lanes<Real>)];
  Index known = -1;

  GYROGRAD_INLINE const std::int32_t* of(Index in_step, Index batch) {
    if (in_step == known) return from;
    known = in_step;
    for (Index l = 0, step = 0; l < lanes<Real>; ++l) {
      from[l] = static_cast<std::int32_t>(step);
      if (++in_step == batch) ++step, in_step = 0;
    }
    return from;
  }
};

/// y = x + table as activations (B, T, C), or the table alone where x is null. The table has its channels
/// together and activations have their positions together: a block of it is transposed once for all
/// sequences, and its steps are then spread over the lanes.
template <class Real>
void add_table(Real* y, const Real* x, const Real* table, Index batch, Index steps, Index channels) {
  constexpr Index L = lanes<Real>;
  alignas(64) Real block[static_cast<std::size_t>(L * L + L)] = {};
  LaneSteps<Real> lane_steps;
  const Index positions = batch * steps;
  for (Index t = 0; t < steps; t += L)
    for (Index c = 0; c < channels; c += L) {
      const Index step = block_start<Real>(t, steps), channel = block_start<Real>(c, channels);
      turn_block(block, table + step * channels + channel, channels, channels - channel, steps - step);
      const Real* row = block + (c - channel) * L + (t - step);
      const Index end = std::min(positions, (t + L) * batch), columns = std::min(L, channels - c);
      for (Index p = t * batch; p < end; p += L) {
        const Real* first = row + (p / batch - t);
        const std::int32_t* from = lane_steps.of(p % batch, batch);
        for (Index j = 0; j < columns; ++j) {
          const Index at = (c + j) * positions;
          Batch<Real> v = batch == 1 ? load(first + j * L) : pick_lanes(first + j * L, from);
          if (x != nullptr) v = load_lanes(x + at, p, positions) + v;
          store_lanes(y + at, v, p, positions);
        }
      }
    }
}

}  // namespace detail

/// y(b, t, c) = x(b, t, c) + table(t, c).   y, x: (B, T, C), y may be x  table: (rows >= T, C) row-major
template <class Real>
void position_add_forward(Real* y, const Real* x, const Real* table, Index batch, Index steps,
                          Index channels) {
  detail::add_table(y, x, table, batch, steps, channels);
}

/// y(b, t, c) = table(t, c).   y: (B, T, C)  table: (rows >= T, C) row-major
template <class Real>
void position_spread(Real* y, const Real* table, Index batch, Index steps, Index channels) {
  detail::add_table(y, static_cast<const Real*>(nullptr), table, batch, steps, channels);
}

/// dtable(t, c) += sum_b dy(b, t, c).   Shapes as in position_add_forward; rows behind T get nothing.
template <class Real>
void position_add_backward(Real* dtable, const Real* dy, Index batch, Index steps, Index channels) {
  constexpr Index L = lanes<Real>;
  alignas(64) Real rows[static_cast<std::size_t>(L * L + L)] = {};
  const Index positions = batch * steps;
  for (Index p = 0; p < positions; p += L)
    for (Index c = 0; c < channels; c += L) {
      const Index first = detail::block_start<Real>(p, positions);
      const Index channel = detail::block_start<Real>(c, channels);
      detail::turn_block(rows, dy + first + channel * positions, positions, positions - first,
                         channels - channel);
      const Real* row = rows + (p - first) * L + (c - channel);
      const Index end = std::min(positions, p + L);
      Real* to = dtable + p / batch * channels;
      for (Index i = p; i < end; to += channels) {
        const Index next = std::min(end, (i / batch + 1) * batch);
        Batch<Real> sum = load(row);
        for (row += L; ++i < next; row += L) sum = sum + load(row);
        store_lanes(to, load_lanes(to, c, channels) + sum, c, channels);
      }
    }
}

}  // namespace gyrograd::kernels
