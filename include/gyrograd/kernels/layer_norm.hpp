// SPDX-License-Identifier: MIT
// Layer norm over the channels of each position; all statistics run down the lanes, nothing is summed across
// them.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>

#include "gyrograd/kernels/blocks.hpp"
#include "gyrograd/kernels/fold.hpp"

namespace gyrograd::kernels {

namespace detail {

/// Sums of term(c, v) over the channels c for each vector v of a block. Even and odd channels are summed
/// apart: with one sum a vector the additions would wait for each other.
template <class Real, int Vectors, class Term>
GYROGRAD_INLINE void sum_channels(Batch<Real>* sum, Index channels, Term&& term) {
  using V = Batch<Real>;
  V even[Vectors], odd[Vectors];
  GYROGRAD_UNROLL
  for (int v = 0; v < Vectors; ++v) even[v] = odd[v] = V(Real(0));
  Index c = 0;
  for (; c + 2 <= channels; c += 2) {
    GYROGRAD_UNROLL
    for (int v = 0; v < Vectors; ++v) even[v] = term(even[v], c, v);
    GYROGRAD_UNROLL
    for (int v = 0; v < Vectors; ++v) odd[v] = term(odd[v], c + 1, v);
  }
  if (c < channels) {
    GYROGRAD_UNROLL
    for (int v = 0; v < Vectors; ++v) even[v] = term(even[v], c, v);
  }
  GYROGRAD_UNROLL
  for (int v = 0; v < Vectors; ++v) sum[v] = even[v] + odd[v];
}

/// Forward for one block of positions; see for_blocks. Column strides ldy and ldx; y may be x. `addend`,
/// with the stride of y, or null, is added to the result.
template <class Real, int Vectors, bool Tail>
GYROGRAD_INLINE void layer_norm_block(Real* y, Index ldy, Real* mean, Real* rstd, const Real* x, Index ldx,
                                      const Real* gamma, const Real* beta, Index channels, Real eps,
                                      Index tail, const Real* addend = nullptr) {
  using V = Batch<Real>;
  const V scale(Real(1) / static_cast<Real>(channels));
  const auto read = [=](Index c, int v) __attribute__((always_inline)) {
    return load_block<Vectors, Tail>(x + c * ldx, v, tail);
  };
  V m[Vectors], r[Vectors];
  sum_channels<Real, Vectors>(
      m, channels, [&](V sum, Index c, int v) __attribute__((always_inline)) { return sum + read(c, v); });
  GYROGRAD_UNROLL
  for (int v = 0; v < Vectors; ++v) m[v] = m[v] * scale;
  sum_channels<Real, Vectors>(
      r, channels, [&](V sum, Index c, int v) __attribute__((always_inline)) {
        const V d = read(c, v) - m[v];
        return fma(d, d, sum);
      });
  GYROGRAD_UNROLL
  for (int v = 0; v < Vectors; ++v) {
    r[v] = divide(V(Real(1)), sqrt(fma(r[v], scale, V(eps))));
    store_block<Vectors, Tail>(mean, m[v], v, tail);
    store_block<Vectors, Tail>(rstd, r[v], v, tail);
  }
  for (Index c = 0; c < channels; ++c) {
    const V g = broadcast(gamma[c]), b = broadcast(beta[c]);
    GYROGRAD_UNROLL
    for (int v = 0; v < Vectors; ++v) {
      V out = fma((read(c, v) - m[v]) * r[v], g, b);
      if (addend != nullptr) out = out + load_block<Vectors, Tail>(addend + c * ldy, v, tail);
      store_block<Vectors, Tail>(y + c * ldy, out, v, tail);
    }
  }
}

/// All blocks of the forward pass.
template <class Real>
void layer_norm_blocks(Real* y, Real* mean, Real* rstd, const Real* x, const Real* gamma, const Real* beta,
                       const Real* addend, Index positions, Index channels, Real eps) {
  for_blocks<Real>(positions, [&]<int Vectors, bool Tail>(std::integral_constant<int, Vectors>,
                                                          std::bool_constant<Tail>, Index p, Index tail) {
    layer_norm_block<Real, Vectors, Tail>(y + p, positions, mean + p, rstd + p, x + p, positions, gamma, beta,
                                          channels, eps, tail, addend == nullptr ? nullptr : addend + p);
  });
}

/// n = (x - mean) rstd, from the input of the forward pass.   x: (P x C)
template <class Real>
struct NormalFromInput {
  const Real *x, *mean, *rstd;
  Index positions;

