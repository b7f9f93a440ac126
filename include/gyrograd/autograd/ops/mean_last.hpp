// SPDX-License-Identifier: MIT
// Mean over the last axis on the tape.
#pragma once

#include "gyrograd/autograd/tape.hpp"
#include "gyrograd/core/error.hpp"
#include "gyrograd/kernels/elementwise.hpp"

namespace gyrograd::ops {

/// y(b, i) = mean over m of x(b, i, m).   x: (B, I, M); returns (B, I). Throws ShapeError when M is 0.
template <class Real, Index B, Index I, Index M>
Var<Real, dyn, dyn> mean_last(Tape<Real>& tape, Var<Real, B, I, M> x) {
  const Index maps = x.extent(2), n = x.extent(0) * x.extent(1);
  if (maps < 1) fail<ShapeError>("mean_last: the last axis is empty, expected at least one value");
  const Real share = Real(1) / static_cast<Real>(maps);
  auto y = tape.template make<dyn, dyn>(x.extent(0), x.extent(1));
  const Real* from = x.value.data();
  for (Index m = 0; m < maps; ++m)
    kernels::scale_add(y.value.data(), m == 0 ? nullptr : static_cast<const Real*>(y.value.data()), share,
                       from + m * n, n);
  tape.record(y, [=] {
    if (!x.needs_gradient()) return;
    const auto dx = x.accumulator();
    for (Index m = 0; m < maps; ++m)
      kernels::scale_add(dx.into.data() + m * n, dx.residual == nullptr ? nullptr : dx.residual + m * n,
                         share, static_cast<const Real*>(y.grad().data()), n);
  });
  return y;
}

}  // namespace gyrograd::ops
