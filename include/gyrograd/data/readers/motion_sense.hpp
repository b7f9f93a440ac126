// SPDX-License-Identifier: MIT
// MotionSense raw recordings (Malekzadeh et al., IoTDI 2019) to windows.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "gyrograd/core/config.hpp"
#include "gyrograd/core/error.hpp"
#include "gyrograd/data/card.hpp"
#include "gyrograd/data/down_sample.hpp"
#include "gyrograd/data/findings.hpp"
#include "gyrograd/data/readers/folder.hpp"
#include "gyrograd/data/readers/number_table.hpp"
#include "gyrograd/data/windowing.hpp"
#include "gyrograd/data/windows.hpp"

namespace gyrograd::data {

/// Facts of the recordings and of the published preparation (LIMU-BERT sheet §5.4, "motion").
struct MotionSense {
  static constexpr double rate = 50.0;              ///< Hz, nominal
  static constexpr double published_gravity = 9.8;  ///< m/s2 per g, as published
  static constexpr double gravity = 9.80665;        ///< m/s2 per g, corrected
  static constexpr double most_drift = 0.1;  ///< the sensors of a trial may differ by this share in length
  static constexpr std::array<std::string_view, 6> folders{"dws", "ups", "sit", "std", "wlk", "jog"};
  static constexpr Index users = 24;
};

/// Card of the motion set.
inline Card motion_sense_card() {
  Card card;
  card.source = "MotionSense (raw accelerometer and gyroscope)";
  card.licence = "MIT, (c) 2018 Mohammad Malekzadeh";
  card.citation = "Malekzadeh et al., Mobile Sensor Data Anonymization, IoTDI 2019";
  card.labels = published_labels("motion");
  return card;
}

namespace detail {

/// One file of one sensor.
struct MotionTrial {
  std::filesystem::path path;
  Index activity = 0, trial = 0, user = 0;
};

/// The folder of one sensor under its name in the repository or in the published script.
inline std::filesystem::path motion_folder(const std::filesystem::path& root, std::string_view repository,
                                           std::string_view published) {
  for (const std::string_view name : {repository, published}) {
    std::error_code ignored;
    if (std::filesystem::is_directory(root / name, ignored)) return root / name;
  }
  fail<IoError>(path_text(root), ": holds neither ", repository, " nor ", published,
                "; expected the unpacked folder of MotionSense");
}

/// The files sub_K.csv of every folder ACT_TRIAL, folders and files in name order.
inline std::vector<MotionTrial> motion_trials(const std::filesystem::path& sensor) {
  std::vector<MotionTrial> trials;
  const auto any = [](const std::string& name) { return !name.starts_with('.'); };
  for (const auto& folder : list_folder(sensor, any, "folders such as dws_1")) {
    if (!std::filesystem::is_directory(folder)) continue;
    const std::string name = folder.filename().string();
    std::vector<Index> number;
    const auto act = std::find(MotionSense::folders.begin(), MotionSense::folders.end(), name.substr(0, 3));
    if (act == MotionSense::folders.end() || !match_name(std::string_view(name).substr(3), "_#", number))
      fail<IoError>(path_text(folder),
                    ": unexpected name, expected dws, ups, sit, std, wlk or jog and _TRIAL");
    const Index trial = number[0];
    for (const auto& file : list_folder(folder, any, "files such as sub_1.csv")) {
      if (!match_name(file.filename().string(), "sub_#.csv", number) || number[0] < 1 ||
          number[0] > MotionSense::users)
        fail<IoError>(path_text(file), ": unexpected name, expected sub_1.csv to sub_", MotionSense::users,
                      ".csv");
      trials.push_back({file, act - MotionSense::folders.begin(), trial, number[0] - 1});
    }
  }
  if (trials.empty())
    fail<IoError>(path_text(sensor), ": holds no recording; expected dws_1/sub_1.csv and others");
  return trials;
}

inline NumberTable read_motion(const std::filesystem::path& path) {
  return read_number_table(path, 3, {',', {"", "x", "y", "z"}, 1});
}

/// Rows of one sensor at 20 Hz, as published; scale: to our unit.
struct MotionRows {
  MotionTrial trial;
  std::vector<double> rows;
  Index windows = 0;
};

/// Files with strictly more than a window of rows, the only ones that enter the published lists.
inline std::vector<MotionRows> published_motion_list(const std::vector<MotionTrial>& trials, double scale,
                                                     Index steps) {
  std::vector<MotionRows> list;
  for (const MotionTrial& trial : trials) {
    NumberTable table = read_motion(trial.path);
    for (double& v : table.values) v *= scale;
    MotionRows r{trial, down_sample(std::span<const double>(table.values), 3, 2.5, LoopGuard::motion), 0};
    r.windows = window_count(static_cast<Index>(r.rows.size()) / 3, steps);
    if (r.windows > 0) list.push_back(std::move(r));
  }
  return list;
}

inline Index motion_session(const MotionTrial& trial) {
  return (trial.activity * 1000 + trial.trial) * 100 + trial.user;
}

/// The published quirk: the two lists are paired by position, whatever the files are.
inline void cut_motion_published(const std::vector<MotionTrial>& acc, const std::vector<MotionTrial>& gyro,
                                 WindowBuilder& out) {
  const Index steps = out.rule().steps;
  const auto a = published_motion_list(acc, MotionSense::published_gravity, steps);
  const auto g = published_motion_list(gyro, 1, steps);
  for (std::size_t i = 0; i < std::min(a.size(), g.size()); ++i) {
    const Index windows = std::min(a[i].windows, g[i].windows);
    std::vector<double> rows;
    for (Index t = 0; t < windows * steps; ++t) {
      rows.insert(rows.end(), a[i].rows.begin() + t * 3, a[i].rows.begin() + t * 3 + 3);
      rows.insert(rows.end(), g[i].rows.begin() + t * 3, g[i].rows.begin() + t * 3 + 3);
    }
    const MotionTrial& trial = a[i].trial;
    const std::array<double, 2> labels{static_cast<double>(trial.activity), static_cast<double>(trial.user)};
    out.cut(rows, labels, motion_session(trial), 0, windows);
  }
}

/// Row `at` (a fraction) of a table by linear interpolation.
inline void append_between(std::vector<double>& out, const NumberTable& t, double at, double scale) {
  const Index i = std::min(static_cast<Index>(at), t.rows() - 1), j = std::min(i + 1, t.rows() - 1);
  const double share = at - static_cast<double>(i);
  for (Index c = 0; c < 3; ++c) out.push_back(scale * ((1 - share) * t.at(i, c) + share * t.at(j, c)));
}

/// One trial with both sensors. The accelerometer files of moving trials hold 1.3 to 5 % more rows over the
/// same time: their rows are stretched over the length of the gyroscope's, whose count follows 50 Hz.
/// Measured on the 264 trials that differ by more than 1 %: the correlation of the two sensors' envelopes
/// rises from .45 to .70 on average, and in every single one.
inline void cut_motion_corrected(const MotionTrial& trial, const std::filesystem::path& gyro_path,
                                 WindowBuilder& out) {
  const NumberTable acc = read_motion(trial.path), gyro = read_motion(gyro_path);
  const double ratio = static_cast<double>(acc.rows()) / static_cast<double>(gyro.rows());
  if (std::fabs(ratio - 1) > MotionSense::most_drift) {
    out.findings().add(
        FindingKind::unpaired, acc.file,
        std::to_string(acc.rows()) + " rows, " + gyro.file + " has " + std::to_string(gyro.rows()));
    return;
  }
  Recording r;
  r.where = acc.where(0);
  r.rate = MotionSense::rate;
  r.session = motion_session(trial);
  r.channels = 6;
  r.labels = {static_cast<double>(trial.activity), static_cast<double>(trial.user)};
  r.values.reserve(static_cast<std::size_t>(gyro.rows() * 6));
  for (Index i = 0; i < gyro.rows(); ++i) {
    append_between(r.values, acc, static_cast<double>(i) * ratio, MotionSense::gravity);
    for (Index c = 0; c < 3; ++c) r.values.push_back(gyro.at(i, c));
  }
  out.add(r);
}

inline void pair_motion(const std::vector<MotionTrial>& acc, const std::vector<MotionTrial>& gyro,
                        WindowBuilder& out) {
  std::map<Index, const MotionTrial*> partners;
  for (const MotionTrial& g : gyro) partners[motion_session(g)] = &g;
  for (const MotionTrial& a : acc) {
    const auto found = partners.find(motion_session(a));
    if (found == partners.end()) {
      out.findings().add(FindingKind::unpaired, path_text(a.path),
                         "no gyroscope file of this trial and subject");
      continue;
    }
    cut_motion_corrected(a, found->second->path, out);
    partners.erase(found);
  }
  for (const auto& [session, g] : partners)
    out.findings().add(FindingKind::unpaired, path_text(g->path),
                       "no accelerometer file of this trial and subject");
}

}  // namespace detail

/// Reads MotionSense (folders B_Accelerometer_data and C_Gyroscope_data, or Accelerometer and Gyroscope):
/// windows of acc (m/s2) and gyro (rad/s), label columns activity (0..5) and user (0..23). Folders and files
/// in name order. Published: 4,534 windows (120, 6) at 20 Hz, sensors paired by list position. Corrected:
/// paired by activity, trial and subject, and aligned in time. Errors (IoError, one line): no such folders,
/// names out of the pattern, another header, rows that are not three finite numbers.
inline DataSet read_motion_sense(const std::filesystem::path& root, const WindowRule& rule,
                                 Findings& findings) {
  if (rule.recipe == Recipe::published) check_published_rule(rule, 20, 120, 120, "motion");
  const auto acc =
      detail::motion_trials(detail::motion_folder(root, "B_Accelerometer_data", "Accelerometer"));
  const auto gyro = detail::motion_trials(detail::motion_folder(root, "C_Gyroscope_data", "Gyroscope"));
  WindowBuilder out(motion_sense_card(), rule, findings);
  if (rule.recipe == Recipe::published)
    detail::cut_motion_published(acc, gyro, out);
  else
    detail::pair_motion(acc, gyro, out);
  return out.finish();
}

}  // namespace gyrograd::data
