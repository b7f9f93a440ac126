// SPDX-License-Identifier: MIT
// Tolerances by scalar type, and the two ways to measure a deviation: relative to the largest value, in ULP.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <span>
#include <type_traits>

#include "gyrograd/tensor/tensor.hpp"
#include "support/catch.hpp"

namespace gyrograd::testing {

/// Kernel against double-precision loops on values of order one: rounding of a few hundred additions, and the
/// stated errors of the vector maths.
template <Scalar Real>
inline constexpr double kernel_tolerance = std::is_same_v<Real, float> ? 4e-6 : 1e-13;

/// max|got - want| / max(max|want|, 1e-3); infinite when a number is NaN or one side is infinite alone.
template <class Got, class Want>
double largest_gap(std::span<const Got> got, std::span<const Want> want) {
  double worst = got.size() == want.size() ? 0 : std::numeric_limits<double>::infinity(), scale = 1e-3;
  for (std::size_t i = 0; i < std::min(got.size(), want.size()); ++i) {
    const double g = static_cast<double>(got[i]), w = static_cast<double>(want[i]);
    const double gap = g == w ? 0 : std::fabs(g - w);
    worst = std::isnan(gap) ? std::numeric_limits<double>::infinity() : std::max(worst, gap);
    scale = std::max(scale, std::fabs(w));
  }
  return worst / scale;
}

/// Checks values against doubles; `scale` multiplies the tolerance of the type (long sums, small results).
template <class Real, class Got, class Want>
void check_close(const Got& got, const Want& want, double scale = 1) {
  using G = std::remove_cvref_t<decltype(*got.begin())>;
  using W = std::remove_cvref_t<decltype(*want.begin())>;
  CHECK(largest_gap(std::span<const G>(got), std::span<const W>(want)) <= scale * kernel_tolerance<Real>);
}

/// Distance of `got` from the exact value in units of the last place of the exact value in Real.
template <class Real>
double ulp_error(Real got, double exact) {
  const Real nearest = std::fabs(static_cast<Real>(exact));
  const double unit = static_cast<double>(std::nextafter(nearest, std::numeric_limits<Real>::infinity())) -
                      static_cast<double>(nearest);
  return std::fabs(static_cast<double>(got) - exact) / unit;
}

}  // namespace gyrograd::testing
