// SPDX-License-Identifier: MIT
// 1-D convolution over time on the tape: a 2-D one of width 1.
#pragma once

#include "gyrograd/autograd/ops/conv2d.hpp"

namespace gyrograd::ops {

/// y = bias + conv(x), cross-correlation over time.
/// x: (B, T, in)  weight: (out, in, kernel) row-major  bias: (out), or an empty Var
/// returns (B, T', out). Throws ShapeError when the sizes do not fit.
template <class Real, Index... Dims>
requires(sizeof...(Dims) == 3) Var<Real, dyn, dyn, dyn> conv1d(Tape<Real>& tape, Var<Real, Dims...> x,
                                                               Var<Real, dyn> weight, Var<Real, dyn> bias,
                                                               Index kernel, Stride along_time = {}) {
  kernels::ConvSizes s;
  s.window.batch = x.extent(0);
  s.window.height = detail::window_axis("conv1d", "time", x.extent(1), kernel, along_time);
  s.in = x.extent(2);
  s.out = weight.value.size() / std::max<Index>(1, s.in * kernel);
  detail::check_conv("conv1d", weight, bias, s);
  auto y = tape.template make<dyn, dyn, dyn>(s.window.batch, s.window.height.outputs(), s.out);
  return detail::conv(tape, x, y, weight, bias, s);
}

}  // namespace gyrograd::ops
