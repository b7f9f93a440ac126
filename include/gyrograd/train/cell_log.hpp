// SPDX-License-Identifier: MIT
// The finished cells of a grid of experiments, one JSON line each: a killed grid goes on where it was. Needs
// nlohmann-json.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "gyrograd/core/error.hpp"
#include "gyrograd/io/file.hpp"
#include "gyrograd/io/file_bytes.hpp"
#include "gyrograd/train/json_log.hpp"

namespace gyrograd::train {

/// Results by cell name. Line 1 of the file says which grid it is; a last line that was cut off in the middle
/// of writing is dropped, and its cell is computed again.
class CellLog {
 public:
  /// Starts an empty file, or reads what is there when `resume` is set (a missing file is an empty grid).
  /// identity: what every cell depends on. IoError when the file belongs to another grid or is damaged.
  CellLog(const std::filesystem::path& path, const Json& identity, bool resume) : path_(path) {
    const bool there = resume && std::filesystem::exists(path);
    if (there) read(identity);
    if (!there || torn_ || lines_.empty()) {
      std::string text = lines_.empty() ? head(identity) : lines_;
      io::atomic_write(path, std::string_view(text));
    }
    log_ = JsonLog(path, true);
  }

  /// Result of a finished cell, or null.
  const Json* find(const std::string& cell) const {
    const auto at = cells_.find(cell);
    return at == cells_.end() ? nullptr : &at->second;
  }

  /// Keeps a result, on disk before this returns.
  void add(const std::string& cell, Json result) {
    log_.write("cell", {{"cell", cell}, {"result", result}});
    cells_[cell] = std::move(result);
  }

  /// Number of finished cells.
  std::size_t size() const { return cells_.size(); }

 private:
  static std::string head(const Json& identity) {
    return Json{{"event", "grid"}, {"identity", identity}}.dump() + '\n';
  }

  void read(const Json& identity) {
    const auto bytes = io::FileBytes::open(path_);
    const std::string_view text(reinterpret_cast<const char*>(bytes->bytes().data()), bytes->bytes().size());
    const std::size_t whole = text.rfind('\n') == std::string_view::npos ? 0 : text.rfind('\n') + 1;
    torn_ = whole != text.size();
    std::size_t number = 0;
    for (std::size_t at = 0; at < whole; ++number) {
      const std::size_t end = text.find('\n', at);
      const Json line = Json::parse(text.substr(at, end - at), nullptr, false);
      if (!take(line, number, identity))
        fail<IoError>(path_.string(), ": line ", number + 1,
                      " is damaged; delete the file, or give --force to start again");
      at = end + 1;
    }
    lines_ = std::string(text.substr(0, whole));
  }

  bool take(const Json& line, std::size_t number, const Json& identity) {
    if (!line.is_object() || !line.contains("event")) return false;
    if (number > 0) {
      if (line["event"] != "cell" || !line.contains("cell") || !line.contains("result")) return false;
      cells_[line["cell"].get<std::string>()] = line["result"];
      return true;
    }
    if (line["event"] != "grid" || !line.contains("identity")) return false;
    for (const auto& [key, value] : identity.items()) {
      const Json there = line["identity"].value(key, Json());
      if (there != value)
        fail<IoError>(path_.string(), ": cells of another grid: ", key, " was ", there.dump(), ", now ",
                      value.dump(), "; choose another --out, or give --force to start again");
    }
    return true;
  }

  std::filesystem::path path_;
  std::map<std::string, Json> cells_;
  std::string lines_;
  bool torn_ = false;
  JsonLog log_;
};

}  // namespace gyrograd::train
