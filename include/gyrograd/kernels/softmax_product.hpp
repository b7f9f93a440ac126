// SPDX-License-Identifier: MIT
// Softmax and the product with it: the exponentials run in the loop over the first rows of the product.
//
//   e(p, k) = 2^(x(p, k) - top(p))     y(p, m) = sum_k e(p, k) w(m, k) / sum_k e(p, k)
//
// Exponentials keep the units for additions busy and products those for multiply-adds, so one loop that does
// both takes little longer than the slower half. Its tile has few rows, because exponentials need registers;
// the other rows find e in memory.
#pragma once

#include <algorithm>

#include "gyrograd/kernels/math.hpp"
#include "gyrograd/kernels/product.hpp"

namespace gyrograd::kernels {

namespace detail {

/// Rows that share the loop with the exponentials: as many as stay in registers (measured).
inline constexpr int softmax_rows = vector_registers == 16 ? 2 : 6;

/// Steps of k by which the exponentials run ahead: a step takes longer from its start to its end than the
/// multiply-adds of one step fill.
inline constexpr Index softmax_ahead = 2;

/// The first Rows rows for Vectors vectors of positions from p.
template <class Real, int Rows, int Vectors, int Group, bool Tail>
[[gnu::noinline]] void softmax_product_tile(const Product<Real>& a, Real* e, const Real* top, Real* rsum,
                                            Index p, Index tail) {
  using V = Batch<Real>;
  const auto read = [&](const Real* from, int v) __attribute__((always_inline)) {
    return load_block<Vectors, Tail>(from, v, tail);
  };
  V sum[Rows][Vectors], total[Vectors], highest[Vectors];
  GYROGRAD_UNROLL
  for (int v = 0; v < Vectors; ++v) {
    highest[v] = read(top + p, v);
    total[v] = V(Real(0));
    GYROGRAD_UNROLL
    for (int r = 0; r < Rows; ++r) sum[r][v] = V(Real(0));
  }
  Real* to = e + p;
  const Real* x = to;
  const Real* w = a.w;
  const Index ldx = a.ldx, w_row = a.w_row, w_step = a.w_step;
  const auto exponentials = [&]() __attribute__((always_inline)) {
    GYROGRAD_UNROLL
    for (int v = 0; v < Vectors; ++v) {
      const V value = exp2_nonpositive(read(to, v) - highest[v]);
      total[v] = total[v] + value;
      store_block<Vectors, Tail>(to, value, v, tail);
    }
    to += ldx;
  };
  const auto multiply = [&]() __attribute__((always_inline)) {
    V xk[Vectors];
    GYROGRAD_UNROLL
    for (int v = 0; v < Vectors; ++v) {
      xk[v] = read(x, v);
      keep(xk[v]);
    }
    GYROGRAD_UNROLL
    for (int r = 0; r < Rows; ++r) {
      const V wk = broadcast_group<Group>(w + r * w_row);
      GYROGRAD_UNROLL
      for (int v = 0; v < Vectors; ++v) sum[r][v] = fma(wk, xk[v], sum[r][v]);
    }
    x += ldx;
    w += w_step;
  };
  const Index ahead = std::min(softmax_ahead, a.depth);
  for (Index k = ahead; k > 0; --k) exponentials();
  for (Index k = a.depth - ahead; k > 0; --k) {
    exponentials();
    multiply();
  }
  for (Index k = ahead; k > 0; --k) multiply();
  GYROGRAD_UNROLL
  for (int v = 0; v < Vectors; ++v) {
    total[v] = divide(V(Real(1)), total[v]);
    store_block<Vectors, Tail>(rsum + p, total[v], v, tail);
  }
  Real* y = a.y + p;
  const Index ldy = a.ldy;
  GYROGRAD_UNROLL
  for (int r = 0; r < Rows; ++r) {
    GYROGRAD_UNROLL
    for (int v = 0; v < Vectors; ++v) store_block<Vectors, Tail>(y, sum[r][v] * total[v], v, tail);
    next_row(y, ldy);
  }
}

/// The first row alone, for products of fewer rows than a tile: vector by vector, which keeps programs small.
template <class Real, int Group>
void softmax_product_row(const Product<Real>& a, Real* e, const Real* top, Real* rsum) {
  for (Index p = 0; p < a.positions; p += lanes<Real>)
    softmax_product_tile<Real, 1, 1, Group, true>(a, e, top, rsum, p, std::min(lanes<Real>, a.positions - p));
}

}  // namespace detail

/// y(p, m) = rsum(p) sum_k e(p, k) w(m, k), where e(p, k) = 2^(x(p, k) - top(p)) and rsum(p) = 1 / sum_k e.
/// Operands and strides: Product, without bias, residual and what belongs to lanes; a.x is not read.
/// e: (positions x depth), column stride ldx: x, replaced by e  top: (positions), the largest x of each
/// rsum: (positions), may be top
template <int Group = 1, class Real>
void softmax_product(const Product<Real>& a, Real* e, const Real* top, Real* rsum) {
  if (a.rows <= 0) return;
  const bool wide = a.rows >= detail::softmax_rows;
  const Index first = wide ? detail::softmax_rows : 1;
  Product<Real> rest = a;
  rest.x = e;
  rest.y += first * a.ldy;
  rest.w += first * a.w_row;
  rest.rows -= first;
  rest.lane_factor = rsum;
  if (!wide) detail::softmax_product_row<Real, Group>(a, e, top, rsum);
  for_blocks<Real>(a.positions, [&]<int Vectors, bool Tail>(std::integral_constant<int, Vectors>,
                                                            std::bool_constant<Tail>, Index p, Index tail) {
    if (wide)
      detail::softmax_product_tile<Real, detail::softmax_rows, Vectors, Group, Tail>(a, e, top, rsum, p,
                                                                                     tail);
    if (rest.rows > 0) detail::product_block<Real, Vectors, Group, Epilogue::store, Tail>(rest, p, tail);
  });
}

}  // namespace gyrograd::kernels
