// SPDX-License-Identifier: MIT
// Text files of numbers in columns, separated by blanks or one other character, with errors that name file
// and row.
#pragma once

#include <charconv>
#include <cmath>
#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "gyrograd/core/config.hpp"
#include "gyrograd/core/error.hpp"
#include "gyrograd/io/file_bytes.hpp"
#include "gyrograd/io/text.hpp"

namespace gyrograd::data {

/// Rows of `columns` numbers, row-major, and the line of each row in the file (from 1).
struct NumberTable {
  std::string file;
  Index columns = 0;
  std::vector<double> values;
  std::vector<Index> lines;

  Index rows() const { return static_cast<Index>(lines.size()); }
  double at(Index row, Index column) const {
    return values[static_cast<std::size_t>(row * columns + column)];
  }
  /// "file:line" of a row, for messages.
  std::string where(Index row) const {
    return file + ":" + std::to_string(lines[static_cast<std::size_t>(row)]);
  }
};

namespace detail {

inline bool is_blank(char c) {
  return c == ' ' || c == '\t' || c == '\r';
}

/// Parses one line; false when the line is blank.
inline bool parse_row(std::string_view line, Index number, NumberTable& table) {
  Index found = 0;
  std::size_t at = 0;
  const auto skip = [&] {
    while (at < line.size() && is_blank(line[at])) ++at;
    return at < line.size();
  };
  for (; skip(); ++found) {
    std::size_t end = at;
    while (end < line.size() && !is_blank(line[end])) ++end;
    const std::string_view word = line.substr(at, end - at);
    at = end;
    if (found >= table.columns) continue;
    double value = 0;
    const char* first = word.data() + (word.starts_with('+') && !word.starts_with("+-") ? 1 : 0);
    const auto [stop, error] = std::from_chars(first, word.data() + word.size(), value);
    if (error != std::errc{} || stop != word.data() + word.size() || !std::isfinite(value)) {
      fail<IoError>(table.file, ":", number, ": column ", found + 1, " is ", io::in_quotes(word),
                    ", expected a finite number");
    }
    table.values.push_back(value);
  }
  if (found == 0) return false;
  if (found == table.columns) return true;
  fail<IoError>(table.file, ":", number, ": ", found, " columns, expected ", table.columns);
}

}  // namespace detail

/// Reads blank-separated numbers. Blank lines are skipped; every other line must hold exactly `columns`
/// finite numbers. Errors: no file, no row, a wrong number of columns, a word that is no finite number.
inline NumberTable read_number_table(const std::filesystem::path& path, Index columns) {
  const auto bytes = io::FileBytes::open(path);
  const std::string_view text(reinterpret_cast<const char*>(bytes->bytes().data()), bytes->size());
  NumberTable table{bytes->name(), columns, {}, {}};
  table.values.reserve(text.size() / 16);
  Index number = 1;
  for (std::size_t at = 0; at < text.size(); ++number) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    if (detail::parse_row(text.substr(at, end - at), number, table)) table.lines.push_back(number);
    at = end + 1;
  }
  if (table.rows() == 0) fail<IoError>(table.file, ": is empty, expected rows of ", columns, " numbers");
  return table;
}

}  // namespace gyrograd::data
