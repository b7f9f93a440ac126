// SPDX-License-Identifier: MIT
// Sensor rows with time stamps of their own onto an even grid: order, repeated stamps, gaps, interpolation.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numeric>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "gyrograd/core/config.hpp"
#include "gyrograd/core/error.hpp"
#include "gyrograd/data/findings.hpp"
#include "gyrograd/data/recording.hpp"

namespace gyrograd::data {

/// Rows of one sensor, or of several that are stamped together.
struct Track {
  std::string file;  ///< for messages
  Index channels = 0;
  std::vector<double> time;    ///< s, of every row
  std::vector<double> values;  ///< (rows, channels)
  std::vector<Index> lines;    ///< line of every row in its file
  std::vector<Index> label;    ///< number of the labels of every row; -1: none; empty: none at all

  Index rows() const { return static_cast<Index>(time.size()); }
  std::string where(Index row) const {
    return file + ":" + std::to_string(lines[static_cast<std::size_t>(row)]);
  }
};

/// Median rate of a track in Hz, from the differences above 0; 0 when there are none.
inline double median_rate(const Track& track) {
  std::vector<double> steps;
  for (std::size_t i = 1; i < track.time.size(); ++i) {
    if (track.time[i] > track.time[i - 1]) steps.push_back(track.time[i] - track.time[i - 1]);
  }
  const double middle = quantile(steps, 0.5);
  return middle > 0 ? 1 / middle : 0;
}

namespace detail {

inline void keep_rows(Track& track, const std::vector<std::size_t>& order) {
  const auto c = static_cast<std::size_t>(track.channels);
  Track out{track.file, track.channels, {}, {}, {}, {}};
  for (const std::size_t i : order) {
    out.time.push_back(track.time[i]);
    out.lines.push_back(track.lines[i]);
    if (!track.label.empty()) out.label.push_back(track.label[i]);
    const auto first = track.values.begin() + static_cast<Index>(i * c);
    out.values.insert(out.values.end(), first, first + track.channels);
  }
  track = std::move(out);
}

}  // namespace detail

/// Sorts rows whose time goes backwards (reported once with its row), and replaces rows of one stamp by their
/// mean.
inline void put_in_order(Track& track, Findings& findings) {
  const auto back = std::adjacent_find(track.time.begin(), track.time.end(), std::greater<>());
  if (back != track.time.end()) {
    findings.add(FindingKind::disorder, track.where(back - track.time.begin() + 1),
                 "time goes back by " + short_text(back[0] - back[1]) + " s; the file is sorted by time");
    std::vector<std::size_t> order(track.time.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::stable_sort(order.begin(), order.end(),
                     [&](std::size_t a, std::size_t b) { return track.time[a] < track.time[b]; });
    detail::keep_rows(track, order);
  }
  const auto c = static_cast<std::size_t>(track.channels);
  std::size_t out = 0;
  for (std::size_t i = 0; i < track.time.size();) {
    std::size_t end = i + 1;
    while (end < track.time.size() && track.time[end] == track.time[i]) ++end;
    for (std::size_t k = 0; k < c; ++k) {
      double sum = 0;
      for (std::size_t j = i; j < end; ++j) sum += track.values[j * c + k];
      track.values[out * c + k] = sum / static_cast<double>(end - i);
    }
    track.time[out] = track.time[i], track.lines[out] = track.lines[i];
    if (!track.label.empty()) track.label[out] = track.label[i];
    ++out, i = end;
  }
  track.time.resize(out), track.lines.resize(out), track.values.resize(out * c);
  if (!track.label.empty()) track.label.resize(out);
}

/// Grid points that one row may stand for: more would be invention, and memory without bound.
inline constexpr Index most_per_row = 8;

/// How tracks become recordings.
struct GridRule {
  Index rate = 50;     ///< Hz of the grid; about that of the rows
  double gap = 0.5;    ///< s: longer pauses between two rows are never bridged
  bool mixed = false;  ///< labels may change within a recording; else it is cut there
};

namespace detail {

/// Half-open range of rows.
struct RowRange {
  Index first = 0, last = 0;
};

/// Stretches without a gap, a row without label, or (unless mixed) a change of label.
inline std::vector<RowRange> stretches(const Track& track, const GridRule& rule, Findings& findings) {
  std::vector<RowRange> out;
  const auto labelled = [&](Index i) {
    return track.label.empty() || track.label[static_cast<std::size_t>(i)] >= 0;
  };
  for (Index i = 0; i < track.rows();) {
    if (!labelled(i)) {
      ++i;
      continue;
    }
    Index end = i + 1;
    for (; end < track.rows() && labelled(end); ++end) {
      const auto e = static_cast<std::size_t>(end);
      const double pause = track.time[e] - track.time[e - 1];
      if (pause > rule.gap) {
        findings.add(FindingKind::gap, track.where(end),
                     short_text(pause) + " s after the row before; cut here");
        break;
      }
      if (!rule.mixed && !track.label.empty() && track.label[e] != track.label[e - 1]) break;
    }
    out.push_back({i, end});
    i = end;
  }
  return out;
}

/// Values of a track at start + i / rate by linear interpolation, into columns offset.. of rows (count,
/// width). `row` is the first row of the stretch.
inline void interpolate(const Track& track, Index row, double start, double rate, Index count, Index width,
                        Index offset, std::vector<double>& out) {
  const auto c = static_cast<std::size_t>(track.channels);
  auto at = static_cast<std::size_t>(row);
  for (Index i = 0; i < count; ++i) {
    const double time = start + static_cast<double>(i) / rate;
    while (at + 2 < track.time.size() && track.time[at + 1] <= time) ++at;
    const std::size_t next = std::min(at + 1, track.time.size() - 1);
    const double span = track.time[next] - track.time[at];
    const double share = span > 0 ? std::clamp((time - track.time[at]) / span, 0.0, 1.0) : 0.0;
    for (std::size_t k = 0; k < c; ++k) {
      out[static_cast<std::size_t>(i * width + offset) + k] =
          (1 - share) * track.values[at * c + k] + share * track.values[next * c + k];
    }
  }
}

/// Label number of the row nearest in time, for every grid point.
inline std::vector<Index> nearest_rows(const Track& track, Index row, double start, double rate,
                                       Index count) {
  std::vector<Index> out;
  auto at = static_cast<std::size_t>(row);
  for (Index i = 0; i < count; ++i) {
    const double time = start + static_cast<double>(i) / rate;
    while (at + 1 < track.time.size() &&
           std::fabs(track.time[at + 1] - time) <= std::fabs(track.time[at] - time))
      ++at;
    out.push_back(static_cast<Index>(at));
  }
  return out;
}

}  // namespace detail

/// Recordings on an even grid from tracks of one clock, channels side by side in the order of the tracks. The
/// first track carries the labels: number k stands for labels[k], the values of the label columns. Tracks
/// must be in order (put_in_order). Where one of them has a gap, none gives rows.
inline std::vector<Recording> on_grid(std::span<const Track> tracks,
                                      const std::vector<std::vector<double>>& labels, const GridRule& rule,
                                      Index session, Findings& findings) {
  if (tracks.empty() || rule.rate < 1 || !(rule.gap > 0))
    fail<ConfigError>("time grid: ", tracks.size(), " tracks, ", rule.rate, " Hz, gap of ", rule.gap, " s");
  Index width = 0;
  for (const Track& t : tracks) width += t.channels;
  const Track& first = tracks.front();
  const auto rate = static_cast<double>(rule.rate);
  std::vector<std::vector<detail::RowRange>> parts;
  for (const Track& t : tracks) parts.push_back(detail::stretches(t, rule, findings));
  std::vector<std::size_t> at(tracks.size(), 0);
  std::vector<Recording> out;
  while (true) {
    // The overlap of the current stretch of every track; then the one that ends first is done.
    double start = -1e300, end = 1e300;
    std::size_t shortest = 0;
    for (std::size_t k = 0; k < tracks.size(); ++k) {
      if (at[k] == parts[k].size()) return out;
      const detail::RowRange range = parts[k][at[k]];
      start = std::max(start, tracks[k].time[static_cast<std::size_t>(range.first)]);
      const double last = tracks[k].time[static_cast<std::size_t>(range.last - 1)];
      if (last < end) end = last, shortest = k;
    }
    const Index count = end >= start ? static_cast<Index>((end - start) * rate + 1e-9) + 1 : 0;
    const detail::RowRange range = parts[0][at[0]];
    const bool sparse = count > most_per_row * (range.last - range.first + 1);
    if (sparse) {
      findings.add(FindingKind::rate, first.where(range.first),
                   std::to_string(range.last - range.first) + " rows in " + short_text(end - start) +
                       " s are too few for a grid of " + std::to_string(rule.rate) + " Hz; not used");
    }
    if (count > 1 && !sparse) {
      Recording r;
      r.where = first.where(range.first);
      r.rate = rate, r.start = start - first.time.front(), r.session = session, r.channels = width;
      r.values.resize(static_cast<std::size_t>(count * width));
      Index offset = 0;
      for (std::size_t k = 0; k < tracks.size(); ++k) {
        detail::interpolate(tracks[k], parts[k][at[k]].first, start, rate, count, width, offset, r.values);
        offset += tracks[k].channels;
      }
      if (!first.label.empty() && rule.mixed) {
        for (const Index row : detail::nearest_rows(first, range.first, start, rate, count)) {
          const auto& values = labels[static_cast<std::size_t>(
              first.label[static_cast<std::size_t>(std::min(row, range.last - 1))])];
          r.labels.insert(r.labels.end(), values.begin(), values.end());
        }
      } else if (!first.label.empty()) {
        r.labels = labels[static_cast<std::size_t>(first.label[static_cast<std::size_t>(range.first)])];
      }
      out.push_back(std::move(r));
    }
    ++at[shortest];
  }
}

}  // namespace gyrograd::data
