// SPDX-License-Identifier: MIT
// 2-D convolution (cross-correlation) on (B, H, W, C): forward, data gradient, weight and bias gradients.
//
//   y(b, h, w, o) = bias(o) + sum over i, k_h, k_w of weight(o, i, k_h, k_w) x(b, h s - p + k_h d, ..., i)
//
// A convolution over time is one with W = 1. Lanes run along sequences and neighbouring positions
// (kernels/window.hpp); a tap is an offset, so there is no im2col and dilation costs nothing. Forward and
// data gradient are one product over register tiles with two depth loops, channels and taps; the weight
// gradient keeps a tile of output channels x (input channel, tap) over all positions.
// Derivation, tiles and cost: docs/kernels/conv2d.md.
#pragma once

#include <algorithm>
#include <array>
#include <utility>

#include "gyrograd/kernels/batch_norm.hpp"
#include "gyrograd/kernels/fold.hpp"
#include "gyrograd/kernels/simd.hpp"
#include "gyrograd/kernels/window.hpp"

namespace gyrograd::kernels {

namespace detail {

/// y(p, m) = start + sum over channels c and taps t of x(p + x_tap[t] + c x_channel) w(m, c, t).
template <class Real>
struct TapProduct {
  Real* y = nullptr;
  Index y_row = 0;  ///< from row to row of y
  const Real* x = nullptr;
  Index x_channel = 0;
  const Real* w = nullptr;  ///< scalar (m, c, t) at w + m w_row + c w_channel + w_tap[t]
  Index w_row = 0, w_channel = 0;
  const Index *x_tap = nullptr, *w_tap = nullptr;
  Index taps = 0, channels = 0, positions = 0, rows = 0;
  const Real* bias = nullptr;      ///< (rows) or null
  const Real* residual = nullptr;  ///< as y, or null; may be y
};

inline constexpr int conv_vectors = 3;
inline constexpr int conv_rows = vector_registers == 32 ? 8 : 4;

template <class Real, int Rows, int Vectors, bool Tail>
[[gnu::noinline]] void tap_product_tile(const TapProduct<Real>& a, Index p, Index m, Index tail) {
  using V = Batch<Real>;
  constexpr Index L = lanes<Real>;
  const auto read = [&](const Real* from, int v) __attribute__((always_inline)) {
    if constexpr (Tail) {
      if (v == Vectors - 1) return load_partial(from + v * L, tail);
    }
    return load(from + v * L);
  };
  V sum[Rows][Vectors];
  GYROGRAD_UNROLL
  for (int r = 0; r < Rows; ++r) {
    const V start = a.bias != nullptr ? broadcast(a.bias[m + r]) : V(Real(0));
    GYROGRAD_UNROLL
    for (int v = 0; v < Vectors; ++v) sum[r][v] = start;
  }
  const Real* x = a.x + p;
  const Real* w = a.w + m * a.w_row;
  const Index w_row = a.w_row;
  for (Index c = a.channels; c > 0; --c, x += a.x_channel, w += a.w_channel) {
    for (Index t = 0; t < a.taps; ++t) {
      const Real* xt = x + a.x_tap[t];
      const Real* wt = w + a.w_tap[t];
      V xk[Vectors];
      GYROGRAD_UNROLL
      for (int v = 0; v < Vectors; ++v) {
        xk[v] = read(xt, v);
        keep(xk[v]);
      }
      GYROGRAD_UNROLL
      for (int r = 0; r < Rows; ++r) {
        const V wk = broadcast(wt[r * w_row]);
        GYROGRAD_UNROLL
        for (int v = 0; v < Vectors; ++v) sum[r][v] = fma(wk, xk[v], sum[r][v]);
      }
    }
  }
  Real* y = a.y + p + m * a.y_row;
  const Real* residual = a.residual == nullptr ? nullptr : a.residual + p + m * a.y_row;
  GYROGRAD_UNROLL
  for (int r = 0; r < Rows; ++r) {
    GYROGRAD_UNROLL
    for (int v = 0; v < Vectors; ++v) {
      V out = sum[r][v];
      if (residual != nullptr) out = out + read(residual + r * a.y_row, v);
      if (Tail && v == Vectors - 1)
        store_partial(y + r * a.y_row + v * L, out, tail);
      else
        store(y + r * a.y_row + v * L, out);
    }
  }
}

template <class Real, int Vectors, bool Tail, int... Rows>
constexpr auto tap_product_table(std::integer_sequence<int, Rows...>) {
  using Tile = void (*)(const TapProduct<Real>&, Index, Index, Index);
  return std::array<Tile, sizeof...(Rows)>{tap_product_tile<Real, Rows + 1, Vectors, Tail>...};
}

template <class Real, int Vectors, bool Tail>
void tap_product_block(const TapProduct<Real>& a, Index p, Index tail) {
  static constexpr auto table =
      tap_product_table<Real, Vectors, Tail>(std::make_integer_sequence<int, conv_rows>{});
  const Index tiles = (a.rows + conv_rows - 1) / conv_rows;
  for (Index i = 0, m = 0; i < tiles; ++i) {
    const Index rows = (a.rows - m + tiles - i - 1) / (tiles - i);  // nearly equal heights
    table[static_cast<std::size_t>(rows - 1)](a, p, m, tail);
    m += rows;
  }
}

template <class Real>
void tap_product(const TapProduct<Real>& a) {
  constexpr Index L = lanes<Real>;
  const Index tail = a.positions % L;
  Index vectors = (a.positions + L - 1) / L;  // the last one may be partial
  for (Index p = 0; vectors > 0;) {
    const Index take = vectors == 4 ? 2 : std::min<Index>(vectors, conv_vectors);
    const bool partial = take == vectors && tail > 0;
    const auto run = [&]<int Vectors>(std::integral_constant<int, Vectors>) {
      if (partial)
        tap_product_block<Real, Vectors, true>(a, p, tail);
      else
        tap_product_block<Real, Vectors, false>(a, p, 0);
    };
    if (take == 3)
      run(std::integral_constant<int, 3>{});
    else if (take == 2)
      run(std::integral_constant<int, 2>{});
    else
      run(std::integral_constant<int, 1>{});
    p += take * L;
    vectors -= take;
  }
}

/// c(r, n) += sum over positions of a(p, r) b(p + b_at(n)); column n = input channel x tap.
template <class Real>
struct TapReduction {
  Real* c = nullptr;  ///< (r, i, t) at c + r c_row + i c_channel + c_tap[t]
  Index c_row = 0, c_channel = 0;
  const Real* a = nullptr;
  Index a_row = 0;  ///< from row to row of a
  const Real* b = nullptr;
  Index b_channel = 0;
  const Index *b_tap = nullptr, *c_tap = nullptr;
  Index taps = 0, channels = 0, rows = 0, positions = 0;
};

inline constexpr int conv_reduction_rows = vector_registers == 32 ? 6 : 3;

/// Rows x 4 accumulators; the columns come as offsets, and so do the places of their sums.
template <class Real, int Rows>
[[gnu::noinline]] void tap_reduction_tile(const TapReduction<Real>& s, Index r0, const Index* b_at,
                                          const Index* c_at, Index columns) {
  using V = Batch<Real>;
  constexpr Index L = lanes<Real>;
  constexpr int N = fold_columns;
  V sum[Rows][N];
  GYROGRAD_UNROLL
  for (int r = 0; r < Rows; ++r) {
    GYROGRAD_UNROLL
    for (int n = 0; n < N; ++n) sum[r][n] = V(Real(0));
  }
  const Real* a = s.a + r0 * s.a_row;
  const Index a_row = s.a_row;
  const Real *b0 = s.b + b_at[0], *b1 = s.b + b_at[1], *b2 = s.b + b_at[2], *b3 = s.b + b_at[3];
  const auto step = [&](auto read, Index p) __attribute__((always_inline)) {
    // The smaller side stays in registers, the other is streamed.
    if constexpr (Rows < N) {
      V held[Rows];
      GYROGRAD_UNROLL
      for (int r = 0; r < Rows; ++r) {
        held[r] = read(a + r * a_row + p);
        keep(held[r]);
      }
      const Real* columns_at[N] = {b0, b1, b2, b3};
      GYROGRAD_UNROLL
      for (int n = 0; n < N; ++n) {
        V bn = read(columns_at[n] + p);
        keep(bn);
        GYROGRAD_UNROLL
        for (int r = 0; r < Rows; ++r) sum[r][n] = fma(held[r], bn, sum[r][n]);
      }
    } else {
      V held[N] = {read(b0 + p), read(b1 + p), read(b2 + p), read(b3 + p)};
      GYROGRAD_UNROLL
      for (int n = 0; n < N; ++n) keep(held[n]);
      GYROGRAD_UNROLL
      for (int r = 0; r < Rows; ++r) {
        V ar = read(a + r * a_row + p);
        keep(ar);
        GYROGRAD_UNROLL
        for (int n = 0; n < N; ++n) sum[r][n] = fma(ar, held[n], sum[r][n]);
      }
    }
  };
  Index p = 0;
  for (; p + L <= s.positions; p += L)
    step(
        [](const Real* from) __attribute__((always_inline)) { return load(from); }, p);
  if (p < s.positions)
    step(
        [n = s.positions - p](const Real* from)
            __attribute__((always_inline)) { return load_partial(from, n); },
        p);
  Real sums[Rows][N] = {};
  fold<1, Rows>(&sums[0][0], N, static_cast<const V(*)[N]>(sum), Real(1));
  for (int r = 0; r < Rows; ++r) {
    Real* c = s.c + (r0 + r) * s.c_row;
    for (Index n = 0; n < columns; ++n) c[c_at[n]] += sums[r][n];
  }
}

template <class Real, int... Rows>
constexpr auto tap_reduction_table(std::integer_sequence<int, Rows...>) {
  using Tile = void (*)(const TapReduction<Real>&, Index, const Index*, const Index*, Index);
  return std::array<Tile, sizeof...(Rows)>{tap_reduction_tile<Real, Rows + 1>...};
}

template <class Real>
void tap_reduction(const TapReduction<Real>& s) {
  static constexpr auto table =
      tap_reduction_table<Real>(std::make_integer_sequence<int, conv_reduction_rows>{});
  constexpr Index N = fold_columns;
  const Index tiles = (s.rows + conv_reduction_rows - 1) / conv_reduction_rows;
  const Index all = s.channels * s.taps;
  for (Index i = 0, r = 0; i < tiles; ++i) {
    const Index rows = (s.rows - r + tiles - i - 1) / (tiles - i);
    Index channel = 0, tap = 0;
    for (Index n = 0; n < all; n += N) {
      Index b_at[N], c_at[N];
      const Index columns = std::min(N, all - n);
      for (Index j = 0; j < N; ++j) {
        if (j >= columns) {  // computed and dropped
          b_at[j] = b_at[j - 1];
          c_at[j] = 0;
          continue;
        }
        b_at[j] = channel * s.b_channel + s.b_tap[tap];
        c_at[j] = channel * s.c_channel + s.c_tap[tap];
        if (++tap == s.taps) {
          tap = 0;
          ++channel;
        }
      }
      table[static_cast<std::size_t>(rows - 1)](s, r, b_at, c_at, columns);
    }
    r += rows;
  }
}

}  // namespace detail

/// Sizes of one convolution.
struct ConvSizes {
  Window window;
  Index in = 1, out = 1;  ///< channels

