// SPDX-License-Identifier: MIT
// HAPT raw recordings (UCI "Smartphone-Based Recognition of Human Activities and Postural Transitions") to
// windows.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
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

/// Facts of the recordings and of the published preparation (LIMU-BERT sheet §5.5, "uci").
struct Hapt {
  static constexpr double rate = 50.0;         ///< Hz of the raw files
  static constexpr double window_rate = 20.0;  ///< Hz of the windows
  static constexpr double gravity = 9.80665;   ///< m/s2 per g of the accelerometer files
  static constexpr Index steps = 120;          ///< rows of a window
  static constexpr Index activities = 6;       ///< walking, upstairs, downstairs, sitting, standing, lying
  static constexpr Index recorded_activities = 12;  ///< with the postural transitions, which give no windows
};

/// One labelled segment: accelerometer in g and gyroscope in rad/s (n, 3) at 50 Hz, to rows (m, 6) in m/s2
/// and rad/s at 20 Hz.
template <class Real>
std::vector<Real> hapt_segment_rows(std::span<const Real> acc_g, std::span<const Real> gyro) {
  if (acc_g.size() != gyro.size() || acc_g.size() % 3 != 0) {
    fail<ShapeError>("HAPT segment: ", acc_g.size(), " accelerometer and ", gyro.size(), " gyroscope values");
  }
  std::vector<Real> rows;
  rows.reserve(acc_g.size() * 2);
  for (std::size_t i = 0; i < acc_g.size(); i += 3) {
    for (std::size_t axis = 0; axis < 3; ++axis)
      rows.push_back(acc_g[i + axis] * static_cast<Real>(Hapt::gravity));
    rows.insert(rows.end(), gyro.begin() + static_cast<Index>(i), gyro.begin() + static_cast<Index>(i + 3));
  }
  return down_sample(std::span<const Real>(rows), 6, Hapt::rate / Hapt::window_rate, LoopGuard::uci);
}

/// Card of the uci set.
inline Card hapt_card() {
  Card card;
  card.source = "Smartphone-Based Recognition of Human Activities and Postural Transitions (UCI HAPT 2.1)";
  card.licence = "as is, no commercial use";
  card.citation =
      "Reyes-Ortiz et al., Transition-Aware Human Activity Recognition Using Smartphones, Neurocomputing "
      "2015";
  card.labels = published_labels("uci");
  return card;
}

namespace detail {

/// Experiment and user of "acc_exp12_user06.txt".
struct HaptName {
  Index experiment = 0, user = 0;
};

inline HaptName parse_hapt_name(const std::filesystem::path& path) {
  std::vector<Index> numbers;
  if (match_name(path.filename().string(), "acc_exp#_user#.txt", numbers)) return {numbers[0], numbers[1]};
  fail<IoError>(path_text(path), ": unexpected name, expected acc_expNN_userNN.txt");
}

/// Accelerometer files in name order: the published window order.
inline std::vector<std::filesystem::path> hapt_files(const std::filesystem::path& folder) {
  constexpr std::string_view expected = "the folder HAPT/RawData";
  auto files = list_folder(
      folder, [](const std::string& name) { return name.starts_with("acc_"); }, expected);
  if (files.empty()) fail<IoError>(path_text(folder), ": holds no acc_expNN_userNN.txt; expected ", expected);
  return files;
}

/// Rows of labels.txt as whole numbers: experiment, user, activity, start row, end row.
struct HaptLabels {
  NumberTable table;
  std::vector<char> used;

  explicit HaptLabels(const std::filesystem::path& path) : table(read_number_table(path, 5)) {
    used.assign(static_cast<std::size_t>(table.rows()), 0);
    for (Index row = 0; row < table.rows(); ++row) {
      for (Index column = 0; column < 5; ++column) {
        const double v = table.at(row, column);
        if (v != std::floor(v) || v < 0 || v > 1e9) {
          fail<IoError>(table.where(row), ": column ", column + 1, " is ", v,
                        ", expected a whole number from 0");
        }
      }
      const Index activity = at(row, 2);
      if (activity < 1 || activity > Hapt::recorded_activities) {
        fail<IoError>(table.where(row), ": activity ", activity, ", expected 1 to ",
                      Hapt::recorded_activities);
      }
      if (at(row, 3) >= at(row, 4)) {
        fail<IoError>(table.where(row), ": start row ", at(row, 3), " is not before end row ", at(row, 4));
      }
    }
  }

  Index at(Index row, Index column) const { return static_cast<Index>(table.at(row, column)); }

  void check_all_used() const {
    const auto unused = std::find(used.begin(), used.end(), char{0});
    if (unused == used.end()) return;
    const Index row = unused - used.begin();
    fail<IoError>(table.where(row), ": no recording of experiment ", at(row, 0), " by user ", at(row, 1),
                  " in the folder; complete it or remove the row");
  }
};

/// Both files of one experiment, of equal length.
struct HaptRecording {
  HaptName name;
  NumberTable acc, gyro;

