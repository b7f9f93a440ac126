// SPDX-License-Identifier: MIT
// Softmax and log-softmax along one axis on the tape.
#pragma once

#include "gyrograd/autograd/tape.hpp"
#include "gyrograd/kernels/softmax.hpp"

namespace gyrograd::ops {

namespace detail {

/// Extents before, at and after an axis.
struct AxisSizes {
  Index inner = 1, n = 1, outer = 1;
};
template <class Real, Index... Dims>
AxisSizes split_at(const Tensor<Real, Dims...>& x, int axis) {
  AxisSizes s;
  for (int a = 0; a < x.rank; ++a) (a < axis ? s.inner : a == axis ? s.n : s.outer) *= x.extent(a);
  return s;
}

}  // namespace detail

/// y = exp(x) / sum exp(x) along `axis`.   x, y: any shape
template <class Real, Index... Dims>
auto softmax(Tape<Real>& tape, Var<Real, Dims...> x, int axis) {
  const auto s = detail::split_at(x.value, axis);
  auto y = tape.like(x);
  kernels::softmax_forward(y.value.data(), x.value.data(), s.inner, s.n, s.outer);
  tape.record(y, [=] {
    if (!x.needs_gradient()) return;
    const auto dx = x.accumulator();
    kernels::softmax_backward(dx.into.data(), dx.residual, y.grad().data(), y.value.data(), s.inner, s.n,
                              s.outer);
  });
  return y;
}

/// y = x - log sum exp(x) along `axis`.   x, y: any shape
template <class Real, Index... Dims>
auto log_softmax(Tape<Real>& tape, Var<Real, Dims...> x, int axis) {
  const auto s = detail::split_at(x.value, axis);
  auto y = tape.like(x);
  kernels::log_softmax_forward(y.value.data(), x.value.data(), s.inner, s.n, s.outer);
  tape.record(y, [=] {
    if (!x.needs_gradient()) return;
    const auto dx = x.accumulator();
    kernels::log_softmax_backward(dx.into.data(), dx.residual, y.grad().data(), y.value.data(), s.inner, s.n,
                                  s.outer);
  });
  return y;
}

}  // namespace gyrograd::ops
