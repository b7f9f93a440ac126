// SPDX-License-Identifier: MIT
// Vectors made elsewhere (CLIP and the like) found by a key: NAME.npy holds the rows, NAME.txt their keys.
#pragma once

#include <cmath>
#include <cstddef>
#include <filesystem>
#include <optional>
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

/// Rows (count, width), left in their file until they are asked for, with one key each: a cleaned text, or
/// "TAKE START" for the video from START ms of a take.
class VectorTable {
 public:
  VectorTable() = default;

  /// Reads BASE.npy and BASE.txt (BASE may be given with the ending .npy). Errors (IoError): a missing file,
  /// another number of keys than rows, a key twice, a value that is not finite.
  explicit VectorTable(std::filesystem::path base, bool keyed = true) {
    if (base.extension() == ".npy") base.replace_extension();
    const std::filesystem::path array = base.string() + ".npy", keys = base.string() + ".txt";
    const io::NpyFile file = io::read_npy(array);
    file.expect_rank(2, "vectors");
    if (file.shape()[1] == 0) fail<IoError>(file.name(), ": vectors of width 0");
    if (file.fortran_order() && file.shape()[0] > 1)
      fail<IoError>(file.name(),
                    ": in Fortran order, expected row after row; save numpy.ascontiguousarray(a)");
    count_ = static_cast<Index>(file.shape()[0]), width_ = static_cast<Index>(file.shape()[1]);
    name_ = path_text(array);
    file_.emplace(file);
    if (!keyed) return;
    const std::vector<std::string> lines = detail::lines_of(keys);
    if (static_cast<Index>(lines.size()) != count_) {
      fail<IoError>(path_text(keys), ": ", lines.size(), " keys, ", array.filename().string(), " has ",
                    count_, " rows; expected one line for each row");
    }
    for (std::size_t i = 0; i < lines.size(); ++i) {
      if (!rows_.emplace(lines[i], static_cast<Index>(i)).second)
        fail<IoError>(path_text(keys), ":", i + 1, ": key ", io::in_quotes(lines[i]), " occurs twice");
    }
  }

  Index width() const { return width_; }
  Index count() const { return count_; }
  const std::string& name() const { return name_; }

  /// Row of a key, or -1.
  Index find(const std::string& key) const {
    const auto at = rows_.find(key);
    return at == rows_.end() ? -1 : at->second;
  }
  /// Appends row i to `out`. IoError where it holds a value that is not finite.
  void append(Index i, std::vector<float>& out) const {
    const std::size_t bytes = static_cast<std::size_t>(width_) * io::dtype_size(file_->dtype());
    const io::TensorEntry entry{"row",
                                file_->dtype(),
                                {static_cast<std::size_t>(width_)},
                                file_->bytes().subspan(static_cast<std::size_t>(i) * bytes, bytes)};
    const std::size_t first = out.size();
    out.resize(first + static_cast<std::size_t>(width_));
    io::copy_to(entry, out.data() + first, name_);
    for (std::size_t c = first; c < out.size(); ++c) {
      if (!std::isfinite(out[c]))
        fail<IoError>(name_, ": row ", i, " column ", c - first,
                      " is not a finite number; repair the vectors");
    }
  }

 private:
  std::string name_;
  Index width_ = 0, count_ = 0;
  std::optional<io::NpyFile> file_;
  std::unordered_map<std::string, Index> rows_;
};

/// Key of the video from `start` ms of a take.
inline std::string clip_key(const std::string& take, Index start) {
  return take + ' ' + std::to_string(start);
}

}  // namespace gyrograd::data
