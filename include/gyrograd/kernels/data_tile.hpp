// SPDX-License-Identifier: MIT
// First rows of a data gradient, computed while the gradient it comes from is summed over the positions.
//
//   dx(p, r) = sum over o of dy(p, o) w(o, r)   for the first rows r
//   sums(o) += sum over p of dy(p, o)
//
// A tile of 9 rows has every vector of dy in a register and additions have units of their own, so that the
// bias gradient costs next to nothing here and a pass over dy elsewhere.
#pragma once

#include "gyrograd/kernels/product.hpp"

namespace gyrograd::kernels {

/// Positions and rows of one tile.
template <class Real>
inline constexpr Index data_tile_positions = block_vectors* lanes<Real>;
inline constexpr Index data_tile_rows = detail::tile_rows;

/// Whether there is such a kernel: 27 sums, three vectors of dy, one scalar and one sum of them fill 32
/// registers.
template <class Real>
inline constexpr bool has_data_tile = vector_registers == 32 && detail::tile_rows == 9;

/// The first data_tile_rows rows of product a at positions p to p + data_tile_positions, and
/// sums(l, k) += the lanes of x(p.., k).   a: neither bias nor what concerns lanes   sums: (lanes x depth)
template <Epilogue epilogue, class Real>
[[gnu::noinline]] void data_tile(const Product<Real>& a, Index p, Real* sums) {
  using V = Batch<Real>;
  constexpr int Rows = 9, Vectors = block_vectors;
  constexpr Index L = lanes<Real>;
  if constexpr (epilogue == Epilogue::multiply) detail::fetch_rows<Rows, Vectors>(a.y + p, a.ldy);
  V sum[Rows][Vectors];
  GYROGRAD_UNROLL
  for (int r = 0; r < Rows; ++r) {
    GYROGRAD_UNROLL
    for (int v = 0; v < Vectors; ++v) sum[r][v] = V(Real(0));
  }
  const Real* x = a.x + p;
  const Real* w = a.w;
  const Index ldx = a.ldx, w_row = a.w_row, w_step = a.w_step;
  for (Index k = a.depth; k > 0; --k) {
    V xk[Vectors];
    GYROGRAD_UNROLL
    for (int v = 0; v < Vectors; ++v) {
      xk[v] = load(x + v * L);
      keep(xk[v]);
    }
    V all = xk[0];
    GYROGRAD_UNROLL
    for (int v = 1; v < Vectors; ++v) all = all + xk[v];
    store(sums, all + load(static_cast<const Real*>(sums)));
    GYROGRAD_UNROLL
    for (int r = 0; r < Rows; ++r) {
      const V wk = broadcast(w[r * w_row]);
      GYROGRAD_UNROLL
      for (int v = 0; v < Vectors; ++v) sum[r][v] = fma(wk, xk[v], sum[r][v]);
    }
    x += ldx, w += w_step, sums += L;
  }
  Real* y = a.y + p;
  const Index ldy = a.ldy, ld_residual = a.ld_residual;  // a.y may point at them, for all a compiler knows
  const Real* residual = a.residual == nullptr ? nullptr : a.residual + p;
  GYROGRAD_UNROLL
  for (int r = 0; r < Rows; ++r) {
    GYROGRAD_UNROLL
    for (int v = 0; v < Vectors; ++v) {
      V out = sum[r][v];
      if constexpr (epilogue == Epilogue::multiply)
        out = out * load(static_cast<const Real*>(y + v * L));
      else if (residual != nullptr)
        out = out + load(residual + v * L);
      store(y + v * L, out);
    }
    detail::next_row(y, ldy);
    if (residual != nullptr) detail::next_row(residual, ld_residual);
  }
}

}  // namespace gyrograd::kernels
