// SPDX-License-Identifier: MIT
// First rows of a weight gradient, computed while the input is transposed for all rows.
//
//   t(c, p) = x(p, c)   and   dweight(r, c) += sum over p of dy(p, r) x(p, c)   for the first rows r
//
// A block of 16 x 16 values is transposed in registers (64 shuffles, two pipes) and meets the scalars of dy
// there, before the next block is loaded: multiply-adds take two other slots a cycle, so that turning x costs
// a third of what it costs alone.
#pragma once

#include <algorithm>

#include "gyrograd/kernels/product.hpp"
#include "gyrograd/kernels/transpose.hpp"

namespace gyrograd::kernels {

/// Channels of x that are transposed side by side: those of one block of a product.
template <class Real>
inline constexpr Index weight_panel = block_vectors* lanes<Real>;

/// Rows of the weight gradient that are computed on the way.
inline constexpr Index weight_tile_rows = detail::tile_rows;

/// Whether there is such a kernel.
template <class Real>
inline constexpr bool has_weight_tile = has_transposed_rows<Real>&& detail::tile_rows == 9;

namespace detail {

/// For one vector of channels.   dweight: row stride dweight_row  t: position stride weight_panel
/// x, dy: column stride positions
template <class Real>
[[gnu::noinline]] void weight_tile_vector(Real* dweight, Index dweight_row, Real* t, const Real* x,
                                          const Real* dy, Index positions) {
  using V = Batch<Real>;
  constexpr Index L = lanes<Real>, ld = weight_panel<Real>;
  constexpr int Rows = 9, Third = 3;
  V sum[Rows];
  GYROGRAD_UNROLL
  for (int r = 0; r < Rows; ++r) sum[r] = V(Real(0));
  // Three pointers and one stride, new to the compiler in every block: it would keep the address of each
  // scalar otherwise, and no register would be left.
  const Real* at[Third] = {dy, dy + 3 * positions, dy + 6 * positions};
  const auto add = [&](V row, int i, Index stride) __attribute__((always_inline)) {
    GYROGRAD_UNROLL
    for (int r = 0; r < Rows; ++r) sum[r] = fma(row, broadcast(at[r / 3][r % 3 * stride + i]), sum[r]);
  };
  const Index whole = positions / L * L;
  for (Index p = 0; p < whole; p += L) {
    Index stride = positions;
    asm("" : "+r"(stride), "+r"(at[0]), "+r"(at[1]), "+r"(at[2]));
    V rows[static_cast<std::size_t>(L)];
    transposed_rows(rows, x, positions);
    GYROGRAD_UNROLL
    for (int i = 0; i < L; ++i) {
      store(t + i * ld, rows[i]);
      add(rows[i], i, stride);
    }
    // Saved activations come from the third level: three blocks ahead, at the end in the next vector.
    fetch_rows<static_cast<int>(L), 1>(p + 3 * L < whole ? x + 3 * L : x + L * positions + 3 * L - whole,
                                       positions);
    x += L, t += L * ld;
    GYROGRAD_UNROLL
    for (int j = 0; j < Third; ++j) at[j] += L;
  }
  if (const Index tail = positions - whole; tail > 0) {
    transpose(t, ld, x, positions, tail, L);
    for (Index p = 0; p < tail; ++p, t += ld) {
      add(load(static_cast<const Real*>(t)), 0, positions);
      GYROGRAD_UNROLL
      for (int j = 0; j < Third; ++j) ++at[j];
    }
  }
  GYROGRAD_UNROLL
  for (int r = 0; r < Rows; ++r, dweight += dweight_row) store(dweight, load(dweight) + sum[r]);
}

}  // namespace detail

/// Transposes weight_panel channels of x to t and adds weight_tile_rows rows of their weight gradient.
/// dweight: row stride dweight_row  t: (P, weight_panel) row-major  x: (P x weight_panel)
/// dy: (P x weight_tile_rows)
template <class Real>
void weight_tile(Real* dweight, Index dweight_row, Real* t, const Real* x, const Real* dy, Index positions) {
  for (Index c = 0; c < weight_panel<Real>; c += lanes<Real>)
    detail::weight_tile_vector(dweight + c, dweight_row, t + c, x + c * positions, dy, positions);
}

}  // namespace gyrograd::kernels
