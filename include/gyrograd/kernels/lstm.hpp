// SPDX-License-Identifier: MIT
// LSTM layer over all steps of one lane group: forward, gradients of states and inputs, gradients of weights.
//
//   i, f, o = sigmoid(W x + b + W' h + b')   g = tanh(likewise)   c' = f c + i g   h' = o tanh(c')
//
// Weights are PyTorch's: weight_ih (4H, in), weight_hh (4H, H), both biases (4H), rows in the order i, f, g,
// o. Sequences lie in slabs (kernels/slab.hpp). A gates slab has 5H rows: i, f, g, o and tanh(c'); the
// backward pass leaves the gradients of the four arguments in the first 4H. Picture: docs/kernels/lstm.md.
#pragma once

#include "gyrograd/kernels/math.hpp"
#include "gyrograd/kernels/product.hpp"
#include "gyrograd/kernels/slab.hpp"

namespace gyrograd::kernels {

/// Values of the packed weights of a forward pass.
constexpr Index lstm_packed_size(Index in, Index hidden) {
  return 4 * hidden * (1 + in + hidden);
}

/// One forward step for one lane group.
template <class Real>
struct LstmStep {
  Real* y = nullptr;               ///< (width x H): new state
  Real* c = nullptr;               ///< (width x H): new cell; may be c_before
  Real* gates = nullptr;           ///< (width x 5H): i, f, g, o, tanh(c) for the backward pass; or null
  const Real* x = nullptr;         ///< (width x in)
  const Real* h = nullptr;         ///< (width x H): state before, or null for zeros; not y
  const Real* c_before = nullptr;  ///< (width x H), or null for zeros
  Index in = 0, hidden = 0;
};

/// One backward step for one lane group: the gradient of the new state is start + add + W_hh^T d.
template <class Real>
struct LstmStepBackward {
  Real* gates = nullptr;           ///< (width x 5H): i, f, g, o, tanh(c) in; gradients of i, f, g, o out
  Real* dc = nullptr;              ///< (width x H): gradient of the new cell in, of the cell before out
  const Real* d = nullptr;         ///< (width x 4H): gate gradients of the later step
  Index depth = 0;                 ///< 4H, or 0: only start and add
  const Real* start = nullptr;     ///< (width x H) or null
  const Real* add = nullptr;       ///< (width x H) or null
  const Real* c_before = nullptr;  ///< (width x H), or null for zeros
  Index hidden = 0;
};

namespace detail {

/// Units per tile: 4 gates x units x 2 vectors of accumulators, 2 operand vectors, 1 broadcast.
inline constexpr int lstm_units = vector_registers == 32 ? 3 : 1;
inline constexpr int lstm_backward_rows = vector_registers == 32 ? 10 : 5;

/// Units units of one step. w: their part of the packed weights (lstm_pack_forward).
template <class Real, int Vectors, int Units, bool Save>
[[gnu::noinline]] void lstm_tile(const LstmStep<Real>& s, const Real* w, Index unit) {
  using V = Batch<Real>;
  constexpr Index L = lanes<Real>, W = Vectors * L;
  V sum[4][Units][Vectors];
  GYROGRAD_UNROLL
  for (int g = 0; g < 4; ++g) {
    GYROGRAD_UNROLL
    for (int u = 0; u < Units; ++u) {
      GYROGRAD_UNROLL
      for (int v = 0; v < Vectors; ++v) sum[g][u][v] = broadcast(w[g * Units + u]);
    }
  }
  const Real* rest = gate_accumulate(sum, w + 4 * Units, s.x, s.in);
  if (s.h != nullptr) gate_accumulate(sum, rest, s.h, s.hidden);
  GYROGRAD_UNROLL
  for (int u = 0; u < Units; ++u) {
    GYROGRAD_UNROLL
    for (int v = 0; v < Vectors; ++v) {
      const Index at = (unit + u) * W + v * L;
      const V i = sigmoid<Real>(sum[0][u][v]), f = sigmoid<Real>(sum[1][u][v]);
      const V g = tanh(sum[2][u][v]), o = sigmoid<Real>(sum[3][u][v]);
      V c = i * g;
      if (s.c_before != nullptr) c = fma(f, load(s.c_before + at), c);
      const V t = tanh(c);
      store(s.c + at, c);
      store(s.y + at, o * t);
      if constexpr (Save) {
        const Index block = s.hidden * W;
        const V all[] = {i, f, g, o, t};
        for (int b = 0; b < 5; ++b) store(s.gates + at + b * block, all[b]);
      }
    }
  }
}

/// Gate gradients of one vector of units from dh, the gradient of the new state, in place of i, f, g, o.
///   h' = o tanh(c')   c' = f c + i g
template <class Real>
GYROGRAD_INLINE void lstm_gate_gradients(Real* gates, Index block, Real* dc, Batch<Real> dh,
                                         Batch<Real> before) {
  using V = Batch<Real>;
  const V one(Real(1));
  const V i = load(gates), f = load(gates + block), g = load(gates + 2 * block), o = load(gates + 3 * block);
  const V t = load(gates + 4 * block);
  const V d = fma(dh * o, fnma(t, t, one), load(dc));  // gradient of the new cell
  const V di = d * i, df = d * f;
  store(gates, di * g * (one - i));
  store(gates + block, df * before * (one - f));
  store(gates + 2 * block, di * fnma(g, g, one));
  store(gates + 3 * block, dh * t * o * (one - o));
  store(dc, df);
}

/// Rows rows of one backward step. w: their part of the packed weights (lstm_pack_backward).
template <class Real, int Vectors, int Rows>
[[gnu::noinline]] void lstm_backward_tile(const LstmStepBackward<Real>& s, const Real* w, Index row) {
  using V = Batch<Real>;
  constexpr Index L = lanes<Real>, W = Vectors * L;
  V sum[Rows][Vectors];
  GYROGRAD_UNROLL
  for (int r = 0; r < Rows; ++r) {
    GYROGRAD_UNROLL
    for (int v = 0; v < Vectors; ++v) {
      const Index at = (row + r) * W + v * L;
      sum[r][v] = s.start == nullptr ? V(Real(0)) : load(s.start + at);
      if (s.add != nullptr) sum[r][v] = sum[r][v] + load(s.add + at);
    }
  }
  const Real* d = s.d;
  for (Index k = s.depth; k > 0; --k) {
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
    d += W;
    w += Rows;
  }
  GYROGRAD_UNROLL
  for (int r = 0; r < Rows; ++r) {
    GYROGRAD_UNROLL
    for (int v = 0; v < Vectors; ++v) {
      const Index at = (row + r) * W + v * L;
      const V before = s.c_before == nullptr ? V(Real(0)) : load(s.c_before + at);
      lstm_gate_gradients(s.gates + at, s.hidden * W, s.dc + at, sum[r][v], before);
    }
  }
}

template <class Real, int Vectors, bool Save, int... Units>
constexpr auto lstm_tile_table(std::integer_sequence<int, Units...>) {
  using Tile = void (*)(const LstmStep<Real>&, const Real*, Index);
  return std::array<Tile, sizeof...(Units)>{lstm_tile<Real, Vectors, Units + 1, Save>...};
}
template <class Real, int Vectors, int... Rows>
constexpr auto lstm_backward_table(std::integer_sequence<int, Rows...>) {
  using Tile = void (*)(const LstmStepBackward<Real>&, const Real*, Index);
  return std::array<Tile, sizeof...(Rows)>{lstm_backward_tile<Real, Vectors, Rows + 1>...};
}

template <int Vectors, class Real>
void lstm_step(const LstmStep<Real>& s, const Real* packed) {
  constexpr auto units = std::make_integer_sequence<int, lstm_units>{};
  static constexpr auto plain = lstm_tile_table<Real, Vectors, false>(units);
  static constexpr auto saving = lstm_tile_table<Real, Vectors, true>(units);
  const auto& table = s.gates == nullptr ? plain : saving;
  const EvenParts tiles(s.hidden, lstm_units);
  Index unit = 0;
  for (Index i = 0; i < tiles.count; unit += tiles.size(i++))
    table[static_cast<std::size_t>(tiles.size(i) - 1)](s, packed + unit * 4 * (1 + s.in + s.hidden), unit);
}

template <int Vectors, class Real>
void lstm_step_backward(const LstmStepBackward<Real>& s, const Real* packed) {
  static constexpr auto table =
      lstm_backward_table<Real, Vectors>(std::make_integer_sequence<int, lstm_backward_rows>{});
  const EvenParts tiles(s.hidden, lstm_backward_rows);
  Index row = 0;
  for (Index i = 0; i < tiles.count; row += tiles.size(i++))
    table[static_cast<std::size_t>(tiles.size(i) - 1)](s, packed + row * 4 * s.hidden, row);
}

}  // namespace detail

/// Re-orders the weights as the register tiles read them. For each tile of U units: 4U sums of both biases,
/// then per input and per state 4U weights, gate by gate.
/// packed: lstm_packed_size values  weight_ih: (4H, in)  weight_hh: (4H, H)  bias_ih, bias_hh: (4H)
template <class Real>
void lstm_pack_forward(Real* packed, const Real* weight_ih, const Real* weight_hh, const Real* bias_ih,
                       const Real* bias_hh, Index in, Index hidden) {
  const detail::EvenParts tiles(hidden, detail::lstm_units);
  Index unit = 0;
  for (Index i = 0; i < tiles.count; unit += tiles.size(i++)) {
    const Index units = tiles.size(i);
    for (Index g = 0; g < 4; ++g)
      for (Index u = unit; u < unit + units; ++u)
        *packed++ = bias_ih[g * hidden + u] + bias_hh[g * hidden + u];
    const auto interleave = [&](const Real* weight, Index depth) {
      for (Index g = 0; g < 4; ++g)
        for (Index u = 0; u < units; ++u) {
          const Real* from = weight + (g * hidden + unit + u) * depth;
          for (Index k = 0; k < depth; ++k) packed[k * 4 * units + g * units + u] = from[k];
        }
      packed += depth * 4 * units;
    };
    interleave(weight_ih, in);
    interleave(weight_hh, hidden);
  }
}

/// Re-orders weight_hh (4H, H) as the backward tiles read it: per tile of U units, U values of each row.
/// packed: 4 H H values
template <class Real>
void lstm_pack_backward(Real* packed, const Real* weight_hh, Index hidden) {
  const detail::EvenParts tiles(hidden, detail::lstm_backward_rows);
  Index unit = 0;
  for (Index i = 0; i < tiles.count; unit += tiles.size(i++))
    for (Index k = 0; k < 4 * hidden; ++k)
      packed = std::copy_n(weight_hh + k * hidden + unit, tiles.size(i), packed);
}

/// Forward pass of one layer for one lane group.
template <class Real>
struct LstmForward {
  Real* y = nullptr;             ///< (width x H x T): states after every step
  Real* c = nullptr;             ///< (width x H x T) with gates, else (width x H): cells
  Real* gates = nullptr;         ///< (width x 5H x T) for the backward pass; or null
  const Real* x = nullptr;       ///< (width x in x T)
  const Real* h0 = nullptr;      ///< (width x H) first state, or null for zeros
  const Real* c0 = nullptr;      ///< (width x H) first cell, or null for zeros
  const Real* packed = nullptr;  ///< lstm_pack_forward
  Index width = 0, steps = 0, in = 0, hidden = 0;
};

/// y(t), c(t) = LSTM cell(x(t), y(t - 1), c(t - 1)) for all steps. Without gates c ends as the last cell.
template <class Real>
void lstm_forward(const LstmForward<Real>& a) {
  GYROGRAD_ASSERT(a.width == lanes<Real> || a.width == slab_vectors * lanes<Real>);
  const Index state = slab_rows(a.hidden) * a.width;
  LstmStep<Real> s;
  s.in = a.in;
  s.hidden = a.hidden;
  for (Index t = 0; t < a.steps; ++t) {
    s.x = a.x + t * slab_rows(a.in) * a.width;
    s.h = t == 0 ? a.h0 : s.y;
    s.c_before = t == 0 ? a.c0 : s.c;
    s.y = a.y + t * state;
    s.c = a.gates == nullptr ? a.c : a.c + t * state;
    s.gates = a.gates == nullptr ? nullptr : a.gates + t * slab_rows(5 * a.hidden) * a.width;
    if (a.width == lanes<Real>)
      detail::lstm_step<1>(s, a.packed);
    else
      detail::lstm_step<slab_vectors>(s, a.packed);
  }
}

/// Backward pass through time of one layer for one lane group.
template <class Real>
struct LstmBackward {
  Real* gates = nullptr;            ///< (width x 5H x T): as saved; gate gradients in the first 4H rows out
  Real* dc = nullptr;               ///< (width x H): gradient of the last cell in, of c0 out
  Real* dh0 = nullptr;              ///< (width x H): gradient of h0, or null
  const Real* dy = nullptr;         ///< (width x H x T): gradient of every state, or null
  const Real* dlast = nullptr;      ///< (width x H): further gradient of the last state, or null
  const Real* c = nullptr;          ///< (width x H x T): cells of the forward pass
  const Real* c0 = nullptr;         ///< (width x H): as in the forward pass
  const Real* packed = nullptr;     ///< lstm_pack_backward
  const Real* weight_hh = nullptr;  ///< (4H, H), read with dh0 only
  Index width = 0, steps = 0, hidden = 0;
};

/// Turns gates into gate gradients for all steps, rows i, f, g, o of both weight matrices.
template <class Real>
void lstm_backward(const LstmBackward<Real>& a) {
  const Index state = a.width * slab_rows(a.hidden), gates = a.width * slab_rows(5 * a.hidden);
  LstmStepBackward<Real> s;
  s.hidden = a.hidden;
  s.dc = a.dc;
  s.start = a.dlast;
  for (Index t = a.steps - 1; t >= 0; --t) {
    s.add = a.dy == nullptr ? nullptr : a.dy + t * state;
    s.gates = a.gates + t * gates;
    s.c_before = t == 0 ? a.c0 : a.c + (t - 1) * state;
    if (a.width == lanes<Real>)
      detail::lstm_step_backward<1>(s, a.packed);
    else
      detail::lstm_step_backward<slab_vectors>(s, a.packed);
    s.d = s.gates;
    s.depth = 4 * a.hidden;
    s.start = nullptr;
  }
  if (a.dh0 == nullptr) return;
  Product<Real> p;
  p.y = a.dh0;
  p.x = a.gates;
  p.ldy = p.ldx = p.positions = a.width;
  p.w = a.weight_hh;
  p.w_row = 1;
  p.w_step = p.rows = a.hidden;
  p.depth = 4 * a.hidden;
  product(p);
}

/// dx(t) = residual(t) + W_ih^T (gate gradients), for all steps of one lane group.
/// dx: (width x in x T)  residual: (width x in x T) or null, may be dx  gates: as lstm_backward leaves them
template <class Real>
void lstm_backward_data(Real* dx, const Real* residual, const Real* gates, const Real* weight_ih, Index width,
                        Index steps, Index in, Index hidden) {
  Product<Real> p;
  p.ldy = p.ldx = p.ld_residual = p.positions = width;
  p.w = weight_ih;
  p.w_row = 1;
  p.w_step = p.rows = in;
  p.depth = 4 * hidden;
  for (Index t = 0; t < steps; ++t) {
    p.y = dx + t * slab_rows(in) * width;
    p.residual = residual == nullptr ? nullptr : residual + t * slab_rows(in) * width;
    p.x = gates + t * slab_rows(5 * hidden) * width;
    product(p);
  }
}

/// Gradients of weights and biases; each is added to, each may be null.
template <class Real>
struct LstmWeightGradients {
  Real *weight_ih = nullptr, *weight_hh = nullptr, *bias_ih = nullptr, *bias_hh = nullptr;
};

/// Adds the sums over all steps and lanes of one lane group.
/// gates: as lstm_backward leaves them  x: (width x in x T)  y: (width x H x T)  h0: (width x H) or null
template <class Real>
void lstm_backward_weights(const LstmWeightGradients<Real>& d, const Real* gates, const Real* x,
                           const Real* y, const Real* h0, Index width, Index steps, Index in, Index hidden) {
  const bool both = d.bias_ih != nullptr && d.bias_hh != nullptr;
  const SlabRowSums<Real> sums{d.bias_ih != nullptr ? d.bias_ih : d.bias_hh, d.bias_hh,
                               both ? 4 * hidden : 0};
  SlabReduction<Real> s;
  s.rows = 4 * hidden;
  s.a_step = slab_rows(5 * hidden) * width;
  const auto add = [&](Real* to, const Real* from, const Real* b, Index columns, Index count) {
    s.c = to;
    s.c_row = s.columns = columns;
    s.a = from;
    s.b = b;
    s.b_step = slab_rows(columns) * width;
    s.steps = count;
    slab_reduction(s, width);
  };
  s.row_sums = sums;
  if (d.weight_ih != nullptr)
    add(d.weight_ih, gates, x, in, steps);
  else if (sums.to != nullptr)
    slab_row_sums(sums, gates, s.a_step, width, 4 * hidden, steps);
  s.row_sums = {};
  if (d.weight_hh == nullptr) return;
  add(d.weight_hh, gates + s.a_step, y, hidden, steps - 1);
  if (h0 != nullptr) add(d.weight_hh, gates, h0, hidden, 1);
}

}  // namespace gyrograd::kernels
