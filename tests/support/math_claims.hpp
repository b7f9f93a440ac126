// SPDX-License-Identifier: MIT
// What kernels/math.hpp promises for float, as a table: the limits, the exact function, and how to measure.
//
// The error of y at x must not exceed `ulp` units in the last place of the exact value plus `absolute`, for
// every float in [low, high]; NaN gives NaN. docs/kernels/math.md shows the same numbers.
#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "gyrograd/kernels/math.hpp"

namespace gyrograd::testing {

struct MathClaim {
  const char* name;
  double ulp, absolute;
  float low, high;
  kernels::Batch<float> (*ours)(kernels::Batch<float>);
  double (*exact)(double);
  bool keeps_nan = true;
};

inline constexpr float math_inf = std::numeric_limits<float>::infinity();
inline constexpr float math_max = std::numeric_limits<float>::max();
/// Results below the smallest normal float may be any value down to 0.
inline constexpr double math_flush = 1.18e-38;

namespace exact {

inline double exp2_clamped(double x) {
  return std::exp2(std::clamp(x, -126.0, 127.0));
}
inline double exp(double x) {
  return std::exp(x);
}
inline double log(double x) {
  return std::log(x);
}
inline double tanh(double x) {
  return std::tanh(x);
}
inline double sigmoid(double x) {
  return 1 / (1 + std::exp(-x));
}
inline double gelu(double x) {
  return 0.5 * x * std::erfc(-x * 0.70710678118654752440);
}
inline double gelu_slope(double x) {
  return 0.5 * std::erfc(-x * 0.70710678118654752440) + x * 0.3989422804014327 * std::exp(-0.5 * x * x);
}

}  // namespace exact

namespace ours {

using V = kernels::Batch<float>;
inline V exp2_clamped(V x) {
  return kernels::exp2_clamped(x);
}
inline V exp(V x) {
  return kernels::exp(x);
}
inline V log(V x) {
  return kernels::log_lanes<float>(x);
}
inline V tanh(V x) {
  return kernels::tanh(x);
}
inline V sigmoid(V x) {
  return kernels::sigmoid<float>(x);
}
inline V gelu(V x) {
  V y, slope;
  kernels::gelu_pair<float>(y, slope, x);
  return y;
}
inline V gelu_value(V x) {
  return kernels::gelu_value<float>(x);
}
inline V gelu_slope(V x) {
  V y, slope;
  kernels::gelu_pair<float>(y, slope, x);
  return slope;
}

}  // namespace ours

inline const MathClaim math_claims[] = {
    {"exp2_clamped", 4, 0, -math_inf, math_inf, ours::exp2_clamped, exact::exp2_clamped},
    {"exp", 3, math_flush, -math_inf, math_inf, ours::exp, exact::exp},
    {"log", 1, 0, 0, math_inf, ours::log, exact::log},
    {"tanh", 9, 0, -math_inf, math_inf, ours::tanh, exact::tanh},
    {"sigmoid", 0, 1.2e-7, -math_inf, math_inf, ours::sigmoid, exact::sigmoid},
    {"sigmoid, small values", 64, math_flush, -math_inf, math_inf, ours::sigmoid, exact::sigmoid},
    {"gelu", 1, 4.4e-7, -math_max, math_inf, ours::gelu, exact::gelu},
    {"gelu, x >= 0", 11, 0, 0, math_inf, ours::gelu, exact::gelu},
    {"gelu alone", 1, 1.2e-7, -math_max, math_inf, ours::gelu_value, exact::gelu},
    {"gelu slope", 1, 3.4e-7, -1e30F, 1e30F, ours::gelu_slope, exact::gelu_slope},
};

/// Largest error over samples: as a multiple of the claim (must be <= 1), and where.
struct MathWorst {
  double share = 0, ulps = 0, absolute = 0;
  float at = 0, got = 0;

  void take(const MathWorst& other) {
    if (other.share > share) {
      share = other.share;
      at = other.at;
      got = other.got;
    }
    ulps = std::max(ulps, other.ulps);
    absolute = std::max(absolute, other.absolute);
  }
};

/// Space between floats at |x|.
inline double float_spacing(double x) {
  return std::ldexp(1.0, std::max(x == 0 ? -126 : std::ilogb(x), -126) - 23);
}

/// Errors of the claim's function on x; values outside of its range are left out.
inline MathWorst measure(const MathClaim& claim, std::span<const float> x) {
  constexpr Index L = kernels::lanes<float>;
  MathWorst worst;
  float y[static_cast<std::size_t>(L)];
  const auto n = static_cast<Index>(x.size());
  for (Index i = 0; i < n; i += L) {
    kernels::store(y, claim.ours(kernels::load_lanes(x.data(), i, n)));
    for (Index l = 0; l < std::min(L, n - i); ++l) {
      const float at = x[static_cast<std::size_t>(i + l)];
      const float got = y[l];
      MathWorst here{0, 0, 0, at, got};
      if (std::isnan(at)) {
        here.share = claim.keeps_nan && !std::isnan(got) ? HUGE_VAL : 0;
      } else if (at >= claim.low && at <= claim.high) {
        const double want = claim.exact(static_cast<double>(at));
        const double nearest = static_cast<double>(static_cast<float>(want));
        if (static_cast<double>(got) == nearest) continue;  // also infinities
        const double error = std::fabs(static_cast<double>(got) - want), unit = float_spacing(want);
        here.absolute = error;
        here.ulps = error / unit;
        here.share = error / (claim.ulp * unit + claim.absolute);
        if (std::isnan(here.share) || std::isinf(nearest)) here.share = HUGE_VAL;
      }
      worst.take(here);
    }
  }
  return worst;
}

/// The bit patterns first, first + step, ... (n of them) as floats.
inline std::vector<float> floats_from(std::uint64_t first, std::uint64_t step, std::size_t n) {
  std::vector<float> x(n);
  for (std::size_t i = 0; i < n; ++i)
    x[i] = std::bit_cast<float>(static_cast<std::uint32_t>(first + i * step));
  return x;
}

}  // namespace gyrograd::testing
