// SPDX-License-Identifier: MIT
// Reads JSON from front to back without building a document: for annotation files larger than memory.
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
#include "gyrograd/io/file_bytes.hpp"
#include "gyrograd/io/text.hpp"

namespace gyrograd::io {

/// Place in a JSON text. Strict grammar (RFC 8259); memory only for the value at hand. Errors are IoErrors
/// that name file, line and byte.
///   cursor.enter_object();
///   for (std::string key; cursor.next_key(key);) { if (key == "text") t = cursor.text(); else cursor.skip();
///   }
class JsonCursor {
 public:
  enum class Kind : std::uint8_t { object, list, text, number, boolean, null };
  static constexpr std::size_t most_depth = 64;
  static constexpr std::size_t most_text = std::size_t{1} << 20;  ///< bytes of one string

  explicit JsonCursor(std::shared_ptr<const FileBytes> bytes)
      : file_(std::move(bytes)), text_(reinterpret_cast<const char*>(file_->bytes().data()), file_->size()) {
    if (text_.starts_with("\xEF\xBB\xBF")) at_ = 3;
  }
  explicit JsonCursor(const std::filesystem::path& path) : JsonCursor(FileBytes::open(path)) {}

  /// Kind of the value ahead.
  Kind kind() {
    switch (peek()) {
      case '{':
        return Kind::object;
      case '[':
        return Kind::list;
      case '"':
        return Kind::text;
      case 't':
      case 'f':
        return Kind::boolean;
      case 'n':
        return Kind::null;
      default:
        return Kind::number;
    }
  }

  void enter_object() { enter('{', "an object"); }
  /// Moves to the value of the next member; false behind the last one.
  bool next_key(std::string& key) {
    if (!next('}')) return false;
    if (peek() != '"') expected("a key in quotes");
    key = string();
    if (peek() != ':') expected("':'");
    ++at_;
    return true;
  }

  void enter_list() { enter('[', "a list"); }
  /// Moves to the next element; false behind the last one.
  bool next_item() { return next(']'); }

  std::string text() {
    if (peek() != '"') expected("a text");
    return string();
  }

  /// A finite number.
  double number() {
    const char c = peek();
    if (c != '-' && (c < '0' || c > '9')) expected("a number");
    std::size_t end = at_;
    while (end < text_.size() &&
           std::string_view("+-.eE0123456789").find(text_[end]) != std::string_view::npos)
      ++end;
    const std::string_view word = text_.substr(at_, end - at_);
    double value = 0;
    const auto [stop, error] = std::from_chars(word.data(), word.data() + word.size(), value);
    if (error != std::errc{} || stop != word.data() + word.size() || !std::isfinite(value) ||
        !well_formed(word))
      fail<IoError>(where(), ": ", in_quotes(word, 40), ", expected a finite number");
    at_ = end;
    return value;
  }

  bool boolean() {
    if (word("true")) return true;
    if (word("false")) return false;
    expected("true or false");
  }

  /// Takes a null; false when another value stands there.
  bool null() { return word("null"); }

  /// Passes over one value of any kind, checking its grammar.
  void skip() {
    std::string key;
    const std::size_t level = open_.size();
    do {
      if (open_.size() > level && !(open_.back() == '{' ? next_key(key) : next_item())) continue;
      switch (kind()) {
        case Kind::object:
          enter_object();
          break;
        case Kind::list:
          enter_list();
          break;
        case Kind::text:
          string();
          break;
        case Kind::number:
          number();
          break;
        case Kind::boolean:
          boolean();
          break;
        case Kind::null:
          if (!null()) expected("a value");
      }
    } while (open_.size() > level);
  }

  /// Error unless the text ends here.
  void finish() {
    blanks();
    if (at_ != text_.size()) fail<IoError>(where(), ": more text behind the JSON value");
  }

  const std::string& file() const noexcept { return file_->name(); }
  /// "file:line, byte N", for messages.
  std::string where() const {
    return file_->name() + ":" + std::to_string(line_) + ", byte " + std::to_string(at_);
  }

 private:
  void blanks() {
    for (; at_ < text_.size(); ++at_) {
      const char c = text_[at_];
      if (c == '\n') ++line_;
      if (c != ' ' && c != '\n' && c != '\t' && c != '\r') return;
    }
  }
  char peek() {
    blanks();
    if (at_ == text_.size()) fail<IoError>(where(), ": the JSON text ends too early; the file is cut short");
    return text_[at_];
  }
  [[noreturn]] void expected(const char* what) const {
    fail<IoError>(where(), ": JSON: expected ", what, ", got ", in_quotes(text_.substr(at_, 12)));
  }

