// SPDX-License-Identifier: MIT
// Elementary functions on vectors: exp2, exp, log, tanh, sigmoid, and GELU with its derivative.
//
// float: own polynomials (minimax fits on the ranges named below). Limits of the error hold for all floats
// and are checked for every one of them; docs/kernels/math.md has the table. NaN gives NaN. double: xsimd's
// functions, at most 3 ULP unless said otherwise; double serves gradient checks and reference runs, not
// speed.
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
GYROGRAD_INLINE Batch<float> power_of_two(Batch<float> shifted) {
  std::uint32_t bits;
  std::memcpy(&bits, &shifted.data, 4);
  bits <<= 23;
  float y;
  std::memcpy(&y, &bits, 4);
  return y;
}
#else
/// mantissa * 2^n where the low bits of `shifted` (a float that went through round_magic) hold n.
GYROGRAD_INLINE Batch<float> add_exponent(Batch<float> mantissa, Batch<float> shifted) {
  const Batch<std::int32_t> steps = bits_as<std::int32_t>(shifted) << 23;
  return bits_as<float>(Batch<std::int32_t>(bits_as<std::int32_t>(mantissa) + steps));
}
/// 2^n where the low bits of `shifted` (a float that went through power_magic) hold n + 127.
GYROGRAD_INLINE Batch<float> power_of_two(Batch<float> shifted) {
  return bits_as<float>(Batch<std::int32_t>(bits_as<std::int32_t>(shifted) << 23));
}
#endif

/// 1.5 * 2^23: adding it rounds a float of magnitude below 2^22 to an integer held in the low mantissa bits.
inline constexpr float round_magic = 12582912.0F;
inline constexpr float power_magic = round_magic + 127.0F;

}  // namespace detail

/// 2^x for x in [-126, 127]. At most 4 ULP (float, degree 5); 2^0 differs from 1 by 1 ULP.
GYROGRAD_INLINE Batch<float> exp2_in_range(Batch<float> x) {
  using V = Batch<float>;
#if defined(GYROGRAD_AVX512)
  // One instruction takes x - floor(x), one multiplies by 2^floor(x); the polynomial is fitted on [0, 1).
  const V r(_mm512_reduce_ps(x, _MM_FROUND_TO_NEG_INF | _MM_FROUND_NO_EXC));
  V p = fma(V(1.8775767e-3F), r, V(8.98934028e-3F));
  p = fma(p, r, V(5.58263177e-2F));
  p = fma(p, r, V(0.240153617F));
  p = fma(p, r, V(0.693153073F));
  p = fma(p, r, V(0.999999925F));
  return V(_mm512_scalef_ps(p, x));
#else
  const V shifted = x + V(detail::power_magic);
  const V r = x - (shifted - V(detail::power_magic));
  V p = fma(V(1.327647187e-3F), r, V(9.675541333e-3F));
  p = fma(p, r, V(5.550713274e-2F));
  p = fma(p, r, V(2.402211972e-1F));
  p = fma(p, r, V(6.931469671e-1F));
  p = fma(p, r, V(1.000000072F));
  return p * detail::power_of_two(shifted);  // a product, not a sum of exponents: NaN stays NaN
#endif
}
GYROGRAD_INLINE Batch<double> exp2_in_range(Batch<double> x) {
#if defined(GYROGRAD_SCALAR)
  return std::exp2(x.data);
#else
  return xsimd::exp2(x);
#endif
}

/// 2^x for x in [-126, 127]; smaller x give 2^-126, larger ones 2^127. The order of the operands lets NaN
/// through.
GYROGRAD_INLINE Batch<float> exp2_clamped(Batch<float> x) {
  using V = Batch<float>;
  return exp2_in_range(min(V(127.0F), max(V(-126.0F), x)));
}
GYROGRAD_INLINE Batch<double> exp2_clamped(Batch<double> x) {
  return exp2_in_range(x);
}

/// 2^x for x at most 127, in practice not above 0 but for rounding: exponents of a softmax. Below -126:
/// something from 0 to 2^-126 (float).
GYROGRAD_INLINE Batch<float> exp2_nonpositive(Batch<float> x) {
#if defined(GYROGRAD_AVX512)
  return exp2_in_range(x);  // the multiplication by 2^floor(x) ends in 0
#else
  return exp2_in_range(max(Batch<float>(-126.0F), x));
#endif
}
GYROGRAD_INLINE Batch<double> exp2_nonpositive(Batch<double> x) {
  return exp2_in_range(x);
}

