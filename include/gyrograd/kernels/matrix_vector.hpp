// SPDX-License-Identifier: MIT
// Product of a row-major matrix with one vector: what a dense or recurrent layer is for a single window.
//
//   y(m) = start(m) + sum over k of w(m, k) x(k)
//
// Every weight is used once, so the speed is that of reading them. Lanes run along k, eight rows at a time:
// eight streams that the hardware prefetches, and eight sums that hide the latency of the additions.
//
// Integer form: weights as int8 with one factor per row, x as int16 with one factor, sums exact in int32. A
// quarter of the bytes; the error is that of rounding the weights, at most half a step of 1/127 of the
// largest weight of a row. Cost and error: docs/kernels/matrix_vector.md.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "gyrograd/kernels/fold.hpp"

namespace gyrograd::kernels {

namespace detail {

/// Rows that are summed together: two groups of fold_columns.
inline constexpr Index stream_rows = 2 * fold_columns;

/// `ahead`: rows that are multiplied next; they are asked for while these are summed.
template <class Real>
GYROGRAD_INLINE void matrix_vector_rows(Real* y, const Real* w, const Real* x, Index depth, Index ahead) {
  using V = Batch<Real>;
  constexpr Index L = lanes<Real>;
  V sum[2][fold_columns];
  GYROGRAD_UNROLL
  for (int r = 0; r < stream_rows; ++r) sum[r / fold_columns][r % fold_columns] = V(Real(0));
  Index k = 0;
  for (; k + L <= depth; k += L) {
    const V xk = load(x + k);
    GYROGRAD_UNROLL
    for (int r = 0; r < stream_rows; ++r) {
      V& s = sum[r / fold_columns][r % fold_columns];
      __builtin_prefetch(w + ahead + r * depth + k);
      s = fma(load(w + r * depth + k), xk, s);
    }
  }
  if (const Index n = depth - k; n > 0) {
    const V xk = load_partial(x + k, n);
    GYROGRAD_UNROLL
    for (int r = 0; r < stream_rows; ++r) {
      V& s = sum[r / fold_columns][r % fold_columns];
      s = fma(load_partial(w + r * depth + k, n), xk, s);
    }
  }
  fold<1, 2>(y, fold_columns, static_cast<const V(*)[fold_columns]>(sum), Real(1));
}

template <class Real>
GYROGRAD_INLINE Real dot(const Real* w, const Real* x, Index depth) {
  Batch<Real> sum(Real(0));
  for (Index k = 0; k < depth; k += lanes<Real>)
    sum = fma(load_lanes(w, k, depth), load_lanes(x, k, depth), sum);
  return reduce_add<Real>(sum);
}

}  // namespace detail

/// y(m) = start(m) + sum_k w(m, k) x(k).   y: (rows)  start: (rows) or null for zeros  w: (rows, depth)
/// row-major  x: (depth)  backwards: the last rows first; who multiplies the same matrix again and again
/// turns round each time and finds in the cache what was read last. The numbers are the same.
template <class Real>
void matrix_vector(Real* y, const Real* start, const Real* w, const Real* x, Index rows, Index depth,
                   bool backwards = false) {
  constexpr Index step = detail::stream_rows;
  const Index whole = rows / step * step;
  for (Index m = 0; m < rows; ++m) y[m] = start == nullptr ? Real(0) : start[m];
  for (Index i = 0; i < whole; i += step) {
    const Index m = backwards ? whole - step - i : i, next = i + step < whole ? step * depth : 0;
    detail::matrix_vector_rows(y + m, w + m * depth, x, depth, backwards ? -next : next);
  }
  for (Index m = whole; m < rows; ++m) y[m] += detail::dot(w + m * depth, x, depth);
}

/// Values of a row of int8 weights: depth rounded up to whole vectors of 64, the rest zero.
constexpr Index int8_row(Index depth) {
  return (depth + 63) / 64 * 64;
}

/// Rounds a row-major matrix: w(m, k) is about values(m, k) scale(m).
/// values: (rows, int8_row(depth))  scale: (rows)  w: (rows, depth)
template <class Real>
void quantise_rows(std::int8_t* values, float* scale, const Real* w, Index rows, Index depth) {
  const Index row = int8_row(depth);
  for (Index m = 0; m < rows; ++m, w += depth, values += row) {
    double largest = 0;
    for (Index k = 0; k < depth; ++k) largest = std::max(largest, std::fabs(static_cast<double>(w[k])));
    const double step = largest > 0 ? largest / 127 : 1;
    scale[m] = static_cast<float>(step);
    std::fill(values, values + row, std::int8_t{0});
    for (Index k = 0; k < depth; ++k)
      values[k] = static_cast<std::int8_t>(std::lrint(static_cast<double>(w[k]) / step));
  }
}

/// Largest int16 that a vector of `depth` values may hold so that no int32 sum of products with int8 can
/// overflow.
constexpr Index int16_limit(Index depth) {
  return std::min<Index>(32767, 2147483647 / (127 * std::max<Index>(1, depth)));
}

namespace detail {

/// values[k] = x[k] factor, to the nearest and within +-limit, for whole vectors; returns how many.
inline Index round_to_int16([[maybe_unused]] std::int16_t* values, [[maybe_unused]] const float* x,
                            [[maybe_unused]] Index depth, [[maybe_unused]] float factor,
                            [[maybe_unused]] float limit) {
  Index k = 0;
#if defined(GYROGRAD_AVX512)
  const __m512 f = _mm512_set1_ps(factor), top = _mm512_set1_ps(limit), bottom = _mm512_set1_ps(-limit);
  for (; k + 16 <= depth; k += 16) {
    const __m512 v = _mm512_max_ps(bottom, _mm512_min_ps(top, _mm512_mul_ps(_mm512_loadu_ps(x + k), f)));
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(values + k),
                        _mm512_maskz_cvtepi32_epi16(__mmask16{0xffff}, _mm512_cvtps_epi32(v)));
  }
#elif defined(GYROGRAD_AVX2)
  const __m256 f = _mm256_set1_ps(factor), top = _mm256_set1_ps(limit), bottom = _mm256_set1_ps(-limit);
  for (; k + 8 <= depth; k += 8) {
    const __m256 v = _mm256_max_ps(bottom, _mm256_min_ps(top, _mm256_mul_ps(_mm256_loadu_ps(x + k), f)));
    const __m256i whole = _mm256_cvtps_epi32(v);
    _mm_storeu_si128(reinterpret_cast<__m128i*>(values + k),
                     _mm_packs_epi32(_mm256_castsi256_si128(whole), _mm256_extracti128_si256(whole, 1)));
  }
#endif
  return k;
}
inline Index round_to_int16(std::int16_t*, const double*, Index, double, double) {
  return 0;
}

#if defined(GYROGRAD_AVX512) || defined(GYROGRAD_AVX2)

/// Sums of the lanes of eight vectors.
GYROGRAD_INLINE __m256i lane_sums(const __m256i* s) {
  const __m256i a = _mm256_hadd_epi32(_mm256_hadd_epi32(s[0], s[1]), _mm256_hadd_epi32(s[2], s[3]));
  const __m256i b = _mm256_hadd_epi32(_mm256_hadd_epi32(s[4], s[5]), _mm256_hadd_epi32(s[6], s[7]));
  return _mm256_add_epi32(_mm256_permute2x128_si256(a, b, 0x20), _mm256_permute2x128_si256(a, b, 0x31));
}

/// Sums over k of w(r, k) x(k) for eight rows; row: a multiple of 64.
GYROGRAD_INLINE __m256i int8_sums(const std::int8_t* w, const std::int16_t* x, Index row) {
  __m256i half[8];
#if defined(GYROGRAD_AVX512)
  __m512i s[8];
  GYROGRAD_UNROLL
  for (int r = 0; r < 8; ++r) s[r] = _mm512_setzero_si512();
  for (Index k = 0; k < row; k += 32) {
    const __m512i xk = _mm512_loadu_si512(x + k);
    GYROGRAD_UNROLL
    for (int r = 0; r < 8; ++r) {
      const __m512i wide =
          _mm512_cvtepi8_epi16(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(w + r * row + k)));
#if defined(__AVX512VNNI__)
      s[r] = _mm512_dpwssd_epi32(s[r], wide, xk);
#else
      s[r] = _mm512_add_epi32(s[r], _mm512_madd_epi16(wide, xk));
#endif
    }
  }
  GYROGRAD_UNROLL
  for (int r = 0; r < 8; ++r)
    half[r] = _mm256_add_epi32(_mm512_castsi512_si256(s[r]),
                               _mm512_maskz_extracti64x4_epi64(__mmask8{0xf}, s[r], 1));
#else
  GYROGRAD_UNROLL
  for (int r = 0; r < 8; ++r) half[r] = _mm256_setzero_si256();
  for (Index k = 0; k < row; k += 16) {
    const __m256i xk = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(x + k));
    GYROGRAD_UNROLL
    for (int r = 0; r < 8; ++r) {
      const __m256i wide =
          _mm256_cvtepi8_epi16(_mm_loadu_si128(reinterpret_cast<const __m128i*>(w + r * row + k)));
      half[r] = _mm256_add_epi32(half[r], _mm256_madd_epi16(wide, xk));
    }
  }
