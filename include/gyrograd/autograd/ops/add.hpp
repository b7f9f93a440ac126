// SPDX-License-Identifier: MIT
// Sum of two values on the tape.
#pragma once

#include "gyrograd/autograd/tape.hpp"
#include "gyrograd/core/error.hpp"
#include "gyrograd/kernels/elementwise.hpp"

namespace gyrograd::ops {

/// y = a + b.   a, b, y: equal shapes
template <class Real, Index... Dims, Index... Others>
auto add(Tape<Real>& tape, Var<Real, Dims...> a, Var<Real, Others...> b) {
  if (a.value.size() != b.value.size())
    fail<ShapeError>("add: ", a.value.size(), " values against ", b.value.size());
  auto y = tape.like(a);
  kernels::add(y.value.data(), a.value.data(), b.value.data(), a.value.size());
  tape.record(y, [=] {
    if (b.needs_gradient()) {
      const auto db = b.accumulator();
      kernels::add(db.into.data(), db.residual, y.grad().data(), db.into.size());
    }
    Tape<Real>::pass_gradient(y, a);
  });
  return y;
}

}  // namespace gyrograd::ops
