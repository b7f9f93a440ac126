// SPDX-License-Identifier: MIT
// What weakens a result without making it impossible: said on the screen, never an error.
#pragma once

#include <cstdlib>
#include <string>
#include <string_view>

#include "cli/card.hpp"
#include "cli/run_options.hpp"
#include "gyrograd/data/recording.hpp"
#include "gyrograd/data/statistics.hpp"
#include "gyrograd/io/tensors.hpp"

namespace gyrograd::cli {

/// Windows that contradict the units of their card or in which a channel never changes, in one line with the
/// first of them; empty when there are none. `prepare` leaves such windows out, but a set may come from
/// elsewhere.
inline std::string window_doubts(const data::Windows& windows, const Card& card, const fs::path& folder) {
  if (static_cast<Index>(card.units.size()) != windows.channels)
    return message(folder.string(), ": the card names ", card.units.size(), " channels, the windows have ",
                   windows.channels, "; units are not checked");
  const data::Findings findings = data::check_windows(windows, card);
  if (findings.total() == 0) return {};
  const std::string text = findings.text();
  return message(folder.string(), ": ", findings.total(), " of ", windows.count,
                 " windows are doubtful, first ", text.substr(0, text.find('\n')));
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
