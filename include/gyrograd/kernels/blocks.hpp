// SPDX-License-Identifier: MIT
// How kernels cut positions into blocks of vectors: up to three at a time, the last one may be partial.
#pragma once

#include <algorithm>
#include <type_traits>

#include "gyrograd/kernels/simd.hpp"

namespace gyrograd::kernels {

/// Vectors of the largest block. Three in lockstep hide the latency of a chain of dependent operations and
/// leave registers for constants; the 120 and 240 positions of the models are 15 vectors of 8 and of 16: five
/// whole blocks.
inline constexpr int block_vectors = 3;

/// Calls f(integral_constant<int, Vectors>, bool_constant<Tail>, p, tail) for consecutive blocks of positions
/// that start at p. With Tail the last vector of the block has `tail` valid lanes, 0 < tail < lanes. Four
/// vectors are taken as two and two: a single one would wait for itself.
template <class Real, class F>
GYROGRAD_INLINE void for_blocks(Index positions, F&& f) {
  constexpr Index L = lanes<Real>;
  const Index tail = positions % L;
  Index vectors = (positions + L - 1) / L;
  for (Index p = 0; vectors > 0;) {
    const Index take = vectors == 4 ? 2 : std::min<Index>(vectors, block_vectors);
    const bool partial = take == vectors && tail > 0;
    const auto run = [&](auto count) {
      if (partial)
        f(count, std::bool_constant<true>{}, p, tail);
      else
        f(count, std::bool_constant<false>{}, p, Index(0));
    };
    if (take == 3)
      run(std::integral_constant<int, 3>{});
    else if (take == 2)
      run(std::integral_constant<int, 2>{});
    else
      run(std::integral_constant<int, 1>{});
    p += take * L;
    vectors -= take;
  }
}

/// Load and store of vector v of a block; only the last one may be partial.
template <int Vectors, bool Tail, class Real>
GYROGRAD_INLINE Batch<Real> load_block(const Real* p, int v, Index tail) {
  if constexpr (Tail) {
    if (v == Vectors - 1) return load_partial(p + v * lanes<Real>, tail);
  }
  return load(p + v * lanes<Real>);
}
template <int Vectors, bool Tail, class Real>
GYROGRAD_INLINE void store_block(Real* p, Batch<Real> x, int v, Index tail) {
  if constexpr (Tail) {
    if (v == Vectors - 1) return store_partial(p + v * lanes<Real>, x, tail);
  }
  store(p + v * lanes<Real>, x);
}

namespace detail {

/// Moves p by one addition: else a compiler keeps the distances of all rows, more than there are registers.
template <class T>
GYROGRAD_INLINE void next_row(T*& p, Index stride) {
  p += stride;
  asm("" : "+r"(p));
}

/// Asks for Rows rows of Vectors vectors. Any address is allowed.
template <int Rows, int Vectors, class Real>
GYROGRAD_INLINE void fetch_rows(const Real* p, Index stride) {
  GYROGRAD_UNROLL
  for (int r = 0; r < Rows; ++r) {
    GYROGRAD_UNROLL
    for (int v = 0; v < Vectors; ++v) __builtin_prefetch(p + v * lanes<Real>);
    next_row(p, stride);
  }
}

}  // namespace detail

}  // namespace gyrograd::kernels
