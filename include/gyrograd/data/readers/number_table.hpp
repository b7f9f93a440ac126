// SPDX-License-Identifier: MIT
// Text files of numbers in columns, separated by blanks or one other character, with errors that name file
// and row.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "gyrograd/core/config.hpp"
#include "gyrograd/core/error.hpp"
#include "gyrograd/data/readers/text_rows.hpp"

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

/// What a file of numbers looks like.
struct TableFormat {
  char separator = ' ';                  ///< ' ': any run of blanks and tabs
  std::vector<std::string_view> header;  ///< names that the first row must hold; empty: no header
  Index skipped = 0;                     ///< leading columns that are left out, such as a row number
};

/// Reads rows of `columns` numbers behind the skipped ones. Blank lines are left out; every other line must
/// hold exactly these fields, finite numbers. Errors: no file, no row, another header, a wrong number of
/// columns, a word that is no finite number.
inline NumberTable read_number_table(const std::filesystem::path& path, Index columns,
                                     const TableFormat& format = {}) {
  TextRows rows(path, {format.separator, '\n'});
  NumberTable table{rows.file(), columns, {}, {}};
  bool header = !format.header.empty();
  while (rows.next()) {
    if (header) {
      rows.expect_header(format.header);
      header = false;
      continue;
    }
    rows.expect(format.skipped + columns);
    for (Index c = 0; c < columns; ++c) table.values.push_back(rows.number(format.skipped + c));
    table.lines.push_back(rows.line());
  }
  if (table.rows() == 0) fail<IoError>(table.file, ": is empty, expected rows of ", columns, " numbers");
  return table;
}

}  // namespace gyrograd::data
