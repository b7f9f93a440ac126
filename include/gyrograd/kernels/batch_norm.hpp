// SPDX-License-Identifier: MIT
// Batch norm: statistics of each channel over all positions, normalisation, gradients.
//
//   y(p, c) = gamma(c) (x(p, c) - mean(c)) rstd(c) + beta(c)      rstd = 1 / sqrt(variance + eps)
//
// The values of a channel are adjacent, so all sums run down the lanes of one contiguous block of P values:
// positions are every axis but the last, (B, T) or (B, H, W). Derivation: docs/kernels/batch_norm.md.
#pragma once

#include <cmath>

#include "gyrograd/kernels/simd.hpp"

namespace gyrograd::kernels {

namespace detail {

/// Sums of f(i, valid) over all vectors of n values, four independent ones, so that additions do not wait.
/// f(i, count) returns the vector at i, its lanes from `count` on being zero.
template <class Real, class F>
GYROGRAD_INLINE Real lane_sums(Index n, F f) {
  using V = Batch<Real>;
  constexpr Index L = lanes<Real>;
  V sum[4] = {V(Real(0)), V(Real(0)), V(Real(0)), V(Real(0))};
  Index i = 0;
  for (; i + 4 * L <= n; i += 4 * L) {
    GYROGRAD_UNROLL
    for (int k = 0; k < 4; ++k) sum[k] = sum[k] + f(i + k * L, L);
  }
  for (; i + L <= n; i += L) sum[0] = sum[0] + f(i, L);
  if (i < n) sum[1] = sum[1] + f(i, n - i);
  return reduce_add<Real>((sum[0] + sum[1]) + (sum[2] + sum[3]));
}

template <class Real>
GYROGRAD_INLINE Batch<Real> load_first(const Real* p, Index count) {
  return count == lanes<Real> ? load(p) : load_partial(p, count);
}
}  // namespace detail

/// mean(c) and biased variance(c) over P values each, in two passes.
/// mean, variance: (C)  x: (P x C)
template <class Real>
void batch_statistics(Real* mean, Real* variance, const Real* x, Index positions, Index channels) {
  using V = Batch<Real>;
  const Real share = Real(1) / static_cast<Real>(positions);
  Real ones[static_cast<std::size_t>(lanes<Real>)];  // keeps the mean out of the lanes behind the last value
  for (Real& one : ones) one = Real(1);
  for (Index c = 0; c < channels; ++c, x += positions) {
    mean[c] = share * detail::lane_sums<Real>(
                          positions, [=](Index i, Index count) __attribute__((always_inline)) {
                            return detail::load_first(x + i, count);
                          });
    const V centre(mean[c]);
    variance[c] = share * detail::lane_sums<Real>(
                              positions, [ =, &ones ](Index i, Index count) __attribute__((always_inline)) {
                                V d = detail::load_first(x + i, count) - centre;
                                if (count < lanes<Real>)
                                  d = d * load_partial(static_cast<const Real*>(ones), count);
                                return d * d;
                              });
  }
}

/// y = gamma (x - mean) / sqrt(variance + eps) + beta.
/// y, x: (P x C), y may be x  mean, variance, gamma, beta: (C)  rstd: (C) out, or null
template <class Real>
void batch_norm_forward(Real* y, Real* rstd, const Real* x, const Real* mean, const Real* variance,
                        const Real* gamma, const Real* beta, Index positions, Index channels, Real eps) {
  using V = Batch<Real>;
  constexpr Index L = lanes<Real>;
  for (Index c = 0; c < channels; ++c, x += positions, y += positions) {
    const Real r = Real(1) / std::sqrt(variance[c] + eps);
    if (rstd != nullptr) rstd[c] = r;
    const V centre(mean[c]), scale(r * gamma[c]), shift(beta[c]);
    for (Index i = 0; i < positions; i += L)
      store_lanes(y, fma(load_lanes(x, i, positions) - centre, scale, shift), i, positions);
  }
}

/// Gradients of batch norm. With `current`, mean and rstd belong to x itself and pass gradient on.
///   dgamma = sum dy xhat   dbeta = sum dy   dx = gamma rstd (dy - dbeta / P - xhat dgamma / P)
template <class Real>
struct BatchNormBackward {
  Real* dx = nullptr;                                             ///< (P x C), or null
  const Real* residual = nullptr;                                 ///< (P x C) added to dx, or null; may be dx
  Real *dgamma = nullptr, *dbeta = nullptr;                       ///< (C), added to; or null
  const Real *dy = nullptr, *x = nullptr;                         ///< (P x C)
  const Real *mean = nullptr, *rstd = nullptr, *gamma = nullptr;  ///< (C)
  Index positions = 0, channels = 0;
  bool current = true;  ///< false: mean and rstd are constants (stored estimates)
};

template <class Real>
void batch_norm_backward(const BatchNormBackward<Real>& a) {
  using V = Batch<Real>;
  constexpr Index L = lanes<Real>;
  const Index P = a.positions;
  const Real share = Real(1) / static_cast<Real>(P);
  for (Index c = 0; c < a.channels; ++c) {
    const Real *dy = a.dy + c * P, *x = a.x + c * P;
    const V centre(a.mean[c]);
    const Real sum = detail::lane_sums<Real>(
        P, [=](Index i, Index n) __attribute__((always_inline)) { return detail::load_first(dy + i, n); });
    const Real dot =
        a.rstd[c] * detail::lane_sums<Real>(
                        P, [=](Index i, Index n) __attribute__((always_inline)) {
                          return detail::load_first(dy + i, n) * (detail::load_first(x + i, n) - centre);
                        });
    if (a.dgamma != nullptr) a.dgamma[c] += dot;
    if (a.dbeta != nullptr) a.dbeta[c] += sum;
    if (a.dx == nullptr) continue;
    const Real scale = a.gamma[c] * a.rstd[c];
    const V factor(scale), shift(a.current ? -scale * sum * share : Real(0)),
        slope(a.current ? -scale * a.rstd[c] * dot * share : Real(0));
    Real* dx = a.dx + c * P;
    const Real* residual = a.residual == nullptr ? nullptr : a.residual + c * P;
    for (Index i = 0; i < P; i += L) {
      V d = fma(load_lanes(dy, i, P), factor, fma(load_lanes(x, i, P) - centre, slope, shift));
      if (residual != nullptr) d = d + load_lanes(residual, i, P);
      store_lanes(dx, d, i, P);
    }
  }
}

/// running = (1 - momentum) running + momentum batch; the running variance takes the unbiased one.
/// running_mean, running_variance: (C) in and out  mean, variance (biased): (C)
template <class Real>
void update_running_statistics(Real* running_mean, Real* running_variance, const Real* mean,
                               const Real* variance, Index positions, Index channels, Real momentum) {
  const Real unbiased = static_cast<Real>(positions) / static_cast<Real>(positions - 1);
  for (Index c = 0; c < channels; ++c) {
    running_mean[c] += momentum * (mean[c] - running_mean[c]);
    running_variance[c] += momentum * (unbiased * variance[c] - running_variance[c]);
  }
}

}  // namespace gyrograd::kernels
