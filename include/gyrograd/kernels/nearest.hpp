// SPDX-License-Identifier: MIT
// Exact nearest neighbour by largest product: similarities of a panel of queries with blocks of rows, and a
// running arg-max over them, so that the similarities are never stored as a whole.
#pragma once

#include <algorithm>

#include "gyrograd/kernels/product.hpp"

namespace gyrograd::kernels {

/// Rows whose similarities are computed at a time.
inline constexpr Index nearest_block = 96;

/// Values of scratch that nearest() needs.
constexpr Index nearest_scratch(Index queries) {
  return queries * (nearest_block + 2);
}

/// best(i) = the first j with the largest scale(j) q(i) . r(j).
/// best: (queries)  q: (queries x width), column stride ldq  rows: (count, width) row-major, count in 1 ..
/// 2^24  scale: (count)  scratch: nearest_scratch() values
template <class Real>
void nearest(Index* best, const Real* q, Index ldq, Index queries, const Real* rows, const Real* scale,
             Index count, Index width, Real* scratch) {
  using V = Batch<Real>;
  GYROGRAD_ASSERT(count >= 1 && count <= Index{1} << 24);  // row numbers are exact as float
  Real *z = scratch, *top = z + queries * nearest_block, *place = top + queries;
  Product<Real> a{.y = z,
                  .ldy = queries,
                  .x = q,
                  .ldx = ldq,
                  .w_row = width,
                  .w_step = 1,
                  .positions = queries,
                  .depth = width};
  for (Index first = 0; first < count; first += nearest_block) {
    a.w = rows + first * width;
    a.rows = std::min(nearest_block, count - first);
    product(a);
    for (Index p = 0; p < queries; p += lanes<Real>) {
      V most = first == 0 ? load_lanes(z, p, queries) * V(scale[0]) : load_lanes(top, p, queries);
      V where = first == 0 ? V(Real(0)) : load_lanes(place, p, queries);
      for (Index j = 0; j < a.rows; ++j) {
        const V x = load_lanes(z + j * queries, p, queries) * V(scale[first + j]);
        const auto larger = x > most;
        most = select(larger, x, most);
        where = select(larger, V(static_cast<Real>(first + j)), where);
      }
      store_lanes(top, most, p, queries);
      store_lanes(place, where, p, queries);
    }
  }
  for (Index i = 0; i < queries; ++i) best[i] = static_cast<Index>(place[i]);
}

}  // namespace gyrograd::kernels
