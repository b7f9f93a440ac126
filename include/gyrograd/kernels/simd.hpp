// SPDX-License-Identifier: MIT
// The one door to xsimd: vector type, loads with tails, fused multiply-add, reductions.
//
// Batch<Real> is xsimd's widest vector of the target, or a one-lane stand-in when there is none (or when
// GYROGRAD_SCALAR is defined). Kernels use the free functions below and never name an instruction set.
// Supplied here because xsimd (8.1 of Debian 12 to 14) lacks it or is not exact: masked tails, sums in a
// fixed order, FMA on AVX-512 (8.1), fnma (8.1), division and square root of floats on NEON, one rule for
// NaN.
#pragma once

#include <cmath>
#include <concepts>
#include <cstdint>
#include <cstring>
#include <limits>
#include <type_traits>

#include "gyrograd/core/assert.hpp"
#include "gyrograd/core/config.hpp"

#if !defined(GYROGRAD_SCALAR)
#include <xsimd/xsimd.hpp>
#if defined(XSIMD_NO_SUPPORTED_ARCHITECTURE)
#define GYROGRAD_SCALAR
#endif
#endif

#if !defined(GYROGRAD_SCALAR) && defined(__AVX512F__) && defined(__AVX512DQ__) && defined(__AVX512BW__)
#define GYROGRAD_AVX512 1
#elif !defined(GYROGRAD_SCALAR) && defined(__AVX2__) && defined(__FMA__)
#define GYROGRAD_AVX2 1
#elif !defined(GYROGRAD_SCALAR) && defined(__aarch64__)
#define GYROGRAD_NEON 1
#endif

/// Functions that must vanish into the loop that calls them.
#define GYROGRAD_INLINE [[gnu::always_inline]] inline

/// Unrolls the next loop completely: its trip count is a template argument, its arrays must become registers.
#if defined(__clang__)
#define GYROGRAD_UNROLL _Pragma("clang loop unroll(full)")
#else
#define GYROGRAD_UNROLL _Pragma("GCC unroll 32")
#endif

