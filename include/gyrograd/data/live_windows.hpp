// SPDX-License-Identifier: MIT
// Windows from samples as they arrive: the same rows that preparation cuts from a whole recording.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <span>
#include <vector>

#include "gyrograd/core/config.hpp"
#include "gyrograd/core/error.hpp"
#include "gyrograd/data/resample.hpp"
#include "gyrograd/data/windowing.hpp"

namespace gyrograd::data {

/// A sensor's samples, with time stamps that jitter, become windows at the rate of a model: interpolated to
/// an even grid at the rate of the sensor, low-pass filtered to that of the windows, cut every rule.hop()
/// rows. The values are those of on_grid and WindowBuilder (recipe corrected) for the same samples, bit for
/// bit; a window is ready delay() after its last row, when all samples that its filter needs have come.
/// Allocates nothing after construction. One object a sensor; not for several threads at once.
///
///   data::LiveWindows live(6, 50, {.stride = 20});          // 50 Hz in; 20 Hz, 120 steps, every second
///   live.push(seconds, sample, [&](double start, std::span<const float> rows) { ... });   // (120, 6)
class LiveWindows {
 public:
  /// rate: of the sensor, whole Hz. gap: s without a sample, after which windows start anew. Throws
  /// ConfigError.
  LiveWindows(Index channels, Index rate, const WindowRule& rule = {}, double gap = 0.5)
      : rule_(checked(rule, channels, gap)),
        filter_(rate, rule.rate),
        channels_(channels),
        rate_(rate),
        gap_(gap),
        last_(static_cast<std::size_t>(channels)),
        history_(static_cast<std::size_t>(history_rows() * channels)),
        sum_(static_cast<std::size_t>(channels)),
        window_(static_cast<std::size_t>(2 * rule.steps * channels)) {}

  /// Forgets all samples: the next one starts a new recording.
  void restart() {
    started_ = false;
    grid_rows_ = rows_ = 0;
  }

  /// Samples left out so far: not later than the one before, or not finite.
  Index left_out() const { return left_out_; }
  /// Times that windows started anew after a gap.
  Index gaps() const { return gaps_; }
  /// Seconds from the last row of a window to the sample that completes it (a grid step more with jitter).
  double delay() const {
    return passes() ? 0 : static_cast<double>(filter_.tap_count() - filter_.width() - 1) / rate();
  }

  /// One sample. time: s, on the sensor's clock; sample: (channels), in the units of the model's card.
  /// ready(start, rows): called for every window that is complete now; start: s of its first row; rows:
  /// (steps, channels), row after row, valid during the call. Throws ShapeError for another number of values.
  template <class Ready>
  void push(double time, std::span<const float> sample, Ready&& ready) {
    if (static_cast<Index>(sample.size()) != channels_)
      fail<ShapeError>("live windows: a sample of ", sample.size(), " values, expected ", channels_);
    bool good = std::isfinite(time) && !(started_ && time <= last_time_);
    for (const float v : sample) good = good && std::isfinite(v);
    if (!good) {
      ++left_out_;
      return;
    }
    if (started_ && time - last_time_ > gap_) {
      restart();
      ++gaps_;
    }
    if (!started_) {
      started_ = true;
      start_ = time;
      add_grid_row([&](std::size_t c) { return static_cast<double>(sample[c]); }, ready);
    } else {
      interpolate_to(time, sample, ready);
    }
    std::copy(sample.begin(), sample.end(), last_.begin());
    last_time_ = time;
  }

 private:
  static WindowRule checked(const WindowRule& rule, Index channels, double gap) {
    check_rule(rule);
    if (channels < 1 || !(gap > 0))
      fail<ConfigError>("live windows: ", channels, " channels and a gap of ", short_text(gap),
                        " s, expected above 0");
    return rule;
  }

  double rate() const { return static_cast<double>(rate_); }
  bool passes() const { return rate_ == rule_.rate; }
  Index history_rows() const { return passes() ? 1 : filter_.tap_count(); }

  /// All grid points after the last sample, up to `time`.
  template <class Ready>
  void interpolate_to(double time, std::span<const float> sample, Ready&& ready) {
    for (;;) {
      const double at = start_ + static_cast<double>(grid_rows_) / rate();
      if (at > time) return;
      const double share = std::clamp((at - last_time_) / (time - last_time_), 0.0, 1.0);
      add_grid_row(
          [&](std::size_t c) {
            return (1 - share) * static_cast<double>(last_[c]) + share * static_cast<double>(sample[c]);
          },
          ready);
    }
  }

  /// value(c): of the next row of the sensor's grid.
  template <class Value, class Ready>
  void add_grid_row(Value&& value, Ready&& ready) {
    double* row = history_.data() + grid_rows_ % history_rows() * channels_;
    for (Index c = 0; c < channels_; ++c) row[c] = value(static_cast<std::size_t>(c));
    ++grid_rows_;
    if (passes()) {
      add_row(std::span<const double>(row, sum_.size()), ready);
      return;
    }
    const Index old = filter_.tap_count() - 2 * filter_.width();  // grid rows for phases() rows of windows
    for (;;) {
      const Index first = rows_ / filter_.phases() * old - filter_.width();  // grid row under tap 0
      if (first + filter_.tap_count() > grid_rows_) return;
      filter(first, filter_.taps(rows_ % filter_.phases()));
      add_row(sum_, ready);
    }
  }

  /// sum_ = the row whose tap 0 lies at grid row `first`; before the first sample nothing counts.
  void filter(Index first, std::span<const double> taps) {
    std::fill(sum_.begin(), sum_.end(), 0.0);
    double total = 0;
    for (Index i = std::max(Index{0}, -first); i < filter_.tap_count(); ++i) {
      const double w = taps[static_cast<std::size_t>(i)];
      total += w;
      const double* x = history_.data() + (first + i) % history_rows() * channels_;
      for (Index c = 0; c < channels_; ++c) sum_[static_cast<std::size_t>(c)] += w * x[c];
    }
    const double scale = 1 / total;
    for (double& s : sum_) s *= scale;
  }

  /// A row of the windows. It is kept twice, so that every window lies in one piece.
  template <class Ready>
  void add_row(std::span<const double> row, Ready&& ready) {
    const Index steps = rule_.steps, at = rows_ % steps;
    for (const Index place : {at, at + steps}) {
      float* to = window_.data() + place * channels_;
      for (const double v : row) *to++ = static_cast<float>(v);
    }
    ++rows_;
    const Index first = rows_ - steps;
    if (first < 0 || first % rule_.hop() != 0) return;
    ready(start_ + static_cast<double>(first) / static_cast<double>(rule_.rate),
          std::span<const float>(window_).subspan(static_cast<std::size_t>(first % steps * channels_),
                                                  static_cast<std::size_t>(steps * channels_)));
  }

  WindowRule rule_;
  Resampler filter_;
  Index channels_ = 0, rate_ = 0;
  double gap_ = 0, start_ = 0, last_time_ = 0;
  bool started_ = false;
  Index grid_rows_ = 0, rows_ = 0;  // so far since the start: of the sensor's grid, of the windows
  Index left_out_ = 0, gaps_ = 0;
  std::vector<float> last_;
  std::vector<double> history_;  // ring of the last tap_count() grid rows
  std::vector<double> sum_;
  std::vector<float> window_;  // (2 steps, channels): the last rows, twice
};

}  // namespace gyrograd::data
