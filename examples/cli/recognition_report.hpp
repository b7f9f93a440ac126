// SPDX-License-Identifier: MIT
// Fields of the report file that the recognition commands write (docs/formats.md), and its lines on the
// screen.
#pragma once

#include <string>
#include <vector>

#include "cli/card.hpp"
#include "cli/run_options.hpp"
#include "cli/splits.hpp"
#include "gyrograd/train/report.hpp"
#include "gyrograd/train/svg.hpp"

namespace gyrograd::cli {

/// Name of a label column, or its number.
inline std::string label_name(const Card& card, Index column) {
  const auto at = static_cast<std::size_t>(column);
  return at < card.labels.size() ? card.labels[at].name : std::to_string(column);
}

/// Class names in one line, as weights carry them.
inline std::string class_list(const std::vector<std::string>& names) {
  std::string list;
  for (const std::string& name : names) list += (list.empty() ? "" : ", ") + name;
  return list;
}

/// {"kind", windows of the parts, "leaks"}.
inline train::Json split_json(const SplitChoice& choice, const data::Split& split,
                              const data::LeakReport& leaks) {
  return {{"kind", choice.text()},
          {"train", split.train.size()},
          {"validation", split.validation.size()},
          {"test", split.test.size()},
          {"leaks",
           {{"users", leaks.users},
            {"known_users", leaks.known_users},
            {"sessions", leaks.sessions},
            {"known_sessions", leaks.known_sessions},
            {"beside", leaks.beside},
            {"overlapping", leaks.overlapping},
            {"warning", leaks.warning()}}}};
}

/// How long training took and where it was best.
inline void add_training(train::Json& report, const train::LoopState<float>& state, Index epochs,
                         double seconds) {
  report["epochs"] = state.epoch;
  report["epochs_asked"] = epochs;
  report["best_epoch"] = state.best_epoch + 1;
  report["seconds"] = seconds;
}

/// Scores of one part, in the report and on the screen; those of the test part also as "confusion".
inline void add_part(train::Json& report, const std::string& part, const train::PartScore& score,
                     const std::vector<std::string>& names) {
  report[part] = train::part_json(score, names);
  if (part == "test") report["confusion"] = report[part]["confusion"];
  result(part, std::string(part.size() < 12 ? 12 - part.size() : 1, ' '), "accuracy ",
         train::fixed_number(score.accuracy, 4), "  macro F1 ", train::fixed_number(score.macro_f1, 4), "  (",
         score.confusion.total(), " pieces)");
}

}  // namespace gyrograd::cli
