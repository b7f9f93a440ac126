// SPDX-License-Identifier: MIT
// What a preparation met in recordings and did not use, or used with a warning: kind, file and row.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gyrograd/core/config.hpp"

namespace gyrograd::data {

/// Kinds of findings, in the order of finding_words.
enum class FindingKind : std::uint8_t {
  short_recording,  ///< too short for one window: not used
  gap,              ///< time stamps jump: cut there
  disorder,         ///< time stamps go backwards: sorted or cut
  missing_value,    ///< a value is missing or not finite: the row is not used
  constant,         ///< a channel never changes: the recording is not used
  unit,             ///< magnitudes that contradict the unit: the recording is not used
  label,            ///< no usable label: not used
  unpaired,         ///< one sensor without the other: not used
  rate,             ///< the measured rate is not the nominal one: used at the measured one
  missing_file,     ///< a file that should be there is not: what it belongs to is not used
  annotation,       ///< a narration that is rejected, unsure, repeated or outside its recording: not used
  no_vector,        ///< no text or video vector for a window: used without
};

/// How the kinds are called in findings_<version>.txt.
inline constexpr std::array<std::string_view, 12> finding_words{
    "short recording", "gap in time",     "time goes backwards",       "missing value", "constant channel",
    "wrong unit",      "no usable label", "a sensor without its pair", "rate",          "missing file",
    "annotation",      "no vector"};

/// One finding: where ("file:row") and what.
struct Finding {
  FindingKind kind{};
  std::string where, what;
};

/// All findings of one preparation. Texts are kept up to a limit, counts always.
class Findings {
 public:
  static constexpr std::size_t most_texts = 20'000;

  void add(FindingKind kind, std::string where, std::string what) {
    ++counts_[static_cast<std::size_t>(kind)];
    if (list_.size() < most_texts) list_.push_back({kind, std::move(where), std::move(what)});
  }

  Index count(FindingKind kind) const { return counts_[static_cast<std::size_t>(kind)]; }
  Index total() const {
    Index sum = 0;
    for (const Index n : counts_) sum += n;
    return sum;
  }
  const std::vector<Finding>& list() const { return list_; }

  /// "file:row: kind: what" lines, one per finding.
  std::string text() const {
    std::string out;
    for (const Finding& f : list_) {
      out += f.where + ": " + std::string(finding_words[static_cast<std::size_t>(f.kind)]) + ": " + f.what +
             '\n';
    }
    const Index rest = total() - static_cast<Index>(list_.size());
    if (rest > 0) out += "and " + std::to_string(rest) + " more\n";
    return out;
  }

 private:
  std::array<Index, finding_words.size()> counts_{};
  std::vector<Finding> list_;
};

}  // namespace gyrograd::data
