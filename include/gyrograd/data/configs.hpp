// SPDX-License-Identifier: MIT
// What is known of the published data sets: channels, label columns and their class names (LIMU-BERT sheet
// §5.2).
#pragma once

#include <algorithm>
#include <array>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "gyrograd/core/config.hpp"
#include "gyrograd/core/error.hpp"
#include "gyrograd/core/suggest.hpp"

namespace gyrograd::data {

/// One label column: what it says, how many classes, and their names in index order (empty where they are
/// numbers).
struct LabelColumn {
  std::string_view name;
  Index classes = 0;
  std::span<const std::string_view> class_names;
};

/// One published data set version.
struct DataSetConfig {
  std::string_view name, version;
  double rate = 0;  ///< Hz
  Index windows = 0, steps = 0, channels = 0;
  std::span<const LabelColumn> labels;
};

namespace detail {

using Names = std::string_view;

inline constexpr std::array<Names, 6> hhar_activities{"bike",     "sit",   "downstairs",
                                                      "upstairs", "stand", "walk"};
inline constexpr std::array<Names, 3> hhar_models{"nexus4", "s3", "s3mini"};
inline constexpr std::array<Names, 6> motion_activities{"downstairs", "upstairs", "sitting",
                                                        "standing",   "walking",  "jogging"};
inline constexpr std::array<Names, 6> uci_activities{"walking", "upstairs", "downstairs",
                                                     "sitting", "standing", "lying"};
inline constexpr std::array<Names, 7> shoaib_activities{"walking", "sitting",  "standing",  "jogging",
                                                        "biking",  "upstairs", "downstairs"};
inline constexpr std::array<Names, 5> shoaib_positions{"left_pocket", "right_pocket", "wrist", "upper_arm",
                                                       "belt"};

inline constexpr std::array<LabelColumn, 3> hhar_labels{
    {{"user", 9, {}}, {"model", 3, hhar_models}, {"activity", 6, hhar_activities}}};
inline constexpr std::array<LabelColumn, 2> motion_labels{
    {{"activity", 6, motion_activities}, {"user", 24, {}}}};
inline constexpr std::array<LabelColumn, 2> uci_labels{{{"activity", 6, uci_activities}, {"user", 30, {}}}};
inline constexpr std::array<LabelColumn, 3> shoaib_labels{
    {{"activity", 7, shoaib_activities}, {"position", 5, shoaib_positions}, {"user", 10, {}}}};

inline constexpr std::array<Names, 6> wisdm_activities{"walking",  "jogging",  "sitting",
                                                       "standing", "upstairs", "downstairs"};
inline constexpr std::array<Names, 4> huawei_activities{"still", "walk", "run", "bike"};
inline constexpr std::array<Names, 4> huawei_positions{"bag", "hand", "torso", "hips"};
inline constexpr std::array<Names, 5> sp_sw_har_activities{"seated", "standing_up", "walking", "turning",
                                                           "sitting_down"};
inline constexpr std::array<Names, 2> sp_sw_har_positions{"phone", "watch"};
inline constexpr std::array<LabelColumn, 2> wisdm_labels{
    {{"user", 36, {}}, {"activity", 6, wisdm_activities}}};
inline constexpr std::array<LabelColumn, 3> huawei_labels{
    {{"activity", 4, huawei_activities}, {"position", 4, huawei_positions}, {"user", 3, {}}}};
inline constexpr std::array<LabelColumn, 3> sp_sw_har_labels{
    {{"activity", 5, sp_sw_har_activities}, {"user", 23, {}}, {"position", 2, sp_sw_har_positions}}};

}  // namespace detail

/// The four data sets of the paper, version 20_120, and the other ones that `prepare` reads by name; 0
/// windows: none were published in this form.
inline constexpr std::array<DataSetConfig, 7> published_data_sets{{
    {"hhar", "20_120", 20, 9166, 120, 6, detail::hhar_labels},
    {"motion", "20_120", 20, 4534, 120, 6, detail::motion_labels},
    {"uci", "20_120", 20, 2088, 120, 6, detail::uci_labels},
    {"shoaib", "20_120", 20, 10500, 120, 9, detail::shoaib_labels},
    {"wisdm", "20_120", 20, 2411, 120, 3, detail::wisdm_labels},
    {"huawei", "50_300", 100, 0, 300, 9, detail::huawei_labels},
    {"sp-sw-har", "20_120", 20, 0, 120, 6, detail::sp_sw_har_labels},
}};

/// The published set called `name`, or nothing.
inline const DataSetConfig* find_data_set(std::string_view name) {
  const auto at = std::find_if(published_data_sets.begin(), published_data_sets.end(),
                               [&](const DataSetConfig& c) { return c.name == name; });
  return at == published_data_sets.end() ? nullptr : at;
}

/// Index of the label column that `wanted` names: a column name or a number in range. Labels have no default:
/// the published default took the last column, whatever it meant (LIMU-BERT sheet §13.12).
inline Index find_label_column(const DataSetConfig& set, std::string_view wanted) {
  std::vector<std::string_view> names;
  std::string list;
  for (const LabelColumn& column : set.labels) {
    if (column.name == wanted || std::to_string(names.size()) == wanted)
      return static_cast<Index>(names.size());
    names.push_back(column.name);
    list += (list.empty() ? "" : ", ") + std::string(column.name);
  }
  fail<ConfigError>("data set ", set.name, " has no label column '", wanted, "'", did_you_mean(wanted, names),
                    "; expected 0 to ", set.labels.size() - 1, " or one of ", list);
}

}  // namespace gyrograd::data
