// SPDX-License-Identifier: MIT
// Products that sum over positions: weight gradients and the gradients of attention keys and values.
//
//   c(r, n) += sum over positions p of a(p, r) b(p, n)
//
// Both operands are column-major with positions adjacent, so the sum runs along the vector lanes: a tile
// keeps Rows x 4 accumulators over all positions and folds their lanes at the end with a shuffle tree.
#pragma once

#include <algorithm>
#include <array>
#include <utility>

#include "gyrograd/kernels/fold.hpp"

namespace gyrograd::kernels {

/// Operands of one reduction; see the file comment.
template <class Real>
struct Reduction {
  Real* c = nullptr;  ///< element (r, n) of sequence g at c + r c_row + n Group + g: added to
  Index c_row = 0;
  const Real* a = nullptr;  ///< (positions x rows), column stride lda
  Index lda = 0;
  const Real* b = nullptr;  ///< (positions x columns), column stride ldb
  Index ldb = 0;
  Index positions = 0, rows = 0, columns = 0;
  Real scale = Real(1);    ///< factor of the sums
  bool accumulate = true;  ///< false: c is overwritten
  /// Laid out as b: columns that are read later and are fetched meanwhile, or null. The i-th tile of rows
  /// fetches column i of each group of four.
  const Real* ahead = nullptr;
};

namespace detail {

inline constexpr int reduction_rows = vector_registers == 32 ? 6 : 3;
inline constexpr int reduction_columns = fold_columns;

/// Asks for the cache line at p in the second-level cache. Any address is allowed.
template <class Real>
GYROGRAD_INLINE void prefetch([[maybe_unused]] const Real* p) {
#if defined(__GNUC__)
  __builtin_prefetch(p, 0, 2);
#endif
}

/// One tile column of Rows rows against `tiles` groups of Columns columns.
template <class Real, int Rows, int Columns, int Group>
[[gnu::noinline]] void reduction_tiles(const Reduction<Real>& args, Index r0, Index n0, Index tiles) {
  using V = Batch<Real>;
  constexpr Index L = lanes<Real>;
  const Index whole = args.positions / L * L, tail = args.positions % L;
  for (; tiles > 0; --tiles, n0 += Columns) {
    V sum[Rows][Columns];
    GYROGRAD_UNROLL
    for (int r = 0; r < Rows; ++r) {
      GYROGRAD_UNROLL
      for (int n = 0; n < Columns; ++n) sum[r][n] = V(Real(0));
    }
    const Real* a = args.a + r0 * args.lda;
    const Real* b = args.b + n0 * args.ldb;
    const Index lda = args.lda, ldb = args.ldb;
    const Index at = r0 / Rows;
    const Index ahead = args.ahead == nullptr || at >= Columns ? 0 : args.ahead - args.b + at * ldb;
    for (Index p = whole; p > 0; p -= L) {
      // The smaller side stays in registers, the other is streamed.
      V held[Rows < Columns ? Rows : Columns];
      if constexpr (Rows < Columns) {
        GYROGRAD_UNROLL
        for (int r = 0; r < Rows; ++r) {
          held[r] = load(a + r * lda);
          keep(held[r]);
        }
        GYROGRAD_UNROLL
        for (int n = 0; n < Columns; ++n) {
          V bn = load(b + n * ldb);
          keep(bn);
          GYROGRAD_UNROLL
          for (int r = 0; r < Rows; ++r) sum[r][n] = fma(held[r], bn, sum[r][n]);
        }
      } else {
        GYROGRAD_UNROLL
        for (int n = 0; n < Columns; ++n) {
          held[n] = load(b + n * ldb);
          keep(held[n]);
        }
        GYROGRAD_UNROLL
        for (int r = 0; r < Rows; ++r) {
          V ar = load(a + r * lda);
          keep(ar);
          GYROGRAD_UNROLL
          for (int n = 0; n < Columns; ++n) sum[r][n] = fma(ar, held[n], sum[r][n]);
        }
      }
      prefetch(b + ahead);
      a += L;
      b += L;
    }
    if (tail > 0) {
      V last[Columns];
      GYROGRAD_UNROLL
      for (int n = 0; n < Columns; ++n) last[n] = load_partial(b + n * ldb, tail);
      GYROGRAD_UNROLL
      for (int r = 0; r < Rows; ++r) {
        const V ar = load_partial(a + r * lda, tail);
        GYROGRAD_UNROLL
        for (int n = 0; n < Columns; ++n) sum[r][n] = fma(ar, last[n], sum[r][n]);
      }
    }
    Real* c = args.c + r0 * args.c_row + n0 * Group;
    if constexpr (Columns == fold_columns) {
      fold<Group, Rows>(c, args.c_row, sum, args.scale, args.accumulate);
    } else {
      GYROGRAD_UNROLL
      for (int r = 0; r < Rows; ++r) {
        Real sums[Group] = {};
        reduce_add_group<Group>(sums, sum[r][0]);
        for (int g = 0; g < Group; ++g) {
          Real& to = c[r * args.c_row + g];
          to = (args.accumulate ? to : Real(0)) + args.scale * sums[g];
        }
      }
    }
  }
}

/// Columns taken together: their vectors stay in the first-level cache while all rows meet them.
template <class Real>
constexpr Index reduction_chunk(Index positions) {
  constexpr Index values = 16384 / static_cast<Index>(sizeof(Real));
  const Index columns = values / std::max<Index>(positions, 1);
  return std::max<Index>(columns / reduction_columns, 1) * reduction_columns;
}

template <class Real>
using ReductionTiles = void (*)(const Reduction<Real>&, Index, Index, Index);

template <class Real, int Columns, int Group, int... Rows>
constexpr auto reduction_table(std::integer_sequence<int, Rows...>) {
  return std::array<ReductionTiles<Real>, sizeof...(Rows)>{
      reduction_tiles<Real, Rows + 1, Columns, Group>...};
}

}  // namespace detail

/// c(r, n) += or = scale * sum_p a(p, r) b(p, n). With Group > 1, Group sequences lie interleaved in the
/// positions and each has its own sum. c must not overlap a or b.
template <int Group = 1, class Real>
void reduction(const Reduction<Real>& args) {
  constexpr auto sequence = std::make_integer_sequence<int, detail::reduction_rows>{};
  static constexpr auto wide = detail::reduction_table<Real, detail::reduction_columns, Group>(sequence);
  static constexpr auto single = detail::reduction_table<Real, 1, Group>(sequence);
  const Index chunk = detail::reduction_chunk<Real>(args.positions);
  for (Index n = 0; n < args.columns; n += chunk) {
    const Index columns = std::min(chunk, args.columns - n);
    const Index groups = columns / detail::reduction_columns, rest = columns % detail::reduction_columns;
    for (Index r = 0; r < args.rows;) {
      const Index left = (args.rows - r + detail::reduction_rows - 1) / detail::reduction_rows;
      const Index rows = (args.rows - r + left - 1) / left;  // nearly equal heights
      const auto at = static_cast<std::size_t>(rows - 1);
      if (groups > 0) wide[at](args, r, n, groups);
      if (rest > 0) single[at](args, r, n + columns - rest, rest);
      r += rows;
    }
  }
}

}  // namespace gyrograd::kernels
