// SPDX-License-Identifier: MIT
// Element-wise products and sums on flat arrays.
#pragma once

#include "gyrograd/kernels/simd.hpp"

namespace gyrograd::kernels {

namespace detail {

/// y[i] = f(a[i], b[i]) over whole vectors and a tail. residual (or null) is added. y may be a, b or
/// residual.
template <class Real, class F>
GYROGRAD_INLINE void map2(Real* y, const Real* residual, const Real* a, const Real* b, Index n, F f) {
  constexpr Index L = lanes<Real>;
  Index i = 0;
  if (residual == nullptr) {
    for (; i + L <= n; i += L) store(y + i, f(load(a + i), load(b + i), Batch<Real>(Real(0))));
    if (i < n)
      store_partial(y + i, f(load_partial(a + i, n - i), load_partial(b + i, n - i), Batch<Real>(Real(0))),
                    n - i);
  } else {
    for (; i + L <= n; i += L) store(y + i, f(load(a + i), load(b + i), load(residual + i)));
    if (i < n)
      store_partial(
          y + i, f(load_partial(a + i, n - i), load_partial(b + i, n - i), load_partial(residual + i, n - i)),
          n - i);
  }
}

}  // namespace detail

/// y = residual + a b.   y, a, b: (n)  residual: (n) or null, may be y
template <class Real>
void multiply_add(Real* y, const Real* residual, const Real* a, const Real* b, Index n) {
  using V = Batch<Real>;
  detail::map2(
      y, residual, a, b, n, [](V u, V v, V r) __attribute__((always_inline)) { return fma(u, v, r); });
}

/// y = residual + a.   y, a: (n)  residual: (n) or null, may be y
template <class Real>
void add(Real* y, const Real* residual, const Real* a, Index n) {
  using V = Batch<Real>;
  detail::map2(
      y, residual, a, a, n, [](V u, V, V r) __attribute__((always_inline)) { return u + r; });
}

/// y = residual + factor a.   y, a: (n)  residual: (n) or null, may be y
template <class Real>
void scale_add(Real* y, const Real* residual, Real factor, const Real* a, Index n) {
  using V = Batch<Real>;
  const V f(factor);
  detail::map2(
      y, residual, a, a, n, [f](V u, V, V r) __attribute__((always_inline)) { return fma(u, f, r); });
}

}  // namespace gyrograd::kernels
