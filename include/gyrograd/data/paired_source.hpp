// SPDX-License-Identifier: MIT
// Paired windows that training reads one by one: in memory, or left in the shards of a prepared set.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "gyrograd/core/config.hpp"
#include "gyrograd/core/error.hpp"
#include "gyrograd/data/paired.hpp"
#include "gyrograd/data/paired_file.hpp"
#include "gyrograd/data/read_ahead.hpp"
#include "gyrograd/data/sharded_rows.hpp"

namespace gyrograd::data {

/// Vectors that a window may have.
enum class PairedVector : std::uint8_t { text, video };

/// Sizes and flags of paired windows; where the values lie is for the classes below. Any number of threads
/// may read at once.
class PairedSource {
 public:
  struct Sizes {
    Index count = 0, steps = 0, channels = 0, text_width = 0, video_width = 0;
  };

  PairedSource(Sizes sizes, std::vector<Index> flags) : sizes_(sizes), flags_(std::move(flags)) {}
  PairedSource(const PairedSource&) = delete;
  PairedSource& operator=(const PairedSource&) = delete;
  virtual ~PairedSource() = default;

  const Sizes& sizes() const { return sizes_; }
  /// Width of a kind of vectors, 0 where there are none.
  Index width(PairedVector kind) const {
    return kind == PairedVector::text ? sizes_.text_width : sizes_.video_width;
  }
  /// Whether window i lacks a vector of a kind that its set has.
  bool lacks_vectors(Index i) const {
    const Index flags = flags_[static_cast<std::size_t>(i)];
    return (flags & paired_imu_only) != 0 || (sizes_.text_width > 0 && (flags & paired_no_text) != 0) ||
           (sizes_.video_width > 0 && (flags & paired_no_video) != 0);
  }
  const std::vector<Index>& flags() const { return flags_; }

  /// Writes window i to `out` (steps, channels), row-major.
  virtual void read_window(Index i, std::span<float> out) const = 0;
  /// Writes a vector of window i to `out` (width of the kind).
  virtual void read_vector(PairedVector kind, Index i, std::span<float> out) const = 0;
  /// Says which windows will be read next. Returns at once.
  virtual void will_need(std::span<const Index> windows) = 0;

 private:
  Sizes sizes_;
  std::vector<Index> flags_;
};

/// Paired windows in memory, which must outlive this object.
class MemoryPaired final : public PairedSource {
 public:
  explicit MemoryPaired(const PairedWindows& p)
      : PairedSource({p.count(), p.windows.steps, p.windows.channels, p.text_width, p.video_width}, p.flags),
        windows_(p) {}

  void read_window(Index i, std::span<float> out) const override {
    const std::span<const float> window = windows_.windows.window(i);
    std::copy(window.begin(), window.end(), out.begin());
  }
  void read_vector(PairedVector kind, Index i, std::span<float> out) const override {
    const std::vector<float>& all = kind == PairedVector::text ? windows_.text : windows_.video;
    std::copy_n(all.begin() + i * width(kind), width(kind), out.begin());
  }
  void will_need(std::span<const Index>) override {}

 private:
  const PairedWindows& windows_;
};

/// Who recorded each window of a part; empty where its shards do not say.
inline std::vector<Index> load_users(const std::filesystem::path& part) {
  std::vector<Index> all;
  for (const std::filesystem::path& folder : shard_folders(part)) {
    const auto count = static_cast<Index>(io::read_npy(folder / "windows.npy").shape().at(0));
    const std::vector<Index> users = detail::load_numbers(folder / "users.npy", count, -1);
    if (users.empty()) return {};
    all.insert(all.end(), users.begin(), users.end());
  }
  return all;
}

/// Paired windows of whole parts (SET/train, SET/val) that stay in their files; only flags are read at once.
/// Values that are not finite, and vectors without a direction, are refused when they are read.
class ShardedPaired final : public PairedSource {
 public:
  /// `max_bytes`: limit of the memory that mapped pages hold.
  ShardedPaired(const std::vector<std::filesystem::path>& parts, std::size_t max_bytes)
      : ShardedPaired(open(parts, max_bytes)) {}

  void read_window(Index i, std::span<float> out) const override { arrays_.windows->read(i, out); }

  void read_vector(PairedVector kind, Index i, std::span<float> out) const override {
    (kind == PairedVector::text ? arrays_.text : arrays_.video)->read(i, out);
    if (lacks_vectors(i)) return;
    double square = 0;
    for (const float v : out.first(static_cast<std::size_t>(width(kind))))
      square += static_cast<double>(v) * static_cast<double>(v);
    if (std::sqrt(square) >= 1e-6) return;
    fail<IoError>("paired windows: window ", i, ": its ", kind == PairedVector::text ? "text" : "video",
                  " vector has length ", std::sqrt(square),
                  ", expected a direction; repair the vector, or flag the window as IMU only (1)");
  }

