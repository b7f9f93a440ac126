// SPDX-License-Identifier: MIT
// Product of a matrix with one vector, weights as int8 with one factor per row.
//
//   y(m) = start(m) + factor scale(m) sum over k of q(m, k) u(k)
//
// u is x as int16 with one factor; sums are exact in int32. A quarter of the bytes of float; the error is
// that of rounding the weights, at most half a step of 1/127 of the largest weight of a row. Rows lie in the
// lanes as in kernels/matrix_vector.hpp, `int8_together` neighbours k in the 32 bits of a lane:
//
//   panel p:   [ rows x k = 0 .. 3 ] | [ rows x k = 4 .. 7 ] | ...
//
// Where the machine multiplies bytes (unsigned times signed, four at once), u + 32768 is taken apart into its
// upper and its lower byte, and the sum of a row starts with what 32768 is too much; elsewhere weights are
// widened to int16, two at once. Both are exact and therefore equal. Cost and error:
// docs/kernels/matrix_vector.md.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <vector>

#include "gyrograd/core/aligned.hpp"
#include "gyrograd/kernels/matrix_vector.hpp"

namespace gyrograd::kernels {

namespace detail {

#if defined(GYROGRAD_AVX512) && defined(__AVX512VNNI__)
inline constexpr bool int8_bytes = true;
#else
inline constexpr bool int8_bytes = false;
#endif

}  // namespace detail

/// Neighbours k whose products one instruction sums.
inline constexpr Index int8_together = detail::int8_bytes ? 4 : 2;
/// Rows of one panel, one lane each.
inline constexpr Index int8_panel_rows = vector_panel_rows<float>;

/// Values of a row with padding.
constexpr Index int8_row(Index depth) {
  return (depth + 7) / 8 * 8;
}

/// Values of one panel.
constexpr Index int8_panel_size(Index depth) {
  return int8_panel_rows * int8_row(depth);
}

/// Rounds one row: w(k) is about values(k) times the factor returned.   values, w: (depth)
template <class Real>
float quantise_row(std::int8_t* values, const Real* w, Index depth) {
  double largest = 0;
  for (Index k = 0; k < depth; ++k) largest = std::max(largest, std::fabs(static_cast<double>(w[k])));
  const double step = largest > 0 ? largest / 127 : 1;
  for (Index k = 0; k < depth; ++k)
    values[k] = static_cast<std::int8_t>(std::lrint(static_cast<double>(w[k]) / step));
  return static_cast<float>(step);
}

/// Rounds and re-orders the rows of one panel.
/// panel: (int8_panel_rows x int8_row(depth))  scale, start: (int8_panel_rows); start: where sums begin
/// row(i): row i of the panel, `depth` values, or null for zeros
template <class Row>
void pack_int8_panel(std::int8_t* panel, float* scale, std::int32_t* start, Index depth, Row&& row) {
  const Index length = int8_row(depth);
  std::vector<std::int8_t> values(static_cast<std::size_t>(length));
  for (Index i = 0; i < int8_panel_rows; ++i) {
    std::fill(values.begin(), values.end(), std::int8_t{0});
    const auto* from = row(i);
    scale[i] = from == nullptr ? 1.0F : quantise_row(values.data(), from, depth);
    std::int32_t sum = 0;
    for (Index k = 0; k < length; ++k) {
      const std::int8_t v = values[static_cast<std::size_t>(k)];
      sum += v;
      panel[(k / int8_together * int8_panel_rows + i) * int8_together + k % int8_together] = v;
    }
    // Modulo 2^32, as all that is summed: only the end must fit.
    start[i] =
        detail::int8_bytes ? static_cast<std::int32_t>(0U - 32768U * static_cast<std::uint32_t>(sum)) : 0;
  }
}

/// Largest int16 that a vector of `depth` values may hold so that no int32 sum of products with int8 can
/// overflow.
constexpr Index int16_limit(Index depth) {
  return std::min<Index>(32767, 2147483647 / (127 * std::max<Index>(1, depth)));
}

/// A vector in int16, in the form that products with int8 want: pairs, or lower and upper bytes.
class Int16Vector {
 public:
  Int16Vector() = default;
  explicit Int16Vector(Index depth) : depth_(depth), bytes_(static_cast<std::size_t>(2 * int8_row(depth))) {}

  Index depth() const { return depth_; }
  /// Rounds x: (depth) of absolute values up to `bound`, larger ones are cut off.
  template <class Real>
  void set(const Real* x, double bound) {
    set_bound<Real>(bound);
    set_range(x, 0, depth_);
  }
  /// The same in two parts: the bound once, then values first .. first + count - 1 of x, disjoint ranges also
  /// by several threads at once.
  template <class Real>
  void set_bound(double bound);
  template <class Real>
  void set_range(const Real* x, Index first, Index count);
  /// The value at k.
  Index operator[](Index k) const;
  /// One value of the sum is worth this.
  float factor() const { return factor_; }
  const std::uint8_t* data() const { return bytes_.data(); }

 private:
  Index set_vectors(const float* x, Index first, Index end, float up, float limit);
  Index set_vectors(const double*, Index first, Index, double, double) { return first; }
  void set_one(Index k, Index value);

