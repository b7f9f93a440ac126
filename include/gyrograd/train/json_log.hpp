// SPDX-License-Identifier: MIT
// Machine-readable log of a run: one JSON object per line, each flushed as it is written. Needs
// nlohmann-json.
#pragma once

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include "gyrograd/core/error.hpp"

namespace gyrograd::train {

using Json = nlohmann::ordered_json;

/// Appends lines to a file; a default-constructed log drops them.
class JsonLog {
 public:
  JsonLog() = default;

  /// Opens `path`, from its end when `append` is set, else empty. IoError when that fails.
  explicit JsonLog(const std::filesystem::path& path, bool append = false) : path_(path) {
    file_.reset(std::fopen(path.c_str(), append ? "ab" : "wb"));
    if (!file_) fail<IoError>(path.string(), ": cannot open the log: ", std::strerror(errno));
  }

  explicit operator bool() const { return file_ != nullptr; }

  /// Writes {"event": event, ...fields} and a line feed. Numbers that are not finite become null.
  void write(std::string_view event, const Json& fields = Json::object()) {
    if (!file_) return;
    Json line = {{"event", event}};
    line.update(fields);
    const std::string text = line.dump(-1, ' ', false, Json::error_handler_t::replace) + '\n';
    if (std::fwrite(text.data(), 1, text.size(), file_.get()) != text.size() ||
        std::fflush(file_.get()) != 0) {
      fail<IoError>(path_.string(), ": cannot write the log: ", std::strerror(errno));
    }
  }

 private:
  struct Close {
    void operator()(std::FILE* f) const { std::fclose(f); }
  };
  std::filesystem::path path_;
  std::unique_ptr<std::FILE, Close> file_;
};

}  // namespace gyrograd::train
