// SPDX-License-Identifier: MIT
// A stretch of evenly sampled sensor rows with its labels, and the checks that decide whether it is used.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "gyrograd/core/config.hpp"
#include "gyrograd/core/error.hpp"
#include "gyrograd/data/card.hpp"
#include "gyrograd/data/findings.hpp"

namespace gyrograd::data {

/// Uninterrupted rows of one person with one device, in the units of the card.
struct Recording {
  std::string where;  ///< "file:row" of the first row, for messages
  double rate = 0;    ///< Hz
  double start = 0;   ///< s since the start of the session
  Index session = 0;  ///< stretches of one session share this number
  Index channels = 0;
  std::vector<double> values;  ///< (rows, channels)
  std::vector<double> labels;  ///< one per label column for all rows, or (rows, columns)

  Index rows() const { return channels > 0 ? static_cast<Index>(values.size()) / channels : 0; }
};

/// Number in at most four digits, for messages.
inline std::string short_text(double value) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.4g", value);
  return text.data();
}

/// The value below which `share` of the values lie; reorders them. 0 when there is none.
inline double quantile(std::vector<double>& values, double share) {
  if (values.empty()) return 0;
  const auto at = values.begin() + static_cast<Index>(share * static_cast<double>(values.size() - 1));
  std::nth_element(values.begin(), at, values.end());
  return *at;
}

/// Lengths of the vectors in three neighbouring channels of rows (n, channels).
inline std::vector<double> triad_norms(std::span<const double> rows, Index channels, Index first) {
  std::vector<double> norms;
  for (std::size_t i = static_cast<std::size_t>(first); i + 2 < rows.size();
       i += static_cast<std::size_t>(channels)) {
    norms.push_back(std::sqrt(rows[i] * rows[i] + rows[i + 1] * rows[i + 1] + rows[i + 2] * rows[i + 2]));
  }
  return norms;
}

/// First channel that holds one value throughout, or -1. Needs two rows.
inline Index constant_channel(std::span<const double> rows, Index channels) {
  const auto n = static_cast<Index>(rows.size()) / channels;
  for (Index c = 0; c < channels && n > 1; ++c) {
    Index i = 1;
    while (i < n && rows[static_cast<std::size_t>(i * channels + c)] == rows[static_cast<std::size_t>(c)])
      ++i;
    if (i == n) return c;
  }
  return -1;
}

/// Why magnitudes contradict the units of the card, in words; empty when they do not. The median |acc| of
/// people who carry a device lies near gravity; no gyroscope of a phone goes beyond 2000 deg/s for long.
inline std::string unit_doubt(std::span<const double> rows, const Card& card) {
  const auto channels = static_cast<Index>(card.units.size());
  constexpr double gravity = 9.80665;
  if (const Index acc = find_triad(card, Quantity::acceleration); acc >= 0) {
    std::vector<double> norms = triad_norms(rows, channels, acc);
    const double size = unit_size(card, acc, card.source), median = quantile(norms, 0.5) * size;
    const std::string said = "median |acc| is " + short_text(median / size) + ", expected near " +
                             short_text(gravity / size) + " in " + card.units[static_cast<std::size_t>(acc)];
    if (median < 0.2 * gravity && median > 0.05 * gravity) return said + "; it looks like g";
    if (median < 0.5 * gravity) return said + "; gravity seems to be removed, or the unit is another";
    if (median > 5 * gravity && median < 20 * gravity) return said + "; it looks like m/s2 taken for g";
    if (median > 2 * gravity) return said + "; the unit seems to be another";
  }
  if (const Index gyro = find_triad(card, Quantity::rotation); gyro >= 0) {
    std::vector<double> norms = triad_norms(rows, channels, gyro);
    const double size = unit_size(card, gyro, card.source), high = quantile(norms, 0.95) * size;
    if (high > 35) {
      return "95 % of |gyro| reach " + short_text(high / size) + " " +
             card.units[static_cast<std::size_t>(gyro)] +
             ", more than 2000 deg/s; it looks like deg/s taken for rad/s";
    }
  }
  return {};
}

/// Reports what is wrong with a recording; true when it can be used.
inline bool usable(const Recording& r, const Card& card, Findings& findings) {
  for (std::size_t i = 0; i < r.values.size(); ++i) {
    if (std::isfinite(r.values[i])) continue;
    findings.add(FindingKind::missing_value, r.where,
                 "row " + std::to_string(static_cast<Index>(i) / r.channels) + " of the recording, channel " +
                     card.channels[i % card.channels.size()] + ", is not a finite number");
    return false;
  }
  if (const Index c = constant_channel(r.values, r.channels); c >= 0) {
    findings.add(FindingKind::constant, r.where,
                 "channel " + card.channels[static_cast<std::size_t>(c)] + " is " +
                     short_text(r.values[static_cast<std::size_t>(c)]) + " in all " +
                     std::to_string(r.rows()) + " rows");
    return false;
  }
  const std::string doubt = unit_doubt(r.values, card);
  if (!doubt.empty()) findings.add(FindingKind::unit, r.where, doubt);
  return doubt.empty();
}

}  // namespace gyrograd::data
