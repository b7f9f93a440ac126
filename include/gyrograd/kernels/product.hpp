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
#include "gyrograd/kernels/half_lanes.hpp"
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
  Real* lane_top = nullptr;  ///< (positions): raised to the largest sum of any row, or null; Epilogue::store
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

/// Whether the last steps of a tile run row by row, so that its stores spread over their multiply-adds:
/// stores of 64 bytes in a row hold those up (measured: a tenth of a tile of depth 18).
template <class Real, Epilogue epilogue>
inline constexpr bool ends_by_rows = epilogue == Epilogue::store && sizeof(Batch<Real>) == 64;
/// Steps that do.
inline constexpr Index row_steps = 2;

/// The last row_steps steps of a tile and its epilogue, row by row. x, w: of the first of these steps.
template <class Real, int Rows, int Vectors, int Group, bool Tail>
GYROGRAD_INLINE void end_by_rows(const Product<Real>& a, Batch<Real> (&sum)[Rows][Vectors], const Real* x,
                                 const Real* w, Index p, Index m, Index tail) {
  using V = Batch<Real>;
  const auto read = [&](const Real* from, int v) __attribute__((always_inline)) {
    return load_block<Vectors, Tail>(from, v, tail);
  };
  const Index w_row = a.w_row, w_step = a.w_step, ldy = a.ldy, ld_residual = a.ld_residual;
  const Real* second = x + a.ldx;
  Real* y = a.y + p + m * ldy;
  const Real* residual = a.residual == nullptr ? nullptr : a.residual + p + m * ld_residual;
  const Real* factor = a.lane_factor == nullptr ? nullptr : a.lane_factor + p;
  V x0[Vectors], x1[Vectors], top[Vectors];
  GYROGRAD_UNROLL
  for (int v = 0; v < Vectors; ++v) {
    x0[v] = read(x, v);
    keep(x0[v]);
  }
  GYROGRAD_UNROLL
  for (int r = 0; r < Rows; ++r) {
    if (r == 2) {  // two rows have left their registers
      GYROGRAD_UNROLL
      for (int v = 0; v < Vectors; ++v) {
        x1[v] = read(second, v);
        keep(x1[v]);
      }
    }
    const V w0 = broadcast_group<Group>(w);
    GYROGRAD_UNROLL
    for (int v = 0; v < Vectors; ++v) {
      sum[r][v] = fma(w0, x0[v], sum[r][v]);
      keep(sum[r][v]);
    }
    const V w1 = broadcast_group<Group>(w + w_step);
    GYROGRAD_UNROLL
    for (int v = 0; v < Vectors; ++v) sum[r][v] = fma(w1, r < 2 ? read(second, v) : x1[v], sum[r][v]);
    if (factor != nullptr) {
      GYROGRAD_UNROLL
      for (int v = 0; v < Vectors; ++v) sum[r][v] = sum[r][v] * read(factor, v);
    }
    GYROGRAD_UNROLL
    for (int v = 0; v < Vectors; ++v) {
      top[v] = r == 0 ? sum[r][v] : max(top[v], sum[r][v]);
      store_block<Vectors, Tail>(y, residual == nullptr ? sum[r][v] : sum[r][v] + read(residual, v), v, tail);
    }
    next_row(w, w_row);
    next_row(y, ldy);
    if (residual != nullptr) next_row(residual, ld_residual);
  }
  if (a.lane_top == nullptr) return;
  GYROGRAD_UNROLL
  for (int v = 0; v < Vectors; ++v)
    store_block<Vectors, Tail>(a.lane_top + p, max(read(a.lane_top + p, v), top[v]), v, tail);
}

