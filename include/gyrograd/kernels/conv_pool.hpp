// SPDX-License-Identifier: MIT
// Valid convolution over time and maxima of three neighbouring results as one: the results stay in registers.
//
//   y(b, j, o) = max over i = 0, 1, 2 of  bias(o) + sum over c, k of weight(o, c, k) x(b, 3 j + i + k d, c)
//
// Lanes run along sequences; a tile holds the three results of a window side by side, so that the largest is
// known when its sums are. The convolution, three times as large as what is left of it, is never stored. Its
// own backward pass does not need it: winners say where gradients go (kernels/max_pool2d.hpp).
// docs/kernels/conv1d.md
#pragma once

#include <algorithm>
#include <array>
#include <utility>

#include "gyrograd/kernels/conv2d.hpp"
#include "gyrograd/kernels/simd.hpp"

namespace gyrograd::kernels {

/// Results of the convolution under a maximum.
inline constexpr Index conv_pool_steps = 3;

namespace detail {

/// One tile's view of conv_pool_forward: a vector of sequences, one window of steps.
template <class Real>
struct ConvPoolTile {
  Real *y = nullptr, *winner = nullptr;
  Index y_row = 0;  ///< from output channel to output channel
  const Real* x = nullptr;
  Index x_step = 0, x_tap = 0, x_channel = 0;
  const Real *weight = nullptr, *bias = nullptr;
  Index taps = 0, channels = 0;
};

/// Output channels m .. m + Rows - 1. With Tail only the first `tail` lanes hold sequences.
template <class Real, int Rows, bool Tail>
[[gnu::noinline]] void conv_pool_tile(const ConvPoolTile<Real>& a, Index m, Index tail) {
  using V = Batch<Real>;
  constexpr int Steps = static_cast<int>(conv_pool_steps);
  V sum[Rows][Steps];
  GYROGRAD_UNROLL
  for (int r = 0; r < Rows; ++r) {
    const V start = a.bias != nullptr ? broadcast(a.bias[m + r]) : V(Real(0));
    GYROGRAD_UNROLL
    for (int i = 0; i < Steps; ++i) sum[r][i] = start;
  }
  const Index row = a.channels * a.taps, x_step = a.x_step, x_tap = a.x_tap;
  const Real *x = a.x, *w = a.weight + m * row;
  for (Index c = a.channels; c > 0; --c, x += a.x_channel) {
    const Real* at = x;
    for (Index k = a.taps; k > 0; --k, at += x_tap, ++w) {
      V xi[Steps];
      GYROGRAD_UNROLL
      for (int i = 0; i < Steps; ++i) {
        xi[i] = Tail ? load_partial(at + i * x_step, tail) : load(at + i * x_step);
        keep(xi[i]);
      }
      GYROGRAD_UNROLL
      for (int r = 0; r < Rows; ++r) {
        const V wk = broadcast(w[r * row]);
        GYROGRAD_UNROLL
        for (int i = 0; i < Steps; ++i) sum[r][i] = fma(wk, xi[i], sum[r][i]);
      }
    }
  }
  const auto write = [tail](Real * to, V v) __attribute__((always_inline)) {
    if (Tail)
      store_partial(to, v, tail);
    else
      store(to, v);
  };
  GYROGRAD_UNROLL
  for (int r = 0; r < Rows; ++r) {
    V top = sum[r][0], number(Real(0));
    GYROGRAD_UNROLL
    for (int i = 1; i < Steps; ++i) {
      number = select(sum[r][i] > top, V(static_cast<Real>(i)), number);
      top = max(top, sum[r][i]);
    }
    write(a.y + (m + r) * a.y_row, top);
    if (a.winner != nullptr) write(a.winner + (m + r) * a.y_row, number);
  }
}

template <class Real, bool Tail, int... Rows>
constexpr auto conv_pool_table(std::integer_sequence<int, Rows...>) {
  using Tile = void (*)(const ConvPoolTile<Real>&, Index, Index);
  return std::array<Tile, sizeof...(Rows)>{conv_pool_tile<Real, Rows + 1, Tail>...};
}

}  // namespace detail

/// y = largest of each three results of conv(x) over time; winner: which of them, the first on ties.
/// y, winner: (B, T' / 3, out), winner may be null  x: (B, T, in)  weight: (out, in, taps) row-major
/// bias: (out) or null  s: of the convolution, stride 1 without padding
template <class Real>
void conv_pool_forward(Real* y, Real* winner, const Real* x, const Real* weight, const Real* bias,
                       const ConvSizes& s) {
  constexpr auto heights = std::make_integer_sequence<int, detail::conv_rows>{};
  static constexpr auto whole = detail::conv_pool_table<Real, false>(heights);
  static constexpr auto partial = detail::conv_pool_table<Real, true>(heights);
  const WindowAxis& time = s.window.height;
  GYROGRAD_ASSERT(time.stride == 1 && time.padding == 0 && s.window.width.size == 1);
  const Index batch = s.window.batch, steps = time.outputs() / conv_pool_steps;
  detail::ConvPoolTile<Real> a;
  a.y_row = batch * steps;
  a.x_step = batch;
  a.x_tap = batch * time.dilation;
  a.x_channel = batch * time.size;
  a.weight = weight;
  a.bias = bias;
  a.taps = time.kernel;
  a.channels = s.in;
  const Index tiles = (s.out + detail::conv_rows - 1) / detail::conv_rows;
  for (Index j = 0; j < steps; ++j)
    for (Index b = 0; b < batch; b += lanes<Real>) {
      a.x = x + b + j * conv_pool_steps * batch;
      a.y = y + b + j * batch;
      a.winner = winner == nullptr ? nullptr : winner + b + j * batch;
      const Index tail = batch - b;
      for (Index i = 0, m = 0; i < tiles; ++i) {
        const Index rows = (s.out - m + tiles - i - 1) / (tiles - i);  // nearly equal heights
        (tail < lanes<Real> ? partial : whole)[static_cast<std::size_t>(rows - 1)](a, m, tail);
        m += rows;
      }
    }
}

/// Gradient of the convolution's results from that of the maxima: dy where the result won, zeros elsewhere.
/// dz: (B, T', out)  dy, winner: (B, T' / 3, out), from conv_pool_forward
template <class Real>
void conv_pool_backward(Real* dz, const Real* dy, const Real* winner, const ConvSizes& s) {
  using V = Batch<Real>;
  const Index batch = s.window.batch, results = s.window.height.outputs(), steps = results / conv_pool_steps;
  for (Index o = 0; o < s.out; ++o) {
    for (Index j = 0; j < steps; ++j, dy += batch, winner += batch, dz += conv_pool_steps * batch)
      for (Index b = 0; b < batch; b += lanes<Real>) {
        const V d = load_lanes(dy, b, batch), number = load_lanes(winner, b, batch);
        GYROGRAD_UNROLL
        for (int i = 0; i < static_cast<int>(conv_pool_steps); ++i)
          store_lanes(dz + i * batch, select(number == V(static_cast<Real>(i)), d, V(Real(0))), b, batch);
      }
    const Index rest = (results - steps * conv_pool_steps) * batch;  // under no maximum
    std::fill_n(dz, rest, Real(0));
    dz += rest;
  }
}

}  // namespace gyrograd::kernels
