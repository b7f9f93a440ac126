// SPDX-License-Identifier: MIT
// Mean squared error, the loss of masked reconstruction once the masked rows are gathered.
#pragma once

#include "gyrograd/kernels/simd.hpp"

namespace gyrograd::kernels {

/// factor * sum (prediction - target)^2; with slope not null also slope = 2 factor (prediction - target).
/// prediction, target, slope: (n)
template <class Real>
Real squared_error(Real* slope, const Real* prediction, const Real* target, Index n, Real factor) {
  using V = Batch<Real>;
  const V twice(Real(2) * factor);
  V sum(Real(0));
  for (Index i = 0; i < n; i += lanes<Real>) {
    const V d = load_lanes(prediction, i, n) - load_lanes(target, i, n);
    sum = fma(d, d, sum);
    if (slope != nullptr) store_lanes(slope, twice * d, i, n);
  }
  return factor * reduce_add(sum);
}

}  // namespace gyrograd::kernels