/// `tiles` tiles of Rows rows below one another, for Vectors whole vectors of positions from p; with Tail the
/// last vector has `tail` valid lanes. One K loop, one tile shape per function, never inlined: g++ 12
/// otherwise keeps the operand vectors on the stack.
template <class Real, int Rows, int Vectors, int Group, Epilogue epilogue, bool Tail>
[[gnu::noinline]] void product_tiles(const Product<Real>& a, Index p, Index m, Index tiles, Index tail) {
  using V = Batch<Real>;
  constexpr bool by_rows = ends_by_rows<Real, epilogue> && Rows > 1;  // one row: of any depth
  const auto read = [&](const Real* from, int v) __attribute__((always_inline)) {
    return load_block<Vectors, Tail>(from, v, tail);
  };
  for (; tiles > 0; --tiles, m += Rows) {
    if constexpr (epilogue == Epilogue::multiply)  // written long ago: on its way while the sums are computed
      fetch_rows<Rows, Vectors>(a.y + p + m * a.ldy, a.ldy);
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
    for (Index k = a.depth - (by_rows ? row_steps : 0); k > 0; --k) {
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
    if constexpr (by_rows) {
      end_by_rows<Real, Rows, Vectors, Group, Tail>(a, sum, x, w, p, m, tail);
      continue;
    }
    if (a.lane_factor != nullptr) {
      GYROGRAD_UNROLL
      for (int v = 0; v < Vectors; ++v) {
        const V factor = read(a.lane_factor + p, v);
        GYROGRAD_UNROLL
        for (int r = 0; r < Rows; ++r) sum[r][v] = sum[r][v] * factor;
      }
    }
    if (epilogue == Epilogue::store && a.lane_top != nullptr) {
      GYROGRAD_UNROLL
      for (int v = 0; v < Vectors; ++v) {
        V top = read(a.lane_top + p, v);
        GYROGRAD_UNROLL
        for (int r = 0; r < Rows; ++r) top = max(top, sum[r][v]);
        store_block<Vectors, Tail>(a.lane_top + p, top, v, tail);
      }
    }
    Real* y = a.y + p + m * a.ldy;
    const Index ldy = a.ldy, ld_residual = a.ld_residual;  // a.y may point at them, for all a compiler knows
    const Real* residual = a.residual == nullptr ? nullptr : a.residual + p + m * ld_residual;
    GYROGRAD_UNROLL
    for (int r = 0; r < Rows; ++r) {
      GYROGRAD_UNROLL
      for (int v = 0; v < Vectors; ++v) {
        V out = sum[r][v];
        if constexpr (epilogue == Epilogue::multiply)
          out = out * read(y, v);
        else if (residual != nullptr)
          out = out + read(residual, v);
        store_block<Vectors, Tail>(y, out, v, tail);
      }
      next_row(y, ldy);
      if (residual != nullptr) next_row(residual, ld_residual);
    }
  }
}

/// Pairs of rows of a tile whose last vector is at most half full: as many accumulators as the other tiles.
template <int Vectors>
inline constexpr int half_tile_pairs = tile_rows* block_vectors / (2 * Vectors - 1);

/// product_tiles for blocks that end in at most half a vector: there one vector serves two rows, so that half
/// of it is not computed in vain. `tiles` tiles of 2 Pairs rows; the last of Vectors vectors has `tail` valid
/// positions.
template <class Real, int Pairs, int Vectors, int Group, Epilogue epilogue>
[[gnu::noinline]] void product_half_tiles(const Product<Real>& a, Index p, Index m, Index tiles, Index tail) {
  using V = Batch<Real>;
  constexpr int Whole = Vectors - 1;
  constexpr Index L = lanes<Real>;
  for (; tiles > 0; --tiles, m += 2 * Pairs) {
    V sum[2 * Pairs][Whole], half[Pairs];
    GYROGRAD_UNROLL
    for (int r = 0; r < 2 * Pairs; ++r) {
      const V bias = a.bias != nullptr ? broadcast(a.bias[m + r]) : V(Real(0));
      GYROGRAD_UNROLL
      for (int v = 0; v < Whole; ++v)
        sum[r][v] = a.lane_start != nullptr ? load(a.lane_start + p + v * L) : bias;
      if (r % 2 == 0)
        half[r / 2] = a.lane_start != nullptr ? load_twice(a.lane_start + p + Whole * L, tail) : bias;
      else if (a.lane_start == nullptr)
        half[r / 2] = join_halves(half[r / 2], bias);
    }
    const Real* x = a.x + p;
    const Real* w = a.w + m * a.w_row;
    const Index ldx = a.ldx, w_row = a.w_row, w_step = a.w_step;
    const Real* upper = w + Pairs * w_row;  // its own pointer: offsets of all rows would not fit registers
    asm("" : "+r"(upper));
    const auto scalars = [&](int r) __attribute__((always_inline)) {
      return broadcast_group<Group>(r < Pairs ? w + r * w_row : upper + (r - Pairs) * w_row);
    };
    for (Index k = a.depth; k > 0; --k) {
      V xk[Whole];
      GYROGRAD_UNROLL
      for (int v = 0; v < Whole; ++v) {
        xk[v] = load(x + v * L);
        keep(xk[v]);
      }
      V last = load_twice(x + Whole * L, tail);
      keep(last);
      GYROGRAD_UNROLL
      for (int r = 0; r < Pairs; ++r) {
        const V even = scalars(2 * r), odd = scalars(2 * r + 1);
        GYROGRAD_UNROLL
        for (int v = 0; v < Whole; ++v) sum[2 * r][v] = fma(even, xk[v], sum[2 * r][v]);
        GYROGRAD_UNROLL
        for (int v = 0; v < Whole; ++v) sum[2 * r + 1][v] = fma(odd, xk[v], sum[2 * r + 1][v]);
        half[r] = fma(join_halves(even, odd), last, half[r]);
      }
      x += ldx;
      w += w_step;
      upper += w_step;
    }
    if (a.lane_factor != nullptr) {
      const V last = load_twice(a.lane_factor + p + Whole * L, tail);
      GYROGRAD_UNROLL
      for (int r = 0; r < Pairs; ++r) half[r] = half[r] * last;
      GYROGRAD_UNROLL
      for (int v = 0; v < Whole; ++v) {
        const V factor = load(a.lane_factor + p + v * L);
        GYROGRAD_UNROLL
        for (int r = 0; r < 2 * Pairs; ++r) sum[r][v] = sum[r][v] * factor;
      }
    }
    if (epilogue == Epilogue::store && a.lane_top != nullptr) {
      GYROGRAD_UNROLL
      for (int v = 0; v < Whole; ++v) {
        V top = load(a.lane_top + p + v * L);
        GYROGRAD_UNROLL
        for (int r = 0; r < 2 * Pairs; ++r) top = max(top, sum[r][v]);
        store(a.lane_top + p + v * L, top);
      }
      V both = load_twice(a.lane_top + p + Whole * L, tail);
      GYROGRAD_UNROLL
      for (int r = 0; r < Pairs; ++r) both = max(both, half[r]);
      store_partial(a.lane_top + p + Whole * L, max(both, swap_halves(both)), tail);
    }
    // What each tile is multiplied by or added to: y itself or the residual.
    const bool other = epilogue == Epilogue::multiply || a.residual != nullptr;
    const Index ld = epilogue == Epilogue::multiply ? a.ldy : a.ld_residual;
    const auto combine = [](V out, V with) __attribute__((always_inline)) {
      return epilogue == Epilogue::multiply ? out * with : out + with;
    };
    const Index ldy = a.ldy;
    Real* y = a.y + p + m * ldy;
    const Real* z = !other ? nullptr : (epilogue == Epilogue::multiply ? y : a.residual + p + m * ld);
    GYROGRAD_UNROLL
    for (int r = 0; r < Pairs; ++r) {
      GYROGRAD_UNROLL
      for (int i = 0; i < 2; ++i) {
        GYROGRAD_UNROLL
        for (int v = 0; v < Whole; ++v) {
          const V out = sum[2 * r + i][v];
          store(y + i * ldy + v * L, other ? combine(out, load(z + i * ld + v * L)) : out);
        }
      }
      Real* to = y + Whole * L;
      const Real* with = z + Whole * L;
      store_halves(to, to + ldy, other ? combine(half[r], load_halves(with, with + ld, tail)) : half[r],
                   tail);
      next_row(y, 2 * ldy);
      if (other) next_row(z, 2 * ld);
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

/// product_half_tiles for 1 .. half_tile_pairs pairs of rows, as a table.
template <class Real, int Vectors, int Group, Epilogue epilogue, int... Pairs>
constexpr auto product_half_table(std::integer_sequence<int, Pairs...>) {
  return std::array<ProductTiles<Real>, sizeof...(Pairs)>{
      product_half_tiles<Real, Pairs + 1, Vectors, Group, epilogue>...};
}

/// All pairs of rows for one block of positions; returns their rows.
template <class Real, int Vectors, int Group, Epilogue epilogue>
Index product_half_block(const Product<Real>& a, Index p, Index tail) {
  static constexpr auto table = product_half_table<Real, Vectors, Group, epilogue>(
      std::make_integer_sequence<int, half_tile_pairs<Vectors>>{});
  const Index pairs = a.rows / 2;
  for (Index done = 0; done < pairs;) {
    const Index left = (pairs - done + half_tile_pairs<Vectors> - 1) / half_tile_pairs<Vectors>;
    const Index take = (pairs - done + left - 1) / left;  // nearly equal heights
    table[static_cast<std::size_t>(take - 1)](a, p, 2 * done, 1, tail);
    done += take;
  }
  return 2 * pairs;
}

/// All rows for one block of positions: `rows` is cut into tiles of nearly equal height (18 = 4+4+4+3+3).
template <class Real, int Vectors, int Group, Epilogue epilogue, bool Tail>
void product_block(const Product<Real>& a, Index p, Index tail) {
  static constexpr auto table =
      product_table<Real, Vectors, Group, epilogue, Tail>(std::make_integer_sequence<int, tile_rows>{});
  if constexpr (Tail && Vectors > 1 && has_half_lanes<Real>) {
    if (2 * tail <= lanes<Real>) {
      const Index rows = product_half_block<Real, Vectors, Group, epilogue>(a, p, tail);
      if (rows < a.rows) table[0](a, p, rows, a.rows - rows, tail);
      return;
    }
  }
  const Index height = ends_by_rows<Real, epilogue> && a.depth < row_steps ? 1
                       : a.depth < short_depth                             ? short_tile_rows
                                                                           : tile_rows;
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
