// SPDX-License-Identifier: MIT
// Layer norm on the tape.
#pragma once

#include <algorithm>

#include "gyrograd/autograd/tape.hpp"
#include "gyrograd/core/error.hpp"
#include "gyrograd/kernels/layer_norm.hpp"

namespace gyrograd::ops {

namespace detail {

template <class Real>
void check_layer_norm(Index channels, const Var<Real, dyn>& gamma, const Var<Real, dyn>& beta) {
  if (gamma.value.size() != channels || beta.value.size() != channels)
    fail<ShapeError>("layer_norm: x has ", channels, " channels, gamma ", gamma.value.size(), ", beta ",
                     beta.value.size());
}

/// Records the backward pass of y = layer_norm(x) + something, and calls add_gradient(dy) in it for that.
template <class Real, class X, class AddGradient>
void record_layer_norm(Tape<Real>& tape, X x, X y, Var<Real, dyn> gamma, Var<Real, dyn> beta,
                       const Real* mean, const Real* rstd, AddGradient add_gradient) {
  const Index P = position_count(x.value), C = channel_count(x.value);
  tape.record(y, [=, tape = &tape] {
    auto scratch = tape->workspace();
    // Where no gradient is wanted it still has a place to go; that is rare (frozen parts).
    const auto or_unused = [&](bool wanted, Index size, auto&& target) {
      if (wanted) return target();
      Real* unused = scratch(size);
      std::fill_n(unused, size, Real(0));
      return unused;
    };
    const bool parameters = gamma.needs_gradient() && beta.needs_gradient();
    Real* dgamma = or_unused(parameters, C, [&] { return gamma.grad().data(); });
    Real* dbeta = or_unused(parameters, C, [&] { return beta.grad().data(); });
    const Real* residual = nullptr;
    Real* dx = or_unused(x.needs_gradient(), P * C, [&] {
      const auto target = x.accumulator();
      residual = target.residual;
      return target.into.data();
    });
    const Real* dy = y.grad().data();
    add_gradient(dy);
    kernels::layer_norm_backward(dx, residual, dgamma, dbeta, dy, x.value.data(), gamma.value.data(), mean,
                                 rstd, P, C, scratch(kernels::layer_norm_backward_scratch<Real>(C)));
  });
}

}  // namespace detail

/// y = gamma (x - mean) / sqrt(var + eps) + beta over the last axis.   x, y: (..., C)  gamma, beta: (C)
template <class Real, Index... Dims>
auto layer_norm(Tape<Real>& tape, Var<Real, Dims...> x, Var<Real, dyn> gamma, Var<Real, dyn> beta, Real eps) {
  const Index P = position_count(x.value), C = channel_count(x.value);
  detail::check_layer_norm(C, gamma, beta);
  auto y = tape.like(x);
  const auto mean = tape.template saved<dyn>(P), rstd = tape.template saved<dyn>(P);
  kernels::layer_norm_forward(y.value.data(), mean.data(), rstd.data(), x.value.data(), gamma.value.data(),
                              beta.value.data(), P, C, eps);
  detail::record_layer_norm(tape, x, y, gamma, beta, mean.data(), rstd.data(), [](const Real*) {});
  return y;
}

/// The same with y in the memory of x, which must not be read again by anything but its own gradient: the
/// backward takes n = (y - beta) / gamma from y. Saves a pass through memory, which is what a norm costs. In
/// a memory of its own where gamma is too small for that or a part is frozen.
template <class Real, Index... Dims>
auto layer_norm_in_place(Tape<Real>& tape, Var<Real, Dims...> x, Var<Real, dyn> gamma, Var<Real, dyn> beta,
                         Real eps) {
  const Index P = position_count(x.value), C = channel_count(x.value);
  detail::check_layer_norm(C, gamma, beta);
  if (!tape.recording() || !x.needs_gradient() || !gamma.needs_gradient() || !beta.needs_gradient() ||
      !kernels::layer_norm_undoes(gamma.value.data(), beta.value.data(), C))
    return layer_norm(tape, x, gamma, beta, eps);
  const auto y = tape.input(x.value);
  const auto rstd = tape.template saved<dyn>(P);
  {
    auto scratch = tape.workspace();
    kernels::layer_norm_forward(y.value.data(), scratch(P), rstd.data(),
                                static_cast<const Real*>(x.value.data()), gamma.value.data(),
                                beta.value.data(), P, C, eps);
  }
  tape.record(y, [=, tape = &tape] {
    auto scratch = tape->workspace();
    const auto dx = x.accumulator();
    kernels::layer_norm_backward_from_output(dx.into.data(), dx.residual, gamma.grad().data(),
                                             beta.grad().data(), y.grad().data(), y.value.data(),
                                             gamma.value.data(), beta.value.data(), rstd.data(), P, C,
                                             scratch(kernels::layer_norm_backward_scratch<Real>(C)));
  });
  return y;
}

}  // namespace gyrograd::ops