  Index depth_ = 0;
  float factor_ = 1;
  double up_ = 1;  ///< what values are multiplied by, rounded to their type
  AlignedVector<std::uint8_t> bytes_;
};

inline void Int16Vector::set_one(Index k, Index value) {
  if constexpr (detail::int8_bytes) {
    const auto u = static_cast<unsigned>(value + 32768);
    bytes_[static_cast<std::size_t>(k)] = static_cast<std::uint8_t>(u & 255U);
    bytes_[static_cast<std::size_t>(k + int8_row(depth_))] = static_cast<std::uint8_t>(u >> 8U);
  } else {
    const auto v = static_cast<std::int16_t>(value);
    std::memcpy(bytes_.data() + 2 * k, &v, sizeof v);
  }
}

inline Index Int16Vector::operator[](Index k) const {
  if constexpr (detail::int8_bytes)
    return Index{bytes_[static_cast<std::size_t>(k)]} +
           256 * Index{bytes_[static_cast<std::size_t>(k + int8_row(depth_))]} - 32768;
  std::int16_t v = 0;
  std::memcpy(&v, bytes_.data() + 2 * k, sizeof v);
  return v;
}

/// Whole vectors of values first .. end - 1 of x; returns the first value that is left.
inline Index Int16Vector::set_vectors([[maybe_unused]] const float* x, Index first,
                                      [[maybe_unused]] Index end, [[maybe_unused]] float up,
                                      [[maybe_unused]] float limit) {
  Index k = first;
#if defined(GYROGRAD_AVX512)
  const __m512 f = _mm512_set1_ps(up), top = _mm512_set1_ps(limit), bottom = _mm512_set1_ps(-limit);
  for (; k + 16 <= end; k += 16) {
    const __m512 v = _mm512_max_ps(bottom, _mm512_min_ps(top, _mm512_mul_ps(_mm512_loadu_ps(x + k), f)));
    const __m512i whole = _mm512_cvtps_epi32(v);
    std::uint8_t* to = bytes_.data() + k;
    if constexpr (detail::int8_bytes) {
      const __m512i u = _mm512_add_epi32(whole, _mm512_set1_epi32(32768));
      _mm512_mask_cvtepi32_storeu_epi8(to, __mmask16{0xffff}, u);
      _mm512_mask_cvtepi32_storeu_epi8(to + int8_row(depth_), __mmask16{0xffff}, _mm512_srli_epi32(u, 8));
    } else {
      _mm512_mask_cvtepi32_storeu_epi16(to + k, __mmask16{0xffff}, whole);
    }
  }
#elif defined(GYROGRAD_AVX2)
  const __m256 f = _mm256_set1_ps(up), top = _mm256_set1_ps(limit), bottom = _mm256_set1_ps(-limit);
  for (; k + 8 <= end; k += 8) {
    const __m256 v = _mm256_max_ps(bottom, _mm256_min_ps(top, _mm256_mul_ps(_mm256_loadu_ps(x + k), f)));
    const __m256i whole = _mm256_cvtps_epi32(v);
    _mm_storeu_si128(reinterpret_cast<__m128i*>(bytes_.data() + 2 * k),
                     _mm_packs_epi32(_mm256_castsi256_si128(whole), _mm256_extracti128_si256(whole, 1)));
  }
#endif
  return k;
}

template <class Real>
void Int16Vector::set_bound(double bound) {
  const Real up = static_cast<Real>(static_cast<double>(int16_limit(depth_)) / bound);
  up_ = static_cast<double>(up);
  factor_ = static_cast<float>(1 / up_);
}

template <class Real>
void Int16Vector::set_range(const Real* x, Index first, Index count) {
  const auto limit = static_cast<Real>(int16_limit(depth_));
  const Real up = static_cast<Real>(up_);
  const Index end = first + count;
  for (Index k = set_vectors(x, first, end, up, limit); k < end; ++k)
    set_one(k, std::lrint(std::clamp(x[k] * up, -limit, limit)));
}

namespace detail {

/// Four bytes at p.
GYROGRAD_INLINE std::int32_t word_at(const std::uint8_t* p) {
  std::int32_t v;
  std::memcpy(&v, p, sizeof v);
  return v;
}

/// Sums over k of q(m, k) u(k) for the rows of one panel, as float.   length: int8_row(depth)
GYROGRAD_INLINE void int8_sums(Batch<float> (&sums)[panel_vectors], const std::int8_t* panel,
                               const std::int32_t* start, const std::uint8_t* x, Index length) {
#if defined(GYROGRAD_AVX512)
  constexpr int ways = 2;  // sums per row that do not wait for one another
  __m512i low[ways][panel_vectors], high[ways][panel_vectors];
  GYROGRAD_UNROLL
  for (int i = 0; i < ways * panel_vectors; ++i) {
    const int j = i / panel_vectors, v = i % panel_vectors;
    low[j][v] = j == 0 ? _mm512_loadu_si512(start + 16 * v) : _mm512_setzero_si512();
    high[j][v] = _mm512_setzero_si512();
  }
  for (Index k = 0; k < length; k += ways * int8_together) {
    GYROGRAD_UNROLL
    for (int j = 0; j < ways; ++j) {
#if defined(__AVX512VNNI__)
      const __m512i lower = _mm512_set1_epi32(word_at(x + k + 4 * j)),
                    upper = _mm512_set1_epi32(word_at(x + length + k + 4 * j));
      GYROGRAD_UNROLL
      for (int v = 0; v < panel_vectors; ++v) {
        const __m512i w = _mm512_loadu_si512(panel + 64 * v);
        low[j][v] = _mm512_dpbusd_epi32(low[j][v], lower, w);
        high[j][v] = _mm512_dpbusd_epi32(high[j][v], upper, w);
      }
#else
      const __m512i pair = _mm512_set1_epi32(word_at(x + 2 * (k + 2 * j)));
      GYROGRAD_UNROLL
      for (int v = 0; v < panel_vectors; ++v) {
        const __m512i w =
            _mm512_cvtepi8_epi16(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(panel + 32 * v)));
        low[j][v] = _mm512_add_epi32(low[j][v], _mm512_madd_epi16(w, pair));
      }
#endif
      panel += int8_together * int8_panel_rows;
    }
  }
  GYROGRAD_UNROLL
  for (int v = 0; v < panel_vectors; ++v) {
    const __m512i upper = _mm512_slli_epi32(_mm512_add_epi32(high[0][v], high[1][v]), 8);
    sums[v] =
        Batch<float>(_mm512_cvtepi32_ps(_mm512_add_epi32(_mm512_add_epi32(low[0][v], low[1][v]), upper)));
  }
#elif defined(GYROGRAD_AVX2)
  constexpr int ways = 2;
  __m256i sum[ways][panel_vectors];
  GYROGRAD_UNROLL
  for (int i = 0; i < ways * panel_vectors; ++i) {
    const int j = i / panel_vectors, v = i % panel_vectors;
    sum[j][v] =
        j == 0 ? _mm256_loadu_si256(reinterpret_cast<const __m256i*>(start + 8 * v)) : _mm256_setzero_si256();
  }
  for (Index k = 0; k < length; k += 2 * ways) {
    GYROGRAD_UNROLL
    for (int j = 0; j < ways; ++j) {
      const __m256i pair = _mm256_set1_epi32(word_at(x + 2 * (k + 2 * j)));
      GYROGRAD_UNROLL
      for (int v = 0; v < panel_vectors; ++v) {
        const __m256i w =
            _mm256_cvtepi8_epi16(_mm_loadu_si128(reinterpret_cast<const __m128i*>(panel + 16 * v)));
        sum[j][v] = _mm256_add_epi32(sum[j][v], _mm256_madd_epi16(w, pair));
      }
      panel += 2 * int8_panel_rows;
    }
  }
  GYROGRAD_UNROLL
  for (int v = 0; v < panel_vectors; ++v)
    sums[v] = Batch<float>(_mm256_cvtepi32_ps(_mm256_add_epi32(sum[0][v], sum[1][v])));
#else
  std::int32_t sum[static_cast<std::size_t>(int8_panel_rows)];
  std::copy_n(start, int8_panel_rows, sum);
  for (Index k = 0; k < length; k += 2) {
    std::int16_t pair[2];
    std::memcpy(pair, x + 2 * k, sizeof pair);
    for (Index i = 0; i < int8_panel_rows; ++i, panel += 2) sum[i] += panel[0] * pair[0] + panel[1] * pair[1];
  }
  float values[static_cast<std::size_t>(int8_panel_rows)];
  for (Index i = 0; i < int8_panel_rows; ++i) values[i] = static_cast<float>(sum[i]);
  for (int v = 0; v < panel_vectors; ++v) sums[v] = load(values + v * lanes<float>);
#endif
}

}  // namespace detail

/// y(i) = start(i) + x.factor() scale(i) sum_k q(i, k) u(k) for the rows of one panel.
/// y, start: (int8_panel_rows)  panel, scale, first: of pack_int8_panel
template <class Real>
GYROGRAD_INLINE void int8_panel_product(Real* y, const Real* start, const std::int8_t* panel,
                                        const float* scale, const std::int32_t* first, const Int16Vector& x) {
  Batch<float> sums[panel_vectors];
  detail::int8_sums(sums, panel, first, x.data(), int8_row(x.depth()));
  constexpr Index L = lanes<float>;
  const Batch<float> factor = broadcast(x.factor());
  GYROGRAD_UNROLL
  for (int v = 0; v < panel_vectors; ++v) {
    const Batch<float> step = factor * load(scale + v * L);
    if constexpr (std::is_same_v<Real, float>) {
      store(y + v * L, fma(sums[v], step, load(start + v * L)));
    } else {
      float products[static_cast<std::size_t>(L)];
      store(products, sums[v] * step);
      for (Index i = 0; i < L; ++i) y[v * L + i] = start[v * L + i] + static_cast<Real>(products[i]);
    }
  }
}

}  // namespace gyrograd::kernels
