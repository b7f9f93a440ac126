// SPDX-License-Identifier: MIT
// Group norm of (B, T, C): every sequence has one mean and variance per group of channels and all of time.
//
// The channels of a group lie behind one another, so for all sequences together a group is one matrix (B x T
// channels / groups): a layer norm with sequences as positions, whose rows share gamma and beta by T. Lanes
// run along sequences. Formulas and cost: docs/kernels/group_norm.md.
#pragma once

#include "gyrograd/kernels/blocks.hpp"
#include "gyrograd/kernels/layer_norm.hpp"

namespace gyrograd::kernels {

/// Sizes of one call.
struct GroupNormSizes {
  Index batch = 0, steps = 0, channels = 0, groups = 1;  ///< groups divides channels

  constexpr Index width() const { return channels / groups; }
  /// Values of one sequence in one group.
  constexpr Index rows() const { return steps * width(); }
  /// Statistics: one per sequence and group.
  constexpr Index statistics() const { return batch * groups; }
};

namespace detail {

/// Forward for one block of sequences of one group. x, y: their first row  gamma, beta: of the group
template <class Real, int Vectors, bool Tail>
GYROGRAD_INLINE void group_norm_block(Real* y, Real* mean, Real* rstd, const Real* x, const Real* gamma,
                                      const Real* beta, const GroupNormSizes& s, Real eps, Index tail) {
  using V = Batch<Real>;
  const Index batch = s.batch, rows = s.rows();
  const V scale(Real(1) / static_cast<Real>(rows));
  const auto read = [=](Index row, int v) __attribute__((always_inline)) {
    return load_block<Vectors, Tail>(x + row * batch, v, tail);
  };
  V m[Vectors], r[Vectors];
  sum_channels<Real, Vectors>(
      m, rows, [&](V sum, Index row, int v) __attribute__((always_inline)) { return sum + read(row, v); });
  GYROGRAD_UNROLL
  for (int v = 0; v < Vectors; ++v) m[v] = m[v] * scale;
  sum_channels<Real, Vectors>(
      r, rows, [&](V sum, Index row, int v) __attribute__((always_inline)) {
        const V d = read(row, v) - m[v];
        return fma(d, d, sum);
      });
  GYROGRAD_UNROLL
  for (int v = 0; v < Vectors; ++v) {
    r[v] = divide(V(Real(1)), sqrt(fma(r[v], scale, V(eps))));
    store_block<Vectors, Tail>(mean, m[v], v, tail);
    store_block<Vectors, Tail>(rstd, r[v], v, tail);
  }
  for (Index c = 0, row = 0; c < s.width(); ++c) {
    const V g = broadcast(gamma[c]), b = broadcast(beta[c]);
    for (const Index end = row + s.steps; row < end; ++row) {
      GYROGRAD_UNROLL
      for (int v = 0; v < Vectors; ++v)
        store_block<Vectors, Tail>(y + row * batch, fma((read(row, v) - m[v]) * r[v], g, b), v, tail);
    }
  }
}

/// Data gradient for one block of sequences of one group.
template <class Real, int Vectors, bool Tail>
GYROGRAD_INLINE void group_norm_backward_block(Real* dx, const Real* residual, const Real* dy, const Real* x,
                                               const Real* gamma, const Real* mean, const Real* rstd,
                                               const GroupNormSizes& s, Index tail) {
  using V = Batch<Real>;
  const Index batch = s.batch;
  const auto read = [=](const Real* p, Index row, int v) __attribute__((always_inline)) {
    return load_block<Vectors, Tail>(p + row * batch, v, tail);
  };
  const V scale(Real(1) / static_cast<Real>(s.rows()));
  V m[Vectors], r[Vectors], sum[Vectors], along[Vectors];
  GYROGRAD_UNROLL
  for (int v = 0; v < Vectors; ++v) {
    m[v] = load_block<Vectors, Tail>(mean, v, tail);
    r[v] = load_block<Vectors, Tail>(rstd, v, tail);
    sum[v] = along[v] = V(Real(0));
  }
  for (Index c = 0, row = 0; c < s.width(); ++c) {
    const V g = broadcast(gamma[c]);
    for (const Index end = row + s.steps; row < end; ++row) {
      GYROGRAD_UNROLL
      for (int v = 0; v < Vectors; ++v) {
        const V dnormal = read(dy, row, v) * g;
        sum[v] = sum[v] + dnormal;
        along[v] = fma(dnormal, read(x, row, v) - m[v], along[v]);
      }
    }
  }
  GYROGRAD_UNROLL
  for (int v = 0; v < Vectors; ++v) {
    sum[v] = sum[v] * scale * r[v];
    along[v] = along[v] * scale * r[v] * r[v] * r[v];
  }
  for (Index c = 0, row = 0; c < s.width(); ++c) {
    const V g = broadcast(gamma[c]);
    for (const Index end = row + s.steps; row < end; ++row) {
      GYROGRAD_UNROLL
      for (int v = 0; v < Vectors; ++v) {
        V d = fma(read(dy, row, v) * g, r[v], V(Real(0)) - sum[v]);
        d = fnma(along[v], read(x, row, v) - m[v], d);
        if (residual != nullptr) d = d + read(residual, row, v);
        store_block<Vectors, Tail>(dx + row * batch, d, v, tail);
      }
    }
  }
}

}  // namespace detail

/// y = gamma (x - mean) / sqrt(var + eps) + beta, biased variance, eps inside the root (two passes: mean
/// first). y, x: (B, T, C)  mean, rstd: (B, groups), kept for the backward  gamma, beta: (C)
template <class Real>
void group_norm_forward(Real* y, Real* mean, Real* rstd, const Real* x, const Real* gamma, const Real* beta,
                        const GroupNormSizes& s, Real eps) {
  for (Index g = 0; g < s.groups; ++g) {
    const Index at = g * s.rows() * s.batch, of = g * s.batch, c = g * s.width();
    for_blocks<Real>(s.batch, [&]<int Vectors, bool Tail>(std::integral_constant<int, Vectors>,
                                                          std::bool_constant<Tail>, Index p, Index tail) {
      detail::group_norm_block<Real, Vectors, Tail>(y + at + p, mean + of + p, rstd + of + p, x + at + p,
                                                    gamma + c, beta + c, s, eps, tail);
    });
  }
}

/// dx = residual + rstd (dn - mean(dn) - n mean(dn n)) with dn = dy gamma, n = (x - mean) rstd and means over
/// the group.   dx, dy, x: (B, T, C)  residual: (B, T, C) or null, may be dx  mean, rstd: (B, groups)
template <class Real>
void group_norm_backward_data(Real* dx, const Real* residual, const Real* dy, const Real* x,
                              const Real* gamma, const Real* mean, const Real* rstd,
                              const GroupNormSizes& s) {
  for (Index g = 0; g < s.groups; ++g) {
    const Index at = g * s.rows() * s.batch, of = g * s.batch;
    for_blocks<Real>(s.batch, [&]<int Vectors, bool Tail>(std::integral_constant<int, Vectors>,
                                                          std::bool_constant<Tail>, Index p, Index tail) {
      detail::group_norm_backward_block<Real, Vectors, Tail>(
          dx + at + p, residual == nullptr ? nullptr : residual + at + p, dy + at + p, x + at + p,
          gamma + g * s.width(), mean + of + p, rstd + of + p, s, tail);
    });
  }
}

/// dgamma(c) += sum of dy n, dbeta(c) += sum of dy, over sequences and time.   dgamma, dbeta: (C), either may
/// be null  dy, x: (B, T, C)  mean, rstd: (B, groups)
template <class Real>
void group_norm_backward_parameters(Real* dgamma, Real* dbeta, const Real* dy, const Real* x,
                                    const Real* mean, const Real* rstd, const GroupNormSizes& s) {
  using V = Batch<Real>;
  const Index batch = s.batch;
  for (Index c = 0; c < s.channels; ++c, dy += s.steps * batch, x += s.steps * batch) {
    const Index of = c / s.width() * batch;
    Real scale(0), shift(0);
    for_blocks<Real>(batch, [&]<int Vectors, bool Tail>(std::integral_constant<int, Vectors>,
                                                        std::bool_constant<Tail>, Index p, Index tail) {
      V m[Vectors], along[Vectors], sum[Vectors];
      GYROGRAD_UNROLL
      for (int v = 0; v < Vectors; ++v) {
        m[v] = load_block<Vectors, Tail>(mean + of + p, v, tail);
        along[v] = sum[v] = V(Real(0));
      }
      for (Index t = 0; t < s.steps; ++t) {
        GYROGRAD_UNROLL
        for (int v = 0; v < Vectors; ++v) {
          const V d = load_block<Vectors, Tail>(dy + t * batch + p, v, tail);
          along[v] = fma(d, load_block<Vectors, Tail>(x + t * batch + p, v, tail) - m[v], along[v]);
          sum[v] = sum[v] + d;
        }
      }
      GYROGRAD_UNROLL
      for (int v = 0; v < Vectors; ++v) {
        scale += reduce_add<Real>(along[v] * load_block<Vectors, Tail>(rstd + of + p, v, tail));
        shift += reduce_add<Real>(sum[v]);
      }
    });
    if (dgamma != nullptr) dgamma[c] += scale;
    if (dbeta != nullptr) dbeta[c] += shift;
  }
}

}  // namespace gyrograd::kernels
