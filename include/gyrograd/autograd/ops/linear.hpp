// SPDX-License-Identifier: MIT
// Dense layer on the tape.
#pragma once

#include "gyrograd/autograd/tape.hpp"
#include "gyrograd/core/error.hpp"
#include "gyrograd/kernels/linear.hpp"

namespace gyrograd::ops {

namespace detail {

template <class Real, Index... Dims, std::size_t... I>
auto make_with_channels(Tape<Real>& tape, const Var<Real, Dims...>& x, Index channels,
                        std::index_sequence<I...>) {
  constexpr std::array<Index, sizeof...(Dims)> dims{Dims...};
  return tape.template make<(I + 1 == sizeof...(Dims) ? dyn : dims[I])...>(
      (I + 1 == sizeof...(Dims) ? channels : x.extent(static_cast<int>(I)))...);
}

/// New Var with the extents of x but another number of channels (last axis, run-time extent).
template <class Real, Index... Dims>
auto like_with_channels(Tape<Real>& tape, const Var<Real, Dims...>& x, Index channels) {
  return make_with_channels(tape, x, channels, std::make_index_sequence<sizeof...(Dims)>{});
}

template <class Real, class X, class Y, class Residual>
Y linear(Tape<Real>& tape, X x, Y y, Var<Real, dyn> weight, Var<Real, dyn> bias, Residual residual) {
  const Index P = position_count(x.value), in = channel_count(x.value), out = channel_count(y.value);
  if (weight.value.size() != in * out || (bias.value.data() != nullptr && bias.value.size() != out))
    fail<ShapeError>("linear: x has ", in, " channels and y ", out, ", but the weight has ",
                     weight.value.size(), " values and the bias ", bias.value.size());
  kernels::linear_forward(y.value.data(), x.value.data(), weight.value.data(), bias.value.data(),
                          residual.value.data(), P, in, out);
  tape.record(y, [=, tape = &tape] {
    const Real* dy = y.grad().data();
    if (weight.needs_gradient()) {
      auto scratch = tape->workspace();
      kernels::linear_backward_weight(weight.grad().data(), dy, x.value.data(), P, in, out,
                                      scratch(kernels::linear_backward_weight_scratch<Real>(P, in, out)));
    }
    if (bias.needs_gradient()) kernels::linear_backward_bias(bias.grad().data(), dy, P, out);
    const bool same = residual.needs_gradient() && residual.gradient == x.gradient;  // a + proj(a)
    if (x.needs_gradient()) {
      const auto dx = x.accumulator();
      const bool fold =
          same && dx.residual == nullptr;  // the residual's gradient enters as start of the product
      kernels::linear_backward_data(dx.into.data(), fold ? dy : dx.residual, dy, weight.value.data(), P, in,
                                    out);
      if (same && !fold) Tape<Real>::pass_gradient(y, residual);
    }
    if (!same) Tape<Real>::pass_gradient(y, residual);
  });
  return y;
}

}  // namespace detail

/// y = x W^T + b (+ residual).
/// x: (..., in)  weight: (out, in) row-major  bias: (out), or an empty Var  residual: (..., out) or an empty
/// Var returns y: (..., out). Throws ShapeError when the sizes do not fit.
template <class Real, Index... Dims>
auto linear(Tape<Real>& tape, Var<Real, Dims...> x, Var<Real, dyn> weight, Var<Real, dyn> bias) {
  const Index in = channel_count(x.value);
  auto y = detail::like_with_channels(tape, x, in > 0 ? weight.value.size() / in : 0);
  return detail::linear(tape, x, y, weight, bias, Var<Real>{});
}
template <class Real, Index... Dims, Index... Others>
auto linear(Tape<Real>& tape, Var<Real, Dims...> x, Var<Real, dyn> weight, Var<Real, dyn> bias,
            Var<Real, Others...> residual) {
  auto y = detail::like_with_channels(tape, x, channel_count(residual.value));
  if (residual.value.size() != y.value.size())
    fail<ShapeError>("linear: residual has ", residual.value.size(), " values, expected ", y.value.size());
  return detail::linear(tape, x, y, weight, bias, residual);
}

}  // namespace gyrograd::ops
