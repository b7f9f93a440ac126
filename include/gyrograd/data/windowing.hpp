// SPDX-License-Identifier: MIT
// From recordings to windows: checks, resampling and cutting, the same for every data set.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gyrograd/core/config.hpp"
#include "gyrograd/core/error.hpp"
#include "gyrograd/data/card.hpp"
#include "gyrograd/data/down_sample.hpp"
#include "gyrograd/data/findings.hpp"
#include "gyrograd/data/recording.hpp"
#include "gyrograd/data/resample.hpp"
#include "gyrograd/data/windows.hpp"

namespace gyrograd::data {

/// Whose rules a preparation follows.
enum class Recipe : std::uint8_t {
  corrected,  ///< sensors paired by name and time, cut at gaps, low-pass before a lower rate, n >= steps
  published,  ///< bit-compatible with the published scripts, quirks included (LIMU-BERT sheet §5.3 to §5.8)
};

/// How windows are cut.
struct WindowRule {
  Recipe recipe = Recipe::corrected;
  Index rate = 20;    ///< Hz of the windows
  Index steps = 120;  ///< rows of a window
  Index stride = 0;   ///< rows from one window to the next; 0: steps, so that windows do not overlap

  Index hop() const { return stride > 0 ? stride : steps; }
  double seconds() const { return static_cast<double>(steps) / static_cast<double>(rate); }
};

/// Refuses a rule that cuts nothing.
inline void check_rule(const WindowRule& rule) {
  if (rule.rate < 1 || rule.rate > 10'000)
    fail<ConfigError>("windows: rate ", rule.rate, " Hz, expected 1 to 10000");
  if (rule.steps < 2 || rule.steps > 1'000'000)
    fail<ConfigError>("windows: ", rule.steps, " steps, expected 2 to 1000000");
  if (rule.stride < 0 || rule.stride > rule.steps)
    fail<ConfigError>("windows: a stride of ", rule.stride, " steps, expected 1 to ", rule.steps);
}

/// The published recipes know one rate and one window.
inline void check_published_rule(const WindowRule& rule, Index rate, Index steps, Index stride,
                                 std::string_view set) {
  if (rule.rate == rate && rule.steps == steps && rule.hop() == stride) return;
  fail<ConfigError>(set, ": the published recipe has ", rate, " Hz and windows of ", steps, " steps every ",
                    stride, ", got ", rule.rate, " Hz and ", rule.steps, " steps every ", rule.hop(),
                    "; leave out --published for others");
}

/// Collects the windows of a data set.
class WindowBuilder {
 public:
  /// card: channels, units and label columns of what is handed in. The card's rate is that of the windows.
  WindowBuilder(const Card& card, const WindowRule& rule, Findings& findings)
      : card_(card), rule_(rule), findings_(findings) {
    check_rule(rule);
    check_card(card, card.source);
  }

  Index channels() const { return static_cast<Index>(card_.channels.size()); }
  Index columns() const { return static_cast<Index>(card_.labels.size()); }
  Index count() const { return static_cast<Index>(origins_.size()); }
  const WindowRule& rule() const { return rule_; }
  Findings& findings() { return findings_; }

  /// Corrected recipe: checks a recording, brings it to the rate of the windows and cuts it. The number of
  /// windows it gave.
  Index add(const Recording& r) {
    if (r.channels != channels()) {
      fail<ShapeError>(r.where, ": ", r.channels, " channels, expected ", channels());
    }
    ++recordings_;
    const double seconds = static_cast<double>(r.rows()) / r.rate;
    const Index from = whole_rate(r);
    const Resampler& change = resampler(from);
    if (change.output_rows(r.rows()) < rule_.steps) {
      findings_.add(FindingKind::short_recording, r.where,
                    short_text(seconds) + " s, a window is " + short_text(rule_.seconds()) + " s");
      return 0;
    }
    const Index doubts = findings_.count(FindingKind::unit);
    if (!usable(r, card_, findings_)) {
      if (findings_.count(FindingKind::unit) > doubts && doubtful_++ == 0)
        first_doubt_ = r.where + ": " + unit_doubt(r.values, card_);
      return 0;
    }
    ++usable_;
    const std::vector<double> rows =
        change(std::span<const double>(r.values), r.channels, ResampleEdge::renormalised);
    const Index n = static_cast<Index>(rows.size()) / r.channels;
    std::vector<double> labels = r.labels;
    if (static_cast<Index>(labels.size()) != columns()) labels = nearest_labels(r, from, n);
    const auto start = static_cast<Index>(std::llround(r.start * static_cast<double>(rule_.rate)));
    return cut(rows, labels, r.session, start, (n - rule_.steps) / rule_.hop() + 1);
  }

  /// Appends `windows` windows of rows (n, channels) at the rate of the windows, one every hop() rows.
  /// labels: one per column, or (n, columns). start: place of the first row in its session.
  Index cut(std::span<const double> rows, std::span<const double> labels, Index session, Index start,
            Index windows) {
    const auto width = static_cast<std::size_t>(channels()), k = static_cast<std::size_t>(columns());
    const bool constant = labels.size() == k;
    for (Index w = 0; w < windows; ++w) {
      const auto first = static_cast<std::size_t>(w * rule_.hop()),
                 steps = static_cast<std::size_t>(rule_.steps);
      if ((first + steps) * width > rows.size() || (!constant && (first + steps) * k > labels.size())) {
        fail<ShapeError>("windows: window ", w, " of ", windows, " reaches beyond ", rows.size() / width,
                         " rows");
      }
      for (std::size_t i = first * width; i < (first + steps) * width; ++i)
        values_.push_back(static_cast<float>(rows[i]));
      for (std::size_t t = first; t < first + steps; ++t) {
        const std::span<const double> row = constant ? labels : labels.subspan(t * k, k);
        labels_.insert(labels_.end(), row.begin(), row.end());
      }
      origins_.push_back({session, start + static_cast<Index>(first)});
    }
    return windows;
  }

  /// The set. IoError when there is no window, or when the units of most recordings are doubtful.
  DataSet finish() {
    if (doubtful_ > usable_) {
      fail<IoError>(first_doubt_, " (", doubtful_, " of ", doubtful_ + usable_,
                    " recordings); are these the files of '", card_.source, "'?");
    }
    if (count() == 0) {
      fail<IoError>(card_.source, ": no recording gives a window of ", rule_.steps, " steps at ", rule_.rate,
                    " Hz (", short_text(rule_.seconds()), " s), of ", recordings_, " recordings", why_none());
    }
    DataSet set{Windows(count(), rule_.steps, channels()), Labels(count(), rule_.steps, columns()),
                std::move(origins_)};
    set.windows.values = std::move(values_);
    set.labels.values = std::move(labels_);
    return set;
  }

 private:
  Index whole_rate(const Recording& r) const {
    const double rate = std::round(r.rate);
    if (rate == r.rate && rate >= 1 && rate <= 100'000) return static_cast<Index>(rate);
    fail<ConfigError>(r.where, ": ", r.rate, " Hz, expected a whole number of Hz from 1 to 100000");
  }

  const Resampler& resampler(Index from) {
    return resamplers_.try_emplace(from, from, rule_.rate).first->second;
  }

  std::vector<double> nearest_labels(const Recording& r, Index from, Index n) const {
    if (static_cast<Index>(r.labels.size()) != r.rows() * columns())
      fail<ShapeError>(r.where, ": ", r.labels.size(), " labels for ", r.rows(), " rows of ", columns(),
                       " columns");
    std::vector<double> out;
    out.reserve(static_cast<std::size_t>(n * columns()));
    for (Index t = 0; t < n; ++t) {
      const Index row = std::min((2 * t * from + rule_.rate) / (2 * rule_.rate), r.rows() - 1);
      const auto first = r.labels.begin() + row * columns();
      out.insert(out.end(), first, first + columns());
    }
    return out;
  }

  std::string why_none() const {
    if (findings_.list().empty()) return {};
    const Finding& f = findings_.list().front();
    return "; first: " + f.where + ": " + std::string(finding_words[static_cast<std::size_t>(f.kind)]) +
           ": " + f.what;
  }

  Card card_;
  WindowRule rule_;
  Findings& findings_;
  std::map<Index, Resampler> resamplers_;
  AlignedVector<float> values_;
  AlignedVector<double> labels_;
  std::vector<Origin> origins_;
  Index recordings_ = 0, usable_ = 0, doubtful_ = 0;
  std::string first_doubt_;
};

}  // namespace gyrograd::data
