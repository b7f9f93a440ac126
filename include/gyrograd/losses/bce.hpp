// SPDX-License-Identifier: MIT
// Binary cross-entropy, from probabilities and from log-odds: yes or no for every head of every sample.
#pragma once

#include <algorithm>
#include <cmath>

#include "gyrograd/autograd/tape.hpp"
#include "gyrograd/core/error.hpp"
#include "gyrograd/kernels/elementwise.hpp"

namespace gyrograd::losses {

namespace detail {

/// factor * sum of weight * term(x, y) with the slope that term() stores.
template <class Real, Index B, Index N, class Term>
Var<Real> binary_sum(Tape<Real>& tape, Var<Real, B, N> x, const Real* target, const Real* weight, Real factor,
                     Term term) {
  const Index n = x.value.size();
  auto loss = tape.template make<>();
  const auto slope = tape.saved_like(x);
  Real sum = Real(0);
  for (Index i = 0; i < n; ++i) {
    if (!(target[i] >= Real(0) && target[i] <= Real(1)))
      fail<ConfigError>("binary cross-entropy: target ", static_cast<double>(target[i]), " of sample ",
                        i % x.extent(0), ", expected 0 to 1");
    const Real share = weight == nullptr ? Real(1) : weight[i];
    slope.data()[i] = Real(0);
    if (share == Real(0)) continue;  // a head that is not asked may hold anything
    sum += share * term(x.value.data()[i], target[i], slope.data()[i]);
    slope.data()[i] *= share * factor;
  }
  *loss.value.data() = factor * sum;
  tape.record(loss, [=] {
    if (!x.needs_gradient()) return;
    const auto d = x.accumulator();
    kernels::scale_add(d.into.data(), d.residual, *loss.grad().data(), static_cast<const Real*>(slope.data()),
                       n);
  });
  return loss;
}

}  // namespace detail

/// factor * sum of -y ln p - (1 - y) ln(1 - p); infinite where a head is wrong with certainty.
/// p, target, weight: (B, heads), first index fastest; weight null: all 1. ConfigError for a target outside
/// of 0..1.
template <class Real, Index B, Index N>
Var<Real> bce(Tape<Real>& tape, Var<Real, B, N> p, const Real* target, Real factor,
              const Real* weight = nullptr) {
  return detail::binary_sum(tape, p, target, weight, factor, [](Real x, Real y, Real& slope) {
    const Real yes = y > 0 ? -y * std::log(x) : Real(0);
    const Real no = y < 1 ? -(Real(1) - y) * std::log1p(-x) : Real(0);
    slope = (y < 1 ? (Real(1) - y) / (Real(1) - x) : Real(0)) - (y > 0 ? y / x : Real(0));
    return yes + no;
  });
}

/// The same from log-odds z, finite for all of them: max(z, 0) - z y + ln(1 + exp(-|z|)).
template <class Real, Index B, Index N>
Var<Real> bce_logits(Tape<Real>& tape, Var<Real, B, N> z, const Real* target, Real factor,
                     const Real* weight = nullptr) {
  return detail::binary_sum(tape, z, target, weight, factor, [](Real x, Real y, Real& slope) {
    const Real e = std::exp(-std::abs(x));
    slope = (x > 0 ? Real(1) / (Real(1) + e) : e / (Real(1) + e)) - y;
    return std::max(x, Real(0)) - x * y + std::log1p(e);
  });
}

}  // namespace gyrograd::losses
