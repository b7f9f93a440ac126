// SPDX-License-Identifier: MIT
// Transposition of blocks and matrices: turns channels that lie apart into channels that lie in the lanes.
#pragma once

#include <algorithm>

#include "gyrograd/kernels/simd.hpp"

namespace gyrograd::kernels {

/// y(j, i) = x(i, j) for one block of lanes x lanes values: column j of x starts at x + j ldx, column i of y
/// at y + i ldy.
template <class Real>
GYROGRAD_INLINE void transpose_block(Real* y, Index ldy, const Real* x, Index ldx) {
  constexpr Index L = lanes<Real>;
  for (Index i = 0; i < L; ++i)
    for (Index j = 0; j < L; ++j) y[j + i * ldy] = x[i + j * ldx];
}

/// Whether a block is transposed in registers by transposed_rows.
template <class Real>
inline constexpr bool has_transposed_rows = false;

#if defined(GYROGRAD_AVX512)
template <>
inline constexpr bool has_transposed_rows<float> = true;

/// rows[i](j) = x(i, j) for one block: column j at x + j ldx. Pairs, then fours of neighbours within 128-bit
/// parts, then the parts themselves: 64 shuffles for 16 vectors.
GYROGRAD_INLINE void transposed_rows(Batch<float>* rows, const float* x, Index ldx) {
  const auto low = [](__m512 a, __m512 b) __attribute__((always_inline)) {
    return _mm512_castpd_ps(_mm512_unpacklo_pd(_mm512_castps_pd(a), _mm512_castps_pd(b)));
  };
  const auto high = [](__m512 a, __m512 b) __attribute__((always_inline)) {
    return _mm512_castpd_ps(_mm512_unpackhi_pd(_mm512_castps_pd(a), _mm512_castps_pd(b)));
  };
  __m512 four[16];  // four[4 j + k], part q: columns 4 j .. 4 j + 3 of row 4 q + k
  Index step = ldx, three = 3 * ldx;
  asm("" : "+r"(step), "+r"(three));  // else a compiler keeps the distances of all columns
  GYROGRAD_UNROLL
  for (int j = 0; j < 4; ++j) {
    const __m512 a = _mm512_loadu_ps(x), b = _mm512_loadu_ps(x + step);
    const __m512 c = _mm512_loadu_ps(x + 2 * step), d = _mm512_loadu_ps(x + three);
    x += 4 * step;
    asm("" : "+r"(x));
    const __m512 ab = _mm512_unpacklo_ps(a, b), cd = _mm512_unpacklo_ps(c, d);
    const __m512 ab2 = _mm512_unpackhi_ps(a, b), cd2 = _mm512_unpackhi_ps(c, d);
    four[4 * j] = low(ab, cd);
    four[4 * j + 1] = high(ab, cd);
    four[4 * j + 2] = low(ab2, cd2);
    four[4 * j + 3] = high(ab2, cd2);
  }
  GYROGRAD_UNROLL
  for (int k = 0; k < 4; ++k) {
    const __m512 a = _mm512_shuffle_f32x4(four[k], four[4 + k], 0x44);
    const __m512 b = _mm512_shuffle_f32x4(four[k], four[4 + k], 0xee);
    const __m512 c = _mm512_shuffle_f32x4(four[8 + k], four[12 + k], 0x44);
    const __m512 d = _mm512_shuffle_f32x4(four[8 + k], four[12 + k], 0xee);
    rows[k] = Batch<float>(_mm512_shuffle_f32x4(a, c, 0x88));
    rows[4 + k] = Batch<float>(_mm512_shuffle_f32x4(a, c, 0xdd));
    rows[8 + k] = Batch<float>(_mm512_shuffle_f32x4(b, d, 0x88));
    rows[12 + k] = Batch<float>(_mm512_shuffle_f32x4(b, d, 0xdd));
  }
}

template <>
GYROGRAD_INLINE void transpose_block<float>(float* y, Index ldy, const float* x, Index ldx) {
  Batch<float> rows[16];
  transposed_rows(rows, x, ldx);
  GYROGRAD_UNROLL
  for (int i = 0; i < 16; ++i) store(y + i * ldy, rows[i]);
}
#elif defined(GYROGRAD_AVX2)
/// Halves of columns j and j + 4 are loaded side by side, then four columns are transposed within 128-bit
/// parts.
template <>
GYROGRAD_INLINE void transpose_block<float>(float* y, Index ldy, const float* x, Index ldx) {
  GYROGRAD_UNROLL
  for (int h = 0; h < 2; ++h) {
    __m256 v[4];
    GYROGRAD_UNROLL
    for (int j = 0; j < 4; ++j)
      v[j] = _mm256_insertf128_ps(_mm256_castps128_ps256(_mm_loadu_ps(x + 4 * h + j * ldx)),
                                  _mm_loadu_ps(x + 4 * h + (j + 4) * ldx), 1);
    const __m256d ab = _mm256_castps_pd(_mm256_unpacklo_ps(v[0], v[1]));
    const __m256d cd = _mm256_castps_pd(_mm256_unpacklo_ps(v[2], v[3]));
    const __m256d ab2 = _mm256_castps_pd(_mm256_unpackhi_ps(v[0], v[1]));
    const __m256d cd2 = _mm256_castps_pd(_mm256_unpackhi_ps(v[2], v[3]));
    float* to = y + 4 * h * ldy;
    _mm256_storeu_ps(to, _mm256_castpd_ps(_mm256_unpacklo_pd(ab, cd)));
    _mm256_storeu_ps(to + ldy, _mm256_castpd_ps(_mm256_unpackhi_pd(ab, cd)));
    _mm256_storeu_ps(to + 2 * ldy, _mm256_castpd_ps(_mm256_unpacklo_pd(ab2, cd2)));
    _mm256_storeu_ps(to + 3 * ldy, _mm256_castpd_ps(_mm256_unpackhi_pd(ab2, cd2)));
  }
}
#endif

/// Whether four rows are turned by transpose_four.
template <class Real>
inline constexpr bool has_transpose_four = false;

#if defined(GYROGRAD_AVX512)
template <>
inline constexpr bool has_transpose_four<float> = true;

/// y(k, i) = row k of four at place i: value i of all rows at y + i ldy.
GYROGRAD_INLINE void transpose_four(float* y, Index ldy, const Batch<float> (&row)[4]) {
  const auto pair = [](__m512 a, __m512 b, bool upper) __attribute__((always_inline)) {
    const __m512d u = _mm512_castps_pd(a), v = _mm512_castps_pd(b);
    return _mm512_castpd_ps(upper ? _mm512_unpackhi_pd(u, v) : _mm512_unpacklo_pd(u, v));
  };
  const __m512 a = _mm512_unpacklo_ps(row[0], row[1]), b = _mm512_unpacklo_ps(row[2], row[3]);
  const __m512 c = _mm512_unpackhi_ps(row[0], row[1]), d = _mm512_unpackhi_ps(row[2], row[3]);
  const __m512 four[4] = {pair(a, b, false), pair(a, b, true), pair(c, d, false), pair(c, d, true)};
  GYROGRAD_UNROLL
  for (int j = 0; j < 4; ++j) {  // part q of four[j]: place 4 q + j
    _mm_storeu_ps(y + j * ldy, _mm512_castps512_ps128(four[j]));
    _mm_storeu_ps(y + (4 + j) * ldy, _mm512_extractf32x4_ps(four[j], 1));
    _mm_storeu_ps(y + (8 + j) * ldy, _mm512_extractf32x4_ps(four[j], 2));
    _mm_storeu_ps(y + (12 + j) * ldy, _mm512_extractf32x4_ps(four[j], 3));
  }
}
#endif

/// y(j, i) = x(i, j).   x: (rows x columns), column stride ldx  y: (columns x rows), column stride ldy; y
/// must not overlap x. A last block that would be partial is moved back over the one before it.
template <class Real>
void transpose(Real* y, Index ldy, const Real* x, Index ldx, Index rows, Index columns) {
  constexpr Index L = lanes<Real>;
  if (rows < L || columns < L) {
    for (Index j = 0; j < columns; ++j)
      for (Index i = 0; i < rows; ++i) y[j + i * ldy] = x[i + j * ldx];
    return;
  }
  for (Index j = 0; j < columns; j += L) {
    const Index column = std::min(j, columns - L);
    for (Index i = 0; i < rows; i += L) {
      const Index row = std::min(i, rows - L);
      transpose_block(y + column + row * ldy, ldy, x + row + column * ldx, ldx);
    }
  }
}

}  // namespace gyrograd::kernels
