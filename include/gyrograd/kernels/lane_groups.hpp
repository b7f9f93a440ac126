// SPDX-License-Identifier: MIT
// Lanes of several sequences in one vector: lane l belongs to sequence l mod Group.
#pragma once

#include "gyrograd/kernels/simd.hpp"

namespace gyrograd::kernels {

/// Repeats the Group values at p over all lanes: lane l holds p[l mod Group]. Group is 1, 2 or 4.
template <int Group, class Real>
GYROGRAD_INLINE Batch<Real> broadcast_group(const Real* p) {
  static_assert(Group == 1 || Group == 2 || Group == 4, "groups of 1, 2 or 4 sequences share a vector");
  if constexpr (Group == 1)
    return broadcast(*p);
  else if constexpr (Group >= lanes<Real>)
    return load_partial(p, lanes<Real>);
  else {
#if defined(GYROGRAD_AVX512)
    if constexpr (std::is_same_v<Real, float> && Group == 2) {
      double pair;
      std::memcpy(&pair, p, sizeof pair);
      return Batch<Real>(_mm512_castpd_ps(_mm512_set1_pd(pair)));
    } else if constexpr (std::is_same_v<Real, float>) {
      return Batch<Real>(_mm512_broadcast_f32x4(_mm_loadu_ps(p)));
    } else if constexpr (Group == 2) {
      return Batch<Real>(_mm512_broadcast_f64x2(_mm_loadu_pd(p)));
    } else {
      return Batch<Real>(_mm512_broadcast_f64x4(_mm256_loadu_pd(p)));
    }
#elif defined(GYROGRAD_AVX2)
    if constexpr (std::is_same_v<Real, float> && Group == 2) {
      double pair;
      std::memcpy(&pair, p, sizeof pair);
      return Batch<Real>(_mm256_castpd_ps(_mm256_set1_pd(pair)));
    } else if constexpr (std::is_same_v<Real, float>) {
      const __m128 four = _mm_loadu_ps(p);
      return Batch<Real>(_mm256_set_m128(four, four));
    } else {
      const __m128d two = _mm_loadu_pd(p);
      return Batch<Real>(_mm256_set_m128d(two, two));
    }
#else
    Real buffer[static_cast<std::size_t>(lanes<Real>)];
    for (Index i = 0; i < lanes<Real>; ++i) buffer[i] = p[i % Group];
    return load(buffer);
#endif
  }
}

/// Adds lanes that belong to the same sequence: sums[g] += sum of the lanes l with l mod Group == g.
template <int Group, class Real>
GYROGRAD_INLINE void reduce_add_group(Real* sums, Batch<Real> v) {
  if constexpr (Group == 1) {
    *sums += reduce_add(v);
  } else {
    Real buffer[static_cast<std::size_t>(lanes<Real>)];
    store(buffer, v);
    if constexpr (Group < lanes<Real>) {
      for (Index half = lanes<Real> / 2; half >= Group; half /= 2)
        for (Index i = 0; i < half; ++i) buffer[i] += buffer[i + half];
    }
    for (Index g = 0; g < Group && g < lanes<Real>; ++g) sums[g] += buffer[g];
  }
}

}  // namespace gyrograd::kernels
