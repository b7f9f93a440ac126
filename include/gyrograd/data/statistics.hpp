// SPDX-License-Identifier: MIT
// What a prepared set holds, in numbers: ranges of the channels, lengths of vectors, spectra, class counts.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <map>
#include <numbers>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "gyrograd/core/config.hpp"
#include "gyrograd/core/error.hpp"
#include "gyrograd/data/card.hpp"
#include "gyrograd/data/findings.hpp"
#include "gyrograd/data/recording.hpp"
#include "gyrograd/data/windows.hpp"

namespace gyrograd::data {

/// One channel over all windows and steps; the deviation divides by n.
struct ChannelStatistics {
  double mean = 0, deviation = 0, least = 0, most = 0;
};

namespace detail {

inline void check_not_empty(const Windows& w) {
  if (w.count < 1 || w.steps < 1 || w.channels < 1)
    fail<ShapeError>("statistics: ", w.count, " windows of ", w.steps, " steps and ", w.channels,
                     " channels");
}

}  // namespace detail

/// Every channel of a set. Sums in double, in two passes.
inline std::vector<ChannelStatistics> channel_statistics(const Windows& w) {
  detail::check_not_empty(w);
  const auto channels = static_cast<std::size_t>(w.channels);
  const auto n = static_cast<double>(w.count * w.steps);
  std::vector<ChannelStatistics> out(channels);
  for (ChannelStatistics& c : out) c.least = std::numeric_limits<double>::infinity(), c.most = -c.least;
  for (std::size_t i = 0; i < w.values.size(); ++i) {
    ChannelStatistics& c = out[i % channels];
    const auto v = static_cast<double>(w.values[i]);
    c.mean += v, c.least = std::min(c.least, v), c.most = std::max(c.most, v);
  }
  for (ChannelStatistics& c : out) c.mean /= n;
  for (std::size_t i = 0; i < w.values.size(); ++i) {
    ChannelStatistics& c = out[i % channels];
    const double d = static_cast<double>(w.values[i]) - c.mean;
    c.deviation += d * d;
  }
  for (ChannelStatistics& c : out) c.deviation = std::sqrt(c.deviation / n);
  return out;
}

/// Mean length of the vectors in three neighbouring channels.
inline double mean_norm(const Windows& w, Index first) {
  detail::check_not_empty(w);
  if (first < 0 || first + 3 > w.channels)
    fail<ShapeError>("statistics: channels ", first, " to ", first + 2, " of ", w.channels);
  double sum = 0;
  for (Index row = 0; row < w.count * w.steps; ++row) {
    const float* v = w.values.data() + row * w.channels + first;
    const auto x = static_cast<double>(v[0]), y = static_cast<double>(v[1]), z = static_cast<double>(v[2]);
    sum += std::sqrt(x * x + y * y + z * z);
  }
  return sum / static_cast<double>(w.count * w.steps);
}

/// Mean power of a sensor's three channels by frequency, over the given windows: each channel less its mean
/// of the window, Hann window, |DFT|^2 scaled so that the sum over the bins is the variance of the three
/// channels together. Bin k stands for k * rate / steps Hz, k = 0 .. steps / 2.
inline std::vector<double> power_spectrum(const Windows& w, Index first, std::span<const Index> chosen) {
  detail::check_not_empty(w);
  if (first < 0 || first + 3 > w.channels)
    fail<ShapeError>("spectrum: channels ", first, " to ", first + 2, " of ", w.channels);
  const Index steps = w.steps, bins = steps / 2 + 1;
  std::vector<double> cosine(static_cast<std::size_t>(steps)), sine(cosine.size()), hann(cosine.size());
  double weight = 0;
  for (Index t = 0; t < steps; ++t) {
    const auto i = static_cast<std::size_t>(t);
    const double angle = 2 * std::numbers::pi * static_cast<double>(t) / static_cast<double>(steps);
    cosine[i] = std::cos(angle), sine[i] = std::sin(angle);
    hann[i] = 0.5 - 0.5 * cosine[i];
    weight += hann[i] * hann[i];
  }
  std::vector<double> power(static_cast<std::size_t>(bins)), x(cosine.size());
  for (const Index window : chosen) {
    for (Index c = first; c < first + 3; ++c) {
      const float* in = w.values.data() + window * steps * w.channels + c;
      double mean = 0;
      for (Index t = 0; t < steps; ++t) mean += static_cast<double>(in[t * w.channels]);
      mean /= static_cast<double>(steps);
      for (Index t = 0; t < steps; ++t)
        x[static_cast<std::size_t>(t)] =
            (static_cast<double>(in[t * w.channels]) - mean) * hann[static_cast<std::size_t>(t)];
      for (Index k = 0; k < bins; ++k) {
        double re = 0, im = 0;
        Index at = 0;  // k t modulo steps
        for (const double v : x) {
          re += v * cosine[static_cast<std::size_t>(at)], im += v * sine[static_cast<std::size_t>(at)];
          at += k;
          if (at >= steps) at -= steps;
        }
        const double twice = k == 0 || 2 * k == steps ? 1 : 2;
        power[static_cast<std::size_t>(k)] +=
            twice * (re * re + im * im) / (static_cast<double>(steps) * weight);
      }
    }
  }
  for (double& p : power) p /= std::max(1.0, static_cast<double>(chosen.size()));
  return power;
}

/// How many windows carry each value of a label column, and how many change it within the window.
struct LabelCounts {
  std::map<Index, Index> windows;  ///< by the label of the first step, as stored
  Index mixed = 0;                 ///< windows whose label changes

  /// Largest share over smallest: 1 is balanced. 0 without windows.
  double imbalance() const {
    Index least = std::numeric_limits<Index>::max(), most = 0;
    for (const auto& [label, n] : windows) least = std::min(least, n), most = std::max(most, n);
    return windows.empty() ? 0 : static_cast<double>(most) / static_cast<double>(least);
  }
};

/// Counts windows by the label of their first step, and those whose label changes. ConfigError when there is
/// no such column.
inline LabelCounts count_labels(const Labels& labels, Index column) {
  if (column < 0 || column >= labels.columns)
    fail<ConfigError>("label column ", column, " does not exist: the labels have columns 0 to ",
                      labels.columns - 1);
  LabelCounts out;
  for (Index i = 0; i < labels.count; ++i) {
    const double first = labels.at(i, 0, column);
    ++out.windows[static_cast<Index>(first)];
    Index t = 1;
    while (t < labels.steps && labels.at(i, t, column) == first) ++t;
    if (t < labels.steps) ++out.mixed;
  }
  return out;
}

/// Adds to `findings` what is wrong with window number i, of as many channels as the card has units.
inline void check_window(std::span<const float> values, Index i, const Card& card, Findings& findings) {
  Recording r;
  r.channels = static_cast<Index>(card.units.size());
  r.where = "window " + std::to_string(i);
  r.values.assign(values.begin(), values.end());
  usable(r, card, findings);
}

/// Windows that should not be in a set, with what is wrong: constant channels, magnitudes that contradict the
/// unit of the card.
inline Findings check_windows(const Windows& w, const Card& card) {
  if (static_cast<Index>(card.units.size()) != w.channels)
    fail<ConfigError>(card.source, ": the card names ", card.units.size(), " channels, the data has ",
                      w.channels);
  Findings findings;
  for (Index i = 0; i < w.count; ++i) check_window(w.window(i), i, card, findings);
  return findings;
}

}  // namespace gyrograd::data