/// e^x. float: at most 3 ULP; results below 2^-126 become 0.
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
  return select(x == x, y, x);  // NOLINT(misc-redundant-expression): false for NaN
}
GYROGRAD_INLINE Batch<double> exp(Batch<double> x) {
#if defined(GYROGRAD_SCALAR)
  return std::exp(x.data);
#else
  return xsimd::exp(x);
#endif
}

/// Natural logarithm (both precisions: xsimd; float at most 1 ULP, double 2).
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

/// Hyperbolic tangent. float: rational x P(x^2) / Q(x^2) of degrees 4, 4 on |x| <= 9, at most 9 ULP: may pass
/// 1 by 3 of them.
GYROGRAD_INLINE Batch<float> tanh(Batch<float> x) {
  using V = Batch<float>;
  const V c = min(V(9.0F), max(V(-9.0F), x));  // in this order NaN stays
  const V t = c * c;
  V p = fma(V(1.335442422e-8F), t, V(2.060875932e-5F));
  p = fma(p, t, V(3.495568424e-3F));
  p = fma(p, t, V(0.1338100912F));
  p = fma(p, t, V(0.9999999795F));
  V q = fma(V(7.776376796e-7F), t, V(3.285602592e-4F));
  q = fma(q, t, V(2.58769074e-2F));
  q = fma(q, t, V(0.4671432472F));
  q = fma(q, t, V(1.0F));
  return divide(c * p, q);
}
GYROGRAD_INLINE Batch<double> tanh(Batch<double> x) {
#if defined(GYROGRAD_SCALAR)
  return std::tanh(x.data);
#else
  return xsimd::tanh(x);
#endif
}

/// Logistic function 1 / (1 + e^-x). float: absolute error below 1.2e-7, at most 64 ULP of results above
/// 2^-126.
template <class Real>
GYROGRAD_INLINE Batch<Real> sigmoid(Batch<Real> x) {
  using V = Batch<Real>;
  if constexpr (std::is_same_v<Real, float>) {
    const V e = exp2_clamped(x * V(-1.44269504F));
    return divide(V(1.0F), V(1.0F) + e);
  } else {
    return V(1.0) / (V(1.0) + exp(V(0.0) - x));
  }
}

/// GELU x Phi(x) and its derivative Phi(x) + x phi(x); both need exp(-x^2 / 2), so they are computed
/// together. float: erfc(z) = exp(-z^2) t (a1 + ... + a6 t^5), t = 1 / (1 + 0.39 z) (form of Abramowitz and
/// Stegun 7.1.26, own fit); absolute error 4.4e-7 of the value, 3.4e-7 of the slope, 1 ULP more where they
/// are large (slope: |x| <= 1e30). double: xsimd's erfc and exp, absolute error 2e-14 of the value, 6e-15 of
/// the slope.
template <class Real>
GYROGRAD_INLINE void gelu_pair(Batch<Real>& y, Batch<Real>& slope, Batch<Real> x) {
  using V = Batch<Real>;
  if constexpr (std::is_same_v<Real, float>) {
    const V z = abs(x) * V(0.70710678F);
    const V t = divide(V(1.0F), fma(V(0.39F), z, V(1.0F)));
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

/// GELU alone, for inference. float: relu(x) - |x| 2^q(|x|) with q a polynomial of degree 7 for
/// log2(1 - Phi) (own fit on [0, 5.5], where the rest is below 1e-7), absolute error 1.1e-7. The value of
/// gelu_pair differs from it by as much as the two errors allow. double: as gelu_pair.
template <class Real>
GYROGRAD_INLINE Batch<Real> gelu_value(Batch<Real> x) {
  using V = Batch<Real>;
  if constexpr (std::is_same_v<Real, float>) {
    const V z = min(V(8.0F), abs(x));
    const V square = z * z;  // odd and even powers apart: two short chains instead of a long one
    V odd = fma(V(4.7887188e-6F), square, V(-5.51585341e-4F));
    V even = fma(V(-1.84352575e-5F), square, V(7.61969434e-3F));
    odd = fma(odd, square, V(-5.28935827e-2F));
    even = fma(even, square, V(-0.459071517F));
    odd = fma(odd, square, V(-1.15112257F));
    even = fma(even, square, V(-0.999999642F));
    const V q = fma(odd, z, even);
    return fnma(z, exp2_in_range(q), max(V(0.0F), x));
  } else {
    V y, slope;
    gelu_pair<Real>(y, slope, x);
    return y;
  }
}

}  // namespace gyrograd::kernels
