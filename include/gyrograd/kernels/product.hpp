// SPDX-License-Identifier: MIT
// The one product kernel family: register tiles of positions (vector lanes) by rows (broadcast scalars).
//
//   y(p, m) = start + sum over k of x(p, k) w(m, k)          p: positions, m: rows, k: depth
//
// x and y are column-major, positions adjacent; w is read as scalars at w + m w_row + k w_step, so a weight
// matrix, its transpose, keys and values of an attention head, and output gradients all serve as w where they
// lie.
//
//            k                       rows m
//        +--------+              +------------+
//   p    | x(p,k) |   w(m,k) ->  |  y(p, m)   |    one tile: Rows x Vectors accumulators; per k it loads
//  lanes |  |  |  |              |  |  |  |   |    Vectors vectors of x and broadcasts Rows scalars of w
//        +--------+              +------------+
//
// `reduction` is the counterpart that sums over positions (weight gradients, gradients of keys and values).
// Cost model and measurements: docs/kernels/product.md.
#pragma once

#include <array>
#include <utility>

#include "gyrograd/kernels/blocks.hpp"
#include "gyrograd/kernels/lane_groups.hpp"

namespace gyrograd::kernels {

/// What happens to the accumulated tile.
enum class Epilogue {
  store,     ///< y = tile
  multiply,  ///< y = y * tile: turns attention weights into gradients of scores in place
};

/// Operands of one product; see the file comment.
template <class Real>
struct Product {
  Real* y = nullptr;  ///< (positions x rows), column stride ldy
  Index ldy = 0;
  const Real* x = nullptr;  ///< (positions x depth), column stride ldx
  Index ldx = 0;
  const Real* w = nullptr;  ///< scalar (m, k) at w + m w_row + k w_step
  Index w_row = 0, w_step = 0;
  Index positions = 0, rows = 0, depth = 0;
  const Real* bias = nullptr;  ///< (rows): start of every position, or null
  const Real* residual =
      nullptr;  ///< (positions x rows), column stride ld_residual: added, may be y; or null
  Index ld_residual = 0;
  const Real* lane_start = nullptr;  ///< (positions): start of every row, or null; excludes bias and residual
  const Real* lane_factor = nullptr;  ///< (positions): factor of every row, or null; excludes residual
};

namespace detail {

/// Tile shape per register count: accumulators, operand vectors and one broadcast fill the registers without
/// spills.
inline constexpr int tile_rows = vector_registers == 16 ? 4 : lanes<float> == 4 ? 6 : 9;  // NEON, AVX-512
/// Short depth: fewer rows, because filling and draining the accumulators is not hidden (measured, prototype
/// table 2).
inline constexpr int short_tile_rows = vector_registers == 16 ? 3 : tile_rows;
inline constexpr Index short_depth = 40;

/// `tiles` tiles of Rows rows below one another, for Vectors whole vectors of positions from p; with Tail the
/// last vector has `tail` valid lanes. One K loop, one tile shape per function, never inlined: g++ 12
/// otherwise keeps the operand vectors on the stack.
template <class Real, int Rows, int Vectors, int Group, Epilogue epilogue, bool Tail>
[[gnu::noinline]] void product_tiles(const Product<Real>& a, Index p, Index m, Index tiles, Index tail) {
  using V = Batch<Real>;
  const auto read = [&](const Real* from, int v) __attribute__((always_inline)) {
    return load_block<Vectors, Tail>(from, v, tail);
  };
  for (; tiles > 0; --tiles, m += Rows) {
    V sum[Rows][Vectors];
    if (a.lane_start != nullptr) {
      GYROGRAD_UNROLL
      for (int v = 0; v < Vectors; ++v) {
        const V start = read(a.lane_start + p, v);
        GYROGRAD_UNROLL
        for (int r = 0; r < Rows; ++r) sum[r][v] = start;
      }
    } else {
      GYROGRAD_UNROLL
      for (int r = 0; r < Rows; ++r) {
        const V start = a.bias != nullptr ? broadcast(a.bias[m + r]) : V(Real(0));
        GYROGRAD_UNROLL
        for (int v = 0; v < Vectors; ++v) sum[r][v] = start;
      }
    }
    const Real* x = a.x + p;
    const Real* w = a.w + m * a.w_row;
    const Index ldx = a.ldx, w_row = a.w_row, w_step = a.w_step;
    for (Index k = a.depth; k > 0; --k) {
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
    }
    Real* y = a.y + p + m * a.ldy;
    const Real* residual = a.residual == nullptr ? nullptr : a.residual + p + m * a.ld_residual;
    if (a.lane_factor != nullptr) {
      GYROGRAD_UNROLL
      for (int v = 0; v < Vectors; ++v) {
        const V factor = read(a.lane_factor + p, v);
        GYROGRAD_UNROLL
        for (int r = 0; r < Rows; ++r) sum[r][v] = sum[r][v] * factor;
      }
    }
    GYROGRAD_UNROLL
    for (int r = 0; r < Rows; ++r) {
      GYROGRAD_UNROLL
      for (int v = 0; v < Vectors; ++v) {
        V out = sum[r][v];
        if constexpr (epilogue == Epilogue::multiply)
          out = out * read(y + r * a.ldy, v);
        else if (residual != nullptr)
          out = out + read(residual + r * a.ld_residual, v);
        store_block<Vectors, Tail>(y + r * a.ldy, out, v, tail);
      }
    }
  }
}

template <class Real>
using ProductTiles = void (*)(const Product<Real>&, Index, Index, Index, Index);

/// product_tiles for 1 .. MaxRows rows, as a table.
template <class Real, int Vectors, int Group, Epilogue epilogue, bool Tail, int... Rows>
constexpr auto product_table(std::integer_sequence<int, Rows...>) {
  return std::array<ProductTiles<Real>, sizeof...(Rows)>{
      product_tiles<Real, Rows + 1, Vectors, Group, epilogue, Tail>...};
}

/// All rows for one block of positions: `rows` is cut into tiles of nearly equal height (18 = 4+4+4+3+3).
template <class Real, int Vectors, int Group, Epilogue epilogue, bool Tail>
void product_block(const Product<Real>& a, Index p, Index tail) {
  static constexpr auto table =
      product_table<Real, Vectors, Group, epilogue, Tail>(std::make_integer_sequence<int, tile_rows>{});
  const Index height = a.depth < short_depth ? short_tile_rows : tile_rows;
  const Index tiles = (a.rows + height - 1) / height;
  const Index low = a.rows / tiles, high_tiles = a.rows % tiles;
  if (high_tiles > 0) table[static_cast<std::size_t>(low)](a, p, 0, high_tiles, tail);
  table[static_cast<std::size_t>(low - 1)](a, p, high_tiles * (low + 1), tiles - high_tiles, tail);
}

}  // namespace detail

/// y(p, m) = start(p, m) + sum_k x(p, k) w(m, k); operands and their strides: Product.
/// With Group > 1, lane p reads w at w + (p mod Group): Group sequences lie interleaved in the lanes and each
/// meets its own keys or values. y must not overlap x or w.
template <int Group = 1, Epilogue epilogue = Epilogue::store, class Real>
void product(const Product<Real>& a) {
  if (a.rows <= 0) return;
  for_blocks<Real>(a.positions, [&]<int Vectors, bool Tail>(std::integral_constant<int, Vectors>,
                                                            std::bool_constant<Tail>, Index p, Index tail) {
    detail::product_block<Real, Vectors, Group, epilogue, Tail>(a, p, tail);
  });
}

}  // namespace gyrograd::kernels
