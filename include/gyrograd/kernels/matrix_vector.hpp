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

template <class Real>
GYROGRAD_INLINE void matrix_vector_rows(Real* y, const Real* w, const Real* x, Index depth) {
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
/// row-major  x: (depth)
template <class Real>
void matrix_vector(Real* y, const Real* start, const Real* w, const Real* x, Index rows, Index depth) {
  for (Index m = 0; m < rows; ++m) y[m] = start == nullptr ? Real(0) : start[m];
  Index m = 0;
  for (; m + detail::stream_rows <= rows; m += detail::stream_rows)
    detail::matrix_vector_rows(y + m, w + m * depth, x, depth);
  for (; m < rows; ++m) y[m] += detail::dot(w + m * depth, x, depth);
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

/// Rounds a vector to int16; returns the factor back. x: (depth) of absolute values up to `bound`
/// values: (int8_row(depth)), zero beyond depth
template <class Real>
float quantise_vector(std::int16_t* values, const Real* x, Index depth, double bound) {
  const auto limit = static_cast<Real>(int16_limit(depth));
  const Real factor = static_cast<Real>(static_cast<double>(limit) / bound);
  for (Index k = 0; k < depth; ++k)
    values[k] = static_cast<std::int16_t>(std::lrint(std::clamp(x[k] * factor, -limit, limit)));
  std::fill(values + depth, values + int8_row(depth), std::int16_t{0});
  return static_cast<float>(1 / static_cast<double>(factor));
}

namespace detail {

/// sums(r) = sum_k w(r, k) x(k) for four rows; row: a multiple of 64.
GYROGRAD_INLINE void int8_rows(std::int32_t* sums, const std::int8_t* w, const std::int16_t* x, Index row) {
#if defined(GYROGRAD_AVX512)
  __m512i s[4] = {_mm512_setzero_si512(), _mm512_setzero_si512(), _mm512_setzero_si512(),
                  _mm512_setzero_si512()};
  for (Index k = 0; k < row; k += 32) {
    const __m512i xk = _mm512_loadu_si512(x + k);
    GYROGRAD_UNROLL
    for (int r = 0; r < 4; ++r) {
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
  for (int r = 0; r < 4; ++r) sums[r] = _mm512_reduce_add_epi32(s[r]);
#elif defined(GYROGRAD_AVX2)
  __m256i s[4] = {_mm256_setzero_si256(), _mm256_setzero_si256(), _mm256_setzero_si256(),
                  _mm256_setzero_si256()};
  for (Index k = 0; k < row; k += 16) {
    const __m256i xk = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(x + k));
    GYROGRAD_UNROLL
    for (int r = 0; r < 4; ++r) {
      const __m256i wide =
          _mm256_cvtepi8_epi16(_mm_loadu_si128(reinterpret_cast<const __m128i*>(w + r * row + k)));
      s[r] = _mm256_add_epi32(s[r], _mm256_madd_epi16(wide, xk));
    }
  }
  const __m256i pairs = _mm256_hadd_epi32(_mm256_hadd_epi32(s[0], s[1]), _mm256_hadd_epi32(s[2], s[3]));
  _mm_storeu_si128(reinterpret_cast<__m128i*>(sums),
                   _mm_add_epi32(_mm256_castsi256_si128(pairs), _mm256_extracti128_si256(pairs, 1)));
#else
  for (Index r = 0; r < 4; ++r) {
    std::int32_t sum = 0;
    for (Index k = 0; k < row; ++k) sum += std::int32_t{w[r * row + k]} * std::int32_t{x[k]};
    sums[r] = sum;
  }
#endif
}

}  // namespace detail

/// y(m) = start(m) + factor scale(m) sum_k w(m, k) x(k).   y: (rows), rows a multiple of 4  start: (rows) or
/// null  w: (rows, row), scale: (rows) of quantise_rows  x: (row) of quantise_vector, which returned factor
template <class Real>
void matrix_vector_int8(Real* y, const Real* start, const std::int8_t* w, const float* scale,
                        const std::int16_t* x, float factor, Index rows, Index row) {
  GYROGRAD_ASSERT(rows % 4 == 0 && row % 64 == 0);
  for (Index m = 0; m < rows; m += 4) {
    std::int32_t sums[4];
    detail::int8_rows(sums, w + m * row, x, row);
    for (Index r = 0; r < 4; ++r) {
      const Real product = static_cast<Real>(static_cast<float>(sums[r]) * (factor * scale[m + r]));
      y[m + r] = start == nullptr ? product : start[m + r] + product;
    }
  }
}

}  // namespace gyrograd::kernels
