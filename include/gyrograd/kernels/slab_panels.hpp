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
// A tile then multiplies scalars of a with two vectors of the panel and adds to c without a fold. Rows of a
// are copied in blocks that stay in the second-level cache while all panels pass: where they lie, the steps
// share a few cache sets. Several operands b, and the sums of the rows themselves, take part in the same pass
// over a.
#pragma once

#include <span>

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
    for (Index t = 0; t < steps; ++t, panels += size * width) {
      const Real* from = b + t * b_step + n * width;
      constexpr Index line = static_cast<Index>(alignment / sizeof(Real));
      for (Index i = 0; i < size * width; i += line) __builtin_prefetch(from + b_step + i);  // the next step
      transpose(panels, size, from, width, width, size);
    }
  }
}

/// Rows of one lane group that are multiplied: a of the file comment.
template <class Real>
struct SlabRows {
  const Real* values = nullptr;  ///< (width x rows), next step `step` values on
  Index step = 0, steps = 0, rows = 0;
  Index rows_ahead = 0;  ///< rows, and those behind them that are multiplied next
};

/// One operand b as panels of `steps` steps, and where its products go.
template <class Real>
struct SlabPanels {
  Real* c = nullptr;             ///< (rows, columns) row-major
  const Real* panels = nullptr;  ///< slab_panels
  Index columns = 0, steps = 0;
  Index first_step = 0;  ///< step of a that its first one meets
};

