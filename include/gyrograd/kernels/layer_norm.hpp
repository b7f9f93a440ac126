// SPDX-License-Identifier: MIT
// Layer norm over the channels of each position; all statistics run down the lanes, nothing is summed across
// them.
#pragma once

#include "gyrograd/kernels/simd.hpp"

namespace gyrograd::kernels {

namespace detail {

/// Forward for `Vectors` vectors of positions (the last one with `tail` valid lanes when Tail).
template <class Real, int Vectors, bool Tail>
GYROGRAD_INLINE void layer_norm_block(Real* y, Real* mean, Real* rstd, const Real* x, const Real* gamma,
                                      const Real* beta, Index positions, Index channels, Real eps,
                                      Index tail) {
  using V = Batch<Real>;
  constexpr Index L = lanes<Real>;
  const auto read = [tail](const Real* p) __attribute__((always_inline)) {
    return Tail ? load_partial(p, tail) : load(p);
  };
  const auto write = [&](Real * p, V v) __attribute__((always_inline)) {
    if constexpr (Tail)
      store_partial(p, v, tail);
    else
      store(p, v);
  };
  const V scale(Real(1) / static_cast<Real>(channels));
  V sum[Vectors], square[Vectors];
  GYROGRAD_UNROLL
  for (int v = 0; v < Vectors; ++v) sum[v] = square[v] = V(Real(0));
  for (Index c = 0; c < channels; ++c) {
    GYROGRAD_UNROLL
    for (int v = 0; v < Vectors; ++v) sum[v] = sum[v] + read(x + c * positions + v * L);
  }
  GYROGRAD_UNROLL
  for (int v = 0; v < Vectors; ++v) sum[v] = sum[v] * scale;
  for (Index c = 0; c < channels; ++c) {
    GYROGRAD_UNROLL
    for (int v = 0; v < Vectors; ++v) {
      const V d = read(x + c * positions + v * L) - sum[v];
      square[v] = fma(d, d, square[v]);
    }
  }
  GYROGRAD_UNROLL
  for (int v = 0; v < Vectors; ++v) {
    square[v] = V(Real(1)) / sqrt(fma(square[v], scale, V(eps)));
    write(mean + v * L, sum[v]);
    write(rstd + v * L, square[v]);
  }
  for (Index c = 0; c < channels; ++c) {
    const V g = broadcast(gamma[c]), b = broadcast(beta[c]);
    GYROGRAD_UNROLL
    for (int v = 0; v < Vectors; ++v) {
      const V normal = (read(x + c * positions + v * L) - sum[v]) * square[v];
      write(y + c * positions + v * L, fma(normal, g, b));
    }
  }
}

/// Data gradient for `Vectors` vectors of positions.
template <class Real, int Vectors, bool Tail>
GYROGRAD_INLINE void layer_norm_backward_block(Real* dx, const Real* residual, const Real* dy, const Real* x,
                                               const Real* gamma, const Real* mean, const Real* rstd,
                                               Index positions, Index channels, Index tail) {
  using V = Batch<Real>;
  constexpr Index L = lanes<Real>;
  const auto read = [tail](const Real* p) __attribute__((always_inline)) {
    return Tail ? load_partial(p, tail) : load(p);
  };
  const V scale(Real(1) / static_cast<Real>(channels));
  V m[Vectors], r[Vectors], sum[Vectors], along[Vectors];
  GYROGRAD_UNROLL
  for (int v = 0; v < Vectors; ++v) {
    m[v] = read(mean + v * L);
    r[v] = read(rstd + v * L);
    sum[v] = along[v] = V(Real(0));
  }
  for (Index c = 0; c < channels; ++c) {
    const V g = broadcast(gamma[c]);
    GYROGRAD_UNROLL
    for (int v = 0; v < Vectors; ++v) {
      const V dnormal = read(dy + c * positions + v * L) * g;
      const V normal = (read(x + c * positions + v * L) - m[v]) * r[v];
      sum[v] = sum[v] + dnormal;
      along[v] = fma(dnormal, normal, along[v]);
    }
  }
  GYROGRAD_UNROLL
  for (int v = 0; v < Vectors; ++v) {
    sum[v] = sum[v] * scale;
    along[v] = along[v] * scale;
  }
  for (Index c = 0; c < channels; ++c) {
    const V g = broadcast(gamma[c]);
    GYROGRAD_UNROLL
    for (int v = 0; v < Vectors; ++v) {
      const V normal = (read(x + c * positions + v * L) - m[v]) * r[v];
      V d = fma(read(dy + c * positions + v * L), g, V(Real(0)) - sum[v]);
      d = fnma(along[v], normal, d) * r[v];
      if (residual != nullptr) d = d + read(residual + c * positions + v * L);
      if constexpr (Tail)
        store_partial(dx + c * positions + v * L, d, tail);
      else
        store(dx + c * positions + v * L, d);
    }
  }
}

inline constexpr int layer_norm_vectors = 4;

}  // namespace detail

/// y = gamma (x - mean) / sqrt(var + eps) + beta over the channels of each position, biased variance, eps
/// inside the root (two passes: mean first). y, x: (P x C)  mean, rstd: (P), kept for the backward  gamma,
/// beta: (C)
template <class Real>
void layer_norm_forward(Real* y, Real* mean, Real* rstd, const Real* x, const Real* gamma, const Real* beta,
                        Index positions, Index channels, Real eps) {
  constexpr Index L = lanes<Real>;
  constexpr int N = detail::layer_norm_vectors;
  Index p = 0;
  for (; p + N * L <= positions; p += N * L)
    detail::layer_norm_block<Real, N, false>(y + p, mean + p, rstd + p, x + p, gamma, beta, positions,
                                             channels, eps, 0);
  for (; p + L <= positions; p += L)
    detail::layer_norm_block<Real, 1, false>(y + p, mean + p, rstd + p, x + p, gamma, beta, positions,
                                             channels, eps, 0);
  if (p < positions)
    detail::layer_norm_block<Real, 1, true>(y + p, mean + p, rstd + p, x + p, gamma, beta, positions,
                                            channels, eps, positions - p);
}

/// dx = residual + rstd (dn - mean_c(dn) - n mean_c(dn n)) with dn = dy gamma, n = (x - mean) rstd.
/// dx, dy, x: (P x C)  residual: (P x C) or null, may be dx  gamma: (C)  mean, rstd: (P)
template <class Real>
void layer_norm_backward_data(Real* dx, const Real* residual, const Real* dy, const Real* x,
                              const Real* gamma, const Real* mean, const Real* rstd, Index positions,
                              Index channels) {
  constexpr Index L = lanes<Real>;
  constexpr int N = detail::layer_norm_vectors;
  const auto from = [&](Index p) { return residual == nullptr ? nullptr : residual + p; };
  Index p = 0;
  for (; p + N * L <= positions; p += N * L)
    detail::layer_norm_backward_block<Real, N, false>(dx + p, from(p), dy + p, x + p, gamma, mean + p,
                                                      rstd + p, positions, channels, 0);
  for (; p + L <= positions; p += L)
    detail::layer_norm_backward_block<Real, 1, false>(dx + p, from(p), dy + p, x + p, gamma, mean + p,
                                                      rstd + p, positions, channels, 0);
  if (p < positions)
    detail::layer_norm_backward_block<Real, 1, true>(dx + p, from(p), dy + p, x + p, gamma, mean + p,
                                                     rstd + p, positions, channels, positions - p);
}

/// dgamma(c) += sum_p dy n, dbeta(c) += sum_p dy.   dgamma, dbeta: (C)  dy, x: (P x C)  mean, rstd: (P)
template <class Real>
void layer_norm_backward_parameters(Real* dgamma, Real* dbeta, const Real* dy, const Real* x,
                                    const Real* mean, const Real* rstd, Index positions, Index channels) {
  using V = Batch<Real>;
  constexpr Index L = lanes<Real>;
  for (Index c = 0; c < channels; ++c, dy += positions, x += positions) {
    V scale(Real(0)), shift(Real(0));
    Index p = 0;
    for (; p + L <= positions; p += L) {
      const V d = load(dy + p);
      scale = fma(d * load(rstd + p), load(x + p) - load(mean + p), scale);
      shift = shift + d;
    }
    if (const Index n = positions - p; n > 0) {
      const V d = load_partial(dy + p, n);
      scale = fma(d * load_partial(rstd + p, n), load_partial(x + p, n) - load_partial(mean + p, n), scale);
      shift = shift + d;
    }
    dgamma[c] += reduce_add(scale);
    dbeta[c] += reduce_add(shift);
  }
}

}  // namespace gyrograd::kernels
