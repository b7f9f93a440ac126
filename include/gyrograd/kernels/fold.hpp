// SPDX-License-Identifier: MIT
// Sums across the lanes of many vectors at once: the end of every product whose sum runs along the lanes.
#pragma once

#include "gyrograd/kernels/lane_groups.hpp"

namespace gyrograd::kernels {

/// Vectors of one row that are folded together.
inline constexpr int fold_columns = 4;

namespace detail {

/// One vector at a time, for every target and type.
template <int Group, class Real>
GYROGRAD_INLINE void fold_row(Real* out, const Batch<Real>* v, Real scale, bool accumulate) {
  for (int n = 0; n < fold_columns; ++n) {
    Real sums[static_cast<std::size_t>(Group)] = {};
    reduce_add_group<Group>(sums, v[n]);
    for (int g = 0; g < Group; ++g) {
      Real& to = out[n * Group + g];
      to = (accumulate ? to : Real(0)) + scale * sums[g];
    }
  }
}

#if defined(GYROGRAD_AVX512) || defined(GYROGRAD_AVX2)

/// out = scale four, or out += it.
GYROGRAD_INLINE void store_scaled(float* out, __m128 four, float scale, bool accumulate) {
  const __m128 factor = _mm_set1_ps(scale);
  _mm_storeu_ps(out, accumulate ? _mm_fmadd_ps(four, factor, _mm_loadu_ps(out)) : _mm_mul_ps(four, factor));
}

#endif

#if defined(GYROGRAD_AVX512)

// Two vectors are merged into one that holds both in half as many lanes each: a blend takes the halves that
// stay in place, one shuffle brings the others, one addition joins them. Blends are cheap and shuffles are
// not, so this beats the usual two shuffles a merge.

/// (x, y) -> every 128 bits: x0+x2 x1+x3 y0+y2 y1+y3
GYROGRAD_INLINE __m512 merge_halves(__m512 x, __m512 y) {
  return _mm512_add_ps(_mm512_mask_blend_ps(0xcccc, x, y), _mm512_shuffle_ps(x, y, 0x4e));
}
/// (x, y) -> every 128 bits: x0+x1 y0+y1 x2+x3 y2+y3
GYROGRAD_INLINE __m512 merge_neighbours(__m512 x, __m512 y) {
  const __m512 rest = _mm512_mask_blend_ps(0xaaaa, y, x);
  return _mm512_add_ps(_mm512_mask_blend_ps(0xaaaa, x, y), _mm512_permute_ps(rest, 0xb1));
}
/// The same two steps with 128-bit parts as elements.
GYROGRAD_INLINE __m512 merge_part_halves(__m512 x, __m512 y) {
  return _mm512_add_ps(_mm512_mask_blend_ps(0xff00, x, y), _mm512_shuffle_f32x4(x, y, 0x4e));
}
GYROGRAD_INLINE __m512 merge_part_neighbours(__m512 x, __m512 y) {
  const __m512 rest = _mm512_mask_blend_ps(0xf0f0, y, x);
  return _mm512_add_ps(_mm512_mask_blend_ps(0xf0f0, x, y), _mm512_shuffle_f32x4(rest, rest, 0xb1));
}
/// Pairs of lanes (sequence 0, sequence 1) travel together as one 64-bit element.
GYROGRAD_INLINE __m512 merge_pairs(__m512 x, __m512 y) {
  const __m512d p = _mm512_castps_pd(x), q = _mm512_castps_pd(y);
  return _mm512_add_ps(_mm512_mask_blend_ps(0xcccc, x, y), _mm512_castpd_ps(_mm512_shuffle_pd(p, q, 0x55)));
}

/// out += scale times 128-bit part Part of `sums`: four values.
template <int Part>
GYROGRAD_INLINE void add_part(float* out, __m512 sums, float scale, bool accumulate) {
  __m128 four;
  if constexpr (Part == 0)
    four = _mm512_castps512_ps128(sums);
  else
    four = _mm512_maskz_extractf32x4_ps(__mmask8{0xf}, sums, Part);
  store_scaled(out, four, scale, accumulate);
}

/// out += scale times half Half of `sums`: eight values.
template <int Half>
GYROGRAD_INLINE void add_half(float* out, __m512 sums, float scale, bool accumulate) {
  __m256 eight;
  if constexpr (Half == 0)
    eight = _mm512_castps512_ps256(sums);
  else
    eight = _mm256_castpd_ps(_mm512_maskz_extractf64x4_pd(__mmask8{0xf}, _mm512_castps_pd(sums), 1));
  const __m256 factor = _mm256_set1_ps(scale);
  _mm256_storeu_ps(
      out, accumulate ? _mm256_fmadd_ps(eight, factor, _mm256_loadu_ps(out)) : _mm256_mul_ps(eight, factor));
}

/// 128-bit parts that hold partial sums of all four vectors of a row.
GYROGRAD_INLINE __m512 fold_within_parts(const Batch<float>* v) {
  return merge_neighbours(merge_halves(v[0], v[2]), merge_halves(v[1], v[3]));
}

/// Group 1: the four parts of up to four rows become one part a row.
template <int Rows>
GYROGRAD_INLINE void fold_rows(float* c, Index c_row, const Batch<float> (*v)[fold_columns], float scale,
                               bool accumulate) {
  if constexpr (Rows >= 4) {
    const __m512 even = merge_part_halves(fold_within_parts(v[0]), fold_within_parts(v[2]));
    const __m512 odd = merge_part_halves(fold_within_parts(v[1]), fold_within_parts(v[3]));
    const __m512 sums = merge_part_neighbours(even, odd);
    add_part<0>(c, sums, scale, accumulate);
    add_part<1>(c + c_row, sums, scale, accumulate);
    add_part<2>(c + 2 * c_row, sums, scale, accumulate);
    add_part<3>(c + 3 * c_row, sums, scale, accumulate);
    fold_rows<Rows - 4>(c + 4 * c_row, c_row, v + 4, scale, accumulate);
  } else if constexpr (Rows >= 1) {
    constexpr bool two = Rows >= 2;
    const __m512 both = merge_part_halves(fold_within_parts(v[0]), fold_within_parts(v[two ? 1 : 0]));
    const __m512 sums = _mm512_add_ps(both, _mm512_shuffle_f32x4(both, both, 0xb1));
    add_part<0>(c, sums, scale, accumulate);
    if constexpr (two) add_part<2>(c + c_row, sums, scale, accumulate);
    fold_rows<Rows - (two ? 2 : 1)>(c + (two ? 2 : 1) * c_row, c_row, v + (two ? 2 : 1), scale, accumulate);
  }
}

/// Group 2: a row of four vectors becomes the two parts (0, 1) and (2, 3), two rows become one vector.
template <int Rows>
GYROGRAD_INLINE void fold_row_pairs(float* c, Index c_row, const Batch<float> (*v)[fold_columns], float scale,
                                    bool accumulate) {
  const auto first = [](const Batch<float>* row) __attribute__((always_inline)) {
    return merge_pairs(row[0], row[1]);
  };
  const auto second = [](const Batch<float>* row) __attribute__((always_inline)) {
    return merge_pairs(row[2], row[3]);
  };
  if constexpr (Rows >= 1) {
    constexpr bool two = Rows >= 2;
    const Batch<float>* other = v[two ? 1 : 0];
    const __m512 sums = merge_part_neighbours(merge_part_halves(first(v[0]), first(other)),
                                              merge_part_halves(second(v[0]), second(other)));
    add_half<0>(c, sums, scale, accumulate);
    if constexpr (two) add_half<1>(c + c_row, sums, scale, accumulate);
    fold_row_pairs<Rows - (two ? 2 : 1)>(c + (two ? 2 : 1) * c_row, c_row, v + (two ? 2 : 1), scale,
                                         accumulate);
  }
}

/// Group 4: every vector becomes one part.
GYROGRAD_INLINE void fold_row_fours(float* out, const Batch<float>* v, float scale, bool accumulate) {
  const __m512 sums = merge_part_neighbours(merge_part_halves(v[0], v[2]), merge_part_halves(v[1], v[3]));
  add_part<0>(out, sums, scale, accumulate);
  add_part<1>(out + 4, sums, scale, accumulate);
  add_part<2>(out + 8, sums, scale, accumulate);
  add_part<3>(out + 12, sums, scale, accumulate);
}

#elif defined(GYROGRAD_AVX2)

GYROGRAD_INLINE __m256 merge_halves(__m256 x, __m256 y) {
  return _mm256_add_ps(_mm256_blend_ps(x, y, 0xcc), _mm256_shuffle_ps(x, y, 0x4e));
}
GYROGRAD_INLINE __m256 merge_neighbours(__m256 x, __m256 y) {
  const __m256 rest = _mm256_blend_ps(y, x, 0xaa);
  return _mm256_add_ps(_mm256_blend_ps(x, y, 0xaa), _mm256_permute_ps(rest, 0xb1));
}
GYROGRAD_INLINE __m256 merge_pairs(__m256 x, __m256 y) {
  const __m256d p = _mm256_castps_pd(x), q = _mm256_castps_pd(y);
  return _mm256_add_ps(_mm256_blend_ps(x, y, 0xcc), _mm256_castpd_ps(_mm256_shuffle_pd(p, q, 0x5)));
}
/// Sum of the two 128-bit parts, added to four values.
GYROGRAD_INLINE void add_parts(float* out, __m256 x, float scale, bool accumulate) {
  const __m128 four = _mm_add_ps(_mm256_castps256_ps128(x), _mm256_extractf128_ps(x, 1));
  store_scaled(out, four, scale, accumulate);
}

template <int Rows>
GYROGRAD_INLINE void fold_rows(float* c, Index c_row, const Batch<float> (*v)[fold_columns], float scale,
                               bool accumulate) {
  GYROGRAD_UNROLL
  for (int r = 0; r < Rows; ++r)
    add_parts(c + r * c_row, merge_neighbours(merge_halves(v[r][0], v[r][2]), merge_halves(v[r][1], v[r][3])),
              scale, accumulate);
}
template <int Rows>
GYROGRAD_INLINE void fold_row_pairs(float* c, Index c_row, const Batch<float> (*v)[fold_columns], float scale,
                                    bool accumulate) {
  GYROGRAD_UNROLL
  for (int r = 0; r < Rows; ++r) {
    add_parts(c + r * c_row, merge_pairs(v[r][0], v[r][1]), scale, accumulate);
    add_parts(c + r * c_row + 4, merge_pairs(v[r][2], v[r][3]), scale, accumulate);
  }
}
GYROGRAD_INLINE void fold_row_fours(float* out, const Batch<float>* v, float scale, bool accumulate) {
  GYROGRAD_UNROLL
  for (int n = 0; n < fold_columns; ++n) add_parts(out + 4 * n, v[n], scale, accumulate);
}

#endif

}  // namespace detail

/// c[r c_row + n Group + g] += scale * sum of the lanes l of v[r][n] with l mod Group == g, for Rows x 4
/// vectors; without `accumulate` c is overwritten.
template <int Group, int Rows, class Real>
GYROGRAD_INLINE void fold(Real* c, Index c_row, const Batch<Real> (*v)[fold_columns], Real scale,
                          bool accumulate = true) {
#if defined(GYROGRAD_AVX512) || defined(GYROGRAD_AVX2)
  if constexpr (std::is_same_v<Real, float> && Group == 1)
    return detail::fold_rows<Rows>(c, c_row, v, scale, accumulate);
  if constexpr (std::is_same_v<Real, float> && Group == 2)
    return detail::fold_row_pairs<Rows>(c, c_row, v, scale, accumulate);
  if constexpr (std::is_same_v<Real, float> && Group == 4) {
    GYROGRAD_UNROLL
    for (int r = 0; r < Rows; ++r) detail::fold_row_fours(c + r * c_row, v[r], scale, accumulate);
    return;
  }
#endif
  GYROGRAD_UNROLL
  for (int r = 0; r < Rows; ++r) detail::fold_row<Group>(c + r * c_row, v[r], scale, accumulate);
}

/// out(k) += sum of the lanes of sums(l, k), k < count.   sums: (lanes x count)
template <class Real>
void add_lane_sums(Real* out, const Real* sums, Index count) {
  constexpr int Rows = 4;
  Index k = 0;
  for (; k + Rows * fold_columns <= count; k += Rows * fold_columns) {
    Batch<Real> v[Rows][fold_columns];
    GYROGRAD_UNROLL
    for (int i = 0; i < Rows * fold_columns; ++i)
      v[i / fold_columns][i % fold_columns] = load(sums + (k + i) * lanes<Real>);
    fold<1, Rows>(out + k, fold_columns, v, Real(1));
  }
  for (; k < count; ++k) out[k] += reduce_add(load(sums + k * lanes<Real>));
}

}  // namespace gyrograd::kernels