  void will_need(std::span<const Index> windows) override { ahead_->will_need(windows); }

  /// Windows of part k of those given.
  Index windows_of_part(std::size_t part) const { return arrays_.part_counts[part]; }

 private:
  struct Arrays {
    std::unique_ptr<ShardedRows> windows, text, video;
    std::vector<Index> flags, part_counts;
  };

  explicit ShardedPaired(Arrays arrays)
      : PairedSource(sizes_of(arrays), arrays.flags), arrays_(std::move(arrays)) {
    std::vector<const ShardedRows*> all;
    for (const ShardedRows* rows : {arrays_.windows.get(), arrays_.text.get(), arrays_.video.get()})
      if (rows != nullptr) all.push_back(rows);
    ahead_.emplace(std::move(all));
  }

  static Sizes sizes_of(const Arrays& a) {
    const io::Shape& window = a.windows->row_shape();
    return {a.windows->count(), static_cast<Index>(window[0]), static_cast<Index>(window[1]),
            a.text ? a.text->row_size() : 0, a.video ? a.video->row_size() : 0};
  }

  static Arrays open(const std::vector<std::filesystem::path>& parts, std::size_t max_bytes) {
    std::vector<std::filesystem::path> windows, text, video;
    Arrays a;
    std::vector<std::size_t> shards_of_part;
    for (const std::filesystem::path& part : parts) {
      const std::vector<std::filesystem::path> folders = shard_folders(part);
      shards_of_part.push_back(folders.size());
      for (const std::filesystem::path& folder : folders) {
        windows.push_back(folder / "windows.npy");
        if (std::filesystem::exists(folder / "text.npy")) text.push_back(folder / "text.npy");
        if (std::filesystem::exists(folder / "video.npy")) video.push_back(folder / "video.npy");
      }
    }
    a.windows = std::make_unique<ShardedRows>(windows, max_bytes);
    if (a.windows->row_shape().size() != 2)
      fail<IoError>(path_text(windows[0]), ": rows of shape ", io::shape_text(a.windows->row_shape()),
                    ", expected (steps, channels)");
    a.text = open_vectors(text, *a.windows, max_bytes, "text.npy", parts[0]);
    a.video = open_vectors(video, *a.windows, max_bytes, "video.npy", parts[0]);
    std::size_t shard = 0;
    for (const std::size_t count : shards_of_part) {
      Index rows = 0;
      for (std::size_t k = 0; k < count; ++k, ++shard) {
        append_flags(a, windows[shard].parent_path(), a.windows->rows_of_shard(shard));
        rows += a.windows->rows_of_shard(shard);
      }
      a.part_counts.push_back(rows);
    }
    return a;
  }

  static std::unique_ptr<ShardedRows> open_vectors(const std::vector<std::filesystem::path>& files,
                                                   const ShardedRows& windows, std::size_t max_bytes,
                                                   const char* name, const std::filesystem::path& part) {
    if (files.empty()) return nullptr;
    if (files.size() != windows.shards()) {
      fail<IoError>(path_text(part), ": ", files.size(), " of ", windows.shards(), " shards have a ", name,
                    "; all shards must hold the same files");
    }
    auto rows = std::make_unique<ShardedRows>(files, max_bytes);
    for (std::size_t k = 0; k < files.size(); ++k) {
      if (rows->rows_of_shard(k) == windows.rows_of_shard(k)) continue;
      fail<IoError>(path_text(files[k]), ": ", rows->rows_of_shard(k), " rows, the shard has ",
                    windows.rows_of_shard(k), " windows; expected one vector for each");
    }
    return rows;
  }

  static void append_flags(Arrays& a, const std::filesystem::path& folder, Index count) {
    std::vector<Index> flags = detail::load_numbers(folder / "flags.npy", count, 0);
    if (flags.empty()) {
      const Index none = (a.text ? 0 : paired_no_text) | (a.video ? 0 : paired_no_video);
      const Index both = paired_no_text | paired_no_video;
      flags.assign(static_cast<std::size_t>(count), none == both ? none | paired_imu_only : none);
    }
    a.flags.insert(a.flags.end(), flags.begin(), flags.end());
  }

  Arrays arrays_;
  std::optional<ReadAhead> ahead_;
};

}  // namespace gyrograd::data