  explicit HaptRecording(const std::filesystem::path& acc_path)
      : name(parse_hapt_name(acc_path)), acc(read_number_table(acc_path, 3)) {
    std::filesystem::path gyro_path = acc_path;
    gyro_path.replace_filename("gyro" + acc_path.filename().string().substr(3));
    if (!std::filesystem::exists(gyro_path)) {
      fail<IoError>(path_text(gyro_path), ": missing; every accelerometer file needs its gyroscope file");
    }
    gyro = read_number_table(gyro_path, 3);
    if (acc.rows() != gyro.rows())
      fail<IoError>(gyro.file, ": ", gyro.rows(), " rows, the accelerometer file has ", acc.rows());
  }
};

/// Published: 1-based row numbers taken as 0-based half-open bounds (one sample late), strictly more than a
/// window.
inline void cut_hapt_published(const HaptRecording& r, Index start, Index end, std::span<const double> labels,
                               WindowBuilder& out) {
  const auto part = [&](const NumberTable& t) {
    return std::span<const double>(t.values).subspan(static_cast<std::size_t>(start * 3),
                                                     static_cast<std::size_t>((end - start) * 3));
  };
  const std::vector<double> rows = hapt_segment_rows(part(r.acc), part(r.gyro));
  out.cut(rows, labels, r.name.experiment, start * 2 / 5,
          window_count(static_cast<Index>(rows.size()) / 6, Hapt::steps));
}

/// Corrected: rows `start` to `end`, counted from 1, both included.
inline void cut_hapt_corrected(const HaptRecording& r, Index start, Index end, std::span<const double> labels,
                               WindowBuilder& out) {
  Recording part;
  part.where = r.acc.where(start - 1);
  part.rate = Hapt::rate;
  part.start = static_cast<double>(start - 1) / Hapt::rate;
  part.session = r.name.experiment;
  part.channels = 6;
  part.labels.assign(labels.begin(), labels.end());
  for (Index i = start - 1; i < end; ++i) {
    for (Index c = 0; c < 3; ++c) part.values.push_back(r.acc.at(i, c) * Hapt::gravity);
    for (Index c = 0; c < 3; ++c) part.values.push_back(r.gyro.at(i, c));
  }
  out.add(part);
}

inline void add_hapt_recording(const std::filesystem::path& acc_path, HaptLabels& labels, Index first_user,
                               WindowBuilder& out) {
  const HaptRecording recording(acc_path);
  const bool published = out.rule().recipe == Recipe::published;
  for (Index row = 0; row < labels.table.rows(); ++row) {
    if (labels.at(row, 0) != recording.name.experiment || labels.at(row, 1) != recording.name.user) continue;
    labels.used[static_cast<std::size_t>(row)] = 1;
    const Index start = labels.at(row, 3), end = labels.at(row, 4);
    if (end > recording.acc.rows() || (!published && start < 1)) {
      fail<IoError>(labels.table.where(row), ": ", end > recording.acc.rows() ? "end" : "start", " row ",
                    end > recording.acc.rows() ? end : start, " lies outside the recording, ",
                    recording.acc.file, " has ", recording.acc.rows(), " rows");
    }
    if (labels.at(row, 2) > Hapt::activities) continue;
    const std::vector<double> values{static_cast<double>(labels.at(row, 2) - 1),
                                     static_cast<double>(labels.at(row, 1) - first_user)};
    if (published)
      cut_hapt_published(recording, start, end, values, out);
    else
      cut_hapt_corrected(recording, start, end, values, out);
  }
}

}  // namespace detail

/// Reads HAPT/RawData: windows of acc (m/s2) and gyro (rad/s), label columns activity (0..5) and user (from
/// 0). Files in name order, segments in the order of labels.txt; postural transitions give nothing.
/// Published: 2,088 windows (120, 6) at 20 Hz, bit for bit. Errors (IoError, one line, "file:row" where a row
/// is at fault): no folder, missing or empty files, rows that are not three finite numbers, unequal lengths,
/// label rows outside their recording or without recording, no window at all.
inline DataSet read_hapt(const std::filesystem::path& folder, const WindowRule& rule, Findings& findings) {
  if (rule.recipe == Recipe::published) check_published_rule(rule, 20, 120, 120, "uci");
  const std::vector<std::filesystem::path> files = detail::hapt_files(folder);
  detail::HaptLabels labels(folder / "labels.txt");
  Index first_user = labels.at(0, 1);
  for (Index row = 0; row < labels.table.rows(); ++row) first_user = std::min(first_user, labels.at(row, 1));
  WindowBuilder out(hapt_card(), rule, findings);
  for (const std::filesystem::path& file : files) detail::add_hapt_recording(file, labels, first_user, out);
  labels.check_all_used();
  return out.finish();
}

}  // namespace gyrograd::data