namespace gyrograd::kernels {

#if defined(GYROGRAD_SCALAR)

/// One lane with the interface of xsimd::batch: the fallback for targets without vectors.
template <class Real>
struct ScalarBatch {
  using value_type = Real;
  static constexpr std::size_t size = 1;
  Real data{};
  ScalarBatch() = default;
  ScalarBatch(Real x) : data(x) {}
  friend ScalarBatch operator+(ScalarBatch a, ScalarBatch b) { return a.data + b.data; }
  friend ScalarBatch operator-(ScalarBatch a, ScalarBatch b) { return a.data - b.data; }
  friend ScalarBatch operator*(ScalarBatch a, ScalarBatch b) { return a.data * b.data; }
  friend ScalarBatch operator/(ScalarBatch a, ScalarBatch b) { return a.data / b.data; }
  friend ScalarBatch operator-(ScalarBatch a) { return -a.data; }
  friend bool operator<(ScalarBatch a, ScalarBatch b) { return a.data < b.data; }
  friend bool operator>(ScalarBatch a, ScalarBatch b) { return a.data > b.data; }
  friend bool operator==(ScalarBatch a, ScalarBatch b) { return a.data == b.data; }
};

template <class Real>
using Batch = ScalarBatch<Real>;

template <class Real>
ScalarBatch<Real> abs(ScalarBatch<Real> a) {
  return std::abs(a.data);
}
template <class Real>
ScalarBatch<Real> sqrt(ScalarBatch<Real> a) {
  return std::sqrt(a.data);
}
template <class Real>
ScalarBatch<Real> select(bool c, ScalarBatch<Real> a, ScalarBatch<Real> b) {
  return c ? a : b;
}
template <class Real>
ScalarBatch<Real> copysign(ScalarBatch<Real> a, ScalarBatch<Real> b) {
  return std::copysign(a.data, b.data);
}

#else

/// The widest vector of the target.
template <class Real>
using Batch = xsimd::batch<Real>;

using xsimd::abs;
using xsimd::copysign;
using xsimd::select;
#if !defined(GYROGRAD_NEON)
using xsimd::sqrt;
#endif

#endif

/// Values in one vector.
template <class Real>
inline constexpr Index lanes = static_cast<Index>(Batch<Real>::size);

/// Whether fma is one operation with one rounding.
#if defined(GYROGRAD_SCALAR) || defined(__FMA__) || defined(__ARM_FEATURE_FMA)
inline constexpr bool fma_is_exact = true;
#else
inline constexpr bool fma_is_exact = false;
#endif

/// Vector registers of the target: decides the register tiles.
#if defined(GYROGRAD_AVX512) || defined(__aarch64__)
inline constexpr int vector_registers = 32;
#else
inline constexpr int vector_registers = 16;
#endif

template <class Real>
GYROGRAD_INLINE Batch<Real> load(const Real* p) {
#if defined(GYROGRAD_SCALAR)
  return *p;
#else
  return Batch<Real>::load_unaligned(p);
#endif
}

template <class Real>
GYROGRAD_INLINE void store(Real* p, Batch<Real> v) {
#if defined(GYROGRAD_SCALAR)
  *p = v.data;
#else
  v.store_unaligned(p);
#endif
}

template <class Real>
GYROGRAD_INLINE Batch<Real> broadcast(Real x) {
  return Batch<Real>(x);
}

/// The smaller value of each lane. The second one where either is NaN (NEON: NaN), so that min(limit, x)
/// keeps NaN; versions of xsimd differ in this.
template <class Real>
GYROGRAD_INLINE Batch<Real> min(Batch<Real> a, Batch<Real> b) {
#if defined(GYROGRAD_SCALAR)
  return a < b ? a : b;
#elif defined(__AVX512F__)
  if constexpr (std::is_same_v<Real, float>)
    return Batch<Real>(_mm512_min_ps(a, b));
  else
    return Batch<Real>(_mm512_min_pd(a, b));
#elif defined(__AVX__)
  if constexpr (std::is_same_v<Real, float>)
    return Batch<Real>(_mm256_min_ps(a, b));
  else
    return Batch<Real>(_mm256_min_pd(a, b));
#elif defined(__SSE2__)
  if constexpr (std::is_same_v<Real, float>)
    return Batch<Real>(_mm_min_ps(a, b));
  else
    return Batch<Real>(_mm_min_pd(a, b));
#else
  return Batch<Real>(xsimd::min(a, b));
#endif
}

/// The larger value of each lane; NaN as in min.
template <class Real>
GYROGRAD_INLINE Batch<Real> max(Batch<Real> a, Batch<Real> b) {
#if defined(GYROGRAD_SCALAR)
  return a > b ? a : b;
#elif defined(__AVX512F__)
  if constexpr (std::is_same_v<Real, float>)
    return Batch<Real>(_mm512_max_ps(a, b));
  else
    return Batch<Real>(_mm512_max_pd(a, b));
#elif defined(__AVX__)
  if constexpr (std::is_same_v<Real, float>)
    return Batch<Real>(_mm256_max_ps(a, b));
  else
    return Batch<Real>(_mm256_max_pd(a, b));
#elif defined(__SSE2__)
  if constexpr (std::is_same_v<Real, float>)
    return Batch<Real>(_mm_max_ps(a, b));
  else
    return Batch<Real>(_mm_max_pd(a, b));
#else
  return Batch<Real>(xsimd::max(a, b));
#endif
}

/// a * b + c with one rounding if fma_is_exact (SSE2 has no such instruction: two). The parameters name
/// Batch<Real>, not any type V: argument-dependent lookup finds xsimd::fma, too (on AVX-512 a product and a
/// sum in 8.1), and only a more special overload beats it.
template <class Real>
GYROGRAD_INLINE Batch<Real> fma(Batch<Real> a, Batch<Real> b, Batch<Real> c) {
#if defined(GYROGRAD_SCALAR)
  return Batch<Real>(std::fma(a.data, b.data, c.data));
#elif defined(GYROGRAD_AVX512)
  if constexpr (std::is_same_v<Real, float>)
    return Batch<Real>(_mm512_fmadd_ps(a, b, c));
  else
    return Batch<Real>(_mm512_fmadd_pd(a, b, c));
#elif defined(GYROGRAD_NEON)
  if constexpr (std::is_same_v<Real, float>)
    return Batch<Real>(vfmaq_f32(c, a, b));
  else
    return Batch<Real>(vfmaq_f64(c, a, b));
#else
  return Batch<Real>(xsimd::fma(a, b, c));
#endif
}

/// c - a * b with one rounding.
template <class Real>
GYROGRAD_INLINE Batch<Real> fnma(Batch<Real> a, Batch<Real> b, Batch<Real> c) {
#if defined(GYROGRAD_SCALAR)
  return Batch<Real>(std::fma(-a.data, b.data, c.data));
#elif defined(GYROGRAD_AVX512)
  if constexpr (std::is_same_v<Real, float>)
    return Batch<Real>(_mm512_fnmadd_ps(a, b, c));
  else
    return Batch<Real>(_mm512_fnmadd_pd(a, b, c));
#elif defined(GYROGRAD_NEON)
  if constexpr (std::is_same_v<Real, float>)
    return Batch<Real>(vfmsq_f32(c, a, b));
  else
    return Batch<Real>(vfmsq_f64(c, a, b));
#else
  return Batch<Real>(xsimd::fnma(a, b, c));
#endif
}

/// a / b, correctly rounded: what operator/ is everywhere except for floats on NEON.
template <class Real>
GYROGRAD_INLINE Batch<Real> divide(Batch<Real> a, Batch<Real> b) {
#if defined(GYROGRAD_NEON)
  if constexpr (std::is_same_v<Real, float>) return Batch<Real>(vdivq_f32(a, b));
#endif
  return a / b;
}

#if defined(GYROGRAD_NEON)
/// Square root, correctly rounded.
template <class Real>
GYROGRAD_INLINE Batch<Real> sqrt(Batch<Real> a) {
  if constexpr (std::is_same_v<Real, float>)
    return Batch<Real>(vsqrtq_f32(a));
  else
    return Batch<Real>(vsqrtq_f64(a));
}
#endif

/// Whether a > limit in any lane.
template <class Real>
GYROGRAD_INLINE bool any_above(Batch<Real> a, Batch<Real> limit) {
#if defined(GYROGRAD_SCALAR)
  return a > limit;
#else
  return xsimd::any(a > limit);
#endif
}

/// Keeps a loaded vector in its register: g++ 12 otherwise folds the load into every FMA that uses it.
template <class V>
GYROGRAD_INLINE void keep([[maybe_unused]] V& v) {
#if defined(GYROGRAD_SCALAR)
#elif defined(GYROGRAD_AVX512)
  asm("" : "+v"(v.data));
#elif defined(__x86_64__)
  asm("" : "+x"(v.data));
#elif defined(GYROGRAD_NEON)
  asm("" : "+w"(v.data));
#endif
}

namespace detail {

#if defined(GYROGRAD_AVX2)
/// Sliding window of ones and zeros: reading at 8 - n gives a mask of n leading lanes.
alignas(64) inline constexpr std::int32_t tail_mask32[16] = {-1, -1, -1, -1, -1, -1, -1, -1,
                                                             0,  0,  0,  0,  0,  0,  0,  0};
alignas(64) inline constexpr std::int64_t tail_mask64[8] = {-1, -1, -1, -1, 0, 0, 0, 0};
GYROGRAD_INLINE __m256i tail_mask(Index n, float) {
  return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(tail_mask32 + 8 - n));
}
GYROGRAD_INLINE __m256i tail_mask(Index n, double) {
  return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(tail_mask64 + 4 - n));
}
#endif

}  // namespace detail

