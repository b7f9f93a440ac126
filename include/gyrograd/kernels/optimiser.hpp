// SPDX-License-Identifier: MIT
// Optimiser updates on flat buffers.
#pragma once

#include "gyrograd/kernels/simd.hpp"

namespace gyrograd::kernels {

/// Constants of one Adam step. `decay` is added to the gradient (Adam), `shrink` multiplies the weight
/// (AdamW).
template <class Real>
struct AdamStep {
  Real learning_rate, beta1, beta2, epsilon;
  Real correction1, correction2;  ///< 1 - beta^t
  Real decay = Real(0);           ///< weight decay added to the gradient
  Real shrink = Real(1);          ///< 1 - learning_rate * decoupled weight decay
  Real share1 = Real(1) - beta1;  ///< weight of the new value: 1 - beta, best computed in double and rounded
  Real share2 = Real(1) - beta2;
};

/// m = b1 m + (1 - b1) g, v = b2 v + (1 - b2) g^2, w = shrink w - lr (m / c1) / (sqrt(v / c2) + eps).
/// weight, m, v, gradient: (n)
template <class Real>
void adam(Real* weight, Real* m, Real* v, const Real* gradient, Index n, const AdamStep<Real>& step) {
  using V = Batch<Real>;
  const V b1(step.beta1), b2(step.beta2), a1(step.share1), a2(step.share2);
  const V rate(step.learning_rate / step.correction1), eps(step.epsilon), decay(step.decay),
      shrink(step.shrink);
  const V root(Real(1) / std::sqrt(step.correction2));
  for (Index i = 0; i < n; i += lanes<Real>) {
    V w = load_lanes(weight, i, n);
    const V g = fma(decay, w, load_lanes(gradient, i, n));
    const V mi = fma(b1, load_lanes(m, i, n), a1 * g);
    const V vi = fma(b2, load_lanes(v, i, n), a2 * (g * g));
    w = fnma(rate * mi, divide(V(Real(1)), fma(sqrt(vi), root, eps)), w * shrink);
    store_lanes(m, mi, i, n);
    store_lanes(v, vi, i, n);
    store_lanes(weight, w, i, n);
  }
}

/// g += decay w; v = momentum v + g (v = g in the first step); w -= lr v. Without momentum `velocity` may be
/// null.
template <class Real>
void sgd(Real* weight, Real* velocity, const Real* gradient, Index n, Real learning_rate, Real momentum,
         Real decay, bool first) {
  using V = Batch<Real>;
  const V rate(learning_rate), keep_rate(momentum), d(decay);
  for (Index i = 0; i < n; i += lanes<Real>) {
    const V w = load_lanes(weight, i, n);
    V g = fma(d, w, load_lanes(gradient, i, n));
    if (velocity != nullptr) {
      if (!first) g = fma(keep_rate, load_lanes(velocity, i, n), g);
      store_lanes(velocity, g, i, n);
    }
    store_lanes(weight, fnma(rate, g, w), i, n);
  }
}

/// sum over slots of parts[s][i], in slot order: gradients that were gathered in fixed slots.
template <class Real>
void sum_slots(Real* sum, const Real* parts, Index slots, Index stride, Index begin, Index end) {
  using V = Batch<Real>;
  for (Index i = begin; i < end; i += lanes<Real>) {
    V s = load_lanes(parts, i, end);
    for (Index slot = 1; slot < slots; ++slot) s = s + load_lanes(parts + slot * stride, i, end);
    store_lanes(sum, s, i, end);
  }
}

}  // namespace gyrograd::kernels
