// SPDX-License-Identifier: MIT
// Convolution over time, ReLU and maximum over time as one op on the tape.
#pragma once

#include "gyrograd/autograd/ops/conv1d.hpp"
#include "gyrograd/kernels/conv_max.hpp"

namespace gyrograd::ops {

/// y = max_over_time(relu(conv1d(x))); the first maximum gets the gradient.
/// x: (B, T, in)  weight: (out, in, kernel) row-major  bias: (out), or an empty Var; returns (B, out).
/// Throws ShapeError when the sizes do not fit.
template <class Real, Index B, Index T, Index C>
Var<Real, dyn, dyn> conv_max(Tape<Real>& tape, Var<Real, B, T, C> x, Var<Real, dyn> weight,
                             Var<Real, dyn> bias, Index kernel) {
  kernels::ConvSizes conv;
  conv.window.height = detail::window_axis("conv_max", "time", x.extent(1), kernel, {});
  conv.in = x.extent(2);
  conv.out = weight.value.size() / std::max<Index>(1, conv.in * kernel);
  detail::check_conv("conv_max", weight, bias, conv);
  const kernels::ConvMaxSizes s{x.extent(0), x.extent(1), conv.in, conv.out, kernel};
  auto y = tape.template make<dyn, dyn>(s.batch, s.out);
  const auto winner = tape.template saved<dyn, dyn>(s.batch, s.out);
  {
    auto scratch = tape.workspace();
    kernels::conv_max_forward(y.value.data(), winner.data(), static_cast<const Real*>(x.value.data()),
                              static_cast<const Real*>(weight.value.data()),
                              static_cast<const Real*>(bias.value.data()), s,
                              scratch(kernels::conv_max_forward_scratch(s)));
  }
  tape.record(y, [=, memory = &tape] {
    kernels::ConvMaxBackward<Real> g;
    if (weight.needs_gradient()) g.dweight = weight.grad().data();
    if (bias.needs_gradient()) g.dbias = bias.grad().data();
    if (x.needs_gradient()) {
      const auto dx = x.accumulator();
      g.dx = dx.into.data();
      g.residual = dx.residual;
    }
    g.dy = y.grad().data();
    g.y = y.value.data();
    g.winner = winner.data();
    g.x = x.value.data();
    g.weight = weight.value.data();
    auto scratch = memory->workspace();
    kernels::conv_max_backward(g, s, scratch(kernels::conv_max_backward_scratch(s)));
  });
  return y;
}

}  // namespace gyrograd::ops