/// Loads n values, 0 <= n <= lanes, and zeros behind them. Reads nothing past p + n.
template <class Real>
GYROGRAD_INLINE Batch<Real> load_partial(const Real* p, Index n) {
#if defined(GYROGRAD_AVX512)
  const unsigned mask = (1U << static_cast<unsigned>(n)) - 1U;
  if constexpr (std::is_same_v<Real, float>)
    return Batch<Real>(_mm512_maskz_loadu_ps(static_cast<__mmask16>(mask), p));
  else
    return Batch<Real>(_mm512_maskz_loadu_pd(static_cast<__mmask8>(mask), p));
#elif defined(GYROGRAD_AVX2)
  if constexpr (std::is_same_v<Real, float>)
    return Batch<Real>(_mm256_maskload_ps(p, detail::tail_mask(n, Real{})));
  else
    return Batch<Real>(_mm256_maskload_pd(p, detail::tail_mask(n, Real{})));
#else
  Real buffer[static_cast<std::size_t>(lanes<Real>)] = {};
  for (Index i = 0; i < n; ++i) buffer[i] = p[i];
  return load(buffer);
#endif
}

/// Stores the first n lanes, 0 <= n <= lanes. Writes nothing past p + n.
template <class Real>
GYROGRAD_INLINE void store_partial(Real* p, Batch<Real> v, Index n) {
#if defined(GYROGRAD_AVX512)
  const unsigned mask = (1U << static_cast<unsigned>(n)) - 1U;
  if constexpr (std::is_same_v<Real, float>)
    _mm512_mask_storeu_ps(p, static_cast<__mmask16>(mask), v);
  else
    _mm512_mask_storeu_pd(p, static_cast<__mmask8>(mask), v);
#elif defined(GYROGRAD_AVX2)
  if constexpr (std::is_same_v<Real, float>)
    _mm256_maskstore_ps(p, detail::tail_mask(n, Real{}), v);
  else
    _mm256_maskstore_pd(p, detail::tail_mask(n, Real{}), v);
#else
  Real buffer[static_cast<std::size_t>(lanes<Real>)];
  store(buffer, v);
  for (Index i = 0; i < n; ++i) p[i] = buffer[i];
#endif
}

