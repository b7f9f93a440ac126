// SPDX-License-Identifier: MIT
// What weakens a result without making it impossible: said on the screen, never an error.
#pragma once

#include <algorithm>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "cli/card.hpp"
#include "cli/run_options.hpp"
#include "gyrograd/data/recording.hpp"
#include "gyrograd/data/sharded_rows.hpp"
#include "gyrograd/data/statistics.hpp"
#include "gyrograd/io/tensors.hpp"

namespace gyrograd::cli {

namespace detail {

inline std::string unit_count_doubt(Index channels, const Card& card, const fs::path& folder) {
  if (static_cast<Index>(card.units.size()) == channels) return {};
  return message(folder.string(), ": the card names ", card.units.size(), " channels, the windows have ",
                 channels, "; units are not checked");
}

inline std::string first_finding(const data::Findings& findings, Index looked_at, const char* which,
                                 const fs::path& folder) {
  if (findings.total() == 0) return {};
  const std::string text = findings.text();
  return message(folder.string(), ": ", findings.total(), " of ", looked_at, " windows", which,
                 " are doubtful, first ", text.substr(0, text.find('\n')));
}

}  // namespace detail

/// Windows that contradict the units of their card or in which a channel never changes, in one line with the
/// first of them; empty when there are none. `prepare` leaves such windows out, but a set may come from
/// elsewhere.
inline std::string window_doubts(const data::Windows& windows, const Card& card, const fs::path& folder) {
  std::string doubt = detail::unit_count_doubt(windows.channels, card, folder);
  if (!doubt.empty()) return doubt;
  return detail::first_finding(data::check_windows(windows, card), windows.count, "", folder);
}

/// The same of windows (steps, channels) that stay in their files: of at most 500 that lie evenly in the set.
inline std::string window_doubts(const data::ShardedRows& rows, const Card& card, const fs::path& folder) {
  std::string doubt = detail::unit_count_doubt(static_cast<Index>(rows.row_shape().at(1)), card, folder);
  if (!doubt.empty()) return doubt;
  const Index looked_at = std::min<Index>(rows.count(), 500);
  data::Findings findings;
  std::vector<float> values(static_cast<std::size_t>(rows.row_size()));
  for (Index k = 0; k < looked_at; ++k) {
    const Index i = k * rows.count() / looked_at;
    rows.read(i, values);
    data::check_window(values, i, card, findings);
  }
  return detail::first_finding(findings, looked_at, looked_at < rows.count() ? " looked at" : "", folder);
}

/// Says what window_doubts() found.
inline void note_doubts(const RunOptions& run, std::string_view command, const std::string& doubts) {
  if (!doubts.empty()) note(run, command, ": ", doubts);
}

/// Says so where windows have another rate than those that the weights were trained on.
inline void note_rate(const RunOptions& run, std::string_view command, const io::TensorFile& file,
                      const Card& card) {
  const double there = std::strtod(file.metadata_or("gyrograd.rate_hz", "0").c_str(), nullptr);
  if (there > 0 && there != card.rate)
    note(run, command, ": ", file.name(), " was trained on ", data::short_text(there),
         " Hz, the windows have ", data::short_text(card.rate), " Hz");
}

}  // namespace gyrograd::cli
