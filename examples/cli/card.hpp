// SPDX-License-Identifier: MIT
// card.json of a data set: what its columns and classes are called, its rate and its units.
#pragma once

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "cli/cli.hpp"
#include "cli/workspace.hpp"
#include "gyrograd/core/config.hpp"
#include "gyrograd/core/suggest.hpp"
#include "gyrograd/data/configs.hpp"
#include "gyrograd/io/file.hpp"
#include "gyrograd/train/report.hpp"

namespace gyrograd::cli {

/// One label column: "activity" with its class names in index order ("user" may leave them out).
struct LabelColumn {
  std::string name;
  std::vector<std::string> classes;
};

/// Description of a data set.
struct Card {
  std::string source;
  double rate = 20;
  std::vector<std::string> channels = {"acc x", "acc y", "acc z", "gyro x", "gyro y", "gyro z"};
  std::vector<std::string> units = {"m/s2", "m/s2", "m/s2", "rad/s", "rad/s", "rad/s"};
  std::vector<LabelColumn> labels;
};

/// Label columns of a published set; none for other names.
inline std::vector<LabelColumn> published_labels(const std::string& dataset) {
  std::vector<LabelColumn> columns;
  if (const data::DataSetConfig* set = data::find_data_set(dataset)) {
    for (const data::LabelColumn& column : set->labels) {
      columns.push_back({std::string(column.name), {column.class_names.begin(), column.class_names.end()}});
    }
  }
  return columns;
}

/// Card of the sets that `synth` and `demo` make (defined in synth.cpp).
Card synth_card();

inline void write_card(const fs::path& path, const Card& card) {
  train::Json labels = train::Json::array();
  for (const LabelColumn& column : card.labels) {
    labels.push_back({{"name", column.name}, {"classes", column.classes}});
  }
  train::write_json(path, {{"source", card.source},
                           {"rate_hz", card.rate},
                           {"channels", card.channels},
                           {"units", card.units},
                           {"labels", std::move(labels)}});
}

/// Reads card.json of a data set folder; without one, what is known of the published sets.
inline Card read_card(const fs::path& folder, const std::string& dataset) {
  Card card;
  card.labels = published_labels(dataset);
  const fs::path path = folder / "card.json";
  if (!fs::exists(path)) return card;
  try {
    std::ifstream in(path);
    const nlohmann::json json = nlohmann::json::parse(in);
    card.source = json.at("source").get<std::string>();
    card.rate = json.at("rate_hz").get<double>();
    card.channels = json.at("channels").get<std::vector<std::string>>();
    card.units = json.at("units").get<std::vector<std::string>>();
    card.labels.clear();
    for (const auto& column : json.at("labels")) {
      card.labels.push_back(
          {column.at("name").get<std::string>(), column.at("classes").get<std::vector<std::string>>()});
    }
  } catch (const nlohmann::json::exception& error) {
    fail<IoError>(path.string(), ": not a valid data card: ", error.what());
  }
  if (!(card.rate > 0)) fail<IoError>(path.string(), ": rate_hz is ", card.rate, ", expected above 0");
  return card;
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
