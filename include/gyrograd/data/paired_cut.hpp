// SPDX-License-Identifier: MIT
// From takes with narrations to paired windows: which moments give windows, and what they hold.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "gyrograd/core/config.hpp"
#include "gyrograd/core/error.hpp"
#include "gyrograd/data/card.hpp"
#include "gyrograd/data/findings.hpp"
#include "gyrograd/data/narration.hpp"
#include "gyrograd/data/timeline.hpp"
#include "gyrograd/data/windowing.hpp"

namespace gyrograd::data {

/// Something said or seen at a time of a take.
struct Moment {
  double time = 0;                      ///< s on the take's clock
  std::string text;                     ///< as annotated
  std::string where;                    ///< file and place, for messages
  Index text_row = -1, video_row = -1;  ///< rows of the manifest's vectors; -1: found by key
};

/// One recording and its moments.
struct Take {
  std::string name;
  std::string user;     ///< empty: not known
  Index label = -1;     ///< class; -1: not known
  double duration = 0;  ///< s; 0: that of its rows
  std::vector<Moment> moments;
};

/// How takes are cut.
struct PairedRule {
  Recipe recipe = Recipe::corrected;
  Index rate = 50;    ///< Hz
  Index seconds = 5;  ///< of a window
  double gap = 0.25;  ///< s: longer pauses between rows are never bridged
  double apart = 0;   ///< s: least distance between the starts of two windows of a take (corrected)

  Index steps() const { return rate * seconds; }
};

/// Refuses a rule that cuts nothing.
inline void check_paired_rule(const PairedRule& rule) {
  if (rule.rate < 1 || rule.rate > 10'000 || rule.seconds < 1 || rule.seconds > 3600)
    fail<ConfigError>("paired windows: ", rule.seconds, " s at ", rule.rate,
                      " Hz, expected 1 to 3600 s at 1 to 10000 Hz");
  if (!(rule.gap > 0) || !(rule.apart >= 0))
    fail<ConfigError>("paired windows: gap ", rule.gap, " s and distance ", rule.apart,
                      " s, expected above 0 and at least 0");
}

/// One window with what belongs to it.
struct CutWindow {
  std::vector<float> values;  ///< (steps, 6)
  Index start = 0;            ///< ms on the take's clock
  std::string text;           ///< cleaned
  Index text_row = -1, video_row = -1;
};

/// Receives the windows of a take in the order of its moments.
using CutSink = std::function<void(CutWindow&&)>;

namespace detail {

inline std::vector<float> narrowed(std::span<const double> rows) {
  std::vector<float> out;
  out.reserve(rows.size());
  for (const double v : rows) out.push_back(static_cast<float>(v));
  return out;
}

inline void cut_corrected(const Take& take, Track track, const Card& card, const PairedRule& rule,
                          Findings& findings, const CutSink& sink) {
  const Timeline line(std::move(track), card, rule.rate, rule.gap, findings);
  if (line.empty()) return;
  const double half = 0.5 * static_cast<double>(rule.seconds);
  std::set<Index> starts;
  for (const Moment& m : take.moments) {
    const double start = centred_start(m.time, line.first(), line.last(), half);
    const std::span<const double> rows = line.window(start, rule.steps());
    if (m.time < line.first() || m.time > line.last() || rows.empty()) {
      findings.add(FindingKind::annotation, m.where,
                   "no whole window of " + std::to_string(rule.seconds) + " s around " + short_text(m.time) +
                       " s: outside the recording or across a gap");
      continue;
    }
    if (const Index c = constant_channel(rows, 6); c >= 0) {
      findings.add(FindingKind::constant, m.where,
                   "channel " + card.channels[static_cast<std::size_t>(c)] + " never changes in the window");
      continue;
    }
    const auto ms = static_cast<Index>(std::llround(std::max(start, 0.0) * 1000));
    const auto apart = std::max(static_cast<Index>(std::llround(rule.apart * 1000)), Index{1});
    const auto near = starts.lower_bound(ms - apart + 1);
    if (near != starts.end() && *near < ms + apart) {
      findings.add(FindingKind::annotation, m.where,
                   *near == ms ? std::string("the same window as another one of its take")
                               : "starts " + std::to_string(std::abs(*near - ms)) +
                                     " ms from another window of its take");
      continue;
    }
    starts.insert(ms);
    sink({narrowed(rows), ms, corrected_text(m.text), m.text_row, m.video_row});
  }
  if (!take.moments.empty()) return;
  for (const double start : line.tiles(rule.steps())) {
    const auto ms = static_cast<Index>(std::llround(std::max(start, 0.0) * 1000));
    sink({narrowed(line.window(start, rule.steps())), ms, {}, -1, -1});
  }
}

inline void cut_published(const Take& take, const Track& track, const PairedRule& rule,
                          const std::set<std::string>& bad, Findings& findings, const CutSink& sink) {
  std::map<Index, Resampler> filters;
  const double duration = take.duration > 0 ? take.duration : (track.rows() > 0 ? track.time.back() : 0);
  for (const Moment& m : take.moments) {
    const NarrationWindow w = published_window(m.time, duration, 0.5 * static_cast<double>(rule.seconds));
    const std::string key = take.name + '_' + std::to_string(w.start) + '_' + std::to_string(w.end);
    if (!w.valid || bad.count(key) > 0) {
      findings.add(FindingKind::annotation, m.where,
                   w.valid ? "window " + key + " is in the list of bad windows"
                           : "no whole window of whole seconds around " + short_text(m.time) + " s");
      continue;
    }
    PublishedCut cut = published_cut(track, w.start, w.end, rule.rate, filters);
    if (!cut.refused.empty()) {
      findings.add(FindingKind::annotation, m.where, "window " + key + ": " + cut.refused);
      continue;
    }
    std::string text = published_text(m.text);
    std::replace_if(
        text.begin(), text.end(), [](char c) { return c == '\n' || c == '\r'; }, ' ');
    sink({narrowed(cut.rows), w.start * 1000, std::move(text), m.text_row, m.video_row});
  }
}

}  // namespace detail

/// Cuts the windows of one take. Corrected: the take is resampled once, windows are centred on their moments
/// and moved inside the recording, none spans a gap, none stands twice; a take without moments gives windows
/// side by side. Published: whole seconds, resampled window by window (PRIMUS sheet §9.2, §9.3); `bad`:
/// "<take>_<start>_<end>" of windows that are left out. track: stamps in s on the take's clock.
inline void cut_take(const Take& take, Track track, const Card& card, const PairedRule& rule,
                     const std::set<std::string>& bad, Findings& findings, const CutSink& sink) {
  check_paired_rule(rule);
  if (track.channels != 6)
    fail<ShapeError>(track.file, ": ", track.channels, " channels, expected acc xyz and gyro xyz");
  if (rule.recipe == Recipe::published) {
    put_in_order(track, findings);
    detail::cut_published(take, track, rule, bad, findings, sink);
  } else {
    detail::cut_corrected(take, std::move(track), card, rule, findings, sink);
  }
}

}  // namespace gyrograd::data
