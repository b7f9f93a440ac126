// SPDX-License-Identifier: MIT
// Standardised channels: mean and deviation of each over chosen windows.
#pragma once

#include <cmath>
#include <cstddef>
#include <span>
#include <vector>

#include "gyrograd/core/config.hpp"
#include "gyrograd/data/windows.hpp"

namespace gyrograd::data {

/// A channel becomes (value - mean) factor.
struct ChannelScale {
  double mean = 0, factor = 1;
};

/// Mean and one over the deviation of every channel over the windows `chosen`; factor 1 for a channel that
/// never varies there. Nothing chosen: nothing changes.
inline std::vector<ChannelScale> channel_scales(const Windows& w, std::span<const Index> chosen) {
  std::vector<ChannelScale> scales(static_cast<std::size_t>(w.channels));
  const auto n = static_cast<double>(static_cast<Index>(chosen.size()) * w.steps);
  for (Index c = 0; c < w.channels && !chosen.empty(); ++c) {
    const auto each = [&](auto&& visit) {
      for (const Index i : chosen)
        for (Index t = 0; t < w.steps; ++t)
          visit(static_cast<double>(w.window(i)[static_cast<std::size_t>(t * w.channels + c)]));
    };
    double mean = 0, square = 0;
    each([&](double v) { mean += v / n; });
    each([&](double v) { square += (v - mean) * (v - mean) / n; });
    scales[static_cast<std::size_t>(c)] = {mean, square > 0 ? 1 / std::sqrt(square) : 1};
  }
  return scales;
}

/// Every channel of all windows.
inline void apply_scales(Windows& w, std::span<const ChannelScale> scales) {
  for (std::size_t i = 0; i < w.values.size(); ++i) {
    const ChannelScale& s = scales[i % scales.size()];
    w.values[i] = static_cast<float>((static_cast<double>(w.values[i]) - s.mean) * s.factor);
  }
}

/// Every channel minus its mean, divided by its deviation, both over the windows `chosen`.
inline void standardise_channels(Windows& w, std::span<const Index> chosen) {
  apply_scales(w, channel_scales(w, chosen));
}

}  // namespace gyrograd::data
