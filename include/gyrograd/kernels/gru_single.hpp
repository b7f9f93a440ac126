// SPDX-License-Identifier: MIT
// GRU for one sequence: vector lanes along gate rows, weights re-ordered once, no heap use.
//
// The 3 H gate rows of a layer (r, z, n as PyTorch orders them) lie without gaps in vectors: 60 rows of 20
// units are 3.75 vectors of 16 lanes, where every gate by itself would be padded to two. Packed weights, each
// line one padded row of `gru_single_row` values:
//
//   biases of the input part [ b_ir + b_hr | b_iz + b_hz | b_in ], of the state part [ 0 | 0 | b_hn ],
//   the columns of W_ih for every input k, the columns of W_hh for every state k
//   (rows of r and z times detail::gru_scale, so that a power of two of their sum is e^-sum)
//
// The product leaves both parts and their sum; the gates read r and z from the sum, the two halves of n from
// the parts, at offsets that are no multiples of a vector. Stacked layers run as a wavefront (layer l works
// on step w - l): their products and gates are independent of one another and fill the pipelines together.
#pragma once

#include <algorithm>

#include "gyrograd/kernels/gru_step.hpp"

namespace gyrograd::kernels {

namespace detail {

/// Vectors of rows per block: with a second set of accumulators for odd k (or for the other part) they hide
/// the latency of the additions and still fit the registers.
inline constexpr Index single_vectors = vector_registers == 32 ? 8 : 4;
/// Steps and vectors of rows of one tile of the input parts.
inline constexpr Index single_steps = 4;
inline constexpr Index single_tile_vectors = vector_registers == 32 ? 4 : 2;

}  // namespace detail

/// Units of a layer with padding: length of its state.
template <class Real>
constexpr Index gru_single_units(Index hidden) {
  return (hidden + lanes<Real> - 1) / lanes<Real> * lanes<Real>;
}
/// Gate rows of a layer with padding.
template <class Real>
constexpr Index gru_single_row(Index hidden) {
  return (3 * hidden + lanes<Real> - 1) / lanes<Real> * lanes<Real>;
}
/// Values of the packed weights of a layer.
template <class Real>
constexpr Index gru_single_packed_size(Index in, Index hidden) {
  return gru_single_row<Real>(hidden) * (2 + in + hidden);
}
/// Values of one part of the arguments of the gates: a row, and room for a vector read beyond it.
template <class Real>
constexpr Index gru_single_part(Index hidden) {
  return gru_single_row<Real>(hidden) + lanes<Real>;
}

/// One layer: sizes and weights.
template <class Real>
struct GruSingleLayer {
  Index in = 0, hidden = 0;
  const Real* packed = nullptr;  ///< gru_single_pack
};

/// Re-orders a layer's weights (PyTorch's shapes) into gru_single_packed_size values; padding is zero.
template <class Real>
void gru_single_pack(Real* packed, const Real* weight_ih, const Real* weight_hh, const Real* bias_ih,
                     const Real* bias_hh, Index in, Index hidden) {
  const Index rows = 3 * hidden, row = gru_single_row<Real>(hidden);
  std::fill_n(packed, gru_single_packed_size<Real>(in, hidden), Real(0));
  for (Index i = 0; i < rows; ++i) {
    const bool n_gate = i >= 2 * hidden;
    const Real scale = n_gate ? Real(1) : static_cast<Real>(detail::gru_scale);
    packed[i] = n_gate ? bias_ih[i] : scale * (bias_ih[i] + bias_hh[i]);
    packed[row + i] = n_gate ? bias_hh[i] : Real(0);
    for (Index k = 0; k < in; ++k) packed[(2 + k) * row + i] = scale * weight_ih[i * in + k];
    for (Index k = 0; k < hidden; ++k) packed[(2 + in + k) * row + i] = scale * weight_hh[i * hidden + k];
  }
}

namespace detail {

/// sum[v] += x[k] * row k of w for k = 0 .. depth - 1, even and odd k in separate sums.
template <class Real, int Vectors>
GYROGRAD_INLINE void single_accumulate(Batch<Real>* sum, Batch<Real>* odd, const Real* w, Index row,
                                       const Real* x, Index depth) {
  constexpr Index L = lanes<Real>;
  const auto add = [](Batch<Real> * to, const Real* from, Real factor) __attribute__((always_inline)) {
    const Batch<Real> xk = broadcast(factor);
    GYROGRAD_UNROLL
    for (int v = 0; v < Vectors; ++v) to[v] = fma(load(from + v * L), xk, to[v]);
  };
  Index k = 0;
  for (; k + 2 <= depth; k += 2, w += 2 * row) {
    add(sum, w, x[k]);
    add(odd, w + row, x[k + 1]);
  }
  if (k < depth) add(sum, w, x[k]);
}

/// One block of rows of one step: writes the input part, the state part and their sum, `part` apart.
/// start: this block of gru_single_inputs, or null: then x is multiplied here.
template <class Real, int Vectors>
[[gnu::noinline]] void single_block(Real* arguments, Index part, const GruSingleLayer<Real>& layer, Index row,
                                    Index at, const Real* start, const Real* x, const Real* h) {
  using V = Batch<Real>;
  constexpr Index L = lanes<Real>;
  const Real* w = layer.packed + at;
  V input[Vectors], state[Vectors], odd[Vectors];
  GYROGRAD_UNROLL
  for (int v = 0; v < Vectors; ++v) {
    input[v] = load((start != nullptr ? start : w) + v * L);
    state[v] = load(w + row + v * L);
    odd[v] = V(Real(0));
  }
  w += 2 * row;
  if (start == nullptr) {
    single_accumulate<Real, Vectors>(input, odd, w, row, x, layer.in);
    GYROGRAD_UNROLL
    for (int v = 0; v < Vectors; ++v) {
      input[v] = input[v] + odd[v];
      odd[v] = V(Real(0));
    }
  }
  single_accumulate<Real, Vectors>(state, odd, w + layer.in * row, row, h, h == nullptr ? 0 : layer.hidden);
  Real* to = arguments + at;
  GYROGRAD_UNROLL
  for (int v = 0; v < Vectors; ++v) {
    state[v] = state[v] + odd[v];
    store(to + v * L, input[v]);
    store(to + part + v * L, state[v]);
    store(to + 2 * part + v * L, input[v] + state[v]);
  }
}

/// Calls f(integral_constant<int, Vectors>, at) for blocks of up to Most vectors of a row.
template <class Real, int Most, class F>
GYROGRAD_INLINE void single_blocks(Index row, F&& f) {
  constexpr Index L = lanes<Real>;
  Index at = 0;
  const auto run = [&]<int Vectors>(std::integral_constant<int, Vectors> count) {
    for (; at + Vectors * L <= row; at += Vectors * L) f(count, at);
  };
  if constexpr (Most >= 8) run(std::integral_constant<int, 8>{});
  if constexpr (Most >= 4) run(std::integral_constant<int, 4>{});
  if constexpr (Most >= 2) run(std::integral_constant<int, 2>{});
  run(std::integral_constant<int, 1>{});
}

/// Input parts of Steps steps for Vectors vectors of rows: y(step) = bias + W_ih x(step).
template <class Real, int Vectors, int Steps>
[[gnu::noinline]] void single_input_tile(Real* y, Index row, const Real* bias, const Real* x, Index x_step,
                                         Index x_channel, Index in) {
  using V = Batch<Real>;
  constexpr Index L = lanes<Real>;
  V sum[Steps][Vectors];
  GYROGRAD_UNROLL
  for (int v = 0; v < Vectors; ++v) {
    const V start = load(bias + v * L);
    GYROGRAD_UNROLL
    for (int s = 0; s < Steps; ++s) sum[s][v] = start;
  }
  const Real* w = bias + 2 * row;
  for (Index k = in; k > 0; --k) {
    V wk[Vectors];
    GYROGRAD_UNROLL
    for (int v = 0; v < Vectors; ++v) {
      wk[v] = load(w + v * L);
      keep(wk[v]);
    }
    GYROGRAD_UNROLL
    for (int s = 0; s < Steps; ++s) {
      const V xk = broadcast(x[s * x_step]);
      GYROGRAD_UNROLL
      for (int v = 0; v < Vectors; ++v) sum[s][v] = fma(wk[v], xk, sum[s][v]);
    }
    w += row;
    x += x_channel;
  }
  GYROGRAD_UNROLL
  for (int s = 0; s < Steps; ++s) {
    GYROGRAD_UNROLL
    for (int v = 0; v < Vectors; ++v) store(y + s * row + v * L, sum[s][v]);
  }
}

}  // namespace detail

/// Input parts of the gates of `steps` steps: y(t) of gru_single_row values each.
/// x(t, k) at x + t x_step + k x_channel
template <class Real>
void gru_single_inputs(Real* y, const GruSingleLayer<Real>& layer, const Real* x, Index x_step,
                       Index x_channel, Index steps) {
  const Index row = gru_single_row<Real>(layer.hidden);
  const auto run = [&]<int Steps>(std::integral_constant<int, Steps>) {
    for (; steps >= Steps; steps -= Steps, y += Steps * row, x += Steps * x_step)
      detail::single_blocks<Real, detail::single_tile_vectors>(
          row, [&]<int Vectors>(std::integral_constant<int, Vectors>, Index at) {
            detail::single_input_tile<Real, Vectors, Steps>(y + at, row, layer.packed + at, x, x_step,
                                                            x_channel, layer.in);
          });
  };
  run(std::integral_constant<int, static_cast<int>(detail::single_steps)>{});
  run(std::integral_constant<int, 1>{});
}

/// Arguments of one layer's gates for one step.
/// arguments: (3, gru_single_part): input part, state part, their sum  start: this step of gru_single_inputs,
/// or null to use x: (in)  h: (hidden), the layer's state, or null for zeros
template <class Real>
void gru_single_product(Real* arguments, const GruSingleLayer<Real>& layer, const Real* start, const Real* x,
                        const Real* h) {
  const Index row = gru_single_row<Real>(layer.hidden), part = gru_single_part<Real>(layer.hidden);
  detail::single_blocks<Real, detail::single_vectors>(
      row, [&]<int Vectors>(std::integral_constant<int, Vectors>, Index at) {
        detail::single_block<Real, Vectors>(arguments, part, layer, row, at,
                                            start == nullptr ? nullptr : start + at, x, h);
      });
}

/// New state h = n + z (h - n) of one layer; padding of h keeps finite values without meaning.
/// h: (gru_single_units)  arguments: of gru_single_product
/// out: what the next layer reads, ReLU of h; may be null or h itself for no ReLU
template <class Real>
void gru_single_gates(Real* h, Real* out, const Real* arguments, Index hidden) {
  using V = Batch<Real>;
  const Index part = gru_single_part<Real>(hidden);
  const Real *input = arguments + 2 * hidden, *state = input + part, *sum = arguments + 2 * part;
  for (Index u = 0; u < hidden; u += lanes<Real>) {
    const V one(Real(1));
    V a = load(sum + u), b = load(sum + hidden + u);
    keep(a);  // read once: these vectors lie across two stores, which each read would wait for
    keep(b);
    const V r = divide(one, one + detail::gru_exp2<Real>(a));
    const V z = divide(one, one + detail::gru_exp2<Real>(b));
    const V n = tanh(fma(r, load(state + u), load(input + u)));
    const V y = fma(z, load(h + u) - n, n);
    store(h + u, y);
    if (out != nullptr && out != h) store(out + u, max(V(Real(0)), y));
  }
}

}  // namespace gyrograd::kernels
