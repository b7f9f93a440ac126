// SPDX-License-Identifier: MIT
// Register tiles of one GRU step on a slab: gates on accumulators, forward and backward.
#pragma once

#include "gyrograd/kernels/math.hpp"
#include "gyrograd/kernels/slab.hpp"

namespace gyrograd::kernels {

/// One step forward for one lane group.
template <class Real>
struct GruStep {
  Real* y = nullptr;        ///< (width x H): new state
  Real* gates = nullptr;    ///< (width x 4H): hn, r, z, n for the backward pass; or null
  const Real* x = nullptr;  ///< (width x in)
  const Real* h = nullptr;  ///< (width x H): state before, or null for zeros; not y
  Index in = 0, hidden = 0;
  SlabSource<Real> source;  ///< where x comes from, unless it is there: the first tile writes it
};

/// One step of sums over gate rows, backward, for one lane group: total(u) = start(u) + add(u) + sum_k
/// d(k) w(k, u).
template <class Real>
struct GruStepBackward {
  const Real* d = nullptr;      ///< (width x depth): gate gradients of the later step
  Index depth = 0;              ///< 0: only start and add
  Index w_step = 0;             ///< values of w from k to k + 1; 0: w is packed by tiles
  const Real* start = nullptr;  ///< (width x rows) or null
  const Real* add = nullptr;    ///< (width x rows) or null
  Real* out = nullptr;          ///< (width x rows), may be start: total, or what passes to the step before
  // With gates: total is the gradient of the new state of their step and becomes gate gradients.
  Real* gates = nullptr;    ///< (width x 4H): hn, r, z, n in; their gradients out; or null
  const Real* h = nullptr;  ///< (width x H): state before that step, or null for zeros
  Index hidden = 0;
};

namespace detail {

/// Units per tile: 3 gates x units x 2 vectors of accumulators, 2 operand vectors, 1 broadcast.
inline constexpr int gru_units = vector_registers == 32 ? 4 : 2;
/// Rows per tile of the transposed products: rows x 2 vectors of accumulators.
inline constexpr int gru_backward_rows = vector_registers == 32 ? 12 : 6;

/// Vectors of units whose exponentials are computed side by side: those of r and z, then that of n.
inline constexpr int gru_together = vector_registers == 32 ? 8 : 4;

/// Units of a wide layer: its weights lie beyond the second-level cache, its gates in memory.
inline constexpr Index gru_wide = 256;

/// Factor of the arguments of r and z in packed weights: sigmoid(x) = 1 / (1 + 2^(gru_scale x)).
inline constexpr double gru_scale = -1.4426950408889634;

/// 2^x for all x. Above 127: 2^127 or more, infinity included. Below -126: from 0 to 2^-126 (float).
template <class Real>
GYROGRAD_INLINE Batch<Real> gru_exp2(Batch<Real> x) {
#if defined(GYROGRAD_AVX512)
  return exp2_in_range(x);  // its multiplication by 2^floor(x) ends in 0 or infinity
#else
  return exp2_clamped(x);
#endif
}

/// Arguments of the gates of some units, vector by vector, and where their state goes.
template <class Real>
struct GruUnits {
  Real *r, *z;    ///< arguments, times gru_scale
  Real* hn;       ///< recurrent part of n
  Real* n;        ///< input part of n
  Real* y;        ///< new state
  const Real* h;  ///< state before, or null for zeros
};

/// Count vectors of units, side by side. With Save r, z, n replace their arguments. The state has the same
/// bits with and without.
template <bool Save, int Count, class Real>
GYROGRAD_INLINE void gru_activate_block(const GruUnits<Real>& g, Index at) {
  using V = Batch<Real>;
  constexpr Index L = lanes<Real>;
  const V one(Real(1));
  V e[2 * Count], f[Count];
  GYROGRAD_UNROLL
  for (int i = 0; i < Count; ++i) {
    e[i] = load(g.r + at + i * L);
    e[Count + i] = load(g.z + at + i * L);
  }
  GYROGRAD_UNROLL
  for (V& v : e) v = gru_exp2<Real>(v);
  GYROGRAD_UNROLL
  for (int i = 0; i < Count; ++i) {
    const V r = divide(one, one + e[i]);
    f[i] = fma(r, load(g.hn + at + i * L), load(g.n + at + i * L)) * V(Real(-2 * gru_scale));
    if constexpr (Save) store(g.r + at + i * L, r);
  }
  GYROGRAD_UNROLL
  for (int i = 0; i < Count; ++i) {
    f[i] = gru_exp2<Real>(f[i]);  // tanh(x) = 1 - 2 / (e^2x + 1), for e^2x = infinity, too
    const V before = g.h == nullptr ? V(Real(0)) : load(g.h + at + i * L);
    const V z = divide(one, one + e[Count + i]), n = one - divide(V(Real(2)), f[i] + one);
    store(g.y + at + i * L, fma(z, before - n, n));
    if constexpr (Save) {
      store(g.z + at + i * L, z);
      store(g.n + at + i * L, n);
    }
  }
}

/// `vectors` vectors of units.
template <bool Save, class Real>
[[gnu::noinline]] void gru_activate(const GruUnits<Real>& g, Index vectors) {
  Index at = 0;
  for (; vectors >= gru_together; vectors -= gru_together, at += gru_together * lanes<Real>)
    gru_activate_block<Save, gru_together>(g, at);
  if constexpr (gru_together > 4)
    for (; vectors >= 4; vectors -= 4, at += 4 * lanes<Real>) gru_activate_block<Save, 4>(g, at);
  if constexpr (gru_together > 2)
    for (; vectors >= 2; vectors -= 2, at += 2 * lanes<Real>) gru_activate_block<Save, 2>(g, at);
  if (vectors > 0) gru_activate_block<Save, 1>(g, at);
}

/// Units units of one step. w: their part of the packed weights (gru_pack_forward).
template <class Real, int Vectors, int Units, bool Save>
[[gnu::noinline]] void gru_tile(const GruStep<Real>& s, const Real* w, Index unit) {
  using V = Batch<Real>;
  constexpr Index L = lanes<Real>, W = Vectors * L;
  V sum[3][Units][Vectors];
  GYROGRAD_UNROLL
  for (int g = 0; g < 3; ++g) {
    GYROGRAD_UNROLL
    for (int u = 0; u < Units; ++u) {
      GYROGRAD_UNROLL
      for (int v = 0; v < Vectors; ++v) sum[g][u][v] = broadcast(w[g * Units + u]);
    }
  }
  const bool copies = unit == 0 && s.source.from != nullptr;
  const Real* rest = copies ? gate_accumulate(sum, w + 4 * Units, s.source, s.in)
                            : gate_accumulate(sum, w + 4 * Units, s.x, s.in);
  constexpr Index of_tile = Units * W;
  alignas(64) Real scratch[static_cast<std::size_t>(Save ? 1 : 4 * of_tile)];
  Real* gates = Save ? s.gates + unit * W : scratch;
  const Index block = Save ? s.hidden * W : of_tile;
  const GruUnits<Real> units{gates + block,     gates + 2 * block, gates,
                             gates + 3 * block, s.y + unit * W,    s.h == nullptr ? nullptr : s.h + unit * W};
  // The recurrent part of n is multiplied by r first: the input part waits.
  const auto put = [&](Real * to, int g) __attribute__((always_inline)) {
    GYROGRAD_UNROLL
    for (int u = 0; u < Units; ++u) {
      GYROGRAD_UNROLL
      for (int v = 0; v < Vectors; ++v) store(to + u * W + v * L, sum[g][u][v]);
    }
  };
  put(units.n, 2);
  GYROGRAD_UNROLL
  for (int u = 0; u < Units; ++u) {
    GYROGRAD_UNROLL
    for (int v = 0; v < Vectors; ++v) sum[2][u][v] = broadcast(w[3 * Units + u]);
  }
  if (s.h != nullptr && s.hidden < gru_wide) gate_accumulate(sum, rest, s.h, s.hidden);
  if (s.h != nullptr && s.hidden >= gru_wide) {
    if constexpr (Save) {  // these lines come from memory: asked for before a long sum
      for (Index i = 0; i < 4 * of_tile; i += L)
        __builtin_prefetch(gates + i / of_tile * block + i % of_tile, 1);
    }
    gate_accumulate<true>(sum, rest, s.h, s.hidden);
  }
  put(units.r, 0);
  put(units.z, 1);
  put(units.hn, 2);
  gru_activate<Save>(units, Units * Vectors);
}

/// Gradients of hn, r, z, n of one unit (before their activations) from dh, the gradient of the new state, in
/// place of hn, r, z, n. Returns what reaches the state before directly.
///   h' = n + z (h - n)   n = tanh(a_n + r hn)   r, z = sigmoid
template <class Real>
GYROGRAD_INLINE Batch<Real> gru_gate_gradients(Real* gates, Index block, Batch<Real> dh, Batch<Real> before) {
  using V = Batch<Real>;
  const V one(Real(1));
  const V hn = load(gates), r = load(gates + block), z = load(gates + 2 * block), n = load(gates + 3 * block);
  const V keeps = one - z, passed = dh * z;
  const V dn = dh * keeps * fnma(n, n, one);
  const V dhn = dn * r;
  store(gates, dhn);
  store(gates + block, dhn * hn * (one - r));
  store(gates + 2 * block, passed * keeps * (before - n));
  store(gates + 3 * block, dn);
  return passed;
}

/// Rows rows of one backward step. w: their part of the packed weights (gru_pack_backward).
template <class Real, int Vectors, int Rows>
[[gnu::noinline]] void gru_backward_tile(const GruStepBackward<Real>& s, const Real* w, Index row) {
  using V = Batch<Real>;
  constexpr Index L = lanes<Real>, W = Vectors * L;
  V sum[Rows][Vectors];
  const Real* start = s.start == nullptr ? nullptr : s.start + row * W;
  const Real* add = s.add == nullptr ? nullptr : s.add + row * W;
  GYROGRAD_UNROLL
  for (int r = 0; r < Rows; ++r) {
    GYROGRAD_UNROLL
    for (int v = 0; v < Vectors; ++v) {
      sum[r][v] = start == nullptr ? V(Real(0)) : load(start + r * W + v * L);
      if (add != nullptr) sum[r][v] = sum[r][v] + load(add + r * W + v * L);
    }
  }
  const Real* d = s.d;
  const Index w_step = s.w_step > 0 ? s.w_step : Rows;
  const auto multiply = [&](Index depth, bool wide) __attribute__((always_inline)) {
    for (; depth > 0; --depth) {
      V dk[Vectors];
      GYROGRAD_UNROLL
      for (int v = 0; v < Vectors; ++v) {
        dk[v] = load(d + v * L);
        keep(dk[v]);
      }
      GYROGRAD_UNROLL
      for (int r = 0; r < Rows; ++r) {
        const V wk = broadcast(w[r]);
        GYROGRAD_UNROLL
        for (int v = 0; v < Vectors; ++v) sum[r][v] = fma(wk, dk[v], sum[r][v]);
      }
      if (wide) __builtin_prefetch(w + weights_ahead, 0, 2);
      d += W;
      w += w_step;
    }
  };
  // What the end of the tile reads comes from memory: it is asked for row by row during a long sum.
  constexpr Index long_sum = 512;
  const Index part = s.gates == nullptr || s.depth < long_sum ? 0 : s.depth / Rows;
  for (int r = 0; r < Rows && part > 0; ++r) {
    for (int v = 0; v < Vectors; ++v) {
      const Index at = (row + r) * W + v * L;
      for (int g = 0; g < 4; ++g) __builtin_prefetch(s.gates + g * s.hidden * W + at, 1);
      if (s.h != nullptr) __builtin_prefetch(s.h + at);
    }
    multiply(part, true);
  }
  multiply(s.depth - Rows * part, false);
  Real* out = s.out + row * W;
  if (s.gates == nullptr) {
    GYROGRAD_UNROLL
    for (int r = 0; r < Rows; ++r) {
      GYROGRAD_UNROLL
      for (int v = 0; v < Vectors; ++v) store(out + r * W + v * L, sum[r][v]);
    }
    return;
  }
  Real* gates = s.gates + row * W;
  const Real* h = s.h == nullptr ? nullptr : s.h + row * W;
  GYROGRAD_UNROLL
  for (int r = 0; r < Rows; ++r) {
    GYROGRAD_UNROLL
    for (int v = 0; v < Vectors; ++v) {
      const Index at = r * W + v * L;
      const V before = h == nullptr ? V(Real(0)) : load(h + at);
      store(out + at, gru_gate_gradients(gates + at, s.hidden * W, sum[r][v], before));
    }
  }
}

template <class Real>
using GruTile = void (*)(const GruStep<Real>&, const Real*, Index);
template <class Real>
using GruBackwardTile = void (*)(const GruStepBackward<Real>&, const Real*, Index);

template <class Real, int Vectors, bool Save, int... Units>
constexpr auto gru_tile_table(std::integer_sequence<int, Units...>) {
  return std::array<GruTile<Real>, sizeof...(Units)>{gru_tile<Real, Vectors, Units + 1, Save>...};
}
template <class Real, int Vectors, int... Rows>
constexpr auto gru_backward_table(std::integer_sequence<int, Rows...>) {
  return std::array<GruBackwardTile<Real>, sizeof...(Rows)>{gru_backward_tile<Real, Vectors, Rows + 1>...};
}

}  // namespace detail

/// One step for a lane group of Vectors vectors. packed: gru_pack_forward.
template <int Vectors, class Real>
void gru_step(const GruStep<Real>& s, const Real* packed) {
  constexpr auto units = std::make_integer_sequence<int, detail::gru_units>{};
  static constexpr auto plain = detail::gru_tile_table<Real, Vectors, false>(units);
  static constexpr auto saving = detail::gru_tile_table<Real, Vectors, true>(units);
  const auto& table = s.gates == nullptr ? plain : saving;
  const detail::EvenParts tiles(s.hidden, detail::gru_units);
  Index unit = 0;
  for (Index i = 0; i < tiles.count; ++i) {
    const Index size = tiles.size(i);
    table[static_cast<std::size_t>(size - 1)](s, packed + unit * (4 + 3 * (s.in + s.hidden)), unit);
    unit += size;
  }
}

/// One backward step for a lane group of Vectors vectors and `rows` results. packed: gru_pack_backward, or
/// with s.w_step weights as they lie.
template <int Vectors, class Real>
void gru_step_backward(const GruStepBackward<Real>& s, const Real* packed, Index rows) {
  static constexpr auto table =
      detail::gru_backward_table<Real, Vectors>(std::make_integer_sequence<int, detail::gru_backward_rows>{});
  const detail::EvenParts tiles(rows, detail::gru_backward_rows);
  Index row = 0;
  for (Index i = 0; i < tiles.count; ++i) {
    const Index size = tiles.size(i);
    table[static_cast<std::size_t>(size - 1)](s, packed + row * (s.w_step > 0 ? 1 : s.depth), row);
    row += size;
  }
}

}  // namespace gyrograd::kernels
