// SPDX-License-Identifier: MIT
// Rows divided by their Euclidean norm, forward and backward; lanes run along rows.
#pragma once

#include "gyrograd/kernels/layer_norm.hpp"

namespace gyrograd::kernels {

/// y(p, c) = x(p, c) / max(|x(p)|, eps).
/// y, x: (P x C), y may be x  inverse: (P), 1 / max(|x(p)|, eps), kept for the backward
template <class Real>
void l2_normalise_forward(Real* y, Real* inverse, const Real* x, Index positions, Index channels, Real eps) {
  using V = Batch<Real>;
  for_blocks<Real>(positions, [&]<int Vectors, bool Tail>(std::integral_constant<int, Vectors>,
                                                          std::bool_constant<Tail>, Index p, Index tail) {
    const auto read = [=](Index c, int v) __attribute__((always_inline)) {
      return load_block<Vectors, Tail>(x + p + c * positions, v, tail);
    };
    V r[Vectors];
    detail::sum_channels<Real, Vectors>(
        r, channels, [&](V sum, Index c, int v) __attribute__((always_inline)) {
          const V d = read(c, v);
          return fma(d, d, sum);
        });
    GYROGRAD_UNROLL
    for (int v = 0; v < Vectors; ++v) {
      r[v] = divide(V(Real(1)), max(V(eps), sqrt(r[v])));
      store_block<Vectors, Tail>(inverse + p, r[v], v, tail);
    }
    for (Index c = 0; c < channels; ++c) {
      GYROGRAD_UNROLL
      for (int v = 0; v < Vectors; ++v)
        store_block<Vectors, Tail>(y + p + c * positions, read(c, v) * r[v], v, tail);
    }
  });
}

/// dx = residual + (dy - y (y . dy)) / |x|; below the floor the divisor is constant: residual + dy / eps.
/// dx, dy, y: (P x C)  residual: (P x C) or null, may be dx  inverse: (P) of the forward
template <class Real>
void l2_normalise_backward(Real* dx, const Real* residual, const Real* dy, const Real* y, const Real* inverse,
                           Index positions, Index channels, Real eps) {
  using V = Batch<Real>;
  const V floor = divide(V(Real(1)), V(eps));
  for_blocks<Real>(positions, [&]<int Vectors, bool Tail>(std::integral_constant<int, Vectors>,
                                                          std::bool_constant<Tail>, Index p, Index tail) {
    const auto read = [=](const Real* from, Index c, int v) __attribute__((always_inline)) {
      return load_block<Vectors, Tail>(from + p + c * positions, v, tail);
    };
    V r[Vectors], along[Vectors];
    detail::sum_channels<Real, Vectors>(
        along, channels, [&](V sum, Index c, int v) __attribute__((always_inline)) {
          return fma(read(y, c, v), read(dy, c, v), sum);
        });
    GYROGRAD_UNROLL
    for (int v = 0; v < Vectors; ++v) {
      r[v] = load_block<Vectors, Tail>(inverse + p, v, tail);
      along[v] = select(r[v] < floor, along[v], V(Real(0)));
    }
    for (Index c = 0; c < channels; ++c) {
      GYROGRAD_UNROLL
      for (int v = 0; v < Vectors; ++v) {
        const V d = fnma(along[v], read(y, c, v), read(dy, c, v));
        store_block<Vectors, Tail>(dx + p + c * positions,
                                   residual == nullptr ? d * r[v] : fma(d, r[v], read(residual, c, v)), v,
                                   tail);
      }
    }
  });
}

}  // namespace gyrograd::kernels
