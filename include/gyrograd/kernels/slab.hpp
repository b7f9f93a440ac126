// SPDX-License-Identifier: MIT
// Slabs: sequences in the lanes of a vector, one compact matrix per step. The layout of recurrent networks.
//
//   activation (B, T, C): element (b, t, c) at b + B (t + T c)
//   slab of a lane group: element (lane, c, t) at lane + width (c + R t), R = C or C + 1, whichever is odd
//
//        step 0                    step 1
//   +--------------------+    +--------------------+
//   | c=0: lanes 0..w-1  |    | c=0                |    a row is one or two vectors: one cache line on
//   | c=1                |    | c=1                |    AVX2, two on AVX-512
//   | ...                |    | ...                |
//   +--------------------+    +--------------------+
//
// A batch is cut into lane groups of two vectors of sequences, one vector in the last group if that suffices.
// The slabs of all groups lie behind one another: group at sequence `first` begins at first T R. Lanes
// without a sequence hold zeros in inputs and in gradients, so sums over lanes need no masks.
//
// Why not (B, T, C) itself: a step of it is strided by B T values, which for powers of two hits few cache
// sets. Why R is odd: the same, when a weight gradient walks over the steps of a few channels.
#pragma once

#include <algorithm>
#include <array>
#include <utility>

#include "gyrograd/kernels/reduction.hpp"
#include "gyrograd/kernels/simd.hpp"

