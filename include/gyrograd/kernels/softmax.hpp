// SPDX-License-Identifier: MIT
// Softmax and log-softmax along one axis; the lanes run over the axes before it.
//
// A column-major tensor is seen as (inner, n, outer): `inner` the product of the extents before the axis, `n`
// the axis.
#pragma once

#include <algorithm>

#include "gyrograd/kernels/blocks.hpp"
#include "gyrograd/kernels/math.hpp"

namespace gyrograd::kernels {

namespace detail {

/// The second half of softmax_block for values so large that the difference must come before the factor.
template <class Real, int Vectors, bool Tail>
[[gnu::noinline]] void softmax_block_large(Real* e, const Real* x, Batch<Real>* sum, const Batch<Real>* top,
                                           Index ld, Index n, Batch<Real> scale, Index tail) {
  for (Index i = 0; i < n; ++i) {
    for (int v = 0; v < Vectors; ++v) {
      const Batch<Real> x_i = load_block<Vectors, Tail>(x + i * ld, v, tail);
      const Batch<Real> value = exp2_nonpositive((x_i - top[v]) * scale);
      sum[v] = sum[v] + value;
      store_block<Vectors, Tail>(e + i * ld, value, v, tail);
    }
  }
}

/// Unnormalised softmax of one block of at most Vectors vectors: e = exp(factor (x - max)), sum = sum over n
/// of e. Column stride ld; the last vector has `tail` valid lanes when Tail. May run in place. Any finite x.
template <class Real, int Vectors, bool Tail>
GYROGRAD_INLINE void softmax_block(Real* e, const Real* x, Batch<Real>* sum, Index ld, Index n, Real factor,
                                   Index tail) {
  using V = Batch<Real>;
  const auto read = [=](Index i, int v) __attribute__((always_inline)) {
    return load_block<Vectors, Tail>(x + i * ld, v, tail);
  };
  const V scale(factor * Real(1.4426950408889634074));  // exp(factor x) = 2^(factor log2(e) x)
  V top[Vectors];
  GYROGRAD_UNROLL
  for (int v = 0; v < Vectors; ++v) {
    top[v] = read(0, v);
    sum[v] = V(Real(0));
  }
  for (Index i = 1; i < n; ++i) {
    GYROGRAD_UNROLL
    for (int v = 0; v < Vectors; ++v) top[v] = max(top[v], read(i, v));
  }
  // factor x - factor max in one operation carries the rounding error of factor max: a factor that all
  // weights of a row share, unless it leaves the range of exp. Such large values are subtracted first.
  bool large = !fma_is_exact;
  GYROGRAD_UNROLL
  for (int v = 0; v < Vectors; ++v)
    large = large || any_above(abs(top[v] * scale), V(1 / std::numeric_limits<Real>::epsilon()));
  if (large) {
    V copy[Vectors];  // top itself stays in registers
    std::copy_n(top, Vectors, copy);
    return softmax_block_large<Real, Vectors, Tail>(e, x, sum, copy, ld, n, scale, tail);
  }
  GYROGRAD_UNROLL
  for (int v = 0; v < Vectors; ++v) top[v] = V(Real(0)) - top[v] * scale;
  for (Index i = 0; i < n; ++i) {
    GYROGRAD_UNROLL
    for (int v = 0; v < Vectors; ++v) {
      const V value = exp2_nonpositive(fma(read(i, v), scale, top[v]));
      sum[v] = sum[v] + value;
      store_block<Vectors, Tail>(e + i * ld, value, v, tail);
    }
  }
}

}  // namespace detail

/// y = exp(x - max) / sum exp(x - max) along n.   y, x: (inner, n, outer), y may be x
template <class Real>
void softmax_forward(Real* y, const Real* x, Index inner, Index n, Index outer) {
  using V = Batch<Real>;
  constexpr Index L = lanes<Real>;
  for (Index o = 0; o < outer; ++o, x += inner * n, y += inner * n) {
    for (Index p = 0; p < inner; p += L) {
      const Index valid = inner - p;
      V sum;
      if (valid >= L)
        detail::softmax_block<Real, 1, false>(y + p, x + p, &sum, inner, n, Real(1), 0);
      else
        detail::softmax_block<Real, 1, true>(y + p, x + p, &sum, inner, n, Real(1), valid);
      const V factor = divide(V(Real(1)), sum);
      for (Index i = 0; i < n; ++i)
        store_lanes(y + i * inner, load_lanes(y + i * inner, p, inner) * factor, p, inner);
    }
  }
}

/// dx = residual + y (dy - sum_n y dy).   dx, dy, y: (inner, n, outer)  residual: the same or null, may be dx
template <class Real>
void softmax_backward(Real* dx, const Real* residual, const Real* dy, const Real* y, Index inner, Index n,
                      Index outer) {
  using V = Batch<Real>;
  for (Index o = 0; o < outer; ++o) {
    const Index base = o * inner * n;
    for (Index p = 0; p < inner; p += lanes<Real>) {
      V dot(Real(0));
      for (Index i = 0; i < n; ++i) {
        const Index at = base + i * inner;
        dot = fma(load_lanes(y + at, p, inner), load_lanes(dy + at, p, inner), dot);
      }
      for (Index i = 0; i < n; ++i) {
        const Index at = base + i * inner;
        V d = load_lanes(y + at, p, inner) * (load_lanes(dy + at, p, inner) - dot);
        if (residual != nullptr) d = d + load_lanes(residual + at, p, inner);
        store_lanes(dx + at, d, p, inner);
      }
    }
  }
}

/// y = x - max - log sum exp(x - max) along n.   y, x: (inner, n, outer), y must not be x
template <class Real>
void log_softmax_forward(Real* y, const Real* x, Index inner, Index n, Index outer) {
  using V = Batch<Real>;
  for (Index o = 0; o < outer; ++o, x += inner * n, y += inner * n) {
    for (Index p = 0; p < inner; p += lanes<Real>) {
      V top = load_lanes(x, p, inner);
      for (Index i = 1; i < n; ++i) top = max(top, load_lanes(x + i * inner, p, inner));
      V sum(Real(0));
      for (Index i = 0; i < n; ++i) sum = sum + exp(load_lanes(x + i * inner, p, inner) - top);
      const V shift = log_lanes<Real>(sum);
      for (Index i = 0; i < n; ++i)
        store_lanes(y + i * inner, load_lanes(x + i * inner, p, inner) - top - shift, p, inner);
    }
  }
}

/// dx = residual + dy - exp(y) sum_n dy.   dx, dy, y: (inner, n, outer)  residual: the same or null, may be
/// dx
template <class Real>
void log_softmax_backward(Real* dx, const Real* residual, const Real* dy, const Real* y, Index inner, Index n,
                          Index outer) {
  using V = Batch<Real>;
  for (Index o = 0; o < outer; ++o) {
    const Index base = o * inner * n;
    for (Index p = 0; p < inner; p += lanes<Real>) {
      V sum(Real(0));
      for (Index i = 0; i < n; ++i) sum = sum + load_lanes(dy + base + i * inner, p, inner);
      for (Index i = 0; i < n; ++i) {
        const Index at = base + i * inner;
        V d = fnma(exp(load_lanes(y + at, p, inner)), sum, load_lanes(dy + at, p, inner));
        if (residual != nullptr) d = d + load_lanes(residual + at, p, inner);
        store_lanes(dx + at, d, p, inner);
      }
    }
  }
}

}  // namespace gyrograd::kernels
