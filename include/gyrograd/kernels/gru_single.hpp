// SPDX-License-Identifier: MIT
// GRU for one sequence: vector lanes along hidden units, weights re-ordered once, no heap use.
//
// A layer's units are padded to whole vectors and cut into blocks of a few vectors. Packed weights per block:
//
//   [ b_r, b_z, b_n, b_hn ]  then for every input k:  [ r | z | n ] of the block's units,  for every state k
//   the same
//
// so one pass over a block reads memory from front to back. Stacked layers run as a wavefront (layer l works
// on step w - l): their products and gates are independent of one another and fill the pipelines together.
#pragma once

#include "gyrograd/kernels/math.hpp"

namespace gyrograd::kernels {

namespace detail {

/// Vectors of units per block; further accumulators split the depth so that sums do not wait for one another.
inline constexpr Index single_vectors = vector_registers == 32 ? 2 : 3;
template <int Vectors>
inline constexpr int single_split = vector_registers == 32 ? (Vectors == 1 ? 4 : 2) : (Vectors == 3 ? 1 : 2);
/// Steps whose input parts are computed together, and vectors of units per tile of that product.
inline constexpr int single_steps = 4;
inline constexpr Index single_tile_vectors = vector_registers == 32 ? 2 : 1;

}  // namespace detail

/// Units of a layer with padding.
template <class Real>
constexpr Index gru_single_units(Index hidden) {
  return (hidden + lanes<Real> - 1) / lanes<Real> * lanes<Real>;
}
/// Values of the packed weights of a layer.
template <class Real>
constexpr Index gru_single_packed_size(Index in, Index hidden) {
  return gru_single_units<Real>(hidden) * (4 + 3 * (in + hidden));
}

/// One layer of a stack. pre and h of all layers lie behind one another: this one's units start at `offset`.
template <class Real>
struct GruSingleLayer {
  Index in = 0, hidden = 0;
  Index offset = 0;              ///< of its padded units among those of the stack
  const Real* packed = nullptr;  ///< gru_single_pack
};

/// Calls f(first unit, vectors, packed block) for the blocks of a layer.
template <class Real, class F>
void gru_single_blocks(Index in, Index hidden, Real* packed, F&& f) {
  constexpr Index L = lanes<std::remove_const_t<Real>>;
  const Index all = (hidden + L - 1) / L;
  for (Index v = 0; v < all; v += detail::single_vectors) {
    const Index vectors = std::min(detail::single_vectors, all - v);
    f(v * L, vectors, packed);
    packed += vectors * L * (4 + 3 * (in + hidden));
  }
}

/// Re-orders a layer's weights (PyTorch's shapes) into gru_single_packed_size values; padding is zero.
template <class Real>
void gru_single_pack(Real* packed, const Real* weight_ih, const Real* weight_hh, const Real* bias_ih,
                     const Real* bias_hh, Index in, Index hidden) {
  gru_single_blocks(in, hidden, packed, [&](Index unit, Index vectors, Real* to) {
    const Index units = vectors * lanes<Real>;
    const auto row = [&](auto value) {
      for (Index u = unit; u < unit + units; ++u) *to++ = u < hidden ? value(u) : Real(0);
    };
    for (Index g = 0; g < 2; ++g)
      row([&](Index u) { return bias_ih[g * hidden + u] + bias_hh[g * hidden + u]; });
    row([&](Index u) { return bias_ih[2 * hidden + u]; });
    row([&](Index u) { return bias_hh[2 * hidden + u]; });
    for (Index k = 0; k < in; ++k)
      for (Index g = 0; g < 3; ++g) row([&](Index u) { return weight_ih[(g * hidden + u) * in + k]; });
    for (Index k = 0; k < hidden; ++k)
      for (Index g = 0; g < 3; ++g) row([&](Index u) { return weight_hh[(g * hidden + u) * hidden + k]; });
  });
}

namespace detail {

/// sum[split][gate][v] += weight rows k, times x[k], for k = 0 .. depth - 1; returns the end of w.
template <class Real, int Vectors, int Split>
GYROGRAD_INLINE const Real* single_accumulate(Batch<Real> (&sum)[Split][3][Vectors], const Real* w,
                                              const Real* x, Index depth) {
  using V = Batch<Real>;
  constexpr Index L = lanes<Real>, row = 3 * Vectors * L;
  Index k = 0;
  for (; k + Split <= depth; k += Split) {
    GYROGRAD_UNROLL
    for (int s = 0; s < Split; ++s) {
      const V xk = broadcast(x[k + s]);
      GYROGRAD_UNROLL
      for (int i = 0; i < 3 * Vectors; ++i) {
        V& to = sum[s][i / Vectors][i % Vectors];
        to = fma(load(w + s * row + i * L), xk, to);
      }
    }
    w += Split * row;
  }
  for (; k < depth; ++k, w += row) {
    const V xk = broadcast(x[k]);
    GYROGRAD_UNROLL
    for (int i = 0; i < 3 * Vectors; ++i) {
      V& to = sum[0][i / Vectors][i % Vectors];
      to = fma(load(w + i * L), xk, to);
    }
  }
  return w;
}

/// sum[0] = all splits; clears the others.
template <class Real, int Vectors, int Split>
GYROGRAD_INLINE void single_fold(Batch<Real> (&sum)[Split][3][Vectors], int gate) {
  GYROGRAD_UNROLL
  for (int v = 0; v < Vectors; ++v) {
    GYROGRAD_UNROLL
    for (int s = 1; s < Split; ++s) {
      sum[0][gate][v] = sum[0][gate][v] + sum[s][gate][v];
      sum[s][gate][v] = Batch<Real>(Real(0));
    }
  }
}

/// Arguments of the gates of one block: pre is (r, z, n without its recurrent part, hn), `stride` apart.
/// start: input parts computed before (r, z, n, `start_stride` apart), or null: then x is multiplied here.
template <class Real, int Vectors>
[[gnu::noinline]] void single_block(Real* pre, Index stride, const Real* start, Index start_stride,
                                    const Real* packed, const Real* x, Index in, const Real* h,
                                    Index hidden) {
  using V = Batch<Real>;
  constexpr Index L = lanes<Real>;
  constexpr int Split = single_split<Vectors>;
  V sum[Split][3][Vectors];
  GYROGRAD_UNROLL
  for (int s = 0; s < Split; ++s) {
    GYROGRAD_UNROLL
    for (int i = 0; i < 3 * Vectors; ++i) sum[s][i / Vectors][i % Vectors] = V(Real(0));
  }
  const Real* w = packed + 4 * Vectors * L;
  if (start == nullptr) {
    GYROGRAD_UNROLL
    for (int i = 0; i < 3 * Vectors; ++i) sum[0][i / Vectors][i % Vectors] = load(packed + i * L);
    w = single_accumulate<Real, Vectors, Split>(sum, w, x, in);
    single_fold<Real, Vectors, Split>(sum, 2);
  } else {
    GYROGRAD_UNROLL
    for (int i = 0; i < 3 * Vectors; ++i)
      sum[0][i / Vectors][i % Vectors] = load(start + i / Vectors * start_stride + i % Vectors * L);
    w += in * 3 * Vectors * L;
  }
  GYROGRAD_UNROLL
  for (int v = 0; v < Vectors; ++v) {
    store(pre + 2 * stride + v * L, sum[0][2][v]);
    sum[0][2][v] = load(packed + (3 * Vectors + v) * L);
  }
  single_accumulate<Real, Vectors, Split>(sum, w, h, hidden);
  GYROGRAD_UNROLL
  for (int g = 0; g < 3; ++g) {
    single_fold<Real, Vectors, Split>(sum, g);
    GYROGRAD_UNROLL
    for (int v = 0; v < Vectors; ++v) store(pre + (g == 2 ? 3 : g) * stride + v * L, sum[0][g][v]);
  }
}

/// Input parts of Steps steps for Vectors vectors of a block: y(step) = bias + W_ih x(step).
/// w_gate, w_row: values from gate to gate and from input to input; x_step, x_channel: strides of x.
template <class Real, int Vectors, int Steps>
[[gnu::noinline]] void single_input_tile(Real* y, Index y_step, Index y_gate, const Real* bias, const Real* w,
                                         Index w_gate, Index w_row, const Real* x, Index x_step,
                                         Index x_channel, Index in) {
  using V = Batch<Real>;
  constexpr Index L = lanes<Real>;
  V sum[Steps][3][Vectors];
  GYROGRAD_UNROLL
  for (int i = 0; i < 3 * Vectors; ++i) {
    const V start = load(bias + i / Vectors * w_gate + i % Vectors * L);
    GYROGRAD_UNROLL
    for (int s = 0; s < Steps; ++s) sum[s][i / Vectors][i % Vectors] = start;
  }
  for (Index k = in; k > 0; --k) {
    V wk[3][Vectors];
    GYROGRAD_UNROLL
    for (int i = 0; i < 3 * Vectors; ++i) {
      wk[i / Vectors][i % Vectors] = load(w + i / Vectors * w_gate + i % Vectors * L);
      keep(wk[i / Vectors][i % Vectors]);
    }
    GYROGRAD_UNROLL
    for (int s = 0; s < Steps; ++s) {
      const V xk = broadcast(x[s * x_step]);
      GYROGRAD_UNROLL
      for (int i = 0; i < 3 * Vectors; ++i)
        sum[s][i / Vectors][i % Vectors] =
            fma(wk[i / Vectors][i % Vectors], xk, sum[s][i / Vectors][i % Vectors]);
    }
    w += w_row;
    x += x_channel;
  }
  GYROGRAD_UNROLL
  for (int s = 0; s < Steps; ++s) {
    GYROGRAD_UNROLL
    for (int i = 0; i < 3 * Vectors; ++i)
      store(y + s * y_step + i / Vectors * y_gate + i % Vectors * L, sum[s][i / Vectors][i % Vectors]);
  }
}

template <class Real, int Steps>
void single_input_steps(Real* y, const GruSingleLayer<Real>& layer, const Real* x, Index x_step,
                        Index x_channel) {
  constexpr Index L = lanes<Real>;
  const Index units = gru_single_units<Real>(layer.hidden);
  gru_single_blocks(layer.in, layer.hidden, layer.packed, [&](Index unit, Index vectors, const Real* packed) {
    const Index gate = vectors * L;
    Index v = 0;
    const auto tile = [&](auto kernel, Index wide) {
      for (; v + wide <= vectors; v += wide)
        kernel(y + unit + v * L, 3 * units, units, packed + v * L, packed + 4 * gate + v * L, gate, 3 * gate,
               x, x_step, x_channel, layer.in);
    };
    tile(single_input_tile<Real, static_cast<int>(single_tile_vectors), Steps>, single_tile_vectors);
    tile(single_input_tile<Real, 1, Steps>, 1);
  });
}

}  // namespace detail

/// Input parts of the gates of `steps` steps: y(t) = (r, z, n), each gru_single_units values.
/// x(t, k) at x + t x_step + k x_channel
template <class Real>
void gru_single_inputs(Real* y, const GruSingleLayer<Real>& layer, const Real* x, Index x_step,
                       Index x_channel, Index steps) {
  const Index size = 3 * gru_single_units<Real>(layer.hidden);
  for (; steps >= detail::single_steps; steps -= detail::single_steps) {
    detail::single_input_steps<Real, detail::single_steps>(y, layer, x, x_step, x_channel);
    y += detail::single_steps * size;
    x += detail::single_steps * x_step;
  }
  for (; steps > 0; --steps, y += size, x += x_step)
    detail::single_input_steps<Real, 1>(y, layer, x, x_step, x_channel);
}

/// Arguments of one layer's gates for one step.
/// pre: (4, stride) of the whole stack  start: this step of gru_single_inputs, or null to use x: (in)
/// h: (hidden), the layer's state
template <class Real>
void gru_single_product(Real* pre, Index stride, const GruSingleLayer<Real>& layer, const Real* start,
                        const Real* x, const Real* h) {
  const Index units = gru_single_units<Real>(layer.hidden);
  gru_single_blocks(layer.in, layer.hidden, layer.packed, [&](Index unit, Index vectors, const Real* packed) {
    Real* to = pre + layer.offset + unit;
    const Real* from = start == nullptr ? nullptr : start + unit;
    if (vectors == 3)
      detail::single_block<Real, 3>(to, stride, from, units, packed, x, layer.in, h, layer.hidden);
    else if (vectors == 2)
      detail::single_block<Real, 2>(to, stride, from, units, packed, x, layer.in, h, layer.hidden);
    else
      detail::single_block<Real, 1>(to, stride, from, units, packed, x, layer.in, h, layer.hidden);
  });
}

/// New states of units begin .. end - 1 (multiples of a vector): h = n + z (h - n).   pre: (4, stride)
/// out: what the next layer reads, ReLU of h; may be null or h itself for no ReLU
template <class Real>
void gru_single_gates(Real* h, Real* out, const Real* pre, Index stride, Index begin, Index end) {
  using V = Batch<Real>;
  for (Index u = begin; u < end; u += lanes<Real>) {
    const V r = sigmoid<Real>(load(pre + u)), z = sigmoid<Real>(load(pre + stride + u));
    const V n = tanh(fma(r, load(pre + 3 * stride + u), load(pre + 2 * stride + u)));
    const V y = fma(z, load(h + u) - n, n);
    store(h + u, y);
    if (out != nullptr && out != h) store(out + u, max(y, V(Real(0))));
  }
}

}  // namespace gyrograd::kernels
