// SPDX-License-Identifier: MIT
// Text files of records with fields: one cursor for every delimited format, whose errors name file and row.
#pragma once

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "gyrograd/core/config.hpp"
#include "gyrograd/core/error.hpp"
#include "gyrograd/core/suggest.hpp"
#include "gyrograd/io/file_bytes.hpp"
#include "gyrograd/io/text.hpp"

namespace gyrograd::data {

/// How records are cut into fields.
struct TextFormat {
  char separator = ' ';    ///< ' ': any run of blanks and tabs; else that character, each one a border
  char record_end = '\n';  ///< a character that ends a record beside the line feed
};

/// Number in a whole word, or false: plus sign allowed, nothing else around it; it may be infinite or NaN.
inline bool parse_number(std::string_view word, double& value) {
  const bool plus = word.starts_with('+') && !word.starts_with("+-");
  const char* const end = word.data() + word.size();
  const auto [stop, error] = std::from_chars(word.data() + (plus ? 1 : 0), end, value);
  return error == std::errc{} && stop == end && !word.empty();
}

/// The records of a text file, one after the other. A byte order mark, CRLF ends, blank records, blanks
/// around fields and double quotes around a field are taken off.
class TextRows {
 public:
  static constexpr std::size_t most_fields = 4096;

  explicit TextRows(const std::filesystem::path& path, TextFormat format = {})
      : TextRows(io::FileBytes::open(path), format) {}
  /// Of bytes that are at hand, such as a member of an archive.
  explicit TextRows(std::shared_ptr<const io::FileBytes> bytes, TextFormat format = {})
      : bytes_(std::move(bytes)),
        rest_(reinterpret_cast<const char*>(bytes_->bytes().data()), bytes_->size()),
        format_(format) {
    if (rest_.starts_with("\xEF\xBB\xBF")) rest_.remove_prefix(3);
  }

  /// Moves to the next record that is not blank; false at the end.
  bool next() {
    while (!rest_.empty()) {
      line_ = next_line_;
      const std::size_t end =
          std::min({rest_.find('\n'),
                    format_.record_end == '\n' ? std::string_view::npos : rest_.find(format_.record_end),
                    rest_.size()});
      const std::string_view record = rest_.substr(0, end);
      if (end < rest_.size() && rest_[end] == '\n') ++next_line_;
      rest_.remove_prefix(std::min(end + 1, rest_.size()));
      cut(record);
      if (!fields_.empty()) return true;
    }
    return false;
  }

  Index size() const { return static_cast<Index>(fields_.size()); }
  std::string_view operator[](Index field) const { return fields_[static_cast<std::size_t>(field)]; }
  const std::vector<std::string_view>& fields() const { return fields_; }
  /// Line of the record in the file, from 1.
  Index line() const { return line_; }
  const std::string& file() const { return bytes_->name(); }
  /// "file:line", for messages.
  std::string where() const { return file() + ":" + std::to_string(line_); }

  /// Error unless the record has `count` fields.
  void expect(Index count) const {
    if (size() == count) return;
    fail<IoError>(where(), ": ", size(), " columns, expected ", count,
                  size() == 1 ? "; the only one is " + io::in_quotes(fields_[0]) : std::string());
  }

  /// A finite number.
  double number(Index field) const {
    double value = 0;
    if (parse_number((*this)[field], value) && std::isfinite(value)) return value;
    fail<IoError>(where(), ": column ", field + 1, " is ", io::in_quotes((*this)[field]),
                  ", expected a finite number");
  }

  /// A whole number in low..high, written without point and exponent.
  std::int64_t whole(Index field, std::int64_t low, std::int64_t high) const {
    const std::string_view word = (*this)[field];
    std::int64_t value = 0;
    const auto [stop, error] = std::from_chars(word.data(), word.data() + word.size(), value);
    if (error == std::errc{} && stop == word.data() + word.size() && value >= low && value <= high)
      return value;
    fail<IoError>(where(), ": column ", field + 1, " is ", io::in_quotes(word),
                  ", expected a whole number in ", low, "..", high);
  }

  /// Field whose text is one of `words`, as its number.
  template <class Words>
  Index word(Index field, const Words& words) const {
    const std::string_view text = (*this)[field];
    Index number = 0;
    std::string list;
    for (const auto& known : words) {
      if (text == known) return number;
      ++number;
      list += (list.empty() ? "" : ", ") + std::string(known);
    }
    fail<IoError>(where(), ": column ", field + 1, " is ", io::in_quotes(text), ", expected one of ", list,
                  did_you_mean(text, words));
  }

  /// Place of the column called `name` in this record, the header.
  Index column(std::string_view name) const {
    const auto at = std::find(fields_.begin(), fields_.end(), name);
    if (at != fields_.end()) return at - fields_.begin();
    fail<IoError>(where(), ": the header has no column ", io::in_quotes(name), did_you_mean(name, fields_),
                  "; it has ", io::printable(joined(fields_), 400));
  }

  /// Error unless this record, the header, holds exactly these names.
  void expect_header(const std::vector<std::string_view>& names) const {
    if (fields_ == names) return;
    fail<IoError>(where(), ": header ", io::in_quotes(joined(fields_), 200), ", expected '", joined(names),
                  "'");
  }

 private:
  static bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r'; }

  static std::string_view trimmed(std::string_view text) {
    while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
    while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
    if (text.size() >= 2 && text.front() == '"' && text.back() == '"') text = text.substr(1, text.size() - 2);
    return text;
  }

  void cut(std::string_view record) {
    fields_.clear();
    record = trimmed_ends(record);
    if (record.empty()) return;
    if (format_.separator == ' ') {
      for (std::size_t at = 0; at < record.size();) {
        std::size_t end = at;
        while (end < record.size() && !is_blank(record[end])) ++end;
        add(record.substr(at, end - at));
        at = end;
        while (at < record.size() && is_blank(record[at])) ++at;
      }
      return;
    }
    for (std::size_t at = 0;;) {
      const std::size_t end = std::min(record.find(format_.separator, at), record.size());
      add(trimmed(record.substr(at, end - at)));
      if (end == record.size()) return;
      at = end + 1;
    }
  }

  /// Without line ends and outer blanks; a separator at the end is kept: it borders an empty field.
  std::string_view trimmed_ends(std::string_view record) const {
    while (!record.empty() && is_blank(record.front()) && record.front() != format_.separator)
      record.remove_prefix(1);
    while (!record.empty() && is_blank(record.back()) && record.back() != format_.separator)
      record.remove_suffix(1);
    if (format_.separator != ' ') return record;
    while (!record.empty() && is_blank(record.front())) record.remove_prefix(1);
    while (!record.empty() && is_blank(record.back())) record.remove_suffix(1);
    return record;
  }

  void add(std::string_view field) {
    if (fields_.size() == most_fields) fail<IoError>(where(), ": more than ", most_fields, " columns");
    fields_.push_back(field);
  }

  static std::string joined(const std::vector<std::string_view>& names) {
    std::string list;
    for (std::size_t i = 0; i < names.size(); ++i) list += (i == 0 ? "" : ",") + std::string(names[i]);
    return list;
  }

  std::shared_ptr<const io::FileBytes> bytes_;
  std::string_view rest_;
  TextFormat format_;
  std::vector<std::string_view> fields_;
  Index line_ = 0, next_line_ = 1;
};

}  // namespace gyrograd::data