namespace gyrograd::kernels {

/// Vectors of sequences in a full lane group.
inline constexpr int slab_vectors = 2;

/// Lanes that the slabs of `batch` sequences have in all groups together: batch rounded up to whole vectors.
template <class Real>
constexpr Index slab_lanes(Index batch) {
  return (batch + lanes<Real> - 1) / lanes<Real> * lanes<Real>;
}

/// Rows that one step of a slab takes in memory; one beyond `channels` is never read.
constexpr Index slab_rows(Index channels) {
  return channels | 1;
}

/// Sequences first .. first + count - 1 in `width` lanes: one vector or slab_vectors vectors.
struct LaneGroup {
  Index first, count, width;
};

/// Calls f(group) for the lane groups of `batch` sequences in order.
template <class Real, class F>
void for_each_group(Index batch, F&& f) {
  constexpr Index full = slab_vectors * lanes<Real>;
  for (Index first = 0; first < batch; first += full) {
    const Index count = std::min(full, batch - first);
    f(LaneGroup{first, count, count > lanes<Real> ? full : lanes<Real>});
  }
}

/// Which axis of an activation the steps of a recurrence are.
enum class StepAxis {
  time,     ///< (B, T, C): steps are time
  channels  ///< (B, C, T): steps are channels, as the PRIMUS encoder has it
};

namespace detail {

/// Distances in an activation of `batch` sequences from step to step and from channel to channel.
struct StepStrides {
  Index step, channel;
  StepStrides(StepAxis axis, Index batch, Index steps, Index channels)
      : step(axis == StepAxis::time ? batch : batch * channels),
        channel(axis == StepAxis::time ? batch * steps : batch) {}
};

}  // namespace detail

/// slab(lane, c, t) = x(first + lane, t, c), zero in lanes without a sequence.
/// slab: (width x C x T) of this group  x: (B, T, C), the whole batch, or (B, C, T) by `axis`
template <class Real>
void to_slab(Real* slab, const Real* x, const LaneGroup& group, Index batch, Index steps, Index channels,
             StepAxis axis = StepAxis::time) {
  constexpr Index L = lanes<Real>;
  const Index row = group.width;
  const detail::StepStrides stride(axis, batch, steps, channels);
  for (Index c = 0; c < channels; ++c) {
    const Real* from = x + group.first + stride.channel * c;
    Real* to = slab + row * c;
    for (Index t = 0; t < steps; ++t, from += stride.step, to += row * slab_rows(channels))
      for (Index i = 0; i < row; i += L) store(to + i, load_lanes(from, i, group.count));
  }
}

/// One step of to_slab: slab(lane, c) = x(first + lane, t, c). The step after it is fetched meanwhile.
/// slab: (width x C) of this group  x: (B, T, C), the whole batch
template <class Real>
void to_slab_step(Real* slab, const Real* x, const LaneGroup& group, Index batch, Index steps, Index channels,
                  Index t) {
  constexpr Index L = lanes<Real>;
  const detail::StepStrides stride(StepAxis::time, batch, steps, channels);
  const Real* from = x + group.first + stride.step * t;
  const Index next = t + 1 < steps ? stride.step : 0;
  for (Index c = 0; c < channels; ++c, from += stride.channel, slab += group.width)
    for (Index i = 0; i < group.width; i += L) {
      __builtin_prefetch(from + next + std::min(i, group.count - 1));
      store(slab + i, load_lanes(from, i, group.count));
    }
}

/// Rows of one step that still lie in an activation: whoever reads them first writes them to the slab.
template <class Real>
struct SlabSource {
  const Real* from = nullptr;  ///< row k at from + k row; null: they lie in the slab
  Real* to = nullptr;          ///< (width x rows)
  Index row = 0;
  Index next = 0;  ///< from this step to the one after it, which is fetched meanwhile; or 0
};

/// x(first + lane, t, c) = residual(first + lane, t, c) + slab(lane, c, t).
/// x: (B, T, C) or (B, C, T) by `axis`  residual: the same or null, may be x  slab: (width x C x T) of this
/// group
template <class Real>
void from_slab(Real* x, const Real* residual, const Real* slab, const LaneGroup& group, Index batch,
               Index steps, Index channels, StepAxis axis = StepAxis::time) {
  constexpr Index L = lanes<Real>;
  const Index row = group.width;
  const detail::StepStrides stride(axis, batch, steps, channels);
  for (Index c = 0; c < channels; ++c) {
    const Real* from = slab + row * c;
    Index at = group.first + stride.channel * c;
    for (Index t = 0; t < steps; ++t, at += stride.step, from += row * slab_rows(channels))
      for (Index i = 0; i < group.count; i += L) {
        Batch<Real> v = load(from + i);
        if (residual != nullptr) v = v + load_lanes(residual + at, i, group.count);
        store_lanes(x + at, v, i, group.count);
      }
  }
}

/// Where sums of rows over steps and lanes are added, as gradients of biases.
template <class Real>
struct SlabRowSums {
  Real* to = nullptr;    ///< (rows), or null: not wanted
  Real* also = nullptr;  ///< the same sums, of the first `shared` rows
  Index shared = 0;
};

/// c(r, n) += sum over steps and lanes of a(lane, r, t) b(lane, n, t).
template <class Real>
struct SlabReduction {
  Real* c = nullptr;  ///< (rows, columns) row-major with c_row values from row to row
  Index c_row = 0;
  const Real* a = nullptr;  ///< (width x rows), next step a_step values on
  Index a_step = 0;
  const Real* b = nullptr;  ///< (width x columns), next step b_step values on
  Index b_step = 0;
  Index b_column = 0;  ///< values of b from column to column; 0: width
  Index steps = 0, rows = 0, columns = 0;
  SlabRowSums<Real> row_sums;  ///< of a, which is near when its rows have been read
  Index steps_before = 0;      ///< steps ahead of a that are in the sums, too
};

namespace detail {

/// Sums of Rows rows; independent, so that additions do not wait for one another.
template <class Real, int Rows>
void slab_row_block(const SlabRowSums<Real>& sums, Index first, const Real* a, Index a_step, Index width,
                    Index steps) {
  Batch<Real> sum[Rows];
  GYROGRAD_UNROLL
  for (int r = 0; r < Rows; ++r) sum[r] = Batch<Real>(Real(0));
  for (Index t = 0; t < steps; ++t, a += a_step)
    for (Index i = 0; i < width; i += lanes<Real>) {
      GYROGRAD_UNROLL
      for (int r = 0; r < Rows; ++r) sum[r] = sum[r] + load(a + r * width + i);
    }
  GYROGRAD_UNROLL
  for (int r = 0; r < Rows; ++r) {
    const Real total = reduce_add<Real>(sum[r]);
    sums.to[first + r] += total;
    if (first + r < sums.shared) sums.also[first + r] += total;
  }
}

inline constexpr int slab_sum_rows = 6;

template <class Real, int... Rows>
constexpr auto slab_row_blocks(std::integer_sequence<int, Rows...>) {
  return std::array{slab_row_block<Real, Rows + 1>...};
}

/// Rows first .. first + rows - 1 of a.
template <class Real>
void slab_row_sums(const SlabRowSums<Real>& sums, Index first, const Real* a, Index a_step, Index width,
                   Index rows, Index steps) {
  static constexpr auto blocks = slab_row_blocks<Real>(std::make_integer_sequence<int, slab_sum_rows>{});
  for (Index count; rows > 0; first += count, rows -= count) {
    count = std::min<Index>(rows, slab_sum_rows);
    blocks[static_cast<std::size_t>(count - 1)](sums, first, a + first * width, a_step, width, steps);
  }
}

/// One tile: Rows x Columns accumulators over all steps, lanes folded at the end.
template <class Real, int Vectors, int Columns, int Rows>
[[gnu::noinline]] void slab_reduction_tile(const SlabReduction<Real>& s, Index r0, Index n0) {
  using V = Batch<Real>;
  constexpr Index L = lanes<Real>, W = Vectors * L;
  constexpr bool hold_rows = Rows < Columns;  // the smaller side stays in registers, the other is streamed
  constexpr int Held = hold_rows ? Rows : Columns, Streamed = hold_rows ? Columns : Rows;
  V sum[Streamed][Held];
  GYROGRAD_UNROLL
  for (int i = 0; i < Streamed; ++i) {
    GYROGRAD_UNROLL
    for (int j = 0; j < Held; ++j) sum[i][j] = V(Real(0));
  }
  const Index b_column = s.b_column > 0 ? s.b_column : W;
  const Real* held = hold_rows ? s.a + r0 * W : s.b + n0 * b_column;
  const Real* streamed = hold_rows ? s.b + n0 * b_column : s.a + r0 * W;
  const Index held_step = hold_rows ? s.a_step : s.b_step, streamed_step = hold_rows ? s.b_step : s.a_step;
  for (Index t = s.steps; t > 0; --t) {
    for (Index v = 0; v < W; v += L) {
      V h[Held];
      GYROGRAD_UNROLL
      for (int j = 0; j < Held; ++j) {
        h[j] = load(held + v + j * (hold_rows ? W : b_column));
        keep(h[j]);
      }
      GYROGRAD_UNROLL
      for (int i = 0; i < Streamed; ++i) {
        V x = load(streamed + v + i * (hold_rows ? b_column : W));
        keep(x);
        GYROGRAD_UNROLL
        for (int j = 0; j < Held; ++j) sum[i][j] = fma(x, h[j], sum[i][j]);
      }
      GYROGRAD_UNROLL
      for (int i = 0; i < Streamed * Held; ++i) keep(sum[i / Held][i % Held]);  // g++ 12 would spill some
    }
    held += held_step;
    streamed += streamed_step;
  }
  // Rows are folded together only where registers are left for all of them.
  constexpr int together = vector_registers == 32 ? Rows : 1;
  GYROGRAD_UNROLL
  for (int r = 0; r < Rows; r += together) {
    V rows[together][fold_columns];
    GYROGRAD_UNROLL
    for (int i = 0; i < together * fold_columns; ++i) {
      const int row = r + i / fold_columns, n = i % fold_columns;
      rows[i / fold_columns][n] = n >= Columns ? V(Real(0))
                                  : hold_rows  ? sum[n % Columns][row]
                                               : sum[row][n % Columns];
    }
    Real* c = s.c + (r0 + r) * s.c_row + n0;
    if constexpr (Columns == fold_columns) {
      fold<1, together>(c, s.c_row, rows, Real(1));
    } else {
      Real sums[together * fold_columns] = {};
      fold<1, together>(sums, fold_columns, rows, Real(1));
      for (int i = 0; i < together; ++i)
        for (int n = 0; n < Columns; ++n) c[i * s.c_row + n] += sums[i * fold_columns + n];
    }
  }
}

template <class Real>
using SlabReductionTile = void (*)(const SlabReduction<Real>&, Index, Index);

template <class Real, int Vectors, int Columns, int... Rows>
constexpr auto slab_reduction_row(std::integer_sequence<int, Rows...>) {
  return std::array<SlabReductionTile<Real>, sizeof...(Rows)>{
      slab_reduction_tile<Real, Vectors, Columns, Rows + 1>...};
}

/// Cuts `size` into nearly equal parts of at most `most`: the first `high` parts have `low + 1`, the rest
/// `low`.
struct EvenParts {
  Index count, low, high;
  EvenParts(Index size, Index most)
      : count((size + most - 1) / most),
        low(count > 0 ? size / count : 0),
        high(count > 0 ? size % count : 0) {}
  Index size(Index part) const { return part < high ? low + 1 : low; }
};

template <class Real, int Vectors>
void slab_reduction_group(const SlabReduction<Real>& s) {
  constexpr auto rows = std::make_integer_sequence<int, reduction_rows>{};
  static constexpr std::array<std::array<SlabReductionTile<Real>, reduction_rows>, fold_columns> table{
      slab_reduction_row<Real, Vectors, 1>(rows), slab_reduction_row<Real, Vectors, 2>(rows),
      slab_reduction_row<Real, Vectors, 3>(rows), slab_reduction_row<Real, Vectors, 4>(rows)};
  constexpr Index block = 64;  // columns whose steps stay in the second-level cache while all rows pass
  const EvenParts heights(s.rows, reduction_rows);
  for (Index n0 = 0; n0 < s.columns; n0 += block) {
    const EvenParts widths(std::min(block, s.columns - n0), fold_columns);
    Index r = 0;
    for (Index i = 0; i < heights.count; r += heights.size(i++)) {
      Index n = n0;
      for (Index j = 0; j < widths.count; n += widths.size(j++))
        table[static_cast<std::size_t>(widths.size(j) - 1)][static_cast<std::size_t>(heights.size(i) - 1)](
            s, r, n);
      if (n0 == 0 && s.row_sums.to != nullptr)
        slab_row_sums(s.row_sums, r, s.a - s.steps_before * s.a_step, s.a_step, Vectors * lanes<Real>,
                      heights.size(i), s.steps + s.steps_before);
    }
  }
}

}  // namespace detail

/// c(r, n) += sum over steps and lanes; operands: SlabReduction. width: lanes of the group.
template <class Real>
void slab_reduction(const SlabReduction<Real>& s, Index width) {
  GYROGRAD_ASSERT(width == lanes<Real> || width == slab_vectors * lanes<Real>);
  if (width == lanes<Real>)
    detail::slab_reduction_group<Real, 1>(s);
  else
    detail::slab_reduction_group<Real, slab_vectors>(s);
}

/// sums(r) += sum over steps and lanes of a(lane, r, t).   a: (width x rows), next step a_step values on
template <class Real>
void slab_row_sums(const SlabRowSums<Real>& sums, const Real* a, Index a_step, Index width, Index rows,
                   Index steps) {
  detail::slab_row_sums(sums, Index(0), a, a_step, width, rows, steps);
}

namespace detail {

/// sum[g][u] += w[g][u] x for one row.   w: (Gates, Units)
template <class Real, int Gates, int Units, int Vectors>
GYROGRAD_INLINE void gate_row(Batch<Real> (&sum)[Gates][Units][Vectors], const Real* w,
                              const Batch<Real> (&x)[Vectors]) {
  GYROGRAD_UNROLL
  for (int g = 0; g < Gates; ++g) {
    GYROGRAD_UNROLL
    for (int u = 0; u < Units; ++u) {
      const Batch<Real> wk = broadcast(w[g * Units + u]);
      GYROGRAD_UNROLL
      for (int v = 0; v < Vectors; ++v) sum[g][u][v] = fma(wk, x[v], sum[g][u][v]);
    }
  }
}

/// Weights of wide layers come from the third-level cache and are asked for this many values ahead: the
/// hardware's own requests end at every page of 4 KB.
inline constexpr Index weights_ahead = 1024;

/// Gates of recurrent layers: sum[g][u] += w(k)[g][u] x(k) for `depth` rows of x; returns the end of w.
/// w: (depth, Gates, Units) row-major  x: (Vectors vectors of sequences x depth)
template <bool Wide = false, class Real, int Gates, int Units, int Vectors>
GYROGRAD_INLINE const Real* gate_accumulate(Batch<Real> (&sum)[Gates][Units][Vectors], const Real* w,
                                            const Real* x, Index depth) {
  using V = Batch<Real>;
  constexpr Index L = lanes<Real>;
  for (Index k = depth; k > 0; --k) {
    V xk[Vectors];
    GYROGRAD_UNROLL
    for (int v = 0; v < Vectors; ++v) {
      xk[v] = load(x + v * L);
      keep(xk[v]);
    }
    gate_row(sum, w, xk);
    if constexpr (Wide) __builtin_prefetch(w + weights_ahead, 0, 2);
    x += Vectors * L;
    w += Gates * Units;
  }
  return w;
}

/// The same for rows that are written to their slab on the way.
template <class Real, int Gates, int Units, int Vectors>
GYROGRAD_INLINE const Real* gate_accumulate(Batch<Real> (&sum)[Gates][Units][Vectors], const Real* w,
                                            SlabSource<Real> x, Index depth) {
  constexpr Index L = lanes<Real>;
  for (Index k = depth; k > 0; --k) {
    Batch<Real> xk[Vectors];
    GYROGRAD_UNROLL
    for (int v = 0; v < Vectors; ++v) {
      xk[v] = load(x.from + v * L);
      keep(xk[v]);
      store(x.to + v * L, xk[v]);
      __builtin_prefetch(x.from + x.next + v * L);
    }
    gate_row(sum, w, xk);
    x.from += x.row;
    x.to += Vectors * L;
    w += Gates * Units;
  }
  return w;
}

}  // namespace detail

}  // namespace gyrograd::kernels
