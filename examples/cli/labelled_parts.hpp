// SPDX-License-Identifier: MIT
// Pieces of the parts with their labels, and the few that training may use: --label-rate and its companions.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "cli/arguments.hpp"
#include "cli/card.hpp"
#include "gyrograd/data/pieces.hpp"
#include "gyrograd/data/split.hpp"
#include "gyrograd/data/subset.hpp"
#include "gyrograd/data/windows.hpp"

namespace gyrograd::cli {

/// How pieces get their label and which of them are labelled.
struct LabelChoice {
  double rate = 0.01;
  bool balanced = true;
  data::PieceLabel merge = data::PieceLabel::all;
  bool whole_windows = false;  ///< --label-draw corrected
  data::LabelShift shift = data::LabelShift::corrected;
};

inline std::vector<OptionSpec> label_option_specs() {
  return {{"label-rate", "R", "share of the training pieces that have labels (default 0.01)"},
          {"balance", "", "as many labels of each class (default)"},
          {"no-balance", "", "labels drawn from all pieces alike"},
          {"label-draw", "KIND", "published (default): pieces, or corrected: whole windows"},
          {"label-shift", "KIND", "corrected (default), or published: renumber the training labels"},
          {"merge", "KIND", "all (default): drop pieces of several labels; any, first: keep"}};
}

inline LabelChoice read_label_choice(std::string_view command, const Arguments& arguments) {
  if (arguments.flag("balance") && arguments.flag("no-balance"))
    fail<UsageError>(command, ": --balance and --no-balance exclude each other");
  LabelChoice choice;
  choice.rate = arguments.real("label-rate", 0.01, 0, 1);
  choice.balanced = !arguments.flag("no-balance");
  choice.whole_windows = arguments.choice("label-draw", {"published", "corrected"}) == "corrected";
  choice.shift = arguments.choice("label-shift", {"corrected", "published"}) == "published"
                     ? data::LabelShift::published
                     : data::LabelShift::corrected;
  const std::string merge = arguments.choice("merge", {"all", "any", "first"});
  choice.merge = merge == "any"     ? data::PieceLabel::any
                 : merge == "first" ? data::PieceLabel::first
                                    : data::PieceLabel::all;
  return choice;
}

/// The choice as named values, for checkpoints and reports.
inline std::vector<std::pair<std::string, std::string>> label_choice_values(const LabelChoice& c,
                                                                            const std::string& rate) {
  return {{"--label-rate", rate},
          {"balance", c.balanced ? "yes" : "no"},
          {"--label-draw", c.whole_windows ? "corrected" : "published"},
          {"--label-shift", c.shift == data::LabelShift::published ? "published" : "corrected"},
          {"--merge", c.merge == data::PieceLabel::any     ? "any"
                      : c.merge == data::PieceLabel::first ? "first"
                                                           : "all"}};
}

/// Pieces of the parts with their labels, and the labelled ones.
struct LabelledParts {
  Index classes = 0;
  data::PieceSet train, validation, test;
  data::Subset labelled;
};

/// Cuts windows into pieces of `steps` and draws the labelled subset (LIMU-BERT sheet §5.13, §5.14).
inline LabelledParts make_parts(const data::Labels& labels, Index column, const data::Split& split,
                                Index steps, const LabelChoice& choice, std::uint32_t seed) {
  LabelledParts parts;
  const std::vector<Index> step_labels = data::label_column(labels, column);
  parts.classes = 1 + *std::max_element(step_labels.begin(), step_labels.end());
  const auto cut = [&](const std::vector<Index>& windows) {
    return data::label_pieces(step_labels, labels.steps, windows, steps, choice.merge);
  };
  parts.train = cut(split.train);
  parts.validation = cut(split.validation);
  parts.test = cut(split.test);
  const Index per_window = data::pieces_per_window(labels.steps, steps);
  parts.labelled = choice.whole_windows ? data::window_subset(parts.train, per_window, choice.rate, seed,
                                                              choice.balanced, choice.shift)
                   : choice.balanced    ? data::balanced_subset(parts.train, choice.rate, seed, choice.shift)
                                     : data::unbalanced_subset(parts.train, choice.rate, seed, choice.shift);
  return parts;
}

/// Number of classes of a column: as many as the card names, else as many as occur. IoError when more occur.
inline Index class_count(const Card& card, Index column, Index occurring, const std::string& where) {
  const auto at = static_cast<std::size_t>(column);
  const Index named = at < card.labels.size() ? static_cast<Index>(card.labels[at].classes.size()) : Index{0};
  if (named > 0 && occurring > named)
    fail<IoError>(where, ": label ", card.labels[at].name, " has ", occurring,
                  " classes, but its card names ", named, "; correct card.json or the labels");
  return std::max(named, occurring);
}

}  // namespace gyrograd::cli
