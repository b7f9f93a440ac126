// SPDX-License-Identifier: MIT
// 2-D max pooling on the tape.
#pragma once

#include "gyrograd/autograd/ops/conv2d.hpp"
#include "gyrograd/kernels/max_pool2d.hpp"

namespace gyrograd::ops {

namespace detail {

inline void check_pool(const char* op, const kernels::Window& w) {
  if (w.taps() > kernels::most_taps || 2 * w.height.padding > w.height.kernel ||
      2 * w.width.padding > w.width.kernel)
    fail<ShapeError>(op, ": a window of ", w.height.kernel, " x ", w.width.kernel, " with padding ",
                     w.height.padding, " and ", w.width.padding, "; expected at most ", kernels::most_taps,
                     " values and a padding of at most half the window");
}

template <class Real, class X, class Y>
Y max_pool(Tape<Real>& tape, X x, Y y, kernels::Window w, Index channels) {
  Real* winner = tape.recording() ? tape.saved_like(y).data() : nullptr;
  kernels::max_pool2d_forward(y.value.data(), winner, static_cast<const Real*>(x.value.data()), w, channels);
  tape.record(y, [=] {
    if (!x.needs_gradient()) return;
    const auto dx = x.accumulator();
    kernels::max_pool2d_backward(dx.into.data(), dx.residual, static_cast<const Real*>(y.grad().data()),
                                 static_cast<const Real*>(winner), w, channels);
  });
  return y;
}

}  // namespace detail

/// Largest value of each window; padding counts as minus infinity; the first maximum in row-major order gets
/// the gradient.   x: (B, H, W, C); returns (B, H', W', C). Throws ShapeError when the sizes do not fit.
template <class Real, Index... Dims>
requires(sizeof...(Dims) ==
         4) Var<Real, dyn, dyn, dyn, dyn> max_pool2d(Tape<Real>& tape, Var<Real, Dims...> x, Index kernel_h,
                                                     Index kernel_w, Stride along_h, Stride along_w) {
  kernels::Window w;
  w.batch = x.extent(0);
  w.height = detail::window_axis("max_pool2d", "axis H", x.extent(1), kernel_h, along_h);
  w.width = detail::window_axis("max_pool2d", "axis W", x.extent(2), kernel_w, along_w);
  detail::check_pool("max_pool2d", w);
  auto y =
      tape.template make<dyn, dyn, dyn, dyn>(w.batch, w.height.outputs(), w.width.outputs(), x.extent(3));
  return detail::max_pool(tape, x, y, w, x.extent(3));
}

}  // namespace gyrograd::ops
