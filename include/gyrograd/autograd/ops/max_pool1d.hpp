// SPDX-License-Identifier: MIT
// 1-D max pooling over time on the tape: a 2-D one of width 1.
#pragma once

#include "gyrograd/autograd/ops/max_pool2d.hpp"

namespace gyrograd::ops {

/// Largest value of each window of time; padding counts as minus infinity; the first maximum gets the
/// gradient.   x: (B, T, C); returns (B, T', C). Throws ShapeError when the sizes do not fit.
template <class Real, Index... Dims>
requires(sizeof...(Dims) == 3) Var<Real, dyn, dyn, dyn> max_pool1d(Tape<Real>& tape, Var<Real, Dims...> x,
                                                                   Index kernel, Stride along_time) {
  kernels::Window w;
  w.batch = x.extent(0);
  w.height = detail::window_axis("max_pool1d", "time", x.extent(1), kernel, along_time);
  detail::check_pool("max_pool1d", w);
  auto y = tape.template make<dyn, dyn, dyn>(w.batch, w.height.outputs(), x.extent(2));
  return detail::max_pool(tape, x, y, w, x.extent(2));
}

}  // namespace gyrograd::ops
