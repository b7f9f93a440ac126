// SPDX-License-Identifier: MIT
// Two rows in one vector: half a vector of positions of one row below the same positions of another.
#pragma once

#include "gyrograd/kernels/simd.hpp"

namespace gyrograd::kernels {

/// Whether vectors of Real have the functions below: where they are so long that windows often end in half of
/// one.
#if defined(GYROGRAD_AVX512)
template <class Real>
inline constexpr bool has_half_lanes = std::is_same_v<Real, float>;
#else
template <class Real>
inline constexpr bool has_half_lanes = false;
#endif

#if defined(GYROGRAD_AVX512)

/// The n values at p in both halves, 0 <= n <= 8, zeros behind them.
GYROGRAD_INLINE Batch<float> load_twice(const float* p, Index n) {
  const __m512 v = load_partial(p, n);
  return Batch<float>(_mm512_shuffle_f32x4(v, v, 0x44));
}

/// Lower half of a, upper half of b.
GYROGRAD_INLINE Batch<float> join_halves(Batch<float> a, Batch<float> b) {
  return Batch<float>(_mm512_mask_blend_ps(__mmask16{0xff00}, a, b));
}

/// The upper half below the lower one.
GYROGRAD_INLINE Batch<float> swap_halves(Batch<float> v) {
  return Batch<float>(_mm512_shuffle_f32x4(v, v, 0x4e));
}

/// The n values at p in the lower half, those at q in the upper one, zeros behind each.
GYROGRAD_INLINE Batch<float> load_halves(const float* p, const float* q, Index n) {
  return Batch<float>(_mm512_shuffle_f32x4(load_partial(p, n), load_partial(q, n), 0x44));
}

/// The first n values of each half: the lower one to p, the upper one to q.
GYROGRAD_INLINE void store_halves(float* p, float* q, Batch<float> v, Index n) {
  store_partial(p, v, n);
  store_partial(q, swap_halves(v), n);
}

#endif

}  // namespace gyrograd::kernels
