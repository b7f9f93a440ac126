// SPDX-License-Identifier: MIT
// Product of a matrix with one vector: what a dense or recurrent layer is for a single window.
//
//   y(m) = start(m) + sum over k of w(m, k) x(k)
//
// Every weight is used once, so the speed is that of reading them. They are re-ordered once, so that a
// product reads one stream from front to back: rows lie in the lanes, three vectors of them to a panel.
//
//   panel p:   k = 0 [ rows 3 L p .. 3 L p + 3 L - 1 ] | k = 1 [ the same rows ] | ...
//
// A recurrence puts its three gates into the three vectors and has all of L units at hand when a panel ends.
// With int8 weights: kernels/matrix_vector_int8.hpp. Cost: docs/kernels/matrix_vector.md.
#pragma once

#include <algorithm>

#include "gyrograd/kernels/simd.hpp"

namespace gyrograd::kernels {

/// Vectors of rows in one panel.
inline constexpr int panel_vectors = 3;

/// Rows of one panel.
template <class Real>
inline constexpr Index vector_panel_rows = panel_vectors* lanes<Real>;

/// Re-orders the rows of one panel.   panel: (vector_panel_rows x depth) values
/// row(i): row i of the panel, `depth` values, or null for zeros
template <class Real, class Row>
void pack_vector_panel(Real* panel, Index depth, Row&& row) {
  for (Index i = 0; i < vector_panel_rows<Real>; ++i) {
    const Real* from = row(i);
    for (Index k = 0; k < depth; ++k)
      panel[k * vector_panel_rows<Real> + i] = from == nullptr ? Real(0) : from[k];
  }
}

/// y(i) = start(i) + sum_k w(i, k) x(k) for the rows of one panel.
/// y, start: (vector_panel_rows)  panel: of pack_vector_panel  x: (depth)
template <class Real>
GYROGRAD_INLINE void vector_panel_product(Real* y, const Real* start, const Real* panel, const Real* x,
                                          Index depth) {
  using V = Batch<Real>;
  constexpr Index L = lanes<Real>, rows = vector_panel_rows<Real>;
  constexpr int together = 4;  // values of x: as many independent sums per row hide the latency of additions
  V sum[together][panel_vectors];
  GYROGRAD_UNROLL
  for (int v = 0; v < panel_vectors; ++v) sum[0][v] = load(start + v * L);
  GYROGRAD_UNROLL
  for (int i = panel_vectors; i < together * panel_vectors; ++i)
    sum[i / panel_vectors][i % panel_vectors] = V(Real(0));
  const auto add = [&](int j, Index k) __attribute__((always_inline)) {
    const V xk = broadcast(x[k]);
    GYROGRAD_UNROLL
    for (int v = 0; v < panel_vectors; ++v) sum[j][v] = fma(load(panel + k * rows + v * L), xk, sum[j][v]);
  };
  Index k = 0;
  for (; k + together <= depth; k += together) {
    GYROGRAD_UNROLL
    for (int j = 0; j < together; ++j) add(j, k + j);
  }
  for (; k < depth; ++k) add(0, k);
  GYROGRAD_UNROLL
  for (int v = 0; v < panel_vectors; ++v) store(y + v * L, (sum[0][v] + sum[1][v]) + (sum[2][v] + sum[3][v]));
}

}  // namespace gyrograd::kernels
