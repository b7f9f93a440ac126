// SPDX-License-Identifier: MIT
// card.json of a data set as the commands use it: found in the folder, asked for columns and class names.
#pragma once

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "cli/cli.hpp"
#include "cli/workspace.hpp"
#include "gyrograd/core/config.hpp"
#include "gyrograd/core/suggest.hpp"
#include "gyrograd/data/card.hpp"
#include "gyrograd/data/card_json.hpp"

namespace gyrograd::cli {

using data::Card;
using data::published_labels;
using data::write_card;
using LabelColumn = data::CardLabel;

/// Card of the sets that `synth` and `demo` make (defined in synth.cpp): the first activities and positions
/// of the generator, six and one by default.
Card synth_card(Index activities = 6, Index positions = 1);

/// Path of the card of one version of a data set.
inline fs::path card_path(const fs::path& folder, const std::string& version) {
  return folder / ("card_" + version + ".json");
}

/// Reads the card of a data set folder: that of the version where there is one, else card.json, else what is
/// known of the published sets.
inline Card read_card(const fs::path& folder, const std::string& dataset, const std::string& version = {}) {
  Card card;
  card.labels = published_labels(dataset);
  const fs::path own = card_path(folder, version);
  if (!version.empty() && fs::exists(own)) return data::read_card(own, card);
  const fs::path path = folder / "card.json";
  return fs::exists(path) ? data::read_card(path, card) : card;
}

/// Column that `-l` names, by number or by name. UsageError when there is no such column.
inline Index find_label(std::string_view command, const Card& card, const std::string& wanted) {
  std::vector<std::string> names;
  for (const LabelColumn& column : card.labels) names.push_back(column.name);
  const auto found = std::find(names.begin(), names.end(), wanted);
  if (found != names.end()) return found - names.begin();
  Index number = -1;
  const auto [end, error] = std::from_chars(wanted.data(), wanted.data() + wanted.size(), number);
  if (error == std::errc{} && end == wanted.data() + wanted.size() && number >= 0) return number;
  std::string list;
  for (const std::string& name : names) list += (list.empty() ? "" : ", ") + name;
  fail<UsageError>(command, ": no label column '", wanted, "'", did_you_mean(wanted, names),
                   "; expected a number", names.empty() ? "" : " or one of ", list);
}

/// Names of `count` classes of a column; numbers where the card has no name.
inline std::vector<std::string> class_names(const Card& card, Index column, Index count) {
  std::vector<std::string> names;
  const auto c = static_cast<std::size_t>(column);
  for (Index k = 0; k < count; ++k) {
    const auto i = static_cast<std::size_t>(k);
    const bool known = c < card.labels.size() && i < card.labels[c].classes.size();
    names.push_back(known ? card.labels[c].classes[i] : std::to_string(k));
  }
  return names;
}

}  // namespace gyrograd::cli
