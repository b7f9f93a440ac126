// SPDX-License-Identifier: MIT
// Layer norm on the tape.
#pragma once

#include "gyrograd/autograd/tape.hpp"
#include "gyrograd/core/error.hpp"
#include "gyrograd/kernels/layer_norm.hpp"

namespace gyrograd::ops {

/// y = gamma (x - mean) / sqrt(var + eps) + beta over the last axis.   x, y: (..., C)  gamma, beta: (C)
template <class Real, Index... Dims>
auto layer_norm(Tape<Real>& tape, Var<Real, Dims...> x, Var<Real, dyn> gamma, Var<Real, dyn> beta, Real eps) {
  const Index P = position_count(x.value), C = channel_count(x.value);
  if (gamma.value.size() != C || beta.value.size() != C)
    fail<ShapeError>("layer_norm: x has ", C, " channels, gamma ", gamma.value.size(), ", beta ",
                     beta.value.size());
  auto y = tape.like(x);
  const auto mean = tape.template saved<dyn>(P), rstd = tape.template saved<dyn>(P);
  kernels::layer_norm_forward(y.value.data(), mean.data(), rstd.data(), x.value.data(), gamma.value.data(),
                              beta.value.data(), P, C, eps);
  tape.record(y, [=, tape = &tape] {
    auto scratch = tape->workspace();
    const bool parameters = gamma.needs_gradient() && beta.needs_gradient();
    Real* dx = nullptr;
    const Real* residual = nullptr;
    if (x.needs_gradient()) {
      const auto target = x.accumulator();
      dx = target.into.data(), residual = target.residual;
    } else {
      dx = scratch(P * C);  // not used: nothing before the norm is trained, which is rare
    }
    const Real* dy = y.grad().data();
    if (parameters)
      kernels::layer_norm_backward(dx, residual, gamma.grad().data(), beta.grad().data(), dy, x.value.data(),
                                   gamma.value.data(), mean.data(), rstd.data(), P, C,
                                   scratch(kernels::layer_norm_backward_scratch<Real>(C)));
    else
      kernels::layer_norm_backward_data(dx, residual, dy, x.value.data(), gamma.value.data(), mean.data(),
                                        rstd.data(), P, C);
  });
  return y;
}

}  // namespace gyrograd::ops