#endif
  return lane_sums(half);
}

/// sums(r): as float.
GYROGRAD_INLINE void int8_rows(float* sums, const std::int8_t* w, const std::int16_t* x, Index row) {
  _mm256_storeu_ps(sums, _mm256_cvtepi32_ps(int8_sums(w, x, row)));
}

#else

GYROGRAD_INLINE void int8_rows(float* sums, const std::int8_t* w, const std::int16_t* x, Index row) {
  for (Index r = 0; r < 8; ++r) {
    std::int32_t sum = 0;
    for (Index k = 0; k < row; ++k) sum += std::int32_t{w[r * row + k]} * std::int32_t{x[k]};
    sums[r] = static_cast<float>(sum);
  }
}

#endif

}  // namespace detail

/// Rounds a vector to int16; returns the factor back. x: (depth) of absolute values up to `bound`, larger
/// ones are cut off  values: (int8_row(depth)), zero beyond depth
template <class Real>
float quantise_vector(std::int16_t* values, const Real* x, Index depth, double bound) {
  const auto limit = static_cast<Real>(int16_limit(depth));
  const Real factor = static_cast<Real>(static_cast<double>(limit) / bound);
  for (Index k = detail::round_to_int16(values, x, depth, factor, limit); k < depth; ++k)
    values[k] = static_cast<std::int16_t>(std::lrint(std::clamp(x[k] * factor, -limit, limit)));
  std::fill(values + depth, values + int8_row(depth), std::int16_t{0});
  return static_cast<float>(1 / static_cast<double>(factor));
}

/// y(m) = start(m) + factor scale(m) sum_k w(m, k) x(k).   y: (rows), rows a multiple of 8  start: (rows) or
/// null  w: (rows, row), scale: (rows) of quantise_rows  x: (row) of quantise_vector, which returned factor
template <class Real>
void matrix_vector_int8(Real* y, const Real* start, const std::int8_t* w, const float* scale,
                        const std::int16_t* x, float factor, Index rows, Index row) {
  GYROGRAD_ASSERT(rows % 8 == 0 && row % 64 == 0);
  for (Index m = 0; m < rows; m += 8) {
    float sums[8];
    detail::int8_rows(sums, w + m * row, x, row);
    for (Index r = 0; r < 8; ++r) {
      const float product = sums[r] * (factor * scale[m + r]);
      y[m + r] = start == nullptr ? static_cast<Real>(product) : start[m + r] + static_cast<Real>(product);
    }
  }
}

}  // namespace gyrograd::kernels
