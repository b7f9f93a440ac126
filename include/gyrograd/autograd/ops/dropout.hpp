// SPDX-License-Identifier: MIT
// Inverted dropout with an explicit keep mask on the tape.
#pragma once

#include "gyrograd/autograd/tape.hpp"
#include "gyrograd/kernels/elementwise.hpp"

namespace gyrograd::ops {

/// y = x mask.   x, y, mask: any equal shape; mask holds 0 or 1 / (1 - p) and outlives the backward pass.
template <class Real, Index... Dims>
auto dropout(Tape<Real>& tape, Var<Real, Dims...> x, const Real* mask) {
  auto y = tape.like(x);
  const Index n = x.value.size();
  kernels::multiply_add(y.value.data(), static_cast<const Real*>(nullptr), x.value.data(), mask, n);
  tape.record(y, [=] {
    if (!x.needs_gradient()) return;
    const auto dx = x.accumulator();
    kernels::multiply_add(dx.into.data(), dx.residual, y.grad().data(), mask, n);
  });
  return y;
}

}  // namespace gyrograd::ops
