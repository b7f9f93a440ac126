// SPDX-License-Identifier: MIT
// Down-sampling by averaging groups of rows, with fractional ratios, as the published preparation scripts do.
#pragma once

#include <cmath>
#include <cstddef>
#include <span>
#include <vector>

#include "gyrograd/core/config.hpp"
#include "gyrograd/core/error.hpp"

namespace gyrograd::data {

/// Where the loop over a recording of n rows stops; the published scripts differ (LIMU-BERT sheet §5.8).
/// w = floor(ratio), i = first row of the next group.
enum class LoopGuard {
  motion,  ///< fractional: i + w + 1 < n; whole ratio: a last partial group is kept
  huawei,  ///< as motion
  shoaib,  ///< fractional: i + w + 1 <= n; whole ratio: as motion
  uci,  ///< fractional: i + w + 1 < n; whole ratio: groups start below n - w, so an exactly fitting last one
        ///< is lost
};

namespace detail {

template <class Real>
void append_mean(std::vector<Real>& out, std::span<const Real> rows, Index channels, Index first,
                 Index count) {
  for (Index c = 0; c < channels; ++c) {
    Real sum = 0;
    for (Index i = first; i < first + count; ++i) sum += rows[static_cast<std::size_t>(i * channels + c)];
    out.push_back(sum / static_cast<Real>(count));
  }
}

}  // namespace detail

/// Averages consecutive groups whose mean size is `ratio`: for 2.5 the sizes are 2, 3, 2, 3, ...
/// rows: (n, channels) row-major; result: (m, channels). A whole ratio uses equal groups.
template <class Real>
std::vector<Real> down_sample(std::span<const Real> rows, Index channels, double ratio, LoopGuard guard) {
  if (!(ratio >= 1.0) || !std::isfinite(ratio))
    fail<ConfigError>("down_sample: ratio ", ratio, ", expected at least 1");
  if (channels < 1 || rows.size() % static_cast<std::size_t>(channels) != 0) {
    fail<ShapeError>("down_sample: ", rows.size(), " values are not rows of ", channels, " channels");
  }
  const Index n = static_cast<Index>(rows.size()) / channels;
  const Index w = static_cast<Index>(ratio);
  std::vector<Real> out;
  out.reserve(rows.size() / static_cast<std::size_t>(w) + static_cast<std::size_t>(channels));
  if (ratio == std::floor(ratio)) {
    const Index stop = guard == LoopGuard::uci ? n - w : n;
    for (Index i = 0; i < stop; i += w) detail::append_mean(out, rows, channels, i, std::min(w, n - i));
    return out;
  }
  const Index last = guard == LoopGuard::shoaib ? n : n - 1;
  double carry = 0.0;
  for (Index i = 0; i + w + 1 <= last;) {
    carry += ratio - static_cast<double>(w);
    const bool longer = carry >= 1.0;
    if (longer) carry -= 1.0;
    const Index size = longer ? w + 1 : w;
    detail::append_mean(out, rows, channels, i, size);
    i += size;
  }
  return out;
}

/// Number of whole windows of `steps` rows in a recording of `rows` rows; a recording of exactly `steps` rows
/// gives none, as published (LIMU-BERT sheet §13.15).
inline Index window_count(Index rows, Index steps) {
  return rows > steps ? rows / steps : 0;
}

}  // namespace gyrograd::data
