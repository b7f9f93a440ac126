// SPDX-License-Identifier: MIT
// Group norm on the tape.
#pragma once

#include "gyrograd/autograd/tape.hpp"
#include "gyrograd/core/error.hpp"
#include "gyrograd/kernels/group_norm.hpp"

namespace gyrograd::ops {

/// y = gamma (x - mean) / sqrt(var + eps) + beta; every sequence has one mean and biased variance per group
/// of neighbouring channels and all of time.
/// x, y: (B, T, C)  gamma, beta: (C). Throws ShapeError when the groups do not divide the channels.
template <class Real, Index B, Index T, Index C>
Var<Real, B, T, C> group_norm(Tape<Real>& tape, Var<Real, B, T, C> x, Index groups, Var<Real, dyn> gamma,
                              Var<Real, dyn> beta, Real eps) {
  const kernels::GroupNormSizes s{x.extent(0), x.extent(1), x.extent(2), groups};
  if (groups < 1 || s.channels % groups != 0 || s.rows() < 1)
    fail<ShapeError>("group_norm: x has ", s.steps, " steps and ", s.channels, " channels, expected 1 or ",
                     "more steps and a multiple of ", groups, " channels");
  if (gamma.value.size() != s.channels || beta.value.size() != s.channels)
    fail<ShapeError>("group_norm: x has ", s.channels, " channels, gamma ", gamma.value.size(), ", beta ",
                     beta.value.size());
  auto y = tape.like(x);
  const auto mean = tape.template saved<dyn>(s.statistics()), rstd = tape.template saved<dyn>(s.statistics());
  kernels::group_norm_forward(
      y.value.data(), mean.data(), rstd.data(), static_cast<const Real*>(x.value.data()),
      static_cast<const Real*>(gamma.value.data()), static_cast<const Real*>(beta.value.data()), s, eps);
  tape.record(y, [=] {
    const Real *dy = y.grad().data(), *values = x.value.data(), *m = mean.data(), *r = rstd.data();
    if (gamma.needs_gradient() || beta.needs_gradient())
      kernels::group_norm_backward_parameters(gamma.needs_gradient() ? gamma.grad().data() : nullptr,
                                              beta.needs_gradient() ? beta.grad().data() : nullptr, dy,
                                              values, m, r, s);
    if (x.needs_gradient()) {
      const auto dx = x.accumulator();
      kernels::group_norm_backward_data(dx.into.data(), dx.residual, dy, values,
                                        static_cast<const Real*>(gamma.value.data()), m, r, s);
    }
  });
  return y;
}

}  // namespace gyrograd::ops
