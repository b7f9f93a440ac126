// SPDX-License-Identifier: MIT
// Files of a folder in the same order on every machine, with errors that say which folder was expected.
#pragma once

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "gyrograd/core/config.hpp"
#include "gyrograd/core/error.hpp"
#include "gyrograd/io/text.hpp"

namespace gyrograd::data {

/// Printable path, whole.
inline std::string path_text(const std::filesystem::path& path) {
  return io::printable(path.string(), 4096);
}

/// Entries of `folder` whose file names `wanted` accepts, in byte order of their names (so sub_10 comes
/// before sub_2). `expected` says in the message which folder was wanted.
inline std::vector<std::filesystem::path> list_folder(const std::filesystem::path& folder,
                                                      const std::function<bool(const std::string&)>& wanted,
                                                      std::string_view expected) {
  std::error_code error;
  std::vector<std::filesystem::path> entries;
  for (std::filesystem::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
    if (wanted(it->path().filename().string())) entries.push_back(it->path());
  }
  if (error)
    fail<IoError>(path_text(folder), ": cannot be listed: ", error.message(), "; expected ", expected);
  std::sort(entries.begin(), entries.end());
  return entries;
}

/// Reads a file name such as "acc_exp12_user06.txt" against "acc_exp#_user#.txt", where # stands for a whole
/// number below 10^9; false when it does not fit.
inline bool match_name(std::string_view name, std::string_view pattern, std::vector<Index>& numbers) {
  numbers.clear();
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    if (pattern[i] != '#') {
      if (name.empty() || name.front() != pattern[i]) return false;
      name.remove_prefix(1);
      continue;
    }
    Index value = -1;
    const auto [stop, error] =
        std::from_chars(name.data(), name.data() + std::min<std::size_t>(name.size(), 9), value);
    if (error != std::errc{} || value < 0) return false;
    numbers.push_back(value);
    name.remove_prefix(static_cast<std::size_t>(stop - name.data()));
  }
  return name.empty();
}

}  // namespace gyrograd::data