namespace detail {

/// Panels are asked for this many values ahead, past the pages at which the hardware's own prefetches end.
inline constexpr Index panels_ahead = 2048;

/// Rows of a tile: with two vectors of accumulators each, two operands and one scalar.
inline constexpr int panel_rows = vector_registers == 32 ? 12 : 6;

/// Row of a later block that is asked for meanwhile, or null.
template <class Real>
struct PanelAhead {
  const Real* row = nullptr;
  Index step = 0;
};

/// c(r0 + r, columns of the panel) += sums over `steps` steps. panel: its first position. The rows of c below
/// are asked for at the end, for the next tile.
template <class Real, int Width, int Vectors, int Rows>
[[gnu::noinline]] void slab_panel_tile(Real* c, Index c_row, const Real* a, Index a_step, const Real* panel,
                                       Index steps, PanelAhead<Real> ahead) {
  using V = Batch<Real>;
  constexpr Index L = lanes<Real>, W = Width * L;
  V sum[Rows][Vectors];
  GYROGRAD_UNROLL
  for (int r = 0; r < Rows; ++r) {
    GYROGRAD_UNROLL
    for (int v = 0; v < Vectors; ++v) sum[r][v] = load(c + r * c_row + v * L);
  }
  for (; steps > 0; --steps, a += a_step) {
    if (steps <= Rows)
      for (int v = 0; v < Vectors; ++v) __builtin_prefetch(c + (2 * Rows - steps) * c_row + v * L, 1);
    if (ahead.row != nullptr) {
      for (Index v = 0; v < W; v += L) __builtin_prefetch(ahead.row + v, 0, 2);
      ahead.row += ahead.step;
    }
    const Real* scalar = a;
    for (Index p = W; p > 0; --p, ++scalar, panel += Vectors * L) {
      V b[Vectors];
      GYROGRAD_UNROLL
      for (int v = 0; v < Vectors; ++v) {
        b[v] = load(panel + v * L);
        __builtin_prefetch(panel + panels_ahead + v * L, 0, 2);
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
  using Tile = void (*)(Real*, Index, const Real*, Index, const Real*, Index, PanelAhead<Real>);
  return std::array<Tile, sizeof...(Rows)>{slab_panel_tile<Real, Width, Vectors, Rows + 1>...};
}

/// Rows of a block, and positions: what stays in the second-level cache while all panels pass.
inline constexpr Index panel_block_rows = 96, panel_block_positions = 1024;

/// Steps of one block of a lane group of `width` lanes.
constexpr Index panel_block_steps(Index width) {
  return std::max<Index>(1, panel_block_positions / width);
}

/// Copies Rows rows of `steps` steps, a step's rows behind one another; sums(r): what row r adds up to.
/// to: (width x Rows x steps)  a: (width x Rows), next step a_step values on
template <class Real, int Width, int Rows>
[[gnu::noinline]] void panel_rows_copy(Real* to, Real* sums, const Real* a, Index a_step, Index steps) {
  using V = Batch<Real>;
  constexpr Index L = lanes<Real>, W = Width * L;
  V sum[Rows][Width];
  GYROGRAD_UNROLL
  for (int r = 0; r < Rows; ++r) {
    GYROGRAD_UNROLL
    for (int v = 0; v < Width; ++v) sum[r][v] = V(Real(0));
  }
  for (; steps > 0; --steps, a += a_step, to += Rows * W) {
    GYROGRAD_UNROLL
    for (int r = 0; r < Rows; ++r) {
      GYROGRAD_UNROLL
      for (int v = 0; v < Width; ++v) {
        const V x = load(a + r * W + v * L);
        __builtin_prefetch(a + (Rows + r) * W + v * L, 0, 2);  // for the next tile
        store(to + r * W + v * L, x);
        sum[r][v] = sum[r][v] + x;
      }
    }
  }
  GYROGRAD_UNROLL
  for (int r = 0; r < Rows; ++r) {
    V total = sum[r][0];
    for (int v = 1; v < Width; ++v) total = total + sum[r][v];
    sums[r] = reduce_add<Real>(total);
  }
}

template <class Real, int Width, int... Rows>
constexpr auto panel_copy_table(std::integer_sequence<int, Rows...>) {
  using Copy = void (*)(Real*, Real*, const Real*, Index, Index);
  return std::array<Copy, sizeof...(Rows)>{panel_rows_copy<Real, Width, Rows + 1>...};
}

/// One block of rows and steps against all panels of one operand.
/// rows: copies of panel_rows_copy, tile after tile  ahead, rows_ahead: first row of the next block, and how
/// many it has
template <class Real, int Width>
void slab_panel_block(const SlabPanels<Real>& b, const Real* rows, const EvenParts& tiles, Index r0, Index t,
                      Index steps, PanelAhead<Real> ahead, Index rows_ahead) {
  constexpr auto heights = std::make_integer_sequence<int, panel_rows>{};
  static constexpr auto single = slab_panel_table<Real, Width, 1>(heights);
  static constexpr auto full = slab_panel_table<Real, Width, 2>(heights);
  constexpr Index L = lanes<Real>, W = Width * L;
  const Index skip = std::max<Index>(0, b.first_step - t);  // steps of a that this operand does not have
  if (skip >= steps) return;
  ahead.row += skip * ahead.step;
  for (Index n = 0; n < b.columns; n += 2 * L) {
    const Index vectors = std::min<Index>(2, (b.columns - n) / L);
    const Real* panel = b.panels + n * W * b.steps + (t + skip - b.first_step) * W * vectors * L;
    const auto& table = vectors == 2 ? full : single;
    const Real* a = rows;
    for (Index i = 0, r = r0; i < tiles.count; r += tiles.size(i++)) {
      const Index step = tiles.size(i) * W;
      table[static_cast<std::size_t>(tiles.size(i) - 1)](b.c + r * b.columns + n, b.columns, a + skip * step,
                                                         step, panel, steps - skip,
                                                         rows_ahead > 0 ? ahead : PanelAhead<Real>{});
      a += steps * step;
      ahead.row += W;
      --rows_ahead;
    }
  }
}

template <class Real, int Width, class Sum>
void slab_panel_group(const SlabRows<Real>& a, std::span<const SlabPanels<Real>> operands, Real* scratch,
                      Sum&& sum) {
  constexpr Index W = Width * lanes<Real>, block_steps = panel_block_steps(W);
  static constexpr auto copy = panel_copy_table<Real, Width>(std::make_integer_sequence<int, panel_rows>{});
  Real sums[static_cast<std::size_t>(panel_rows)];
  for (Index t = 0; t < a.steps; t += block_steps) {
    const Index steps = std::min(block_steps, a.steps - t);
    for (Index r0 = 0; r0 < a.rows; r0 += panel_block_rows) {
      const EvenParts tiles(std::min(panel_block_rows, a.rows - r0), panel_rows);
      Real* to = scratch;
      for (Index i = 0, r = r0; i < tiles.count; r += tiles.size(i++)) {
        copy[static_cast<std::size_t>(tiles.size(i) - 1)](to, sums, a.values + t * a.step + r * W, a.step,
                                                          steps);
        for (Index j = 0; j < tiles.size(i); ++j) sum(r + j, sums[j]);
        to += tiles.size(i) * W * steps;
      }
      const Index next = r0 + panel_block_rows;
      PanelAhead<Real> ahead{a.values + t * a.step + next * W, a.step};
      Index rows_ahead = std::min(panel_block_rows, a.rows_ahead - next);
      for (const SlabPanels<Real>& b : operands) {
        slab_panel_block<Real, Width>(b, scratch, tiles, r0, t, steps, ahead, rows_ahead);
        rows_ahead = 0;  // once
      }
    }
  }
}

}  // namespace detail

/// Scratch values of slab_panel_reduction for one lane group.
template <class Real>
constexpr Index slab_panel_scratch(Index width) {
  return detail::panel_block_rows * detail::panel_block_steps(width) * width;
}

/// c(r, n) += sum over steps and lanes of a(lane, r, t) b(lane, n, t) for every operand b, and sum(r, s) with
/// the sum s of row r over lanes and a block of steps.
/// width: lanes of the group  scratch: slab_panel_scratch() values
template <class Real, class Sum>
void slab_panel_reduction(const SlabRows<Real>& a, std::span<const SlabPanels<Real>> operands, Index width,
                          Real* scratch, Sum&& sum) {
  GYROGRAD_ASSERT(width == lanes<Real> || width == slab_vectors * lanes<Real>);
  if (width == lanes<Real>)
    detail::slab_panel_group<Real, 1>(a, operands, scratch, sum);
  else
    detail::slab_panel_group<Real, slab_vectors>(a, operands, scratch, sum);
}

}  // namespace gyrograd::kernels