  void enter(char bracket, const char* what) {
    if (peek() != bracket) expected(what);
    if (open_.size() == most_depth) fail<IoError>(where(), ": JSON nested more than 64 levels deep");
    open_.push_back(bracket);
    ++at_;
    first_ = true;
  }
  bool next(char close) {
    const char c = peek();
    if (c == close) {
      ++at_;
      open_.pop_back();
      first_ = false;
      return false;
    }
    if (!std::exchange(first_, false)) {
      if (c != ',') expected(close == '}' ? "',' or '}'" : "',' or ']'");
      ++at_;
      if (peek() == close) expected("a value behind the comma");
    }
    return true;
  }
  bool word(std::string_view wanted) {
    peek();
    if (!text_.substr(at_).starts_with(wanted)) return false;
    at_ += wanted.size();
    return true;
  }

  /// JSON's grammar of numbers, which is narrower than that of from_chars:
  /// -?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?
  static bool well_formed(std::string_view w) {
    const auto digits = [&] {
      const std::size_t n = std::min(w.find_first_not_of("0123456789"), w.size());
      const bool zero = n > 1 && w.front() == '0';
      w.remove_prefix(n);
      return zero ? std::size_t{0} : n;
    };
    if (w.starts_with('-')) w.remove_prefix(1);
    if (digits() == 0) return false;
    if (w.starts_with('.')) {
      w.remove_prefix(1);
      const std::size_t n = std::min(w.find_first_not_of("0123456789"), w.size());
      if (n == 0) return false;
      w.remove_prefix(n);
    }
    if (w.empty()) return true;
    w.remove_prefix(1);  // e or E: from_chars took the rest
    return true;
  }

  unsigned hex() {
    unsigned value = 0;
    if (text_.size() - at_ < 4) expected("four hexadecimal digits");
    const char* const begin = text_.data() + at_;
    const auto [stop, error] = std::from_chars(begin, begin + 4, value, 16);
    if (error != std::errc{} || stop != begin + 4) expected("four hexadecimal digits");
    at_ += 4;
    return value;
  }
  static void append_utf8(std::string& out, unsigned code) {
    const auto put = [&](unsigned byte) { out += static_cast<char>(static_cast<unsigned char>(byte)); };
    if (code < 0x80) {
      put(code);
    } else if (code < 0x800) {
      put(0xC0u | code >> 6), put(0x80u | (code & 63u));
    } else if (code < 0x10000) {
      put(0xE0u | code >> 12), put(0x80u | (code >> 6 & 63u)), put(0x80u | (code & 63u));
    } else {
      put(0xF0u | code >> 18), put(0x80u | (code >> 12 & 63u));
      put(0x80u | (code >> 6 & 63u)), put(0x80u | (code & 63u));
    }
  }
  void escape(std::string& out) {
    const char c = at_ < text_.size() ? text_[at_++] : '\0';
    constexpr std::string_view names = "\"\\/bfnrt", values = "\"\\/\b\f\n\r\t";
    if (const std::size_t i = names.find(c); c != '\0' && i != std::string_view::npos) {
      out += values[i];
      return;
    }
    if (c != 'u') expected("an escape");
    unsigned code = hex();
    if (code >= 0xD800 && code < 0xDC00) {
      if (!text_.substr(at_).starts_with("\\u")) expected("the second half of a surrogate pair");
      at_ += 2;
      const unsigned low = hex();
      if (low < 0xDC00 || low > 0xDFFF) expected("the second half of a surrogate pair");
      code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
    } else if (code >= 0xDC00 && code < 0xE000) {
      expected("the first half of a surrogate pair before this");
    }
    append_utf8(out, code);
  }
  std::string string() {
    const std::size_t start = at_++;
    std::string out;
    while (true) {
      std::size_t end = at_;
      while (end < text_.size() && text_[end] != '"' && text_[end] != '\\' &&
             static_cast<unsigned char>(text_[end]) >= 0x20)
        ++end;
      out += text_.substr(at_, end - at_);
      at_ = end;
      if (out.size() > most_text) fail<IoError>(where(), ": a JSON text of more than 1 MiB");
      if (at_ == text_.size() || static_cast<unsigned char>(text_[at_]) < 0x20) {
        at_ = start;
        fail<IoError>(where(), ": a JSON text without an end");
      }
      if (text_[at_++] == '"') break;
      escape(out);
    }
    if (!valid_utf8(out)) {
      at_ = start;
      fail<IoError>(where(), ": a JSON text that is not UTF-8");
    }
    return out;
  }

  std::shared_ptr<const FileBytes> file_;
  std::string_view text_;
  std::size_t at_ = 0;
  Index line_ = 1;
  std::vector<char> open_;
  bool first_ = false;
};

}  // namespace gyrograd::io
