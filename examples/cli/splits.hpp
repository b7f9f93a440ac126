// SPDX-License-Identifier: MIT
// --split and its companions: how windows are divided into parts, and what the test part has seen.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "cli/arguments.hpp"
#include "cli/card.hpp"
#include "cli/run_options.hpp"
#include "gyrograd/data/leak.hpp"
#include "gyrograd/data/split.hpp"
#include "gyrograd/data/windows_file.hpp"

namespace gyrograd::cli {

/// What the split options say.
struct SplitChoice {
  std::string kind = "random";  ///< random, user, session or kfold
  Index folds = 5, fold = 1;    ///< of kfold; the fold that is tested, from 1
  std::string by = "user";      ///< of kfold: user, session or window

  /// "random", "kfold 2 of 5 by user".
  std::string text() const {
    return kind == "kfold" ? message("kfold ", fold, " of ", folds, " by ", by) : kind;
  }
};

inline std::vector<OptionSpec> split_option_specs() {
  return {{"split", "KIND", "random (published), user, session or kfold"},
          {"folds", "K", "kfold: number of folds (default 5)"},
          {"fold", "N", "kfold: the one to test, from 1 (default 1)"},
          {"fold-by", "WHAT", "kfold: whole user (default), session, or window"}};
}

inline SplitChoice read_split(const Arguments& arguments) {
  SplitChoice choice;
  choice.kind = arguments.choice("split", {"random", "user", "session", "kfold"});
  for (const char* option : {"folds", "fold", "fold-by"}) {
    if (choice.kind != "kfold" && arguments.has(option))
      fail<UsageError>("--", option, " belongs to --split kfold, this is --split ", choice.kind);
  }
  choice.folds = arguments.integer("folds", 5, 3, 1000);
  choice.fold = arguments.integer("fold", 1, 1, choice.folds);
  choice.by = arguments.choice("fold-by", {"user", "session", "window"});
  return choice;
}

/// Who recorded each window, and in which session; empty where the set does not say.
struct WindowSources {
  std::vector<Index> users;
  std::vector<data::Origin> origins;
};

/// Column called "user" of a card, or -1.
inline Index user_column(const Card& card) {
  for (std::size_t i = 0; i < card.labels.size(); ++i)
    if (card.labels[i].name == "user") return static_cast<Index>(i);
  return -1;
}

/// Users from the labels (of no window: not known) and origins from their file.
inline WindowSources read_sources(const fs::path& folder, const std::string& version, const Card& card,
                                  const data::Labels& labels, Index count) {
  WindowSources sources;
  const Index column = user_column(card);
  if (column >= 0 && column < labels.columns)
    sources.users = data::first_of_windows(data::label_column(labels, column), labels.steps);
  sources.origins = data::load_origins(data::origins_path(folder, version), count);
  return sources;
}

/// Parts of the data set. Error when it does not say what the split goes by.
inline data::Split split_windows(std::string_view command, Index count, const SplitChoice& choice,
                                 std::uint32_t seed, const Card& card, const WindowSources& sources) {
  const bool by_user = choice.kind == "user" || (choice.kind == "kfold" && choice.by == "user");
  if (by_user && sources.users.empty()) {
    find_label(command, card, "user");
    fail<UsageError>(command, ": --split ", choice.kind, ": the labels have no column 'user'");
  }
  if (choice.kind == "user") return data::split_by_user(sources.users, seed);
  if (choice.kind == "session") return data::split_by_session(sources.origins, seed);
  if (choice.kind == "kfold") {
    const auto all = choice.by == "user"      ? data::user_folds(sources.users, choice.folds, seed)
                     : choice.by == "session" ? data::session_folds(sources.origins, choice.folds, seed)
                                              : data::random_folds(count, choice.folds, seed);
    return all[static_cast<std::size_t>(choice.fold - 1)];
  }
  return data::random_split(count, seed);
}

/// What of the training part the test part has seen.
inline data::LeakReport find_leaks(const data::Split& split, const WindowSources& sources, Index steps) {
  return data::check_leaks(split.train, split.test, sources.users, sources.origins, steps);
}

/// A note where scores say less than they seem to; after all checks, so that an error stays one line.
inline void note_leaks(const RunOptions& run, std::string_view command, const data::LeakReport& leaks) {
  if (leaks.leaks()) note(run, command, ": ", leaks.warning(), "; --split user holds out whole users");
}

}  // namespace gyrograd::cli
