// SPDX-License-Identifier: MIT
// GELU and the dense layer behind it as one operation on the tape.
#pragma once

#include "gyrograd/autograd/ops/linear.hpp"
#include "gyrograd/kernels/gelu.hpp"

namespace gyrograd::ops {

/// y = gelu(x) W^T + b + residual. The values of gelu(x) are written over x, which must not be read again by
/// anything but its own gradient; the data gradient of the layer is multiplied with GELU' as it is computed.
/// x: (..., in)  weight: (out, in) row-major  bias: (out)  residual, y: (..., out), not x. Throws ShapeError
/// when the sizes do not fit.
template <class Real, Index... Dims, Index... Others>
auto gelu_linear(Tape<Real>& tape, Var<Real, Dims...> x, Var<Real, dyn> weight, Var<Real, dyn> bias,
                 Var<Real, Others...> residual) {
  const Index n = x.value.size();
  auto y = detail::like_with_channels(tape, x, channel_count(residual.value));
  if (residual.value.size() != y.value.size())
    fail<ShapeError>("gelu_linear: residual has ", residual.value.size(), " values, expected ",
                     y.value.size());
  Real* values = x.value.data();
  if (!tape.recording() || !x.needs_gradient()) {
    kernels::gelu_forward(values, static_cast<const Real*>(values), n);
    return detail::linear(tape, x, y, weight, bias, residual);
  }
  Real* slope = tape.saved_like(x).data();
  kernels::gelu_forward(values, slope, static_cast<const Real*>(values), n);
  return detail::linear(tape, x, y, weight, bias, residual, slope);
}

}  // namespace gyrograd::ops
