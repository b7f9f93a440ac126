// SPDX-License-Identifier: MIT
// Version and build switches: the only macros meant for users.
#pragma once

#include <cstddef>

#define GYROGRAD_VERSION_MAJOR 0
#define GYROGRAD_VERSION_MINOR 1
#define GYROGRAD_VERSION_PATCH 0
#define GYROGRAD_VERSION "0.1.0"

// -ffast-math lets the compiler drop the NaN, infinity and rounding rules that the kernels rely on
// (xsimd's tanh(80) becomes NaN under it).
#if defined(__FAST_MATH__)
#error "gyrograd: do not compile with -ffast-math; the kernels are vectorised by hand and need IEEE rules"
#endif

namespace gyrograd {

/// Signed size and index type of the whole library (same width as Eigen's).
using Index = std::ptrdiff_t;

/// Alignment in bytes of every buffer that the library allocates: one cache line, one AVX-512 vector.
inline constexpr std::size_t alignment = 64;

}  // namespace gyrograd
