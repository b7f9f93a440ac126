// SPDX-License-Identifier: MIT
// Adaptive average pooling over time on the tape.
#pragma once

#include <algorithm>

#include "gyrograd/autograd/tape.hpp"
#include "gyrograd/core/error.hpp"
#include "gyrograd/kernels/adaptive_avg_pool1d.hpp"

namespace gyrograd::ops {

/// y(b, i, c) = mean of x(b, t, c) over t in bin i of `outputs` nearly equal bins; fewer inputs than outputs
/// repeat.   x: (B, T, C); returns (B, outputs, C). Throws ShapeError when T or outputs is 0.
template <class Real, Index B, Index T, Index C>
Var<Real, dyn, dyn, dyn> adaptive_avg_pool1d(Tape<Real>& tape, Var<Real, B, T, C> x, Index outputs) {
  const Index batch = x.extent(0), inputs = x.extent(1), channels = x.extent(2);
  if (inputs < 1 || outputs < 1)
    fail<ShapeError>("adaptive_avg_pool1d: ", inputs, " inputs to ", outputs,
                     " outputs, expected at least 1 of each");
  auto y = tape.template make<dyn, dyn, dyn>(batch, outputs, channels);
  kernels::adaptive_avg_pool1d_forward(y.value.data(), static_cast<const Real*>(x.value.data()), batch,
                                       inputs, outputs, channels);
  tape.record(y, [=] {
    if (!x.needs_gradient()) return;
    const auto dx = x.accumulator();
    kernels::adaptive_avg_pool1d_backward(dx.into.data(), dx.residual,
                                          static_cast<const Real*>(y.grad().data()), batch, inputs, outputs,
                                          channels);
  });
  return y;
}

/// Of pooled values, or what a map of each channel made of them, the `inputs` that all bins are means of,
/// then zeros: y(b, t, c) = x(b, own bin of t, c) for t < inputs. A model that reads bins loses nothing when
/// it reads these through fold_bins. x: (B, outputs, C), outputs >= 2 inputs; returns (B, rows, C). Throws
/// ShapeError when the sizes do not fit.
template <class Real>
Var<Real, dyn, dyn, dyn> own_bins(Tape<Real>& tape, Var<Real, dyn, dyn, dyn> x, Index inputs, Index rows) {
  const Index batch = x.extent(0), outputs = x.extent(1), channels = x.extent(2);
  if (inputs < 1 || 2 * inputs > outputs || rows < inputs)
    fail<ShapeError>("own_bins: ", inputs, " inputs in ", outputs, " bins to ", rows,
                     " rows, expected at most half as many inputs as bins and as many rows as inputs");
  const auto y = tape.template make<dyn, dyn, dyn>(batch, rows, channels);
  const auto each = [=](auto&& f) {
    for (Index c = 0; c < channels; ++c)
      for (Index t = 0; t < inputs; ++t)
        f(batch * (t + rows * c), batch * (kernels::adaptive_own_bin(t, inputs, outputs) + outputs * c));
  };
  each([&](Index to, Index from) { std::copy_n(x.value.data() + from, batch, y.value.data() + to); });
  for (Index c = 0; c < channels; ++c)
    std::fill_n(y.value.data() + batch * (inputs + rows * c), batch * (rows - inputs), Real(0));
  tape.record(y, [=] {
    if (!x.needs_gradient()) return;
    const auto dx = x.grad();
    const Real* dy = y.grad().data();
    each([&](Index to, Index from) {
      for (Index b = 0; b < batch; ++b) dx.data()[from + b] += dy[to + b];
    });
  });
  return y;
}

/// Weights of bins as weights of their inputs: fold_bins(weight) own_bins(x) = weight x.
/// weight: (rows, outputs) row-major; returns (rows, columns) row-major, zero from column `inputs` on.
template <class Real>
Var<Real, dyn> fold_bins(Tape<Real>& tape, Var<Real, dyn> weight, Index inputs, Index outputs,
                         Index columns) {
  const Index rows = weight.value.size() / outputs;
  const auto fold = [&](Real* folded) {
    kernels::adaptive_fold_bins(folded, static_cast<const Real*>(weight.value.data()), rows, inputs, outputs,
                                columns);
  };
  const auto y = tape.derived(Arrangement::folded_bins, rows * columns, fold, weight);
  tape.record(y, [=] {
    if (!weight.needs_gradient()) return;
    kernels::adaptive_fold_bins_backward(weight.grad().data(), static_cast<const Real*>(y.grad().data()),
                                         rows, inputs, outputs, columns);
  });
  return y;
}

}  // namespace gyrograd::ops
