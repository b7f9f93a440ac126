// SPDX-License-Identifier: MIT
// GELU on the tape.
#pragma once

#include "gyrograd/autograd/tape.hpp"
#include "gyrograd/kernels/elementwise.hpp"
#include "gyrograd/kernels/gelu.hpp"

namespace gyrograd::ops {

/// Exact (erf) GELU; the gradient of y is multiplied where it lies if nothing else was added to that of x.
/// x, y: any shape
template <class Real, Index... Dims>
auto gelu(Tape<Real>& tape, Var<Real, Dims...> x) {
  const Index n = x.value.size();
  auto y = tape.like(x);
  if (!tape.recording()) {
    kernels::gelu_forward(y.value.data(), x.value.data(), n);
    return y;
  }
  const auto slope = tape.saved_like(x);  // GELU', a by-product of the forward
  kernels::gelu_forward(y.value.data(), slope.data(), x.value.data(), n);
  tape.record(y, [=] {
    if (!x.needs_gradient()) return;
    if (Tape<Real>::hand_over(y, x)) {
      Real* dx = x.gradient->data;
      kernels::multiply_add(dx, static_cast<const Real*>(nullptr), static_cast<const Real*>(dx), slope.data(),
                            n);
      return;
    }
    const auto dx = x.accumulator();
    kernels::multiply_add(dx.into.data(), dx.residual, y.grad().data(), slope.data(), n);
  });
  return y;
}

}  // namespace gyrograd::ops
