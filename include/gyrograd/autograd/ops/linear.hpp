// SPDX-License-Identifier: MIT
// Dense layer on the tape.
#pragma once

#include <array>

#include "gyrograd/autograd/tape.hpp"
#include "gyrograd/core/error.hpp"
#include "gyrograd/kernels/elementwise.hpp"
#include "gyrograd/kernels/linear.hpp"

namespace gyrograd::ops {

/// Parameters of one dense layer on the tape.
template <class Real>
struct Dense {
  Var<Real, dyn> weight, bias;
  Real factor = Real(1);  ///< y = factor (x W^T + b); what gathers in y's gradient is that of x W^T + b
};

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

/// Throws ShapeError unless weight and bias, if there is one, fit.
template <class Real>
void check_linear(const Var<Real, dyn>& weight, const Var<Real, dyn>& bias, Index in, Index out) {
  if (weight.value.size() != in * out || (bias.value.data() != nullptr && bias.value.size() != out))
    fail<ShapeError>("linear: x has ", in, " channels and y ", out, ", but the weight has ",
                     weight.value.size(), " values and the bias ", bias.value.size());
}

/// Adds `values` to the gradient of x. Where it has none yet, their memory, of the tape, becomes it: nobody
/// else may use them afterwards.
template <class Real, Index... Dims>
void add_gradient(const Var<Real, Dims...>& x, Real* values) {
  if (!x.gradient->written && x.gradient->data == nullptr) {
    x.gradient->data = values;
    x.gradient->written = true;
    return;
  }
  const auto dx = x.accumulator();
  kernels::add(dx.into.data(), dx.residual, static_cast<const Real*>(values), x.value.size());
}

/// y = x W^T + b (+ residual). With `slope`, (..., in), x is f(z) and has the gradient of z, and slope is
/// f'(z): its memory becomes that gradient.
template <class Real, class X, class Y, class Residual>
Y linear(Tape<Real>& tape, X x, Y y, Var<Real, dyn> weight, Var<Real, dyn> bias, Residual residual,
         Real* slope = nullptr) {
  const Index P = position_count(x.value), in = channel_count(x.value), out = channel_count(y.value);
  check_linear(weight, bias, in, out);
  kernels::linear_forward(y.value.data(), x.value.data(), weight.value.data(), bias.value.data(),
                          residual.value.data(), P, in, out);
  tape.record(y, [=, tape = &tape] {
    const Real* dy = y.grad().data();
    if (weight.needs_gradient()) {
      auto scratch = tape->workspace();
      kernels::linear_backward_weight(weight.grad().data(), dy, x.value.data(), P, in, out,
                                      scratch(kernels::linear_backward_weight_scratch<Real>(P, in, out)));
    }
    auto scratch = tape->workspace();
    Real* dbias = bias.needs_gradient() ? bias.grad().data() : nullptr;
    Real* sums = scratch(kernels::linear_backward_data_scratch<Real>(out));
    const bool same = residual.needs_gradient() && residual.gradient == x.gradient;  // a + proj(a)
    if (x.needs_gradient() && slope != nullptr) {
      kernels::linear_backward_data_times(slope, dy, static_cast<const Real*>(weight.value.data()), P, in,
                                          out, dbias, sums);
      add_gradient(x, slope);
    } else if (x.needs_gradient()) {
      const auto dx = x.accumulator();
      const bool fold =
          same && dx.residual == nullptr;  // the residual's gradient enters as start of the product
      kernels::linear_backward_data(dx.into.data(), fold ? dy : dx.residual, dy, weight.value.data(), P, in,
                                    out, dbias, sums);
      if (same && !fold) Tape<Real>::pass_gradient(y, residual);
    } else if (dbias != nullptr) {
      kernels::linear_backward_bias(dbias, dy, P, out);
    }
    if (!same) Tape<Real>::pass_gradient(y, residual);
  });
  return y;
}

/// Gradients of several layers that share x, from those of their outputs.
template <class Real, class X, class Y, std::size_t N>
void shared_linear_backward(Tape<Real>& tape, X x, const std::array<Y, N>& y,
                            const std::array<Dense<Real>, N>& layers) {
  const Index P = position_count(x.value), in = channel_count(x.value), out = channel_count(y[0].value);
  std::array<kernels::WeightGradient<Real>, N> weights;
  std::size_t count = 0;
  for (std::size_t i = 0; i < N; ++i)
    if (y[i].gradient->written && layers[i].weight.needs_gradient())
      weights[count++] = {layers[i].weight.grad().data(), y[i].grad().data()};
  auto scratch = tape.workspace();
  kernels::linear_backward_weights(std::span<const kernels::WeightGradient<Real>>(weights.data(), count),
                                   static_cast<const Real*>(x.value.data()), P, in, out,
                                   scratch(kernels::linear_backward_weight_scratch<Real>(P, in, out)));
  Real* sums = scratch(kernels::linear_backward_data_scratch<Real>(out));
  for (std::size_t i = 0; i < N; ++i) {
    if (!y[i].gradient->written) continue;
    const Real* dy = y[i].grad().data();
    Real* dbias = layers[i].bias.needs_gradient() ? layers[i].bias.grad().data() : nullptr;
    if (!x.needs_gradient()) {
      if (dbias != nullptr) kernels::linear_backward_bias(dbias, dy, P, out);
      continue;
    }
    const auto dx = x.accumulator();
    kernels::linear_backward_data(dx.into.data(), dx.residual, dy,
                                  static_cast<const Real*>(layers[i].weight.value.data()), P, in, out, dbias,
                                  sums);
  }
}

}  // namespace detail

/// y_i = factor_i (x W_i^T + b_i) for layers of one x, which the backward transposes once for all of them.
/// x: (..., in)  weights: (out, in) row-major  biases: (out); returns the y_i: (..., out) as an array. Throws
/// ShapeError when the sizes do not fit.
template <class Real, std::size_t N, Index... Dims>
auto linear(Tape<Real>& tape, Var<Real, Dims...> x, const std::array<Dense<Real>, N>& layers) {
  const Index P = position_count(x.value), in = channel_count(x.value), out = layers[0].bias.value.size();
  const auto output = [&](std::size_t i) {
    const auto& [weight, bias, factor] = layers[i];
    detail::check_linear(weight, bias, in, out);
    auto y = detail::like_with_channels(tape, x, out);
    auto scratch = tape.workspace();
    if (factor == Real(1))
      kernels::linear_forward(y.value.data(), x.value.data(), weight.value.data(), bias.value.data(),
                              static_cast<const Real*>(nullptr), P, in, out);
    else
      kernels::linear_forward_scaled(y.value.data(), static_cast<const Real*>(x.value.data()),
                                     static_cast<const Real*>(weight.value.data()),
                                     static_cast<const Real*>(bias.value.data()), factor, P, in, out,
                                     scratch(P));
    tape.record(y, [] {});  // gives the gradient's memory back, after all layers have used theirs
    return y;
  };
  const auto y = [&]<std::size_t... I>(std::index_sequence<I...>) {
    return std::array{output(I)...};
  }
  (std::make_index_sequence<N>{});
  tape.record([=, tape = &tape] { detail::shared_linear_backward(*tape, x, y, layers); });
  return y;
}

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
