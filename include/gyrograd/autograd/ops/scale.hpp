// SPDX-License-Identifier: MIT
// Product with a constant on the tape.
#pragma once

#include "gyrograd/autograd/tape.hpp"
#include "gyrograd/kernels/elementwise.hpp"

namespace gyrograd::ops {

/// y = factor x.   x, y: any shape
template <class Real, Index... Dims>
auto scale(Tape<Real>& tape, Var<Real, Dims...> x, Real factor) {
  auto y = tape.like(x);
  const Index n = x.value.size();
  kernels::scale_add(y.value.data(), static_cast<const Real*>(nullptr), factor,
                     static_cast<const Real*>(x.value.data()), n);
  tape.record(y, [=] {
    if (!x.needs_gradient()) return;
    const auto dx = x.accumulator();
    kernels::scale_add(dx.into.data(), dx.residual, factor, static_cast<const Real*>(y.grad().data()), n);
  });
  return y;
}

}  // namespace gyrograd::ops
