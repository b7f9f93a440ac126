// SPDX-License-Identifier: MIT
// GELU on the tape.
#pragma once

#include "gyrograd/autograd/tape.hpp"
#include "gyrograd/kernels/elementwise.hpp"
#include "gyrograd/kernels/gelu.hpp"

namespace gyrograd::ops {

namespace detail {

/// y = gelu(x), with the gradient of y multiplied where it lies if nothing else was added to that of x.
template <class Real, class X>
X gelu(Tape<Real>& tape, X x, X y) {
  const Index n = x.value.size();
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

}  // namespace detail

/// Exact (erf) GELU.   x, y: any shape
template <class Real, Index... Dims>
auto gelu(Tape<Real>& tape, Var<Real, Dims...> x) {
  return detail::gelu(tape, x, tape.like(x));
}

/// The same in the memory of x, which must not be read again by anything but its own gradient: the backward
/// pass of a dense layer does not need its output, for example.
template <class Real, Index... Dims>
auto gelu_in_place(Tape<Real>& tape, Var<Real, Dims...> x) {
  return detail::gelu(tape, x, tape.input(x.value));
}

}  // namespace gyrograd::ops
