// SPDX-License-Identifier: MIT
// Valid convolution over time, ReLU and maximum over time as one: (B, T, in) -> (B, out), forward, backward.
//
// Of the T' results of a channel only the largest lets a gradient through, so the backward pass looks at one
// position of each window and channel: T' times less work than the convolution. Nothing of the size
// (B, T', out) is kept. The backward pass turns x so that input channels lie in the lanes.
#pragma once

#include <algorithm>

#include "gyrograd/kernels/conv2d.hpp"
#include "gyrograd/kernels/elementwise.hpp"
#include "gyrograd/kernels/relu.hpp"
#include "gyrograd/kernels/transpose.hpp"

namespace gyrograd::kernels {

struct ConvMaxSizes {
  Index batch = 0, steps = 0, in = 0, out = 0, taps = 0;

  Index results() const { return steps - taps + 1; }
  Index patch() const { return taps * in; }  ///< values under the kernel
};

/// Output channels that are convolved at a time.
inline constexpr Index conv_max_block = 8;

/// Values of scratch for the forward pass.
inline Index conv_max_forward_scratch(const ConvMaxSizes& s) {
  return s.batch * s.results() * std::min(conv_max_block, s.out);
}
/// Values of scratch for the backward pass.
inline Index conv_max_backward_scratch(const ConvMaxSizes& s) {
  return 2 * s.batch * s.steps * s.in + 2 * s.patch();
}

/// top(b, c) = largest x(b, t, c) over t; winner(b, c) = the first t that has it.   x: (B, T, C)
template <class Real>
void max_and_winner(Real* top, Real* winner, const Real* x, Index batch, Index steps, Index channels) {
  using V = Batch<Real>;
  for (Index c = 0; c < channels; ++c, x += batch * steps)
    for (Index b = 0; b < batch; b += lanes<Real>) {
      V best = load_lanes(x, b, batch), at(Real(0));
      for (Index t = 1; t < steps; ++t) {
        const V v = load_lanes(x + batch * t, b, batch);
        const auto better = v > best;
        best = select(better, v, best);
        at = select(better, V(static_cast<Real>(t)), at);
      }
      store_lanes(top + batch * c, best, b, batch);
      store_lanes(winner + batch * c, at, b, batch);
    }
}

/// y(b, o) = max(0, largest result over time of channel o); winner: its time.
/// x: (B, T, in)  weight: (out, in, taps) row-major  bias: (out) or null  y, winner: (B, out)
template <class Real>
void conv_max_forward(Real* y, Real* winner, const Real* x, const Real* weight, const Real* bias,
                      const ConvMaxSizes& s, Real* scratch) {
  ConvSizes conv;
  conv.window.batch = s.batch;
  conv.window.height = {s.steps, s.taps};
  conv.in = s.in;
  for (Index first = 0; first < s.out; first += conv_max_block) {
    conv.out = std::min(conv_max_block, s.out - first);
    conv2d_forward(scratch, x, weight + first * s.patch(), bias == nullptr ? bias : bias + first, conv);
    max_and_winner(y + first * s.batch, winner + first * s.batch, static_cast<const Real*>(scratch), s.batch,
                   s.results(), conv.out);
  }
  relu_forward(y, static_cast<const Real*>(y), s.batch * s.out);
}

/// What conv_max_backward() reads and adds to; a null gradient is not wanted.
template <class Real>
struct ConvMaxBackward {
  Real *dweight = nullptr, *dbias = nullptr;  ///< as weight and bias, added to
  Real* dx = nullptr;                         ///< as x, written
  const Real* residual = nullptr;             ///< as x, added to dx, may be dx; or null
  const Real *dy = nullptr, *y = nullptr, *winner = nullptr;
  const Real *x = nullptr, *weight = nullptr;
};

namespace detail {

/// y += a x.   y, x: (n)
template <class Real>
GYROGRAD_INLINE void add_scaled(Real* y, Real a, const Real* x, Index n) {
  for (Index i = 0; i < n; i += lanes<Real>)
    store_lanes(y, fma(Batch<Real>(a), load_lanes(x, i, n), load_lanes(y, i, n)), i, n);
}

}  // namespace detail

/// Gradients of conv_max_forward(): those of convolution, ReLU and maximum one after the other.
template <class Real>
void conv_max_backward(const ConvMaxBackward<Real>& g, const ConvMaxSizes& s, Real* scratch) {
  const Index positions = s.batch * s.steps;
  Real *x = scratch, *dx = x + positions * s.in;                        // (in, B, T): channels lie together
  Real *weight = dx + positions * s.in, *dweight = weight + s.patch();  // (in, taps) of one output channel
  if (g.dweight != nullptr) transpose(x, s.in, g.x, positions, positions, s.in);
  if (g.dx != nullptr) std::fill_n(dx, positions * s.in, Real(0));
  for (Index o = 0; o < s.out; ++o) {
    if (g.dx != nullptr) transpose(weight, s.in, g.weight + o * s.patch(), s.taps, s.taps, s.in);
    std::fill_n(dweight, s.patch(), Real(0));
    Real sum = Real(0);
    for (Index b = 0; b < s.batch; ++b) {
      const Index at = b + o * s.batch;
      const Real d = g.dy[at];
      if (!(g.y[at] > Real(0)) || d == Real(0)) continue;
      sum += d;
      const Index first = (b + static_cast<Index>(g.winner[at]) * s.batch) * s.in;
      for (Index k = 0; k < s.taps; ++k) {
        const Index from = first + k * s.batch * s.in, tap = k * s.in;
        if (g.dweight != nullptr) detail::add_scaled(dweight + tap, d, x + from, s.in);
        if (g.dx != nullptr) detail::add_scaled(dx + from, d, weight + tap, s.in);
      }
    }
    if (g.dbias != nullptr) g.dbias[o] += sum;
    if (g.dweight == nullptr) continue;
    for (Index i = 0; i < s.in; ++i)
      for (Index k = 0; k < s.taps; ++k) g.dweight[(o * s.in + i) * s.taps + k] += dweight[k * s.in + i];
  }
  if (g.dx == nullptr) return;
  if (g.residual == nullptr) {
    transpose(g.dx, positions, static_cast<const Real*>(dx), s.in, s.in, positions);
    return;
  }
  transpose(x, positions, static_cast<const Real*>(dx), s.in, s.in, positions);
  add(g.dx, g.residual, static_cast<const Real*>(x), positions * s.in);
}

}  // namespace gyrograd::kernels
