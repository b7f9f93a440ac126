// SPDX-License-Identifier: MIT
// Sensor rows exported from a take's .vrs file: a CSV file with validity flags, or two arrays.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "gyrograd/core/config.hpp"
#include "gyrograd/core/error.hpp"
#include "gyrograd/data/findings.hpp"
#include "gyrograd/data/readers/folder.hpp"
#include "gyrograd/data/readers/text_rows.hpp"
#include "gyrograd/data/time_grid.hpp"
#include "gyrograd/io/npy.hpp"

namespace gyrograd::data {

namespace detail {

inline Track read_aria_csv(const std::filesystem::path& path, Findings& findings) {
  TextRows rows(path, {',', '\n'});
  Track track{rows.file(), 6, {}, {}, {}, {}};
  if (!rows.next()) fail<IoError>(track.file, ": is empty, expected rows of sensor values");
  rows.expect_header({"timestamp_ns", "accel_x", "accel_y", "accel_z", "gyro_x", "gyro_y", "gyro_z",
                      "accel_valid", "gyro_valid"});
  constexpr std::int64_t most = std::int64_t{1} << 62;
  std::int64_t zero = -1;
  Index invalid = 0;
  while (rows.next()) {
    rows.expect(9);
    const std::int64_t ns = rows.whole(0, 0, most);
    if (zero < 0) zero = ns;
    if (rows.whole(7, 0, 1) + rows.whole(8, 0, 1) < 2) {
      if (invalid++ == 0)
        findings.add(FindingKind::missing_value, rows.where(), "record marked as not valid");
      continue;
    }
    for (Index c = 1; c < 7; ++c) track.values.push_back(rows.number(c));
    track.time.push_back(static_cast<double>(ns - zero) * 1e-9);
    track.lines.push_back(rows.line());
  }
  if (invalid > 1) {
    findings.add(FindingKind::missing_value, track.file,
                 std::to_string(invalid) + " records in all are marked as not valid; none is used");
  }
  return track;
}

/// <base>.npy (6, rows) and <base>_time.npy (rows) in ns.
inline Track read_aria_arrays(const std::filesystem::path& base) {
  const io::NpyFile values = io::read_npy(base.string() + ".npy"),
                    times = io::read_npy(base.string() + "_time.npy");
  if (values.shape().size() != 2 || values.shape()[0] != 6 || times.shape() != io::Shape{values.shape()[1]}) {
    fail<IoError>(values.name(), ": arrays of shape ", io::shape_text(values.shape()), " and ",
                  io::shape_text(times.shape()), ", expected (6, rows) and (rows,)");
  }
  const std::size_t n = values.shape()[1];
  Track track{values.name(), 6, {}, {}, {}, {}};
  const std::vector<double> x = values.values<double>(), ns = times.values<double>();
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t c = 0; c < 6; ++c) {
      if (!std::isfinite(x[c * n + i]) || !std::isfinite(ns[i]))
        fail<IoError>(values.name(), ": row ", i,
                      " is not a finite number; leave out records that are not valid");
      track.values.push_back(x[c * n + i]);
    }
    track.time.push_back((ns[i] - ns[0]) * 1e-9);
    track.lines.push_back(static_cast<Index>(i));
  }
  return track;
}

}  // namespace detail

/// Base name of a take's export in a folder, by either name; empty when there is none.
inline std::filesystem::path find_export(const std::filesystem::path& folder, const std::string& name,
                                         const std::string& uid) {
  for (const std::string& base : {name, uid}) {
    if (base.empty() || base.find('/') != std::string::npos || base.front() == '.') continue;
    for (const char* ending : {".csv", ".npy"}) {
      if (std::filesystem::is_regular_file(folder / (base + ending))) return folder / (base + ending);
    }
  }
  return {};
}

/// Reads the rows of stream 1202-1 of one take: acc xyz (m/s2 with gravity), gyro xyz (rad/s), time from the
/// first record (PRIMUS sheet §9.1). `file`: .csv with the header timestamp_ns, accel_x .. gyro_z,
/// accel_valid, gyro_valid, records that are not valid counted and left out; or .npy (6, rows) beside
/// <name>_time.npy in ns. Errors (IoError, one line with file and row).
inline Track read_aria_imu(const std::filesystem::path& file, Findings& findings) {
  if (file.extension() != ".npy") return detail::read_aria_csv(file, findings);
  std::filesystem::path base = file;
  return detail::read_aria_arrays(base.replace_extension());
}

}  // namespace gyrograd::data
