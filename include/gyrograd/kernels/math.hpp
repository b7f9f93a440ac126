// SPDX-License-Identifier: MIT
// Elementary functions on vectors: exp2, exp, log, tanh, sigmoid, erf, and GELU with its derivative.
//
// float: own polynomials (minimax fits on the ranges named below; errors are checked by
// tests/kernels/math_test.cpp). double: xsimd's functions, at most 3 ULP unless said otherwise; double
// serves gradient checks and reference runs, not speed.
#pragma once

#include <cmath>
#include <cstdint>
#include <type_traits>

#include "gyrograd/kernels/simd.hpp"

namespace gyrograd::kernels {

namespace detail {

#if defined(GYROGRAD_SCALAR)
GYROGRAD_INLINE Batch<float> add_exponent(Batch<float> mantissa, Batch<float> shifted) {
  std::int32_t bits, steps;
  std::memcpy(&bits, &mantissa.data, 4);
  std::memcpy(&steps, &shifted.data, 4);
  bits =
      static_cast<std::int32_t>(static_cast<std::uint32_t>(bits) + (static_cast<std::uint32_t>(steps) << 23));
  float y;
  std::memcpy(&y, &bits, 4);
  return y;
}
#else
/// mantissa * 2^n where the low bits of `shifted` (a float that went through round_magic) hold n.
GYROGRAD_INLINE Batch<float> add_exponent(Batch<float> mantissa, Batch<float> shifted) {
  using Int = xsimd::batch<std::int32_t>;
  const Int steps = xsimd::bitwise_cast<Int>(shifted) << 23;
  return xsimd::bitwise_cast<Batch<float>>(xsimd::bitwise_cast<Int>(mantissa) + steps);
}
#endif

/// 1.5 * 2^23: adding it rounds a float of magnitude below 2^22 to an integer held in the low mantissa bits.
inline constexpr float round_magic = 12582912.0F;

}  // namespace detail

/// 2^x for x in [-126, 127]; smaller x give 2^-126, larger ones 2^127. Relative error below 2.4e-7 (float,
/// degree 5).
GYROGRAD_INLINE Batch<float> exp2_clamped(Batch<float> x) {
  using V = Batch<float>;
#if defined(GYROGRAD_AVX512)
  // Rounding and scaling by a power of two are single instructions; the clamps are for equal results
  // everywhere.
  x = min(max(x, V(-126.0F)), V(127.0F));
  const V n(_mm512_roundscale_ps(x, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC));
  const V r = x - n;
#else
  x = min(max(x, V(-126.0F)), V(127.0F));
  const V shifted = x + V(detail::round_magic);
  const V r = x - (shifted - V(detail::round_magic));
#endif
  V p = fma(V(1.327647187e-3F), r, V(9.675541333e-3F));
  p = fma(p, r, V(5.550713274e-2F));
  p = fma(p, r, V(2.402211972e-1F));
  p = fma(p, r, V(6.931469671e-1F));
  p = fma(p, r, V(1.000000072F));
#if defined(GYROGRAD_AVX512)
  return V(_mm512_scalef_ps(p, n));
#else
  return detail::add_exponent(p, shifted);
#endif
}
GYROGRAD_INLINE Batch<double> exp2_clamped(Batch<double> x) {
#if defined(GYROGRAD_SCALAR)
  return std::exp2(x.data);
#else
  return xsimd::exp2(x);
#endif
}

/// e^x. float: relative error below 2.1e-7 for x in [-87.3, 88.7]; 0 below, infinity above, NaN stays NaN.
GYROGRAD_INLINE Batch<float> exp(Batch<float> x) {
  using V = Batch<float>;
  const V clamped = min(max(x, V(-87.33654F)), V(88.37626F));
  const V shifted = fma(clamped, V(1.44269504F), V(detail::round_magic));
  const V n = shifted - V(detail::round_magic);
  V r = fnma(n, V(0.693359375F), clamped);  // ln 2 in two parts: the first product is exact
  r = fnma(n, V(-2.12194440e-4F), r);
  V p = fma(V(1.381459851e-3F), r, V(8.368716884e-3F));
  p = fma(p, r, V(4.166838805e-2F));
  p = fma(p, r, V(1.666652063e-1F));
  p = fma(p, r, V(4.999999345e-1F));
  p = fma(p, r * r, r) + V(1.0F);
  V y = detail::add_exponent(p, shifted);
  y = select(x < V(-87.33654F), V(0.0F), y);
  // Between 88.376 and the largest finite result the exponent would not fit before scaling: e^x = e^(x-1) e.
  const V high = detail::add_exponent(p, shifted) * exp2_clamped((x - clamped) * V(1.44269504F));
  y = select(x > V(88.37626F), high, y);
  y = select(x > V(88.722839F), V(std::numeric_limits<float>::infinity()), y);
  return select(x == x, y, x);
}
GYROGRAD_INLINE Batch<double> exp(Batch<double> x) {
#if defined(GYROGRAD_SCALAR)
  return std::exp(x.data);
#else
  return xsimd::exp(x);
#endif
}

/// Natural logarithm (both precisions: xsimd, at most 2 ULP).
template <class Real>
GYROGRAD_INLINE Batch<Real> log_lanes(Batch<Real> x) {
#if defined(GYROGRAD_SCALAR)
  return std::log(x.data);
#elif defined(GYROGRAD_AVX512) && !defined(__OPTIMIZE__)
  // The shifts of xsimd 8.1 do not compile at -O0, where g++ has macros for these intrinsics.
  Real values[static_cast<std::size_t>(lanes<Real>)];
  store(values, x);
  for (Real& v : values) v = std::log(v);
  return load(static_cast<const Real*>(values));
#else
  return xsimd::log(x);
#endif
}

/// Hyperbolic tangent. float: rational x P(x^2) / Q(x^2) of degrees 4, 4 on |x| <= 9, relative error below
/// 5e-7.
GYROGRAD_INLINE Batch<float> tanh(Batch<float> x) {
  using V = Batch<float>;
  const V c = min(max(x, V(-9.0F)), V(9.0F));
  const V t = c * c;
  V p = fma(V(1.335442422e-8F), t, V(2.060875932e-5F));
  p = fma(p, t, V(3.495568424e-3F));
  p = fma(p, t, V(0.1338100912F));
  p = fma(p, t, V(0.9999999795F));
  V q = fma(V(7.776376796e-7F), t, V(3.285602592e-4F));
  q = fma(q, t, V(2.58769074e-2F));
  q = fma(q, t, V(0.4671432472F));
  q = fma(q, t, V(1.0F));
  return c * p / q;
}
GYROGRAD_INLINE Batch<double> tanh(Batch<double> x) {
#if defined(GYROGRAD_SCALAR)
  return std::tanh(x.data);
#else
  return xsimd::tanh(x);
#endif
}

/// Logistic function 1 / (1 + e^-x). float: absolute error below 1.2e-7.
template <class Real>
GYROGRAD_INLINE Batch<Real> sigmoid(Batch<Real> x) {
  using V = Batch<Real>;
  if constexpr (std::is_same_v<Real, float>) {
    const V e = exp2_clamped(x * V(-1.44269504F));
    return V(1.0F) / (V(1.0F) + e);
  } else {
    return V(1.0) / (V(1.0) + exp(V(0.0) - x));
  }
}

/// GELU x Phi(x) and its derivative Phi(x) + x phi(x); both need exp(-x^2 / 2), so they are computed
/// together. float: erfc(z) = exp(-z^2) t (a1 + ... + a6 t^5), t = 1 / (1 + 0.39 z) (form of Abramowitz and
/// Stegun 7.1.26, own fit); absolute error 4.4e-7 of the value, 3.1e-7 of the slope. double: xsimd's erfc
/// and exp, absolute error 2e-14 of the value, 6e-15 of the slope.
template <class Real>
GYROGRAD_INLINE void gelu_pair(Batch<Real>& y, Batch<Real>& slope, Batch<Real> x) {
  using V = Batch<Real>;
  if constexpr (std::is_same_v<Real, float>) {
    const V z = abs(x) * V(0.70710678F);
    const V t = V(1.0F) / fma(V(0.39F), z, V(1.0F));
    const V e = exp2_clamped(x * x * V(-0.72134752F));  // exp(-x^2 / 2)
    V q = fma(V(-0.2275372208F), t, V(0.8866647574F));
    q = fma(q, t, V(-0.635400902F));
    q = fma(q, t, V(0.6495598958F));
    q = fma(q, t, V(0.0913882179F));
    q = fma(q, t, V(0.2353252499F));
    const V tail = V(0.5F) * e * t * q;  // 1 - Phi(|x|)
    const V phi = select(x < V(0.0F), tail, V(1.0F) - tail);
    y = x * phi;
    slope = fma(x * V(0.39894228F), e, phi);
  } else {
#if defined(GYROGRAD_SCALAR)
    const V phi = V(Real(0.5) * std::erfc(-x.data * Real(0.70710678118654752)));
#else
    const V phi = V(0.5) * xsimd::erfc(x * V(-0.70710678118654752));
#endif
    const V density = exp(x * x * V(-0.5)) * V(0.39894228040143268);
    y = x * phi;
    slope = fma(x, density, phi);
  }
}

}  // namespace gyrograd::kernels
