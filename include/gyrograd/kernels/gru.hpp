// SPDX-License-Identifier: MIT
// GRU layer over all steps of one lane group: forward, gradients of states and inputs, gradients of weights.
//
//   r = sigmoid(W_ir x + b_ir + W_hr h + b_hr)      n = tanh(W_in x + b_in + r (W_hn h + b_hn))
//   z = sigmoid(W_iz x + b_iz + W_hz h + b_hz)      h' = (1 - z) n + z h
//
// Weights are PyTorch's: weight_ih (3H, in), weight_hh (3H, H), both biases (3H), rows in the order r, z, n.
// All sequences lie in slabs (kernels/slab.hpp). Derivation, picture and cost: docs/kernels/gru.md.
#pragma once

#include <array>
#include <span>

#include "gyrograd/kernels/gru_step.hpp"
#include "gyrograd/kernels/product.hpp"
#include "gyrograd/kernels/slab_panels.hpp"
#include "gyrograd/kernels/transpose.hpp"

namespace gyrograd::kernels {

/// Values of the packed weights of a forward pass.
constexpr Index gru_packed_size(Index in, Index hidden) {
  return hidden * (4 + 3 * (in + hidden));
}

namespace detail {

/// One block of lanes inputs of gru_interleave for four units.
template <class Real>
GYROGRAD_INLINE void gru_interleave_four(Real* packed, const Real* weight, Index gate, Index depth,
                                         Real scale) {
  constexpr Index L = lanes<Real>, ahead = 1024;
  for (Index i = 0; i < 12 * L; i += L) __builtin_prefetch(packed + ahead + i, 1);
  GYROGRAD_UNROLL
  for (int g = 0; g < 3; ++g) {
    Batch<Real> row[4];
    GYROGRAD_UNROLL
    for (int u = 0; u < 4; ++u) {
      const Real* from = weight + g * gate + u * depth;
      row[u] = g < 2 ? load(from) * Batch<Real>(scale) : load(from);
      __builtin_prefetch(from + 4 * depth);  // for the next tile
    }
    transpose_four(packed + 4 * g, 12, row);
  }
}

/// packed(k, g, u) = weight(g, u, k) for the rows of three gates, those of r and z times `scale`; returns the
/// end of packed.
/// packed: (depth, 3, units)  weight: `units` rows of `depth` values, next gate `gate` values on
template <class Real>
Real* gru_interleave(Real* packed, const Real* weight, Index gate, Index units, Index depth, Real scale) {
  constexpr Index L = lanes<Real>;
  const Index n = 3 * units;
  Index k = 0;
  if constexpr (has_transpose_four<Real>) {
    for (; units == 4 && k + L <= depth; k += L, packed += L * n)
      gru_interleave_four(packed, weight + k, gate, depth, scale);
  }
  if (n <= L && k + L <= depth) {  // blocks of L inputs are transposed
    std::array<const Real*, static_cast<std::size_t>(L)> row;
    for (Index i = 0; i < L; ++i)
      row[static_cast<std::size_t>(i)] =
          weight + std::min(i, n - 1) / units * gate + std::min(i, n - 1) % units * depth;
    alignas(alignment) Real rows[static_cast<std::size_t>(L * L)], turned[static_cast<std::size_t>(L * L)];
    for (; k + L <= depth; k += L) {
      for (Index i = 0; i < L; ++i) {
        const Real* from = row[static_cast<std::size_t>(i)] + k;
        store(rows + i * L, load(from) * Batch<Real>(i < 2 * units ? scale : Real(1)));
        __builtin_prefetch(from + units * depth);  // for the next tile
      }
      transpose_block(turned, L, static_cast<const Real*>(rows), L);
      // What a vector writes behind its n values is overwritten by the next one.
      const Index whole = k + 2 * L <= depth ? L : 0;
      for (Index j = 0; j < whole; ++j, packed += n) store(packed, load(turned + j * L));
      for (Index j = whole; j < L; ++j, packed += n) store_partial(packed, load(turned + j * L), n);
    }
  }
  for (; k < depth; ++k)
    for (Index g = 0; g < 3; ++g)
      for (Index u = 0; u < units; ++u)
        *packed++ = weight[g * gate + u * depth + k] * (g < 2 ? scale : Real(1));
  return packed;
}

}  // namespace detail

/// Re-orders the weights as the register tiles read them. For each tile of U units: sums of both biases of
/// r and z (2U), b_in (U), b_hn (U), then per input and per state 3U weights: r, z, n of the units. Biases
/// and weights of r and z are multiplied by detail::gru_scale.
/// packed: gru_packed_size values  weight_ih: (3H, in)  weight_hh: (3H, H)  bias_ih, bias_hh: (3H)
template <class Real>
void gru_pack_forward(Real* packed, const Real* weight_ih, const Real* weight_hh, const Real* bias_ih,
                      const Real* bias_hh, Index in, Index hidden) {
  const detail::EvenParts tiles(hidden, detail::gru_units);
  const Real scale(static_cast<Real>(detail::gru_scale));
  Index unit = 0;
  for (Index i = 0; i < tiles.count; ++i) {
    const Index units = tiles.size(i);
    for (Index g = 0; g < 4; ++g)
      for (Index u = unit; u < unit + units; ++u)
        *packed++ = g < 2    ? scale * (bias_ih[g * hidden + u] + bias_hh[g * hidden + u])
                    : g == 2 ? bias_ih[2 * hidden + u]
                             : bias_hh[2 * hidden + u];
    packed = detail::gru_interleave(packed, weight_ih + unit * in, hidden * in, units, in, scale);
    packed = detail::gru_interleave(packed, weight_hh + unit * hidden, hidden * hidden, units, hidden, scale);
    unit += units;
  }
}

/// Re-orders weight_hh (3H, H) as the backward tiles read it: per tile of U units, U values for each of the
/// gate rows n, r, z (the order of the gates slab: hn, r, z).   packed: 3 H H values
template <class Real>
void gru_pack_backward(Real* packed, const Real* weight_hh, Index hidden) {
  const detail::EvenParts tiles(hidden, detail::gru_backward_rows);
  constexpr Index block = 16;  // gate rows that are read side by side, each from front to back
  for (Index first = 0; first < 3 * hidden; first += block) {
    const Index count = std::min(block, 3 * hidden - first);
    Index unit = 0;
    for (Index i = 0; i < tiles.count; ++i) {
      const Index units = tiles.size(i);
      Real* to = packed + unit * 3 * hidden + first * units;
      for (Index k = first; k < first + count; ++k, to += units) {
        const Real* from = weight_hh + (k < hidden ? k + 2 * hidden : k - hidden) * hidden + unit;
        __builtin_prefetch(from + block * hidden);  // what the next block reads
        __builtin_prefetch(to + block * units, 1);  // and writes
        for (Index u = 0; u < units; u += lanes<Real>) store_lanes(to, load_lanes(from, u, units), u, units);
      }
      unit += units;
    }
  }
}

/// Forward pass of one layer for one lane group.
template <class Real>
struct GruForward {
  Real* y = nullptr;             ///< (width x H x T): states after every step; see kept
  Real* gates = nullptr;         ///< (width x 4H x T): hn, r, z, n for the backward pass; or null
  const Real* x = nullptr;       ///< (width x in x T)
  const Real* h0 = nullptr;      ///< (width x H) first state, or null for zeros
  const Real* packed = nullptr;  ///< gru_pack_forward
  Index width = 0, steps = 0, in = 0, hidden = 0;
  Index kept = 0;           ///< states that y has room for, 2 or more: step t in place t mod kept; 0: all
  SlabSource<Real> source;  ///< step 0 of inputs that still lie in an activation and are to be written to x
  Index source_step = 0;    ///< from step to step of `source`
  bool passing = false;     ///< with `source`: x has room for one step, which the next one overwrites
};

/// y(t) = GRU cell(x(t), y(t - 1)) for all steps. y must not overlap x or h0. Step t of x lies at x + t
/// x_step; before(t) is called ahead of it and may write it.
template <class Real, class Before>
void gru_forward(const GruForward<Real>& a, Index x_step, Before&& before) {
  GYROGRAD_ASSERT(a.width == lanes<Real> || a.width == slab_vectors * lanes<Real>);
  GruStep<Real> s;
  s.in = a.in;
  s.hidden = a.hidden;
  for (Index t = 0; t < a.steps; ++t) {
    before(t);
    s.x = a.x + t * x_step;
    if (a.source.from != nullptr)
      s.source = {a.source.from + t * a.source_step, a.source.to + t * x_step, a.source.row,
                  t + 1 < a.steps ? a.source_step : 0};
    s.h = t == 0 ? a.h0 : s.y;
    s.y = a.y + (a.kept == 0 ? t : t % a.kept) * slab_rows(a.hidden) * a.width;
    s.gates = a.gates == nullptr ? nullptr : a.gates + t * slab_rows(4 * a.hidden) * a.width;
    if (a.width == lanes<Real>)
      gru_step<1>(s, a.packed);
    else
      gru_step<slab_vectors>(s, a.packed);
  }
}
/// The same for x in slabs.
template <class Real>
void gru_forward(const GruForward<Real>& a) {
  gru_forward(a, a.passing ? 0 : slab_rows(a.in) * a.width, [](Index) {});
}

/// Backward pass through time of one layer for one lane group.
template <class Real>
struct GruBackward {
  Real* gates = nullptr;         ///< (width x 4H x T): hn, r, z, n in; gradients of their arguments out
  Real* carry = nullptr;         ///< (width x H): scratch; gradient of the first state with want_h0
  const Real* dy = nullptr;      ///< (width x H x T): gradient of every state, or null
  const Real* dlast = nullptr;   ///< (width x H): further gradient of the last state, or null
  const Real* y = nullptr;       ///< (width x H x T): states of the forward pass
  const Real* h0 = nullptr;      ///< (width x H): as in the forward pass
  const Real* packed = nullptr;  ///< gru_pack_backward
  Index width = 0, steps = 0, hidden = 0;
  bool want_h0 = false;
  // dx(t) = residual(t) + W_ih^T (gradients of r, z, n of step t), while these are near; dx null: not wanted.
  Real* dx = nullptr;               ///< (width x in x T)
  const Real* residual = nullptr;   ///< (width x in x T) or null, may be dx
  const Real* weight_ih = nullptr;  ///< (3H, in) row-major
  Index in = 0;
};

/// Turns gates into gate gradients for all steps: rows hn, r, z belong to weight_hh, rows r, z, n to
/// weight_ih. Gradients of inputs on the way.
template <class Real>
void gru_backward(const GruBackward<Real>& a) {
  const Index state = a.width * slab_rows(a.hidden), gates = a.width * slab_rows(4 * a.hidden);
  const auto step = [&](const GruStepBackward<Real>& s, const Real* w, Index rows) {
    if (a.width == lanes<Real>)
      gru_step_backward<1>(s, w, rows);
    else
      gru_step_backward<slab_vectors>(s, w, rows);
  };
  GruStepBackward<Real> s;
  s.hidden = a.hidden;
  s.out = a.carry;
  s.start = a.dlast;
  for (Index t = a.steps - 1; t >= 0; --t) {
    s.add = a.dy == nullptr ? nullptr : a.dy + t * state;
    s.gates = a.gates + t * gates;
    s.h = t == 0 ? a.h0 : a.y + (t - 1) * state;
    step(s, a.packed, a.hidden);
    s.d = s.gates;
    s.depth = 3 * a.hidden;
    s.start = a.carry;
    if (a.dx == nullptr) continue;
    const Index inputs = t * slab_rows(a.in) * a.width;
    GruStepBackward<Real> input;
    input.d = s.gates + a.hidden * a.width;
    input.depth = s.depth;
    input.w_step = a.in;
    input.start = a.residual == nullptr ? nullptr : a.residual + inputs;
    input.out = a.dx + inputs;
    step(input, a.weight_ih, a.in);
  }
  if (!a.want_h0) return;
  s.add = nullptr;
  s.gates = nullptr;
  step(s, a.packed, a.hidden);
}

/// Gradients of weights and biases; each is added to, each may be null.
template <class Real>
struct GruWeightGradients {
  Real *weight_ih = nullptr, *weight_hh = nullptr, *bias_ih = nullptr, *bias_hh = nullptr;
};

/// Whether gru_backward_weights can read inputs where they lie in an activation: not from panels.
template <class Real>
constexpr bool gru_reads_activation(Index hidden) {
  return !slab_use_panels<Real>(3 * hidden, hidden);
}

/// Scratch values that gru_backward_weights needs for one lane group.
template <class Real>
constexpr Index gru_weight_scratch(Index width, Index steps, Index in, Index hidden) {
  return slab_use_panels<Real>(3 * hidden, hidden)
             ? width * steps * (in + hidden) + slab_panel_scratch<Real>(width)
             : 0;
}

namespace detail {

/// c += sum over steps and lanes of a against b, which lies in a slab or in `source`; c: (rows, columns)
/// without gaps. Sums of the rows of a, and of `before` steps ahead of it, to `sums`.
template <class Real>
void gru_reduce(Real* c, const Real* a, Index a_step, Index rows, const Real* b, Index columns, Index width,
                Index steps, const SlabSource<Real>& source = {}, const SlabRowSums<Real>& sums = {},
                Index before = 0) {
  SlabReduction<Real> s;
  s.c = c;
  s.c_row = s.columns = columns;
  s.a = a;
  s.a_step = a_step;
  s.b = b;
  s.b_step = slab_rows(columns) * width;
  s.steps = steps;
  s.rows = rows;
  s.row_sums = sums;
  s.steps_before = before;
  if (source.from != nullptr) {
    s.b = source.from;
    s.b_step = source.next;
    s.b_column = source.row;
  }
  slab_reduction(s, width);
}

/// gru_backward_weights by panels: one pass over every gate.
template <class Real>
void gru_weights_by_panels(const GruWeightGradients<Real>& d, const Real* gates, const Real* x, const Real* y,
                           const Real* h0, Index width, Index steps, Index in, Index hidden, Real* scratch) {
  Real *inputs = scratch, *states = inputs + width * steps * in, *rows = states + width * steps * hidden;
  SlabRows<Real> a;
  a.step = slab_rows(4 * hidden) * width;
  a.steps = steps;
  a.rows = hidden;
  const bool with_inputs = d.weight_ih != nullptr && slab_use_panels<Real>(3 * hidden, in);
  if (with_inputs)
    slab_panels(inputs, x, slab_rows(in) * width, width, steps, in);
  else if (d.weight_ih != nullptr)
    gru_reduce(d.weight_ih, gates + hidden * width, a.step, 3 * hidden, x, in, width, steps);
  const Index first = 1;  // step of the gates that meets the first state of y
  if (d.weight_hh != nullptr) slab_panels(states, y, slab_rows(hidden) * width, width, steps - first, hidden);
  for (Index g = 0; g < 4; ++g) {                                           // hn, r, z, n
    const Index hh = (g == 0 ? 2 : g - 1) * hidden, ih = (g - 1) * hidden;  // first row in the parameters
    const bool to_hh = g != 3, to_ih = g != 0;
    a.values = gates + g * hidden * width;
    a.rows_ahead = (4 - g) * hidden;
    std::array<SlabPanels<Real>, 2> operands;
    std::size_t count = 0;
    if (to_hh && d.weight_hh != nullptr)
      operands[count++] = {d.weight_hh + hh * hidden, states, hidden, steps - first, first};
    if (to_ih && with_inputs) operands[count++] = {d.weight_ih + ih * in, inputs, in, steps, 0};
    slab_panel_reduction(a, std::span<const SlabPanels<Real>>(operands.data(), count), width, rows,
                         [&](Index r, Real sum) {
                           if (to_hh && d.bias_hh != nullptr) d.bias_hh[hh + r] += sum;
                           if (to_ih && d.bias_ih != nullptr) d.bias_ih[ih + r] += sum;
                         });
  }
  if (h0 == nullptr || d.weight_hh == nullptr) return;
  slab_panels(states, h0, slab_rows(hidden) * width, width, 1, hidden);
  a.steps = 1;
  for (Index g = 0; g < 3; ++g) {
    a.values = gates + g * hidden * width;
    const SlabPanels<Real> operand{d.weight_hh + (g == 0 ? 2 : g - 1) * hidden * hidden, states, hidden, 1,
                                   0};
    slab_panel_reduction(a, std::span<const SlabPanels<Real>>(&operand, 1), width, rows, [](Index, Real) {});
  }
}

}  // namespace detail

/// Adds the sums over all steps and lanes of one lane group.
/// gates: as gru_backward leaves them  x: (width x in x T)  y: (width x H x T)  h0: (width x H) or null
/// scratch: gru_weight_scratch() values  source: step 0 of x where gru_reads_activation() and it lies in one
template <class Real>
void gru_backward_weights(const GruWeightGradients<Real>& d, const Real* gates, const Real* x, const Real* y,
                          const Real* h0, Index width, Index steps, Index in, Index hidden, Real* scratch,
                          const SlabSource<Real>& source = {}) {
  GYROGRAD_ASSERT(source.from == nullptr || gru_reads_activation<Real>(hidden));
  if (slab_use_panels<Real>(3 * hidden, hidden))
    return detail::gru_weights_by_panels(d, gates, x, y, h0, width, steps, in, hidden, scratch);
  const Index block = width * hidden, step = slab_rows(4 * hidden) * width;  // one gate of one step; a step
  const bool both = d.bias_ih != nullptr && d.bias_hh != nullptr;  // r and z are summed once for both
  const SlabRowSums<Real> rzn{d.bias_ih, d.bias_hh, both ? 2 * hidden : 0};
  const SlabRowSums<Real> hn{d.bias_hh == nullptr ? nullptr : d.bias_hh + 2 * hidden};
  if (d.weight_ih != nullptr)
    detail::gru_reduce(d.weight_ih, gates + block, step, 3 * hidden, x, in, width, steps, source, rzn);
  else if (rzn.to != nullptr)
    slab_row_sums(rzn, gates + block, step, width, 3 * hidden, steps);
  if (d.bias_hh != nullptr && !both)
    slab_row_sums(SlabRowSums<Real>{d.bias_hh}, gates + block, step, width, 2 * hidden, steps);
  if (d.weight_hh == nullptr) {
    if (hn.to != nullptr) slab_row_sums(hn, gates, step, width, hidden, steps);
    return;
  }
  const auto add = [&](const Real* from, const Real* states, Index count, const SlabRowSums<Real>& sums) {
    detail::gru_reduce(d.weight_hh + 2 * hidden * hidden, from, step, hidden, states, hidden, width, count,
                       {}, sums, Index(1));
    detail::gru_reduce(d.weight_hh, from + block, step, 2 * hidden, states, hidden, width, count);
  };
  add(gates + step, y, steps - 1, hn);
  if (h0 != nullptr) add(gates, h0, 1, {});
}

}  // namespace gyrograd::kernels
