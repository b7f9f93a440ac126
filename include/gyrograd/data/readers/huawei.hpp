// SPDX-License-Identifier: MIT
// Sussex-Huawei Locomotion preview (Gjoreski et al., IEEE Access 2018) to windows.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "gyrograd/core/config.hpp"
#include "gyrograd/core/error.hpp"
#include "gyrograd/data/card.hpp"
#include "gyrograd/data/findings.hpp"
#include "gyrograd/data/readers/folder.hpp"
#include "gyrograd/data/readers/text_rows.hpp"
#include "gyrograd/data/time_grid.hpp"
#include "gyrograd/data/windowing.hpp"
#include "gyrograd/data/windows.hpp"

namespace gyrograd::data {

/// Facts of the recordings and of the published preparation (LIMU-BERT sheet §5.7).
struct Huawei {
  static constexpr Index rate = 100;           ///< Hz
  static constexpr double gap = 0.15;          ///< s: a pause of 150 ms or more breaks continuity
  static constexpr Index motion_columns = 23;  ///< time, acc, gyro, mag, orientation, gravity, ...
  static constexpr Index label_columns = 2;    ///< at least: time, coarse label
  static constexpr std::array<std::string_view, 4> phones{"Bag", "Hand", "Torso", "Hips"};
  static constexpr Index activities = 4;  ///< coarse labels 1 to 4; the others are vehicles
};

/// Card of the huawei set.
inline Card huawei_card() {
  Card card;
  card.source = "Sussex-Huawei Locomotion (SHL) preview";
  card.licence = "CC BY-NC 4.0";
  card.citation =
      "Gjoreski et al., The University of Sussex-Huawei Locomotion and Transportation Dataset, IEEE Access "
      "2018";
  set_channels(card, 9);
  card.labels = published_labels("huawei");
  return card;
}

namespace detail {

/// One day of one user.
struct HuaweiDay {
  std::filesystem::path folder;
  Index user = 0, session = 0;
};

/// Folders User1 (or U1) with one folder for each date, in name order.
inline std::vector<HuaweiDay> huawei_days(const std::filesystem::path& root) {
  std::vector<HuaweiDay> days;
  const auto user_name = [](const std::string& name) { return name.starts_with('U'); };
  const auto any = [](const std::string& name) { return !name.starts_with('.'); };
  std::vector<Index> number;
  for (const auto& user : list_folder(root, user_name, "the folder that holds User1 to User3")) {
    const std::string name = user.filename().string();
    if (!match_name(name, "User#", number) && !match_name(name, "U#", number)) continue;
    for (const auto& day : list_folder(user, any, "folders such as 220617")) {
      if (std::filesystem::is_directory(day))
        days.push_back({day, number[0] - 1, static_cast<Index>(days.size())});
    }
  }
  if (days.empty())
    fail<IoError>(path_text(root), ": holds no User1/220617; expected the unpacked SHL preview");
  return days;
}

/// Coarse labels by time.
struct HuaweiLabels {
  std::string file;
  std::vector<double> time;  // ms, ascending
  std::vector<Index> coarse;
};

inline HuaweiLabels read_huawei_labels(const std::filesystem::path& path) {
  TextRows rows(path);
  HuaweiLabels out{rows.file(), {}, {}};
  while (rows.next()) {
    if (rows.size() < Huawei::label_columns)
      fail<IoError>(rows.where(), ": ", rows.size(), " columns, expected at least ", Huawei::label_columns);
    out.time.push_back(rows.number(0));
    const double coarse = rows.number(1);
    if (coarse != std::floor(coarse) || coarse < 0 || coarse > 8)
      fail<IoError>(rows.where(), ": coarse label ", coarse, ", expected 0 to 8");
    out.coarse.push_back(static_cast<Index>(coarse));
    if (out.time.size() > 1 && out.time.back() < out.time[out.time.size() - 2])
      fail<IoError>(rows.where(), ": time goes back");
  }
  if (out.time.empty()) fail<IoError>(out.file, ": is empty, expected rows of time and labels");
  return out;
}

/// Rows of acc, gyro and mag; rows with a missing value are left out and reported once. label: coarse - 1 of
/// the label row at the same time (published) or the nearest within 50 ms, -1 for vehicles and none.
inline Track read_huawei_motion(const std::filesystem::path& path, const HuaweiLabels& labels, bool published,
                                Findings& findings) {
  TextRows rows(path);
  Track track{rows.file(), 9, {}, {}, {}, {}};
  Index missing = 0;
  std::string first_missing;
  while (rows.next()) {
    rows.expect(Huawei::motion_columns);
    bool whole = true;
    for (Index c = 0; c < (published ? Huawei::motion_columns : 10); ++c) {
      double value = 0;
      if (!parse_number(rows[c], value)) rows.number(c);  // fails with the place
      whole = whole && std::isfinite(value);
    }
    if (!whole) {
      if (missing++ == 0) first_missing = rows.where();
      continue;
    }
    const double time = rows.number(0);
    auto at = static_cast<std::size_t>(std::lower_bound(labels.time.begin(), labels.time.end(), time) -
                                       labels.time.begin());
    if (at > 0 && (at == labels.time.size() || time - labels.time[at - 1] < labels.time[at] - time)) --at;
    const double away = std::fabs(labels.time[at] - time);
    const bool known =
        away <= (published ? 0.0 : 50.0) && labels.coarse[at] >= 1 && labels.coarse[at] <= Huawei::activities;
    track.time.push_back(time / 1000);
    track.label.push_back(known ? labels.coarse[at] - 1 : Index{-1});
    track.lines.push_back(rows.line());
    for (Index c = 1; c < 10; ++c) track.values.push_back(rows.number(c));
  }
  if (missing > 0)
    findings.add(FindingKind::missing_value, first_missing,
                 std::to_string(missing) + " rows with missing values");
  return track;
}

/// Rows with a label, of all days of one user and position, in order of time.
struct HuaweiRows {
  struct Row {
    double time;
    Index label, session;
    std::array<double, 9> values;
  };
  std::vector<Row> rows;
};

/// Windows of `steps` rows every `stride` rows, if unbroken and of one activity; no resampling, as published.
inline void cut_huawei_published(HuaweiRows& all, Index position, Index user, WindowBuilder& out) {
  std::stable_sort(all.rows.begin(), all.rows.end(),
                   [](const auto& a, const auto& b) { return a.time < b.time; });
  const auto steps = static_cast<std::size_t>(out.rule().steps),
             hop = static_cast<std::size_t>(out.rule().hop());
  for (std::size_t first = 0; first + steps <= all.rows.size(); first += hop) {
    bool whole = true;
    for (std::size_t i = first + 1; i < first + steps && whole; ++i) {
      whole = all.rows[i].time - all.rows[i - 1].time < Huawei::gap - 1e-9 &&
              all.rows[i].label == all.rows[first].label;
    }
    if (!whole) continue;
    std::vector<double> rows;
    for (std::size_t i = first; i < first + steps; ++i)
      rows.insert(rows.end(), all.rows[i].values.begin(), all.rows[i].values.end());
    const std::array<double, 3> labels{static_cast<double>(all.rows[first].label),
                                       static_cast<double>(position), static_cast<double>(user)};
    out.cut(rows, labels, all.rows[first].session, static_cast<Index>(first), 1);
  }
}

}  // namespace detail

/// Reads the SHL preview: folders User1/DATE (or U1/DATE) with Bag_, Hand_, Torso_ and Hips_Motion.txt and
/// Label.txt. Windows of acc (m/s2), gyro (rad/s) and mag (uT); label columns activity (0..3: still, walk,
/// run, bike), position and user. Published: 300 rows every 120, not resampled, version 50_300 (windows
/// overlap). Errors (IoError, one line with file and row): missing files, another number of columns, words
/// for numbers.
inline DataSet read_huawei(const std::filesystem::path& root, const WindowRule& rule, Findings& findings) {
  const bool published = rule.recipe == Recipe::published;
  if (published) check_published_rule(rule, 50, 300, 120, "huawei");
  const std::vector<detail::HuaweiDay> days = detail::huawei_days(root);
  WindowBuilder out(huawei_card(), rule, findings);
  std::vector<detail::HuaweiLabels> labels;
  for (const auto& day : days) labels.push_back(detail::read_huawei_labels(day.folder / "Label.txt"));
  for (std::size_t p = 0; p < Huawei::phones.size(); ++p) {
    detail::HuaweiRows gathered;
    for (std::size_t d = 0; d < days.size(); ++d) {
      const auto path = days[d].folder / (std::string(Huawei::phones[p]) + "_Motion.txt");
      Track track = detail::read_huawei_motion(path, labels[d], published, findings);
      if (!published) {
        put_in_order(track, findings);
        std::vector<std::vector<double>> values;
        for (Index a = 0; a < Huawei::activities; ++a) {
          values.push_back(
              {static_cast<double>(a), static_cast<double>(p), static_cast<double>(days[d].user)});
        }
        const GridRule grid{Huawei::rate, Huawei::gap, false};
        for (const Recording& r : on_grid({&track, 1}, values, grid, days[d].session, findings)) out.add(r);
        continue;
      }
      for (std::size_t i = 0; i < track.time.size(); ++i) {
        if (track.label[i] < 0) continue;
        detail::HuaweiRows::Row row{track.time[i], track.label[i], days[d].session, {}};
        std::copy_n(track.values.begin() + static_cast<Index>(9 * i), 9, row.values.begin());
        gathered.rows.push_back(row);
      }
      if (d + 1 == days.size() || days[d + 1].user != days[d].user) {
        detail::cut_huawei_published(gathered, static_cast<Index>(p), days[d].user, out);
        gathered.rows.clear();
      }
    }
  }
  return out.finish();
}

}  // namespace gyrograd::data
