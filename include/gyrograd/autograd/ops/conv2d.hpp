// SPDX-License-Identifier: MIT
// 2-D convolution on the tape.
#pragma once

#include "gyrograd/autograd/tape.hpp"
#include "gyrograd/core/error.hpp"
#include "gyrograd/kernels/conv2d.hpp"

namespace gyrograd::ops {

/// How a window moves along one axis.
struct Stride {
  Index stride = 1, padding = 0, dilation = 1;
};

namespace detail {

/// Axis of `size` inputs under a window of `kernel` taps. Throws ShapeError when nothing comes out.
inline kernels::WindowAxis window_axis(const char* op, const char* axis, Index size, Index kernel, Stride s) {
  if (kernel < 1 || s.stride < 1 || s.dilation < 1 || s.padding < 0)
    fail<ShapeError>(op, ": ", axis, " has kernel ", kernel, ", stride ", s.stride, ", padding ", s.padding,
                     ", dilation ", s.dilation, "; expected positive numbers and a padding of 0 or more");
  const kernels::WindowAxis a{size, kernel, s.stride, s.padding, s.dilation};
  if (a.outputs() < 1)
    fail<ShapeError>(op, ": ", axis, " of x has ", size, " values, too few for a kernel of ", kernel,
                     " with padding ", s.padding, " and dilation ", s.dilation);
  return a;
}

/// Adds what the gradient dy of the result means for x, weight and bias, where it is wanted.
template <class Real, class X>
void conv_backward(const Real* dy, const X& x, const Var<Real, dyn>& weight, const Var<Real, dyn>& bias,
                   const kernels::ConvSizes& s) {
  if (weight.needs_gradient())
    kernels::conv2d_backward_weight(weight.grad().data(), dy, static_cast<const Real*>(x.value.data()), s);
  if (bias.needs_gradient())
    kernels::conv2d_backward_bias(bias.grad().data(), dy, s.window.output_plane(), s.out);
  if (!x.needs_gradient()) return;
  const auto dx = x.accumulator();
  kernels::conv2d_backward_data(dx.into.data(), dx.residual, dy,
                                static_cast<const Real*>(weight.value.data()), s);
}

template <class Real, class X, class Y>
Y conv(Tape<Real>& tape, X x, Y y, Var<Real, dyn> weight, Var<Real, dyn> bias, kernels::ConvSizes s) {
  kernels::conv2d_forward(y.value.data(), static_cast<const Real*>(x.value.data()),
                          static_cast<const Real*>(weight.value.data()),
                          static_cast<const Real*>(bias.value.data()), s);
  tape.record(y, [=] { conv_backward(static_cast<const Real*>(y.grad().data()), x, weight, bias, s); });
  return y;
}

template <class Real>
void check_conv(const char* op, const Var<Real, dyn>& weight, const Var<Real, dyn>& bias,
                const kernels::ConvSizes& s) {
  if (s.window.taps() > kernels::most_taps)
    fail<ShapeError>(op, ": the kernel has ", s.window.taps(), " taps, expected at most ",
                     kernels::most_taps);
  if (s.out < 1 || weight.value.size() != s.weight_count() ||
      (!bias.value.empty() && bias.value.size() != s.out))
    fail<ShapeError>(op, ": x has ", s.in, " channels and the kernel ", s.window.taps(),
                     " taps, but the weight has ", weight.value.size(), " and the bias ", bias.value.size(),
                     " values");
}

}  // namespace detail

/// y = bias + conv(x), cross-correlation.
/// x: (B, H, W, in)  weight: (out, in, kernel_h, kernel_w) row-major  bias: (out), or an empty Var
/// returns (B, H', W', out). Throws ShapeError when the sizes do not fit.
template <class Real, Index... Dims>
requires(sizeof...(Dims) ==
         4) Var<Real, dyn, dyn, dyn, dyn> conv2d(Tape<Real>& tape, Var<Real, Dims...> x,
                                                 Var<Real, dyn> weight, Var<Real, dyn> bias, Index kernel_h,
                                                 Index kernel_w, Stride along_h = {}, Stride along_w = {}) {
  kernels::ConvSizes s;
  s.window.batch = x.extent(0);
  s.window.height = detail::window_axis("conv2d", "axis H", x.extent(1), kernel_h, along_h);
  s.window.width = detail::window_axis("conv2d", "axis W", x.extent(2), kernel_w, along_w);
  s.in = x.extent(3);
  s.out = weight.value.size() / std::max<Index>(1, s.in * s.window.taps());
  detail::check_conv("conv2d", weight, bias, s);
  auto y = tape.template make<dyn, dyn, dyn, dyn>(s.window.batch, s.window.height.outputs(),
                                                  s.window.width.outputs(), s.out);
  return detail::conv(tape, x, y, weight, bias, s);
}

}  // namespace gyrograd::ops