  constexpr Index weight_count() const { return out * in * window.taps(); }
};

/// y = bias + conv(x).
/// y: (B, H', W', out)  x: (B, H, W, in)  weight: (out, in, k_h, k_w) row-major  bias: (out) or null
template <class Real>
void conv2d_forward(Real* y, const Real* x, const Real* weight, const Real* bias, const ConvSizes& s) {
  detail::TapProduct<Real> a;
  a.y_row = s.window.output_plane();
  a.x = x;
  a.x_channel = s.window.input_plane();
  a.w = weight;
  a.w_channel = s.window.taps();
  a.w_row = s.in * a.w_channel;
  a.channels = s.in;
  a.rows = s.out;
  a.bias = bias;
  for_each_output_run(s.window, [&](const WindowRun& run) {
    a.y = y + run.out;
    a.x_tap = run.at.data();
    a.w_tap = run.index.data();
    a.taps = run.taps;
    a.positions = run.count;
    detail::tap_product(a);
  });
}

/// dx = residual + transposed conv(dy).
/// dx: (B, H, W, in)  residual: the same or null, may be dx  dy: (B, H', W', out)  weight: as in the forward
template <class Real>
void conv2d_backward_data(Real* dx, const Real* residual, const Real* dy, const Real* weight,
                          const ConvSizes& s) {
  detail::TapProduct<Real> a;
  a.y_row = s.window.input_plane();
  a.x = dy;
  a.x_channel = s.window.output_plane();
  a.w = weight;
  a.w_row = s.window.taps();
  a.w_channel = s.in * a.w_row;
  a.channels = s.out;
  a.rows = s.in;
  for_each_input_run(s.window, [&](const WindowRun& run) {
    a.y = dx + run.out;
    a.residual = residual == nullptr ? nullptr : residual + run.out;
    a.x_tap = run.at.data();
    a.w_tap = run.index.data();
    a.taps = run.taps;
    a.positions = run.count;
    detail::tap_product(a);
  });
}

/// dweight(o, i, k_h, k_w) += sum over positions of dy(.., o) x(.., i).
/// dweight: (out, in, k_h, k_w) row-major  dy: (B, H', W', out)  x: (B, H, W, in)
template <class Real>
void conv2d_backward_weight(Real* dweight, const Real* dy, const Real* x, const ConvSizes& s) {
  // Positions per pass: six rows of dy stay in the first-level cache while all columns pass.
  constexpr Index block = 1024;
  detail::TapReduction<Real> a;
  a.c = dweight;
  a.c_channel = s.window.taps();
  a.c_row = s.in * a.c_channel;
  a.a_row = s.window.output_plane();
  a.b_channel = s.window.input_plane();
  a.channels = s.in;
  a.rows = s.out;
  for_each_output_run(s.window, [&](const WindowRun& run) {
    if (run.taps == 0) return;
    a.b_tap = run.at.data();
    a.c_tap = run.index.data();
    a.taps = run.taps;
    const Index parts = (run.count + block - 1) / block;
    const Index step = (run.count / parts + lanes<Real>) / lanes<Real> * lanes<Real>;
    for (Index p = 0; p < run.count; p += step) {
      a.a = dy + run.out + p;
      a.b = x + p;
      a.positions = std::min(step, run.count - p);
      detail::tap_reduction(a);
    }
  });
}

/// dbias(o) += sum over positions of dy(.., o).   dbias: (out)  dy: (positions x out)
template <class Real>
void conv2d_backward_bias(Real* dbias, const Real* dy, Index positions, Index out) {
  for (Index o = 0; o < out; ++o, dy += positions)
    dbias[o] += detail::lane_sums<Real>(
        positions, [=](Index i, Index n)
                       __attribute__((always_inline)) { return detail::load_first(dy + i, n); });
}

}  // namespace gyrograd::kernels
