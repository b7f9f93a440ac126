// SPDX-License-Identifier: MIT
// HAPT raw recordings (UCI "Smartphone-Based Recognition of Human Activities and Postural Transitions") to
// windows.
#pragma once

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "gyrograd/core/config.hpp"
#include "gyrograd/core/error.hpp"
#include "gyrograd/data/down_sample.hpp"
#include "gyrograd/data/readers/number_table.hpp"
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

namespace detail {

/// Numbers in a file name "acc_exp12_user06.txt".
struct HaptName {
  Index experiment = 0, user = 0;
};

inline HaptName parse_hapt_name(const std::filesystem::path& path) {
  const std::string name = path.filename().string();
  const char* const end = name.data() + name.size();
  HaptName out;
  const auto number = [&](std::string_view before, const char* at, Index& value) -> const char* {
    if (!std::string_view(at, static_cast<std::size_t>(end - at)).starts_with(before)) return nullptr;
    const auto [stop, error] = std::from_chars(at + before.size(), end, value);
    return error == std::errc{} && value > 0 ? stop : nullptr;
  };
  const char* at = number("acc_exp", name.data(), out.experiment);
  if (at != nullptr) at = number("_user", at, out.user);
  if (at == nullptr || std::string_view(at, static_cast<std::size_t>(end - at)) != ".txt") {
    fail<IoError>(io::printable(path.string(), 4096), ": unexpected name, expected acc_expNN_userNN.txt");
  }
  return out;
}

/// Accelerometer files in name order: the published window order.
inline std::vector<std::filesystem::path> hapt_files(const std::filesystem::path& folder) {
  std::error_code error;
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
    if (entry.path().filename().string().starts_with("acc_")) files.push_back(entry.path());
  }
  const std::string name = io::printable(folder.string(), 4096);
  if (error)
    fail<IoError>(name, ": cannot be listed: ", error.message(), "; expected the folder HAPT/RawData");
  if (files.empty()) fail<IoError>(name, ": holds no acc_expNN_userNN.txt; expected the folder HAPT/RawData");
  std::sort(files.begin(), files.end());
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
};

/// Windows gathered so far.
struct HaptWindows {
  std::vector<float> values;
  std::vector<Index> activity, user;  // of every window, from 1 as in the file
};

inline void add_hapt_recording(const std::filesystem::path& acc_path, HaptLabels& labels, HaptWindows& out) {
  const HaptName name = parse_hapt_name(acc_path);
  std::filesystem::path gyro_path = acc_path;
  gyro_path.replace_filename("gyro" + acc_path.filename().string().substr(3));
  const NumberTable acc = read_number_table(acc_path, 3);
  if (!std::filesystem::exists(gyro_path)) {
    fail<IoError>(io::printable(gyro_path.string(), 4096),
                  ": missing; every accelerometer file needs its gyroscope file");
  }
  const NumberTable gyro = read_number_table(gyro_path, 3);
  if (acc.rows() != gyro.rows()) {
    fail<IoError>(gyro.file, ": ", gyro.rows(), " rows, the accelerometer file has ", acc.rows());
  }
  for (Index row = 0; row < labels.table.rows(); ++row) {
    if (labels.at(row, 0) != name.experiment || labels.at(row, 1) != name.user) continue;
    labels.used[static_cast<std::size_t>(row)] = 1;
    const Index start = labels.at(row, 3), end = labels.at(row, 4);
    if (end > acc.rows()) {
      fail<IoError>(labels.table.where(row), ": end row ", end, " lies outside the recording, ", acc.file,
                    " has ", acc.rows(), " rows");
    }
    if (labels.at(row, 2) > Hapt::activities) continue;
    // The published code takes the 1-based row numbers as 0-based half-open bounds: one sample late, kept.
    const auto part = [&](const NumberTable& t) {
      return std::span<const double>(t.values).subspan(static_cast<std::size_t>(start * 3),
                                                       static_cast<std::size_t>((end - start) * 3));
    };
    const std::vector<double> rows = hapt_segment_rows(part(acc), part(gyro));
    const Index count = window_count(static_cast<Index>(rows.size()) / 6, Hapt::steps);
    for (Index i = 0; i < count * Hapt::steps * 6; ++i) {
      out.values.push_back(static_cast<float>(rows[static_cast<std::size_t>(i)]));
    }
    out.activity.insert(out.activity.end(), static_cast<std::size_t>(count), labels.at(row, 2));
    out.user.insert(out.user.end(), static_cast<std::size_t>(count), labels.at(row, 1));
  }
}

}  // namespace detail

/// Reads HAPT/RawData and cuts it as the published uci set: 2,088 windows (120, 6) at 20 Hz in m/s2 and
/// rad/s, label columns activity (0..5) and user (from 0). Files in name order; segments in the order of
/// labels.txt; activities above 6 and segments of at most 120 rows give nothing. Errors (IoError, one line,
/// "file:row" where a row is at fault): no folder, missing or empty files, rows that are not three finite
/// numbers, unequal lengths, label rows outside their recording or without recording, no window at all.
inline DataSet read_hapt(const std::filesystem::path& folder) {
  const std::vector<std::filesystem::path> files = detail::hapt_files(folder);
  detail::HaptLabels labels(folder / "labels.txt");
  detail::HaptWindows found;
  for (const std::filesystem::path& file : files) detail::add_hapt_recording(file, labels, found);
  const auto unused = std::find(labels.used.begin(), labels.used.end(), char{0});
  if (unused != labels.used.end()) {
    const Index row = unused - labels.used.begin();
    fail<IoError>(labels.table.where(row), ": no recording of experiment ", labels.at(row, 0), " by user ",
                  labels.at(row, 1), " in the folder; complete it or remove the row");
  }
  const auto count = static_cast<Index>(found.activity.size());
  if (count == 0) {
    fail<IoError>(labels.table.file,
                  ": no segment of activities 1 to 6 is longer than 120 rows at 20 Hz (6 s)");
  }
  DataSet set{Windows(count, Hapt::steps, 6), Labels(count, Hapt::steps, 2)};
  std::copy(found.values.begin(), found.values.end(), set.windows.values.begin());
  const Index first_user = *std::min_element(found.user.begin(), found.user.end());
  for (Index i = 0; i < count; ++i) {
    for (Index t = 0; t < Hapt::steps; ++t) {
      set.labels.at(i, t, 0) = static_cast<double>(found.activity[static_cast<std::size_t>(i)] - 1);
      set.labels.at(i, t, 1) = static_cast<double>(found.user[static_cast<std::size_t>(i)] - first_user);
    }
  }
  return set;
}

}  // namespace gyrograd::data
