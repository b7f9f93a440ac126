// SPDX-License-Identifier: MIT
// Rows at given positions on the tape.
#pragma once

#include "gyrograd/autograd/tape.hpp"
#include "gyrograd/core/error.hpp"
#include "gyrograd/kernels/gather.hpp"

namespace gyrograd::ops {

/// y(b, m, c) = x(b, positions(b, m), c); gradients of repeated positions add up.
/// x: (B, T, C)  y: (B, count, C)  positions: (B, count) row-major, in [0, T); must outlive the backward pass
template <class Real, Index B, Index T, Index C>
auto gather(Tape<Real>& tape, Var<Real, B, T, C> x, const std::int32_t* positions, Index count) {
  const Index batch = x.extent(0), steps = x.extent(1), channels = x.extent(2);
  for (Index i = 0; i < batch * count; ++i)
    if (positions[i] < 0 || positions[i] >= steps)
      fail<ShapeError>("gather: position ", positions[i], " is outside of ", steps, " steps");
  auto y = tape.template make<B, dyn, C>(batch, count, channels);
  kernels::gather_forward(y.value.data(), x.value.data(), positions, batch, count, steps, channels);
  tape.record(y, [=] {
    if (x.needs_gradient())
      kernels::gather_backward(x.grad().data(), y.grad().data(), positions, batch, count, steps, channels);
  });
  return y;
}

}  // namespace gyrograd::ops
