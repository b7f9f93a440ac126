// SPDX-License-Identifier: MIT
// Cross-entropy on logits, lanes along the samples.
#pragma once

#include <cstdint>

#include "gyrograd/core/assert.hpp"
#include "gyrograd/kernels/math.hpp"

namespace gyrograd::kernels {

/// factor * sum_i (log sum_j exp(x(i, j)) - x(i, label_i)); with slope not null also its gradient.
/// logits, slope: (n x classes) column-major  labels: (n), in [0, classes)
template <class Real>
Real cross_entropy(Real* slope, const Real* logits, const std::int32_t* labels, Index n, Index classes,
                   Real factor) {
  using V = Batch<Real>;
  Real loss = Real(0);
  for (Index i = 0; i < n; i += lanes<Real>) {
    const Index valid = n - i < lanes<Real> ? n - i : lanes<Real>;
    V top = load_lanes(logits, i, n);
    for (Index j = 1; j < classes; ++j) top = max(top, load_lanes(logits + j * n, i, n));
    V sum(Real(0));
    for (Index j = 0; j < classes; ++j) sum = sum + exp(load_lanes(logits + j * n, i, n) - top);
    Real total[static_cast<std::size_t>(lanes<Real>)];
    store(total, top + log_lanes<Real>(sum));
    for (Index l = 0; l < valid; ++l) {
      GYROGRAD_ASSERT(labels[i + l] >= 0 && labels[i + l] < classes);
      loss += total[l] - logits[i + l + n * labels[i + l]];
    }
    if (slope == nullptr) continue;
    const V scale = divide(V(factor), sum);
    for (Index j = 0; j < classes; ++j) {
      const V p = exp(load_lanes(logits + j * n, i, n) - top) * scale;
      store_lanes(slope + j * n, p, i, n);
    }
    for (Index l = 0; l < valid; ++l) slope[i + l + n * labels[i + l]] -= factor;
  }
  return factor * loss;
}

}  // namespace gyrograd::kernels
