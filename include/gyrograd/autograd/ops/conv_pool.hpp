// SPDX-License-Identifier: MIT
// Convolution over time and maxima of three results as one op on the tape: the convolution is never stored.
#pragma once

#include "gyrograd/autograd/ops/conv1d.hpp"
#include "gyrograd/autograd/ops/max_pool1d.hpp"
#include "gyrograd/kernels/conv_pool.hpp"

namespace gyrograd::ops {

/// y = max_pool1d(conv1d(x)) with windows of three; stride 1, no padding. Fewer sequences than lanes: the two
/// ops one after the other.
/// x: (B, T, in)  weight: (out, in, kernel) row-major  bias: (out), or an empty Var; returns (B, T' / 3,
/// out). Throws ShapeError when the sizes do not fit.
template <class Real>
Var<Real, dyn, dyn, dyn> conv_pool(Tape<Real>& tape, Var<Real, dyn, dyn, dyn> x, Var<Real, dyn> weight,
                                   Var<Real, dyn> bias, Index kernel, Index dilation) {
  constexpr Index pool = kernels::conv_pool_steps;
  if (x.extent(0) < kernels::lanes<Real>) {
    const auto z = conv1d(tape, x, weight, bias, kernel, {1, 0, dilation});
    const auto y = max_pool1d(tape, z, pool, {pool, 0, 1});
    tape.release(z);
    return y;
  }
  kernels::ConvSizes s;
  kernels::Window w;
  s.window.batch = w.batch = x.extent(0);
  s.window.height = detail::window_axis("conv_pool", "time", x.extent(1), kernel, {1, 0, dilation});
  w.height =
      detail::window_axis("conv_pool", "convolved time", s.window.height.outputs(), pool, {pool, 0, 1});
  s.in = x.extent(2);
  s.out = weight.value.size() / std::max<Index>(1, s.in * kernel);
  detail::check_conv("conv_pool", weight, bias, s);
  const auto y = tape.template make<dyn, dyn, dyn>(w.batch, w.height.outputs(), s.out);
  Real* winner = tape.recording() ? tape.saved_like(y).data() : nullptr;
  kernels::conv_pool_forward(y.value.data(), winner, static_cast<const Real*>(x.value.data()),
                             static_cast<const Real*>(weight.value.data()),
                             static_cast<const Real*>(bias.value.data()), s);
  tape.record(y, [=, memory = &tape] {
    auto scratch = memory->workspace();
    Real* dz = scratch(s.window.output_plane() * s.out);
    kernels::conv_pool_backward(dz, static_cast<const Real*>(y.grad().data()),
                                static_cast<const Real*>(winner), s);
    detail::conv_backward(static_cast<const Real*>(dz), x, weight, bias, s);
  });
  return y;
}

}  // namespace gyrograd::ops
