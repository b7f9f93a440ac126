// SPDX-License-Identifier: MIT
// Focal loss on logits with a weight per class; with exponent 0 the weighted cross-entropy.
#pragma once

#include <cmath>
#include <cstdint>

#include "gyrograd/core/assert.hpp"
#include "gyrograd/core/config.hpp"

namespace gyrograd::kernels {

/// factor * sum_i w(y_i) (1 - p_i)^gamma (-ln p_i) with p_i = softmax(x(i, .)) at the label y_i; with slope
/// not null also its gradient (Lin et al. 2017, equation 5). 1 - p is summed from the other classes and ln p
/// taken from it, so nothing cancels near p = 1. logits, slope: (n x classes) column-major  labels: (n), in
/// [0, classes)  weights: (classes), or null: all 1 gamma: 0 or more. One sample after the other: a training
/// step has some hundred logits.
template <class Real>
Real focal(Real* slope, const Real* logits, const std::int32_t* labels, const Real* weights, Index n,
           Index classes, Real gamma, Real factor) {
  Real loss = Real(0);
  for (Index i = 0; i < n; ++i) {
    const Index label = labels[i];
    GYROGRAD_ASSERT(label >= 0 && label < classes);
    const auto at = [=](Index j) { return logits[i + n * j]; };
    Real top = at(0);
    for (Index j = 1; j < classes; ++j) top = at(j) > top ? at(j) : top;
    Real others = Real(0);
    for (Index j = 0; j < classes; ++j) others += j == label ? Real(0) : std::exp(at(j) - top);
    const Real own = std::exp(at(label) - top), sum = own + others;
    const Real p = own / sum, q = others / sum;
    const Real log_p = q < Real(0.5) ? std::log1p(-q) : at(label) - top - std::log(sum);
    const Real weight = weights == nullptr ? Real(1) : weights[label];
    const Real power = gamma == Real(0) ? Real(1) : std::pow(q, gamma);
    loss -= weight * power * log_p;
    if (slope == nullptr) continue;
    const Real ratio = q > Real(0) ? log_p / q : Real(-1);  // its limit for q -> 0
    const Real scale = factor * weight * power * (gamma * p * ratio - Real(1));
    for (Index j = 0; j < classes; ++j)
      slope[i + n * j] = scale * (j == label ? q : -std::exp(at(j) - top) / sum);
  }
  return factor * loss;
}

}  // namespace gyrograd::kernels
