// SPDX-License-Identifier: MIT
// Paired windows as folders of .npy files: SET/SPLIT/shard_0000/{windows,text,video,flags,...}.npy.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gyrograd/core/config.hpp"
#include "gyrograd/core/error.hpp"
#include "gyrograd/data/paired.hpp"
#include "gyrograd/data/readers/folder.hpp"
#include "gyrograd/io/file.hpp"
#include "gyrograd/io/npy.hpp"

namespace gyrograd::data {

/// Folder of one shard below a split.
inline std::filesystem::path shard_path(const std::filesystem::path& split, Index number) {
  std::string digits = std::to_string(number);
  if (digits.size() < 4) digits.insert(0, 4 - digits.size(), '0');
  return split / ("shard_" + digits);
}

/// Shards of a split in order. IoError when there is none.
inline std::vector<std::filesystem::path> shard_folders(const std::filesystem::path& split) {
  std::vector<Index> number;
  auto folders = list_folder(
      split, [&](const std::string& name) { return match_name(name, "shard_#", number); },
      "a split of a prepared set: folders shard_0000, shard_0001, ...");
  if (folders.empty())
    fail<IoError>(path_text(split), ": holds no shard_0000; make it with 'gyrograd prepare'");
  return folders;
}

/// Writes a shard into a folder that exists. Vectors and numbers that are not known give no file.
inline void write_paired_shard(const std::filesystem::path& folder, const PairedWindows& p) {
  check_paired(p, path_text(folder));
  const auto n = static_cast<std::size_t>(p.windows.count);
  io::write_npy(folder / "windows.npy", p.windows.values,
                {n, static_cast<std::size_t>(p.windows.steps), static_cast<std::size_t>(p.windows.channels)});
  if (p.text_width > 0)
    io::write_npy(folder / "text.npy", p.text, {n, static_cast<std::size_t>(p.text_width)});
  if (p.video_width > 0)
    io::write_npy(folder / "video.npy", p.video, {n, static_cast<std::size_t>(p.video_width)});
  const auto numbers = [&](const char* name, const std::vector<Index>& values) {
    if (values.empty()) return;
    io::write_npy(folder / name, std::vector<std::int64_t>(values.begin(), values.end()), {n});
  };
  numbers("flags.npy", p.flags);
  numbers("labels.npy", p.labels);
  numbers("takes.npy", p.takes);
  numbers("users.npy", p.users);
  numbers("starts.npy", p.starts);
  if (p.texts.empty()) return;
  std::string lines;
  for (const std::string& text : p.texts) lines += text + '\n';
  io::atomic_write(folder / "texts.txt", std::string_view(lines));
}

namespace detail {

/// Lines of a text file without their ends; a last empty line does not count.
inline std::vector<std::string> lines_of(const std::filesystem::path& path) {
  const auto bytes = io::FileBytes::open(path);
  std::string_view rest(reinterpret_cast<const char*>(bytes->bytes().data()), bytes->size());
  std::vector<std::string> lines;
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    std::string_view line = rest.substr(0, end);
    if (line.ends_with('\r')) line.remove_suffix(1);
    lines.emplace_back(line);
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return lines;
}

/// Array (count, width) of finite numbers; empty when there is no such file.
inline std::vector<float> load_vectors(const std::filesystem::path& path, Index count, Index& width) {
  width = 0;
  if (!std::filesystem::exists(path)) return {};
  const io::NpyFile file = io::read_npy(path);
  file.expect_rank(2, "vectors");
  if (file.shape()[0] != static_cast<std::size_t>(count) || file.shape()[1] == 0) {
    fail<IoError>(file.name(), ": array of shape ", io::shape_text(file.shape()), ", expected (", count,
                  ", width): one vector for each window");
  }
  width = static_cast<Index>(file.shape()[1]);
  std::vector<float> values = file.values<float>();
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (std::isfinite(values[i])) continue;
    fail<IoError>(file.name(), ": row ", i / static_cast<std::size_t>(width), " column ",
                  i % static_cast<std::size_t>(width), " is not a finite number; repair the vectors");
  }
  return values;
}

/// Whole numbers (count) in low..high; empty when there is no such file.
inline std::vector<Index> load_numbers(const std::filesystem::path& path, Index count, Index low) {
  if (!std::filesystem::exists(path)) return {};
  const io::NpyFile file = io::read_npy(path);
  if (file.shape() != io::Shape{static_cast<std::size_t>(count)}) {
    fail<IoError>(file.name(), ": array of shape ", io::shape_text(file.shape()), ", expected (", count,
                  ",): one number for each window");
  }
  std::vector<Index> out;
  for (const double v : file.values<double>()) {
    if (!(v >= static_cast<double>(low) && v < 1e15 && v == std::floor(v)))
      fail<IoError>(file.name(), ": row ", out.size(), " is ", v, ", expected a whole number from ", low);
    out.push_back(static_cast<Index>(v));
  }
  return out;
}

}  // namespace detail

/// Reads and checks one shard. Without flags.npy, windows are IMU only where the shard has no vectors. Errors
/// (IoError, one line with the file): no windows.npy, other lengths, numbers that are not finite.
inline PairedWindows load_paired_shard(const std::filesystem::path& folder) {
  PairedWindows p;
  const io::NpyFile file = io::read_npy(folder / "windows.npy");
  if (file.shape().size() != 3 || file.count() == 0) {
    fail<IoError>(file.name(), ": array of shape ", io::shape_text(file.shape()),
                  ", expected (windows, steps, channels), none of them 0");
  }
  p.windows = Windows(static_cast<Index>(file.shape()[0]), static_cast<Index>(file.shape()[1]),
                      static_cast<Index>(file.shape()[2]));
  file.copy_to(p.windows.values.data());
  for (std::size_t i = 0; i < p.windows.values.size(); ++i) {
    if (!std::isfinite(p.windows.values[i]))
      fail<IoError>(file.name(), ": window ", i / p.windows.window_size(),
                    " holds a value that is not a finite number");
  }
  const Index n = p.windows.count;
  p.text = detail::load_vectors(folder / "text.npy", n, p.text_width);
  p.video = detail::load_vectors(folder / "video.npy", n, p.video_width);
  p.flags = detail::load_numbers(folder / "flags.npy", n, 0);
  p.labels = detail::load_numbers(folder / "labels.npy", n, -1);
  p.takes = detail::load_numbers(folder / "takes.npy", n, 0);
  p.users = detail::load_numbers(folder / "users.npy", n, -1);
  p.starts = detail::load_numbers(folder / "starts.npy", n, 0);
  if (p.flags.empty()) {
    const Index none = (p.text_width == 0 ? paired_no_text : 0) | (p.video_width == 0 ? paired_no_video : 0);
    const Index both = paired_no_text | paired_no_video;
    p.flags.assign(static_cast<std::size_t>(n), none == both ? none | paired_imu_only : none);
  }
  if (std::filesystem::exists(folder / "texts.txt")) {
    p.texts = detail::lines_of(folder / "texts.txt");
    p.texts.resize(static_cast<std::size_t>(n));
  }
  check_paired(p, path_text(folder));
  return p;
}

}  // namespace gyrograd::data