/// Whole vector, or the first `count - i` lanes where a row of `count` values ends inside it.
template <class Real>
GYROGRAD_INLINE Batch<Real> load_lanes(const Real* p, Index i, Index count) {
  return i + lanes<Real> <= count ? load(p + i) : load_partial(p + i, count - i);
}
template <class Real>
GYROGRAD_INLINE void store_lanes(Real* p, Batch<Real> v, Index i, Index count) {
  if (i + lanes<Real> <= count)
    store(p + i, v);
  else
    store_partial(p + i, v, count - i);
}

#if !defined(GYROGRAD_SCALAR)
namespace detail {
/// Sum over all lanes by the one name that this version of xsimd has for it (found through the argument).
template <class V>
GYROGRAD_INLINE auto sum_lanes(V v) {
  if constexpr (requires { reduce_add(v); })
    return reduce_add(v);
  else
    return hadd(v);
}
}  // namespace detail

/// The bits of a vector as a vector of another type of the same size. xsimd names the vector up to version 8,
/// later its element.
template <class To, class From>
GYROGRAD_INLINE Batch<To> bits_as(Batch<From> v) {
  if constexpr (requires {
                  { xsimd::bitwise_cast<To>(v) } -> std::same_as<Batch<To>>;
                })
    return xsimd::bitwise_cast<To>(v);
  else
    return xsimd::bitwise_cast<Batch<To>>(v);
}
#endif

/// Sum over all lanes, in a fixed order.
template <class Real>
GYROGRAD_INLINE Real reduce_add(Batch<Real> v) {
#if defined(GYROGRAD_SCALAR)
  return v.data;
#elif defined(GYROGRAD_AVX512)
  // Zero-masked extracts: g++ 12 warns about the undefined source operand inside the plain ones.
  if constexpr (std::is_same_v<Real, float>) {
    const __m512d bits = _mm512_castps_pd(v);
    const __m256 upper = _mm256_castpd_ps(_mm512_maskz_extractf64x4_pd(__mmask8{0xf}, bits, 1));
    return detail::sum_lanes(
        xsimd::batch<float, xsimd::fma3<xsimd::avx2>>(_mm256_add_ps(_mm512_castps512_ps256(v), upper)));
  } else {
    const __m256d upper = _mm512_maskz_extractf64x4_pd(__mmask8{0xf}, v, 1);
    return detail::sum_lanes(
        xsimd::batch<double, xsimd::fma3<xsimd::avx2>>(_mm256_add_pd(_mm512_castpd512_pd256(v), upper)));
  }
#else
  return detail::sum_lanes(v);
#endif
}

}  // namespace gyrograd::kernels
