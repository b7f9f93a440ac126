// SPDX-License-Identifier: MIT
// Max pooling over windows of (B, H, W, C), forward and backward.
//
// Padding counts as minus infinity. The first maximum in row-major order (k_h, then k_w) wins; the forward
// keeps its number k_h kernel_w + k_w, as a floating-point value so that vectors compare it. The backward
// gathers: an input adds up the gradients of the windows that it won, in the order of the windows.
#pragma once

#include "gyrograd/kernels/simd.hpp"
#include "gyrograd/kernels/window.hpp"

namespace gyrograd::kernels {

namespace detail {

/// A run of one position, as all are for one sequence with a stride: channel after channel, without vectors.
template <class Real>
void max_pool2d_single(Real* y, Real* winner, const Real* x, const WindowRun& run, Index channels, Index in,
                       Index out) {
  for (Index c = 0; c < channels; ++c, x += in) {
    Real top = x[run.at[0]], number = static_cast<Real>(run.index[0]);
    for (std::size_t t = 1; t < static_cast<std::size_t>(run.taps); ++t) {
      const Real v = x[run.at[t]];
      if (v > top) number = static_cast<Real>(run.index[t]);
      top = top > v ? top : v;  // v where either is NaN, as in vectors
    }
    y[c * out + run.out] = top;
    if (winner != nullptr) winner[c * out + run.out] = number;
  }
}

}  // namespace detail

/// y = largest x of each window.
/// y, winner: (B, H', W', C), winner may be null  x: (B, H, W, C)
/// Every window must hold an input: paddings of at most half the kernel.
template <class Real>
void max_pool2d_forward(Real* y, Real* winner, const Real* x, const Window& w, Index channels) {
  using V = Batch<Real>;
  const Index in = w.input_plane(), out = w.output_plane();
  for_each_output_run(w, [&](const WindowRun& run) {
    const auto taps = static_cast<std::size_t>(run.taps);
    if (run.count == 1) return detail::max_pool2d_single(y, winner, x, run, channels, in, out);
    for (Index c = 0; c < channels; ++c) {
      const Real* from = x + c * in;
      const Index at = c * out + run.out;
      for (Index p = 0; p < run.count; p += lanes<Real>) {
        V top = load_lanes(from + run.at[0], p, run.count), number(static_cast<Real>(run.index[0]));
        for (std::size_t t = 1; t < taps; ++t) {
          const V v = load_lanes(from + run.at[t], p, run.count);
          number = select(v > top, V(static_cast<Real>(run.index[t])), number);
          top = max(top, v);
        }
        store_lanes(y + at, top, p, run.count);
        if (winner != nullptr) store_lanes(winner + at, number, p, run.count);
      }
    }
  });
}

/// dx = residual + sum of dy over the windows that the input won.
/// dx: (B, H, W, C)  residual: the same or null, may be dx  dy, winner: (B, H', W', C)
template <class Real>
void max_pool2d_backward(Real* dx, const Real* residual, const Real* dy, const Real* winner, const Window& w,
                         Index channels) {
  using V = Batch<Real>;
  const V zero(Real(0));
  const Index in = w.input_plane(), out = w.output_plane();
  for_each_input_run(w, [&](const WindowRun& run) {
    for (Index c = 0; c < channels; ++c) {
      const Real *d = dy + c * out, *won = winner + c * out;
      const Index at = c * in + run.out;
      for (Index p = 0; p < run.count; p += lanes<Real>) {
        V sum = zero;
        for (auto t = static_cast<std::size_t>(run.taps); t-- > 0;) {
          const auto hit = load_lanes(won + run.at[t], p, run.count) == V(static_cast<Real>(run.index[t]));
          sum = sum + select(hit, load_lanes(d + run.at[t], p, run.count), zero);
        }
        if (residual != nullptr) sum = sum + load_lanes(residual + at, p, run.count);
        store_lanes(dx + at, sum, p, run.count);
      }
    }
  });
}

}  // namespace gyrograd::kernels
