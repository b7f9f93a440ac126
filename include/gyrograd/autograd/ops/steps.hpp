// SPDX-License-Identifier: MIT
// Steps of a sequence in another arrangement on the tape: reversed, cut into patches, one put in front.
#pragma once

#include <algorithm>

#include "gyrograd/autograd/tape.hpp"
#include "gyrograd/core/error.hpp"
#include "gyrograd/kernels/elementwise.hpp"
#include "gyrograd/kernels/permute.hpp"

namespace gyrograd::ops {

/// y(b, t, c) = x(b, T - 1 - t, c).   x, y: (B, T, C)
template <class Real, Index B, Index T, Index C>
Var<Real, B, T, C> reversed(Tape<Real>& tape, Var<Real, B, T, C> x) {
  const Index batch = x.extent(0), steps = x.extent(1), channels = x.extent(2);
  const auto each = [=](auto&& f) {
    for (Index c = 0; c < channels; ++c)
      for (Index t = 0; t < steps; ++t) f(batch * (t + steps * c), batch * (steps - 1 - t + steps * c));
  };
  auto y = tape.like(x);
  each([&](Index to, Index from) { std::copy_n(x.value.data() + from, batch, y.value.data() + to); });
  tape.record(y, [=] {
    if (!x.needs_gradient()) return;
    const auto dx = x.accumulator();
    const Real* dy = y.grad().data();
    each([&](Index to, Index from) {
      kernels::add(dx.into.data() + from, dx.residual == nullptr ? nullptr : dx.residual + from, dy + to,
                   batch);
    });
  });
  return y;
}

/// Neighbouring steps as one: y(b, i, c size + j) = x(b, i size + j, c); steps beyond the last whole patch
/// are dropped.   x: (B, T, C); returns (B, T / size, C size). Throws ShapeError when no patch fits.
template <class Real, Index B, Index T, Index C>
Var<Real, dyn, dyn, dyn> patches(Tape<Real>& tape, Var<Real, B, T, C> x, Index size) {
  const Index batch = x.extent(0), steps = x.extent(1), channels = x.extent(2);
  if (size < 1 || steps < size)
    fail<ShapeError>("patches: x has ", steps, " steps, too few for a patch of ", size);
  kernels::Permutation p;
  p.sizes = {batch, steps / size, size, channels};
  p.strides = {1, batch * size, batch, batch * steps};
  auto y = tape.template make<dyn, dyn, dyn>(batch, steps / size, channels * size);
  kernels::permute_forward(y.value.data(), static_cast<const Real*>(x.value.data()), p);
  tape.record(y, [=] {
    if (!x.needs_gradient()) return;
    const auto dx = x.grad();  // the dropped steps get zeros
    kernels::permute_backward(dx.data(), static_cast<const Real*>(dx.data()),
                              static_cast<const Real*>(y.grad().data()), p);
  });
  return y;
}

/// The same step in front of every sequence.   first: (C)  x: (B, T, C); returns (B, T + 1, C).
/// Throws ShapeError when the sizes do not fit.
template <class Real, Index B, Index T, Index C>
Var<Real, dyn, dyn, dyn> prepend(Tape<Real>& tape, Var<Real, dyn> first, Var<Real, B, T, C> x) {
  const Index batch = x.extent(0), steps = x.extent(1), channels = x.extent(2);
  if (first.value.size() != channels)
    fail<ShapeError>("prepend: the step has ", first.value.size(), " channels, x ", channels);
  auto y = tape.template make<dyn, dyn, dyn>(batch, steps + 1, channels);
  for (Index c = 0; c < channels; ++c) {
    Real* to = y.value.data() + batch * (steps + 1) * c;
    std::fill_n(to, batch, first.value.data()[c]);
    std::copy_n(x.value.data() + batch * steps * c, batch * steps, to + batch);
  }
  tape.record(y, [=] {
    const Real* dy = y.grad().data();
    const Index block = batch * steps;
    if (first.needs_gradient()) {
      const auto d = first.grad();
      for (Index c = 0; c < channels; ++c)
        for (Index b = 0; b < batch; ++b) d.data()[c] += dy[b + (block + batch) * c];
    }
    if (!x.needs_gradient()) return;
    const auto dx = x.accumulator();
    for (Index c = 0; c < channels; ++c)
      kernels::add(dx.into.data() + block * c, dx.residual == nullptr ? nullptr : dx.residual + block * c,
                   dy + (block + batch) * c + batch, block);
  });
  return y;
}

}  // namespace gyrograd::ops
