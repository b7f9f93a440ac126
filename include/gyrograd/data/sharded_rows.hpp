// SPDX-License-Identifier: MIT
// One long array of rows in several .npy files (shards), mapped: any row at any time, in bounded memory.
#pragma once

#include <algorithm>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "gyrograd/core/config.hpp"
#include "gyrograd/core/error.hpp"
#include "gyrograd/io/dtype.hpp"
#include "gyrograd/io/npy.hpp"

namespace gyrograd::data {

/// Shards hold (n, ...) float32 or float64 in C order, all of one type and row shape. Opening them reads
/// their headers only: a shard that is cut short or does not fit the others is refused then, a value that is
/// not finite when its row is read.
class ShardedRows {
 public:
  /// `max_bytes`: limit of the memory that all mapped files of the process hold, beyond what they held when
  /// this was opened; these rows are given back before it is reached (the system keeps them cached as long as
  /// nobody else needs the memory). Limits below 64 MB may be exceeded by 4 MB, the most that a row can map.
  explicit ShardedRows(const std::vector<std::filesystem::path>& files, std::size_t max_bytes = SIZE_MAX)
      : max_bytes_(max_bytes), reads_between_checks_(std::max<std::size_t>(1, max_bytes / (32 * huge_page))) {
    if (files.empty()) fail<IoError>("shards: no file is named, expected at least one");
    for (const std::filesystem::path& path : files) add(io::read_npy(path));
    if (max_bytes_ == SIZE_MAX) return;
    forget();  // the pages of the headers
    resident_before_ = io::resident_file_bytes();
  }

  Index count() const { return ends_.back(); }
  /// Shape of one row: that of the files without the first extent.
  const io::Shape& row_shape() const { return row_shape_; }
  Index row_size() const { return static_cast<Index>(row_size_); }
  std::size_t shards() const { return shards_.size(); }
  Index rows_of_shard(std::size_t shard) const { return ends_[shard] - (shard == 0 ? 0 : ends_[shard - 1]); }

  /// Writes row i to out[0 .. row_size()). IoError naming file and row when a value is not finite. Any number
  /// of threads may read at once.
  void read(Index i, std::span<float> out) const {
    const Place place = find(i);
    const std::byte* bytes = shards_[place.shard].bytes().data() + place.offset;
    if (dtype_ == io::Dtype::f32) {
      std::memcpy(out.data(), bytes, row_size_ * sizeof(float));
    } else {
      for (std::size_t k = 0; k < row_size_; ++k) {
        double value;
        std::memcpy(&value, bytes + k * sizeof value, sizeof value);
        out[k] = static_cast<float>(value);
      }
    }
    limit_memory();
    std::uint32_t worst = 0;
    for (const float value : out.first(row_size_))
      worst = std::max(worst, std::bit_cast<std::uint32_t>(value) & 0x7F800000U);
    if (worst == 0x7F800000U) fail_not_finite(place, out);
  }

  /// Starts to fetch row i from the disk.
  void fetch(Index i) const {
    const Place place = find(i);
    const io::NpyFile& file = shards_[place.shard];
    const std::size_t header = file.keep_alive()->size() - file.bytes().size();
    file.keep_alive()->fetch(header + place.offset, row_bytes_);
  }

  /// Waits until row i is in memory.
  void touch(Index i) const {
    const Place place = find(i);
    const volatile std::byte* bytes = shards_[place.shard].bytes().data() + place.offset;
    for (std::size_t at = 0; at < row_bytes_; at += 4096) (void)bytes[at];
    (void)bytes[row_bytes_ - 1];
    limit_memory();
  }

 private:
  /// A page fault maps what is cached around a page, on Linux up to a huge page.
  static constexpr std::size_t huge_page = 2U << 20U;

  struct Place {
    std::size_t shard, offset;
    Index row;
  };

  void add(io::NpyFile file) {
    const io::Shape& shape = file.shape();
    if (shape.size() < 2 || file.count() == 0) {
      fail<IoError>(file.name(), ": array of shape ", io::shape_text(shape),
                    ", expected rows of at least one value; a shard holds (rows, ...)");
    }
    if (file.fortran_order())
      fail<IoError>(file.name(), ": Fortran order, expected C order; save it with numpy.ascontiguousarray");
    if (file.dtype() != io::Dtype::f32 && file.dtype() != io::Dtype::f64) {
      fail<IoError>(file.name(), ": values of type ", io::dtype_description(file.dtype()),
                    ", expected float32 or float64");
    }
    const io::Shape row(shape.begin() + 1, shape.end());
    if (shards_.empty()) {
      row_shape_ = row, dtype_ = file.dtype();
      row_size_ = file.count() / shape[0];
      row_bytes_ = row_size_ * io::dtype_size(dtype_);
    } else if (row != row_shape_ || file.dtype() != dtype_) {
      fail<IoError>(file.name(), ": rows of shape ", io::shape_text(row), " ",
                    io::dtype_description(file.dtype()), ", those of ", shards_[0].name(), " are ",
                    io::shape_text(row_shape_), " ", io::dtype_description(dtype_),
                    "; all shards of a set must agree");
    }
    file.keep_alive()->expect_random_access();
    ends_.push_back((ends_.empty() ? 0 : ends_.back()) + static_cast<Index>(shape[0]));
    shards_.push_back(std::move(file));
  }

  Place find(Index i) const {
    const auto shard =
        static_cast<std::size_t>(std::upper_bound(ends_.begin(), ends_.end(), i) - ends_.begin());
    const Index row = i - (shard == 0 ? 0 : ends_[shard - 1]);
    return {shard, static_cast<std::size_t>(row) * row_bytes_, row};
  }

  /// Gives everything back when little is left of the limit. Memory is measured, not reckoned: one row maps
  /// 4 kB to 4 MB, as the system caches its file. Between two checks at most a sixteenth of the limit is
  /// mapped.
  void limit_memory() const {
    if (max_bytes_ == SIZE_MAX) return;
    if ((reads_.fetch_add(1, std::memory_order_relaxed) + 1) % reads_between_checks_ != 0) return;
    const std::size_t resident = io::resident_file_bytes();
    if (resident >= resident_before_ && resident - resident_before_ < max_bytes_ / 4 * 3) return;
    forget();
  }

  void forget() const {
    for (const io::NpyFile& file : shards_) file.keep_alive()->forget();
  }

  [[noreturn]] void fail_not_finite(const Place& place, std::span<const float> out) const {
    std::size_t at = 0;
    while ((std::bit_cast<std::uint32_t>(out[at]) & 0x7F800000U) != 0x7F800000U) ++at;
    fail<IoError>(shards_[place.shard].name(), ": row ", place.row, " value ", at,
                  " is not a finite number; drop or repair the row");
  }

  std::vector<io::NpyFile> shards_;
  std::vector<Index> ends_;  // rows up to the end of each shard
  io::Shape row_shape_;
  io::Dtype dtype_ = io::Dtype::f32;
  std::size_t row_size_ = 0, row_bytes_ = 0, max_bytes_, reads_between_checks_, resident_before_ = 0;
  mutable std::atomic<std::size_t> reads_{0};
};

}  // namespace gyrograd::data
