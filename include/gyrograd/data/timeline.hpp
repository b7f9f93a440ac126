// SPDX-License-Identifier: MIT
// The sensor rows of a take at the rate of the windows: resampled once and cut, or per window as published.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "gyrograd/core/config.hpp"
#include "gyrograd/core/error.hpp"
#include "gyrograd/data/card.hpp"
#include "gyrograd/data/findings.hpp"
#include "gyrograd/data/narration.hpp"
#include "gyrograd/data/recording.hpp"
#include "gyrograd/data/resample.hpp"
#include "gyrograd/data/time_grid.hpp"

namespace gyrograd::data {

/// A take brought once to an even rate: interpolated on its true stamps, cut at gaps, filtered (PRIMUS sheet
/// §9.3, §17.20, §17.31). Constants stay constants at both ends.
class Timeline {
 public:
  /// track: stamps in s on the take's clock. Stretches that are too short, constant or in doubtful units are
  /// reported and left out. Memory: one copy of the take at about the source rate.
  Timeline(Track track, const Card& card, Index rate, double gap, Findings& findings)
      : rate_(rate), channels_(track.channels) {
    if (track.rows() < 2) return;
    put_in_order(track, findings);
    const double measured = median_rate(track), zero = track.time.front();
    if (!(measured >= 1 && measured <= 100'000)) {
      findings.add(FindingKind::rate, track.where(0),
                   "the time stamps give " + short_text(measured) + " Hz; is the time unit right?");
      return;
    }
    // A multiple of the rate of the windows: one short filter, whatever the clock of the sensor says.
    const Index grid =
        rate * std::max(Index{1}, static_cast<Index>(std::llround(measured / static_cast<double>(rate))));
    if (measured < 0.9 * static_cast<double>(rate)) {
      findings.add(
          FindingKind::rate, track.where(0),
          "rows at " + short_text(measured) + " Hz are interpolated to " + std::to_string(rate) + " Hz");
    }
    const Resampler change(grid, rate);
    for (Recording& r : on_grid({&track, 1}, {}, {grid, gap, true}, 0, findings)) {
      if (!usable(r, card, findings)) continue;
      stretches_.push_back({zero + r.start, change(std::span<const double>(r.values), r.channels,
                                                   ResampleEdge::renormalised)});
    }
  }

  bool empty() const { return stretches_.empty(); }
  /// Seconds covered, gaps included.
  double first() const { return empty() ? 0 : stretches_.front().start; }
  double last() const { return empty() ? 0 : end(stretches_.back()); }

  /// `steps` rows from `start` s, at the nearest row; empty where they are not all in one stretch.
  std::span<const double> window(double start, Index steps) const {
    for (const Stretch& s : stretches_) {
      const auto row = static_cast<Index>(std::llround((start - s.start) * static_cast<double>(rate_)));
      if (row < 0 || row + steps > rows(s)) continue;
      return std::span(s.values).subspan(static_cast<std::size_t>(row * channels_),
                                         static_cast<std::size_t>(steps * channels_));
    }
    return {};
  }

  /// Starts of windows side by side in all stretches, in s.
  std::vector<double> tiles(Index steps) const {
    std::vector<double> out;
    for (const Stretch& s : stretches_) {
      for (Index row = 0; row + steps <= rows(s); row += steps)
        out.push_back(s.start + static_cast<double>(row) / static_cast<double>(rate_));
    }
    return out;
  }

 private:
  struct Stretch {
    double start = 0;
    std::vector<double> values;  // (rows, channels)
  };
  Index rows(const Stretch& s) const { return static_cast<Index>(s.values.size()) / channels_; }
  double end(const Stretch& s) const {
    return s.start + static_cast<double>(rows(s)) / static_cast<double>(rate_);
  }

  Index rate_ = 0, channels_ = 0;
  std::vector<Stretch> stretches_;
};

/// Rows of one published window, or why there are none.
struct PublishedCut {
  std::vector<double> rows;  ///< (seconds * rate, channels)
  std::string refused;       ///< in words; empty: fine
};

/// Cuts [start, end] s as published: bounds checked against the last stamp, nearest rows by binary search,
/// rate from the mean difference cut off to whole Hz, resampled with zeros outside the cut, filled with zeros
/// or shortened (PRIMUS sheet §9.3). track: stamps in s, ascending, from 0. filters: those made so far, by
/// source rate.
inline PublishedCut published_cut(const Track& track, Index start, Index end, Index rate,
                                  std::map<Index, Resampler>& filters) {
  PublishedCut cut;
  const Index seconds = end - start;
  if (track.rows() < 2) return {{}, "fewer than 2 rows"};
  const double from = static_cast<double>(start) * 1000, last = track.time.back() * 1000;
  double to = static_cast<double>(end) * 1000;
  if (from > last) return {{}, "starts behind the last row"};
  if (to > last + 100) return {{}, "ends " + short_text((to - last) / 1000) + " s behind the last row"};
  if (to > last) to = std::floor(last / 1000) * 1000;
  const auto place = [&](double t) {
    const auto at = std::lower_bound(track.time.begin(), track.time.end(), t,
                                     [](double stamp, double wanted) { return stamp * 1000 < wanted; });
    return std::min(static_cast<Index>(at - track.time.begin()), track.rows() - 1);
  };
  const Index a = place(from), b = place(to);
  for (const auto& [at, wanted] : {std::pair(a, from), std::pair(b, to)}) {
    if (std::fabs(track.time[static_cast<std::size_t>(at)] * 1000 - wanted) > 4000)
      return {{}, "no row within 4 s of its ends"};
  }
  if (b - a < 10) return {{}, "fewer than 10 rows"};
  std::vector<double> stamps(track.time.begin() + a, track.time.begin() + b);
  for (double& t : stamps) t *= 1000;
  const Index source = published_rate(stamps);
  if (source < 1) return {{}, "time stamps that do not grow"};
  const std::span<const double> rows = std::span<const double>(track.values)
                                           .subspan(static_cast<std::size_t>(a * track.channels),
                                                    static_cast<std::size_t>((b - a) * track.channels));
  cut.rows.assign(rows.begin(), rows.end());
  if (source != rate) {
    const Resampler& change = filters.try_emplace(source, source, rate).first->second;
    cut.rows = change(rows, track.channels, ResampleEdge::zero);
  }
  cut.rows.resize(static_cast<std::size_t>(seconds * rate * track.channels), 0.0);
  return cut;
}

}  // namespace gyrograd::data