  /// n(c, v) of the block of positions at p.
  template <int Vectors, bool Tail>
  GYROGRAD_INLINE auto at(Index p, Index tail) const {
    std::array<Batch<Real>, Vectors> m, r;
    GYROGRAD_UNROLL
    for (int v = 0; v < Vectors; ++v) {
      const auto i = static_cast<std::size_t>(v);
      m[i] = load_block<Vectors, Tail>(mean + p, v, tail);
      r[i] = load_block<Vectors, Tail>(rstd + p, v, tail);
    }
    return [ =, x = x + p, ld = positions ](Index c, int v) __attribute__((always_inline)) {
      const auto i = static_cast<std::size_t>(v);
      return (load_block<Vectors, Tail>(x + c * ld, v, tail) - m[i]) * r[i];
    };
  }
};

/// n = (y - beta) / gamma, from the output.   y: (P x C)  inverse: 1 / gamma  shift: -beta / gamma
template <class Real>
struct NormalFromOutput {
  const Real *y, *inverse, *shift;
  Index positions;

  template <int Vectors, bool Tail>
  GYROGRAD_INLINE auto at(Index p, Index tail) const {
    return [ =, y = y + p, ld = positions, g = inverse, b = shift ](Index c, int v)
        __attribute__((always_inline)) {
      return fma(load_block<Vectors, Tail>(y + c * ld, v, tail), broadcast(g[c]), broadcast(b[c]));
    };
  }
};

/// Gradient for one block of positions; normal(c, v): n. The sums of dy n and dy over its positions are
/// added to `sums`, one vector a channel: those of dy behind those of dy n.
template <class Real, int Vectors, bool Tail, class Normal>
GYROGRAD_INLINE void layer_norm_backward_block(Real* dx, const Real* residual, Real* sums, const Real* dy,
                                               const Real* gamma, const Real* rstd, Index positions,
                                               Index channels, Index tail, const Normal& normal) {
  using V = Batch<Real>;
  const auto read = [=](const Real* p, Index c, int v) __attribute__((always_inline)) {
    return load_block<Vectors, Tail>(p + c * positions, v, tail);
  };
  const V scale(Real(1) / static_cast<Real>(channels));
  V r[Vectors], sum[Vectors], along[Vectors];
  GYROGRAD_UNROLL
  for (int v = 0; v < Vectors; ++v) {
    r[v] = load_block<Vectors, Tail>(rstd, v, tail);
    sum[v] = along[v] = V(Real(0));
  }
  for (Index c = 0; c < channels; ++c) {
    const V g = broadcast(gamma[c]);
    GYROGRAD_UNROLL
    for (int v = 0; v < Vectors; ++v) {
      const V dnormal = read(dy, c, v) * g;
      sum[v] = sum[v] + dnormal;
      along[v] = fma(dnormal, normal(c, v), along[v]);
    }
  }
  GYROGRAD_UNROLL
  for (int v = 0; v < Vectors; ++v) {
    sum[v] = sum[v] * scale * r[v];
    along[v] = along[v] * scale * r[v];
  }
  Real* shifts = sums + channels * lanes<Real>;
  for (Index c = 0; c < channels; ++c) {
    const V g = broadcast(gamma[c]);
    V slope(Real(0)), shift(Real(0));
    GYROGRAD_UNROLL
    for (int v = 0; v < Vectors; ++v) {
      const V d = read(dy, c, v), n = normal(c, v);
      slope = fma(d, n, slope);
      shift = shift + d;
      V out = fnma(along[v], n, fma(d * g, r[v], V(Real(0)) - sum[v]));
      if (residual != nullptr) out = out + read(residual, c, v);
      store_block<Vectors, Tail>(dx + c * positions, out, v, tail);
    }
    store(sums + c * lanes<Real>, load(sums + c * lanes<Real>) + slope);
    store(shifts + c * lanes<Real>, load(shifts + c * lanes<Real>) + shift);
  }
}

/// Blocks of the gradient; `sums` as for one of them.
template <class Real, class Normals>
void layer_norm_backward_blocks(Real* dx, const Real* residual, Real* sums, const Real* dy, const Real* gamma,
                                const Real* rstd, Index positions, Index channels, const Normals& normals) {
  for_blocks<Real>(positions, [&]<int Vectors, bool Tail>(std::integral_constant<int, Vectors>,
                                                          std::bool_constant<Tail>, Index p, Index tail) {
    layer_norm_backward_block<Real, Vectors, Tail>(dx + p, residual == nullptr ? nullptr : residual + p, sums,
                                                   dy + p, gamma, rstd + p, positions, channels, tail,
                                                   normals.template at<Vectors, Tail>(p, tail));
  });
}

}  // namespace detail

/// y = gamma (x - mean) / sqrt(var + eps) + beta over the channels of each position, biased variance, eps
/// inside the root (two passes: mean first). y, x: (P x C)  mean, rstd: (P), kept for the backward  gamma,
/// beta: (C)
template <class Real>
void layer_norm_forward(Real* y, Real* mean, Real* rstd, const Real* x, const Real* gamma, const Real* beta,
                        Index positions, Index channels, Real eps) {
  detail::layer_norm_blocks(y, mean, rstd, x, gamma, beta, static_cast<const Real*>(nullptr), positions,
                            channels, eps);
}

/// y = layer_norm_forward + addend, with the bits of an addition after it.   addend: (P x C)
template <class Real>
void layer_norm_add_forward(Real* y, Real* mean, Real* rstd, const Real* x, const Real* gamma,
                            const Real* beta, const Real* addend, Index positions, Index channels, Real eps) {
  detail::layer_norm_blocks(y, mean, rstd, x, gamma, beta, addend, positions, channels, eps);
}

/// Scratch values that layer_norm_backward and layer_norm_backward_from_output need.
template <class Real>
constexpr Index layer_norm_backward_scratch(Index channels) {
  return 2 * channels * (lanes<Real> + 1);
}

namespace detail {

/// Both gradients of the parameters and that of the data.
template <class Real, class Normals>
void layer_norm_backward_all(Real* dx, const Real* residual, Real* dgamma, Real* dbeta, const Real* dy,
                             const Real* gamma, const Real* rstd, Index positions, Index channels,
                             const Normals& normals, Real* sums) {
  std::fill_n(sums, 2 * channels * lanes<Real>, Real(0));
  layer_norm_backward_blocks(dx, residual, sums, dy, gamma, rstd, positions, channels, normals);
  add_lane_sums(dgamma, static_cast<const Real*>(sums), channels);
  add_lane_sums(dbeta, static_cast<const Real*>(sums + channels * lanes<Real>), channels);
}

}  // namespace detail

/// dx = residual + rstd (dn - mean_c(dn) - n mean_c(dn n)) with dn = dy gamma, n = (x - mean) rstd, and in
/// the same pass dgamma(c) += sum_p dy n, dbeta(c) += sum_p dy. dx, dy, x: (P x C)  residual: (P x C) or
/// null, may be dx  gamma, dgamma, dbeta: (C)  mean, rstd: (P) scratch: layer_norm_backward_scratch() values
template <class Real>
void layer_norm_backward(Real* dx, const Real* residual, Real* dgamma, Real* dbeta, const Real* dy,
                         const Real* x, const Real* gamma, const Real* mean, const Real* rstd,
                         Index positions, Index channels, Real* scratch) {
  detail::layer_norm_backward_all(dx, residual, dgamma, dbeta, dy, gamma, rstd, positions, channels,
                                  detail::NormalFromInput<Real>{x, mean, rstd, positions}, scratch);
}

/// Whether n can be had from y = gamma n + beta with no more rounding than a few of y's own: the backward
/// then needs no input.   gamma, beta: (C)
template <class Real>
bool layer_norm_undoes(const Real* gamma, const Real* beta, Index channels) {
  for (Index c = 0; c < channels; ++c) {
    const Real size = std::abs(gamma[c]);
    if (!(size > Real(1e-15) && std::abs(beta[c]) <= 4 * size)) return false;
  }
  return true;
}

/// layer_norm_backward from the output y instead of the input, where layer_norm_undoes().
/// y: (P x C)  beta: (C)
template <class Real>
void layer_norm_backward_from_output(Real* dx, const Real* residual, Real* dgamma, Real* dbeta,
                                     const Real* dy, const Real* y, const Real* gamma, const Real* beta,
                                     const Real* rstd, Index positions, Index channels, Real* scratch) {
  Real* inverse = scratch + 2 * channels * lanes<Real>;
  Real* shift = inverse + channels;
  for (Index c = 0; c < channels; ++c) {
    inverse[c] = Real(1) / gamma[c];
    shift[c] = -beta[c] * inverse[c];
  }
  detail::layer_norm_backward_all(dx, residual, dgamma, dbeta, dy, gamma, rstd, positions, channels,
                                  detail::NormalFromOutput<Real>{y, inverse, shift, positions}, scratch);
}

}  // namespace gyrograd::kernels
