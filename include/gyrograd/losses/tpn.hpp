// SPDX-License-Identifier: MIT
// Loss of TPN's self-training: was transformation j applied?
//
// Label 0 is an original window: every head must say no. Label j > 0 went through transformation j: head j -
// 1 must say yes, the others are not asked. The mean runs over all terms of the batch (LIMU-BERT sheet §9).
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "gyrograd/autograd/tape.hpp"
#include "gyrograd/core/error.hpp"
#include "gyrograd/kernels/elementwise.hpp"

namespace gyrograd::losses {

/// Terms of a batch: `tasks` for an original, one for a transformed window. Throws ConfigError for a label
/// outside of 0 .. tasks.
inline Index tpn_terms(const std::int32_t* labels, Index count, Index tasks) {
  Index terms = 0;
  for (Index i = 0; i < count; ++i) {
    if (labels[i] < 0 || labels[i] > tasks)
      fail<ConfigError>("tpn loss: label ", labels[i], ", expected 0 to ", tasks);
    terms += labels[i] == 0 ? tasks : 1;
  }
  return terms;
}

namespace detail {

/// factor * sum of term(z, asked) with slope(z, asked); `asked`: the head must say yes.
template <class Real, Index... Dims, class Term>
Var<Real> tpn_sum(Tape<Real>& tape, Var<Real, Dims...> z, const std::int32_t* labels, Real factor,
                  Term term) {
  const Index n = z.extent(0), tasks = z.extent(1);
  tpn_terms(labels, n, tasks);
  auto loss = tape.template make<>();
  const auto slope = tape.saved_like(z);
  slope.fill(Real(0));
  Real sum = Real(0);
  for (Index i = 0; i < n; ++i) {
    const Index first = labels[i] == 0 ? 0 : labels[i] - 1, last = labels[i] == 0 ? tasks : labels[i];
    for (Index j = first; j < last; ++j) {
      const auto at = i + n * j;
      sum += term(z.value.data()[at], labels[i] != 0, slope.data()[at]);
      slope.data()[at] *= factor;
    }
  }
  *loss.value.data() = factor * sum;
  tape.record(loss, [=] {
    if (!z.needs_gradient()) return;
    const auto d = z.accumulator();
    kernels::scale_add(d.into.data(), d.residual, *loss.grad().data(), static_cast<const Real*>(slope.data()),
                       n * tasks);
  });
  return loss;
}

}  // namespace detail

/// As published, from probabilities: -ln p or -ln(1 - p) without a limit, infinite where a head saturates.
/// p: (B, tasks)  labels: (B), 0 .. tasks  factor: 1 / tpn_terms() gives the published mean
template <class Real, Index B, Index N>
Var<Real> tpn(Tape<Real>& tape, Var<Real, B, N> p, const std::int32_t* labels, Real factor) {
  return detail::tpn_sum(tape, p, labels, factor, [](Real x, bool yes, Real& slope) {
    slope = yes ? Real(-1) / x : Real(1) / (Real(1) - x);
    return yes ? -std::log(x) : -std::log1p(-x);
  });
}

/// Corrected, from log-odds: the same terms, finite for all of them.   z: (B, tasks)
template <class Real, Index B, Index N>
Var<Real> tpn_logits(Tape<Real>& tape, Var<Real, B, N> z, const std::int32_t* labels, Real factor) {
  return detail::tpn_sum(tape, z, labels, factor, [](Real x, bool yes, Real& slope) {
    const Real wrong = yes ? -x : x;  // -ln sigmoid(-wrong) = ln(1 + exp(wrong))
    const Real e = std::exp(-std::abs(wrong));
    const Real p = wrong > 0 ? Real(1) / (Real(1) + e) : e / (Real(1) + e);
    slope = yes ? -p : p;
    return std::max(wrong, Real(0)) + std::log1p(e);
  });
}

}  // namespace gyrograd::losses
