// SPDX-License-Identifier: MIT
// Reading and writing data sets: data_<version>.npy and label_<version>.npy.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <system_error>
#include <vector>

#include "gyrograd/core/aligned.hpp"
#include "gyrograd/core/config.hpp"
#include "gyrograd/core/error.hpp"
#include "gyrograd/data/windows.hpp"
#include "gyrograd/io/npy.hpp"

namespace gyrograd::data {

namespace detail {

/// Refuses sizes that do not describe `have` values.
inline void check_size(Index count, Index steps, Index width, std::size_t have, const char* what) {
  if (count >= 0 && steps >= 0 && width >= 0 && static_cast<std::size_t>(count * steps * width) == have)
    return;
  fail<ShapeError>(what, ": ", have, " values, expected ", count, " x ", steps, " x ", width);
}

/// Reads a (N, T, K) array of any number type; the three sizes go to `shape`.
template <class Value>
AlignedVector<Value> load_3d(const std::filesystem::path& path, Index (&shape)[3], const char* meaning) {
  const io::NpyFile file = io::read_npy(path);
  if (file.shape().size() != 3 || file.count() == 0) {
    fail<IoError>(file.name(), ": array of shape ", io::shape_text(file.shape()), ", expected ", meaning,
                  ", none of them 0");
  }
  for (std::size_t axis = 0; axis < 3; ++axis) shape[axis] = static_cast<Index>(file.shape()[axis]);
  AlignedVector<Value> values(file.count());
  file.copy_to(values.data());
  return values;
}

template <class Value>
void save_3d(const std::filesystem::path& path, const AlignedVector<Value>& values, Index n, Index t,
             Index k) {
  const std::vector<double> wide(values.begin(), values.end());
  io::write_npy(path, wide,
                {static_cast<std::size_t>(n), static_cast<std::size_t>(t), static_cast<std::size_t>(k)});
}

}  // namespace detail

/// Path of the windows of one data set version, for example dataset/uci/data_20_120.npy.
inline std::filesystem::path windows_path(const std::filesystem::path& folder, const std::string& version) {
  return folder / ("data_" + version + ".npy");
}
/// Path of the labels of one data set version, for example dataset/uci/label_20_120.npy.
inline std::filesystem::path labels_path(const std::filesystem::path& folder, const std::string& version) {
  return folder / ("label_" + version + ".npy");
}

/// Reads windows (N, T, F), float32 or float64. Every value must be finite.
inline Windows load_windows(const std::filesystem::path& path) {
  Windows out;
  Index shape[3];
  out.values = detail::load_3d<float>(path, shape, "(windows, steps, channels)");
  out.count = shape[0], out.steps = shape[1], out.channels = shape[2];
  for (std::size_t i = 0; i < out.values.size(); ++i) {
    if (std::isfinite(out.values[i])) continue;
    fail<IoError>(io::printable(path.string(), 4096), ": window ",
                  static_cast<Index>(i) / (out.steps * out.channels), " step ",
                  static_cast<Index>(i) / out.channels % out.steps, " channel ",
                  static_cast<Index>(i) % out.channels, " is not a finite number; drop or repair the window");
  }
  return out;
}

/// Reads labels (N, T, K), float32 or float64. Every value must be a whole number.
inline Labels load_labels(const std::filesystem::path& path) {
  Labels out;
  Index shape[3];
  out.values = detail::load_3d<double>(path, shape, "(windows, steps, label columns)");
  out.count = shape[0], out.steps = shape[1], out.columns = shape[2];
  for (std::size_t i = 0; i < out.values.size(); ++i) {
    const double v = out.values[i];
    if (v == std::floor(v) && std::fabs(v) <= 2147483647.0) continue;
    fail<IoError>(io::printable(path.string(), 4096), ": window ",
                  static_cast<Index>(i) / (out.steps * out.columns), " label column ",
                  static_cast<Index>(i) % out.columns, " is ", v, ", expected a whole number");
  }
  return out;
}

/// Writes windows as float64 (N, T, F), the type of the published files; complete or not at all.
inline void save_windows(const std::filesystem::path& path, const Windows& w) {
  detail::check_size(w.count, w.steps, w.channels, w.values.size(), "windows");
  detail::save_3d(path, w.values, w.count, w.steps, w.channels);
}

/// Writes labels as float64 (N, T, K), the type of the published files; complete or not at all.
inline void save_labels(const std::filesystem::path& path, const Labels& l) {
  detail::check_size(l.count, l.steps, l.columns, l.values.size(), "labels");
  detail::save_3d(path, l.values, l.count, l.steps, l.columns);
}

/// Path of the origins of one data set version, for example dataset/uci/origin_20_120.npy.
inline std::filesystem::path origins_path(const std::filesystem::path& folder, const std::string& version) {
  return folder / ("origin_" + version + ".npy");
}

/// Writes origins as int64 (N, 2): session and first step there.
inline void save_origins(const std::filesystem::path& path, std::span<const Origin> origins) {
  std::vector<std::int64_t> flat;
  for (const Origin& o : origins) flat.insert(flat.end(), {o.session, o.start});
  io::write_npy(path, flat, {origins.size(), 2});
}

/// Reads origins, one for each of `count` windows; none when there is no such file.
inline std::vector<Origin> load_origins(const std::filesystem::path& path, Index count) {
  if (!std::filesystem::exists(path)) return {};
  const io::NpyFile file = io::read_npy(path);
  if (file.shape() != io::Shape{static_cast<std::size_t>(count), 2}) {
    fail<IoError>(file.name(), ": array of shape ", io::shape_text(file.shape()), ", expected (", count,
                  ", 2): session and first step of every window; prepare the set again");
  }
  const std::vector<double> flat = file.values<double>();
  std::vector<Origin> out;
  for (std::size_t i = 0; i < flat.size(); i += 2) {
    if (!(std::fabs(flat[i]) < 1e15 && std::fabs(flat[i + 1]) < 1e15))
      fail<IoError>(file.name(), ": window ", i / 2, ": not a session and a step");
    out.push_back({static_cast<Index>(flat[i]), static_cast<Index>(flat[i + 1])});
  }
  return out;
}

/// Reads data_<version>.npy, label_<version>.npy and, where it is there, origin_<version>.npy of a folder and
/// checks that they belong together.
inline DataSet load_data_set(const std::filesystem::path& folder, const std::string& version) {
  DataSet set{load_windows(windows_path(folder, version)), load_labels(labels_path(folder, version))};
  check_pair(set.windows, set.labels, io::printable(folder.string(), 4096) + " version " + version);
  set.origins = load_origins(origins_path(folder, version), set.windows.count);
  return set;
}

/// Writes the files of a data set into an existing folder.
inline void save_data_set(const std::filesystem::path& folder, const std::string& version,
                          const DataSet& set) {
  check_pair(set.windows, set.labels, io::printable(folder.string(), 4096) + " version " + version);
  save_windows(windows_path(folder, version), set.windows);
  save_labels(labels_path(folder, version), set.labels);
  std::error_code ignored;
  if (set.origins.empty()) {
    std::filesystem::remove(origins_path(folder, version), ignored);  // those of another preparation
  } else {
    save_origins(origins_path(folder, version), set.origins);
  }
}

}  // namespace gyrograd::data
