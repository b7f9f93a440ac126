// SPDX-License-Identifier: MIT
// Vectors made elsewhere (CLIP and the like) found by a key: NAME.npy holds the rows, NAME.txt their keys.
#pragma once

#include <cmath>
#include <cstddef>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "gyrograd/core/config.hpp"
#include "gyrograd/core/error.hpp"
#include "gyrograd/data/paired_file.hpp"
#include "gyrograd/data/readers/folder.hpp"
#include "gyrograd/io/npy.hpp"

namespace gyrograd::data {

/// Rows (count, width) with one key each: a cleaned text, or "TAKE START" for the video
/// from START ms of a take.
class VectorTable {
 public:
  VectorTable() = default;

  /// Reads BASE.npy and BASE.txt (BASE may be given with the ending .npy). Errors (IoError): a missing file,
  /// another number of keys than rows, a key twice, a value that is not finite.
  explicit VectorTable(std::filesystem::path base, bool keyed = true) {
    if (base.extension() == ".npy") base.replace_extension();
    const std::filesystem::path array = base.string() + ".npy", keys = base.string() + ".txt";
    Index rows = 0;
    {
      const io::NpyFile file = io::read_npy(array);
      file.expect_rank(2, "vectors");
      rows = static_cast<Index>(file.shape()[0]);
    }
    values_ = detail::load_vectors(array, rows, width_);
    name_ = path_text(array);
    if (!keyed) return;
    const std::vector<std::string> lines = detail::lines_of(keys);
    if (static_cast<Index>(lines.size()) != rows) {
      fail<IoError>(path_text(keys), ": ", lines.size(), " keys, ", array.filename().string(), " has ", rows,
                    " rows; expected one line for each row");
    }
    for (std::size_t i = 0; i < lines.size(); ++i) {
      if (!rows_.emplace(lines[i], static_cast<Index>(i)).second)
        fail<IoError>(path_text(keys), ":", i + 1, ": key ", io::in_quotes(lines[i]), " occurs twice");
    }
  }

  Index width() const { return width_; }
  Index count() const { return width_ == 0 ? 0 : static_cast<Index>(values_.size()) / width_; }
  const std::string& name() const { return name_; }

  /// Row of a key, or -1.
  Index find(const std::string& key) const {
    const auto at = rows_.find(key);
    return at == rows_.end() ? -1 : at->second;
  }
  std::span<const float> row(Index i) const {
    return std::span(values_).subspan(static_cast<std::size_t>(i * width_), static_cast<std::size_t>(width_));
  }

 private:
  std::string name_;
  Index width_ = 0;
  std::vector<float> values_;
  std::unordered_map<std::string, Index> rows_;
};

/// Key of the video from `start` ms of a take.
inline std::string clip_key(const std::string& take, Index start) {
  return take + ' ' + std::to_string(start);
}

}  // namespace gyrograd::data
