// SPDX-License-Identifier: MIT
// Weight gradients of wide recurrent layers: states transposed once, so that lanes run along their channels.
//
//   c(r, n) += sum over steps and lanes of a(lane, r, t) b(lane, n, t)
//
// slab_reduction keeps sequences in the lanes and folds the lanes of every accumulator. With hundreds of
// channels it pays to copy b into panels of two vectors of channels instead, one row per step and sequence:
//
//   panel q:   position p = t width + lane | channels 2 L q .. 2 L (q + 1) - 1 of b, adjacent
//
// A tile then multiplies scalars of a, where they lie, with two vectors of the panel and adds to c without a
// fold. Rows are taken in blocks that stay in the second-level cache while all panels pass.
#pragma once

#include "gyrograd/kernels/slab.hpp"
#include "gyrograd/kernels/transpose.hpp"

namespace gyrograd::kernels {

/// Whether panels are faster than slab_reduction: whole vectors of channels, and enough rows to pay the copy.
template <class Real>
constexpr bool slab_use_panels(Index rows, Index columns) {
  return lanes<Real> >= 4 && columns >= lanes<Real> && columns % lanes<Real> == 0 && rows >= 96;
}

/// Copies b into panels.   panels: (columns x width x steps) values  b: (width x columns), next step b_step
/// values on  columns: a multiple of the lanes of a vector
template <class Real>
void slab_panels(Real* panels, const Real* b, Index b_step, Index width, Index steps, Index columns) {
  constexpr Index panel = 2 * lanes<Real>;
  for (Index n = 0; n < columns; n += panel) {
    const Index size = std::min(panel, columns - n);
    for (Index t = 0; t < steps; ++t, panels += size * width)
      transpose(panels, size, b + t * b_step + n * width, width, width, size);
  }
}

namespace detail {

/// Rows of a tile: with two vectors of accumulators each, two operands and one scalar.
inline constexpr int panel_rows = vector_registers == 32 ? 12 : 6;

/// c(r0 + r, columns of the panel) += sums over `steps` steps. panel: its first position
template <class Real, int Width, int Vectors, int Rows>
[[gnu::noinline]] void slab_panel_tile(Real* c, Index c_row, const Real* a, Index a_step, const Real* panel,
                                       Index steps) {
  using V = Batch<Real>;
  constexpr Index L = lanes<Real>, W = Width * L;
  V sum[Rows][Vectors];
  GYROGRAD_UNROLL
  for (int r = 0; r < Rows; ++r) {
    GYROGRAD_UNROLL
    for (int v = 0; v < Vectors; ++v) sum[r][v] = load(c + r * c_row + v * L);
  }
  for (; steps > 0; --steps, a += a_step) {
    const Real* scalar = a;
    for (Index p = W; p > 0; --p, ++scalar, panel += Vectors * L) {
      V b[Vectors];
      GYROGRAD_UNROLL
      for (int v = 0; v < Vectors; ++v) {
        b[v] = load(panel + v * L);
        keep(b[v]);
      }
      GYROGRAD_UNROLL
      for (int r = 0; r < Rows; ++r) {
        const V s = broadcast(scalar[r * W]);
        GYROGRAD_UNROLL
        for (int v = 0; v < Vectors; ++v) sum[r][v] = fma(s, b[v], sum[r][v]);
      }
    }
  }
  GYROGRAD_UNROLL
  for (int r = 0; r < Rows; ++r) {
    GYROGRAD_UNROLL
    for (int v = 0; v < Vectors; ++v) store(c + r * c_row + v * L, sum[r][v]);
  }
}

template <class Real, int Width, int Vectors, int... Rows>
constexpr auto slab_panel_table(std::integer_sequence<int, Rows...>) {
  using Tile = void (*)(Real*, Index, const Real*, Index, const Real*, Index);
  return std::array<Tile, sizeof...(Rows)>{slab_panel_tile<Real, Width, Vectors, Rows + 1>...};
}

template <class Real, int Width>
void slab_panel_group(const SlabReduction<Real>& s) {
  constexpr auto heights = std::make_integer_sequence<int, panel_rows>{};
  static constexpr auto single = slab_panel_table<Real, Width, 1>(heights);
  static constexpr auto full = slab_panel_table<Real, Width, 2>(heights);
  constexpr Index L = lanes<Real>, W = Width * L;
  constexpr Index block_rows = 96, block_steps = std::max<Index>(1, 1024 / W);
  for (Index t = 0; t < s.steps; t += block_steps) {
    const Index steps = std::min(block_steps, s.steps - t);
    for (Index r0 = 0; r0 < s.rows; r0 += block_rows) {
      const EvenParts tiles(std::min(block_rows, s.rows - r0), panel_rows);
      for (Index n = 0; n < s.columns; n += 2 * L) {
        const Index vectors = std::min<Index>(2, (s.columns - n) / L);
        const Real* panel = s.b + n * W * s.steps + t * W * vectors * L;
        const auto& table = vectors == 2 ? full : single;
        for (Index i = 0, r = r0; i < tiles.count; r += tiles.size(i++))
          table[static_cast<std::size_t>(tiles.size(i) - 1)](
              s.c + r * s.c_row + n, s.c_row, s.a + t * s.a_step + r * W, s.a_step, panel, steps);
      }
    }
  }
}

}  // namespace detail

/// c(r, n) += sum over steps and lanes; operands: SlabReduction with the panels of slab_panels for b.
/// width: lanes of the group.
template <class Real>
void slab_panel_reduction(const SlabReduction<Real>& s, Index width) {
  GYROGRAD_ASSERT(width == lanes<Real> || width == slab_vectors * lanes<Real>);
  if (width == lanes<Real>)
    detail::slab_panel_group<Real, 1>(s);
  else
    detail::slab_panel_group<Real, slab_vectors>(s);
}

}  // namespace gyrograd::kernels
