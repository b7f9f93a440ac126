// SPDX-License-Identifier: MIT
// Strict parser of the JSON header of a safetensors file: one pass, no recursion, nothing but what the format
// allows.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gyrograd/core/checked.hpp"
#include "gyrograd/core/error.hpp"
#include "gyrograd/io/dtype.hpp"
#include "gyrograd/io/tensor_file.hpp"
#include "gyrograd/io/text.hpp"

namespace gyrograd::io {

/// Limits on safetensors files, checked before anything is allocated.
struct SafetensorsLimits {
  static constexpr std::uint64_t header_bytes = 100'000'000;  ///< as in the reference implementation
  static constexpr std::size_t tensors = 16'384;
  static constexpr std::size_t metadata_entries = 16'384;
  static constexpr std::size_t name_bytes = 65'536;
  static constexpr std::size_t rank = 8;
};

/// One entry of the header: `begin` and `end` count from the first byte after the header.
struct SafetensorsRecord {
  std::string name;
  Dtype dtype = Dtype::f32;
  Shape shape;
  std::uint64_t begin = 0, end = 0;
};

struct SafetensorsHeader {
  std::vector<SafetensorsRecord> records;  ///< in header order
  Metadata metadata;
};

namespace detail {

class SafetensorsHeaderParser {
 public:
  /// file: name for messages.
  SafetensorsHeaderParser(std::string_view text, const std::string& file) : text_(text), file_(file) {}

  SafetensorsHeader parse() {
    if (text_.starts_with("\xEF\xBB\xBF")) error("starts with a byte order mark, expected '{'");
    SafetensorsHeader header;
    const auto braces = static_cast<std::size_t>(std::count(text_.begin(), text_.end(), '{'));
    header.records.reserve(std::min({braces, text_.size() / 40, SafetensorsLimits::tensors}));
    bool has_metadata = false;
    object([&](std::string key) {
      if (key == "__metadata__") {
        if (std::exchange(has_metadata, true)) error("duplicate key '__metadata__'");
        metadata(header.metadata);
      } else {
        if (header.records.size() == SafetensorsLimits::tensors) {
          error("more than " + std::to_string(SafetensorsLimits::tensors) + " tensors; split the file");
        }
        header.records.push_back(record(std::move(key)));
      }
    });
    skip_spaces();
    if (at_ != text_.size()) error("more text after the closing brace");
    reject_duplicates(header.records);
    return header;
  }

 private:
  [[noreturn]] void error(const std::string& what) const {
    fail<IoError>(file_, ": safetensors header, byte ", at_, ": ", tensor_, what);
  }

  void reject_duplicates(const std::vector<SafetensorsRecord>& records) {
    std::vector<std::string_view> names;
    names.reserve(records.size());
    for (const auto& r : records) names.push_back(r.name);
    std::sort(names.begin(), names.end());
    const auto twice = std::adjacent_find(names.begin(), names.end());
    if (twice != names.end()) error("duplicate tensor name " + in_quotes(*twice));
  }

  void skip_spaces() noexcept {
    while (at_ < text_.size() &&
           (text_[at_] == ' ' || text_[at_] == '\n' || text_[at_] == '\r' || text_[at_] == '\t'))
      ++at_;
  }
  char peek() const noexcept { return at_ < text_.size() ? text_[at_] : '\0'; }
  std::string found() const {
    return at_ < text_.size() ? in_quotes(text_.substr(at_, 1)) : std::string("the end of the header");
  }
  void expect(char wanted) {
    skip_spaces();
    if (at_ >= text_.size() || text_[at_] != wanted) {
      error(std::string("expected '") + wanted + "', got " + found());
    }
    ++at_;
  }

  /// Calls member(key) with the cursor on each value.
  template <class Member>
  void object(Member&& member) {
    expect('{');
    skip_spaces();
    if (peek() == '}') {
      ++at_;
      return;
    }
    for (;;) {
      skip_spaces();
      std::string key = string("key");
      expect(':');
      skip_spaces();
      member(std::move(key));
      skip_spaces();
      if (peek() == '}') break;
      expect(',');
    }
    ++at_;
  }

  void metadata(Metadata& out) {
    tensor_ = "'__metadata__': ";
    object([&](std::string key) {
      if (out.size() == SafetensorsLimits::metadata_entries) error("too many metadata entries");
      std::string value = string("metadata value");
      const std::string shown = in_quotes(key);
      if (!out.emplace(std::move(key), std::move(value)).second) error("duplicate metadata key " + shown);
    });
    tensor_.clear();
  }

  SafetensorsRecord record(std::string name) {
    tensor_ = "tensor " + in_quotes(name) + ": ";
    if (name.empty()) error("empty name");
    if (name.size() > SafetensorsLimits::name_bytes) error("name longer than 65536 bytes");
    if (name.find('\0') != std::string::npos) error("name with a NUL character");
    SafetensorsRecord out;
    out.name = std::move(name);
    std::array<bool, 3> seen{};
    const auto once = [&](std::size_t field, const char* key) {
      if (std::exchange(seen[field], true)) error(std::string("duplicate key '") + key + "'");
    };
    object([&](const std::string& key) {
      if (key == "dtype") {
        once(0, "dtype");
        out.dtype = dtype();
      } else if (key == "shape") {
        once(1, "shape");
        out.shape = shape();
      } else if (key == "data_offsets") {
        once(2, "data_offsets");
        offsets(out);
      } else {
        error("unknown key " + in_quotes(key) + ", expected dtype, shape or data_offsets");
      }
    });
    for (std::size_t i = 0; i < seen.size(); ++i) {
      if (!seen[i])
        error(std::string("key '") + std::array{"dtype", "shape", "data_offsets"}[i] + "' is missing");
    }
    tensor_.clear();
    return out;
  }

  Dtype dtype() {
    const std::string name = string("dtype");
    const auto found_type = dtype_from_name(name);
    if (!found_type) {
      error("dtype " + in_quotes(name) +
            " is not supported, expected one of BOOL U8 I8 U16 I16 F16 BF16 U32 I32 F32 U64 I64 F64");
    }
    return *found_type;
  }

  Shape shape() {
    Shape out;
    integers([&](std::uint64_t value) {
      if (out.size() == SafetensorsLimits::rank) error("shape has more than 8 dimensions");
      const auto extent = to_size(value);
      if (!extent) error("dimension " + std::to_string(value) + " is too large for this machine");
      if (out.capacity() == 0) out.reserve(4);
      out.push_back(*extent);
    });
    return out;
  }

  void offsets(SafetensorsRecord& out) {
    std::size_t count = 0;
    integers([&](std::uint64_t value) {
      if (count < 2) (count == 0 ? out.begin : out.end) = value;
      ++count;
    });
    if (count != 2) error("data_offsets has " + std::to_string(count) + " numbers, expected 2");
  }

  template <class Each>
  void integers(Each&& each) {
    expect('[');
    skip_spaces();
    if (peek() == ']') {
      ++at_;
      return;
    }
    for (;;) {
      skip_spaces();
      each(integer());
      skip_spaces();
      if (peek() == ']') break;
      expect(',');
    }
    ++at_;
  }

  /// Plain non-negative decimal integer of at most 64 bits.
  std::uint64_t integer() {
    const std::size_t start = at_;
    std::uint64_t value = 0;
    while (peek() >= '0' && peek() <= '9') {
      const auto digit = static_cast<std::uint64_t>(peek() - '0');
      const auto shifted = checked_mul(value, 10);
      const auto next = shifted ? checked_add(*shifted, digit) : std::nullopt;
      if (!next) error("number does not fit 64 bits (overflow)");
      value = *next;
      ++at_;
    }
    const bool leading_zero = at_ - start > 1 && text_[start] == '0';
    const char after = peek();
    if (at_ == start || leading_zero || after == '.' || after == 'e' || after == 'E') {
      at_ = start;
      error("expected a plain non-negative integer, got " + in_quotes(text_.substr(at_, 12)));
    }
    return value;
  }

  std::string string(const char* role) {
    if (peek() != '"') error(std::string(role) + ": expected a string, got " + found());
    ++at_;
    std::string out;
    for (;;) {
      if (at_ >= text_.size()) error("string without an end");
      const auto byte = static_cast<unsigned char>(text_[at_]);
      if (byte == '"') break;
      if (byte == '\\') {
        escape(out);
      } else if (byte < 0x20u) {
        error("control character inside a string");
      } else {
        const std::size_t length = utf8_length(text_, at_);
        if (length == 0) error("invalid UTF-8");
        out += text_.substr(at_, length);
        at_ += length;
      }
    }
    ++at_;
    return out;
  }

  void escape(std::string& out) {
    ++at_;
    static constexpr std::string_view letters = "\"\\/bfnrt", meanings = "\"\\/\b\f\n\r\t";
    const char letter = peek();
    ++at_;
    if (letter == 'u') {
      append_utf8(out, code_point());
      return;
    }
    const std::size_t which = letter == '\0' ? std::string_view::npos : letters.find(letter);
    if (which == std::string_view::npos) error("unknown escape in a string");
    out += meanings[which];
  }

  std::uint32_t code_point() {
    const std::uint32_t first = hex4();
    if (first >= 0xDC00u && first <= 0xDFFFu) error("lone surrogate escape");
    if (first < 0xD800u || first > 0xDBFFu) return first;
    if (text_.substr(at_, 2) != "\\u") error("lone surrogate escape");
    at_ += 2;
    const std::uint32_t second = hex4();
    if (second < 0xDC00u || second > 0xDFFFu) error("lone surrogate escape");
    return 0x10000u + ((first - 0xD800u) << 10) + (second - 0xDC00u);
  }

  std::uint32_t hex4() {
    std::uint32_t value = 0;
    for (int i = 0; i < 4; ++i, ++at_) {
      const char c = peek();
      std::uint32_t digit = 0;
      if (c >= '0' && c <= '9') {
        digit = static_cast<std::uint32_t>(c - '0');
      } else if (c >= 'a' && c <= 'f') {
        digit = static_cast<std::uint32_t>(c - 'a') + 10;
      } else if (c >= 'A' && c <= 'F') {
        digit = static_cast<std::uint32_t>(c - 'A') + 10;
      } else {
        error("expected four hexadecimal digits");
      }
      value = value << 4 | digit;
    }
    return value;
  }

  static void append_utf8(std::string& out, std::uint32_t code) {
    const auto put = [&](std::uint32_t byte) { out += static_cast<char>(static_cast<unsigned char>(byte)); };
    if (code < 0x80u) {
      put(code);
    } else if (code < 0x800u) {
      put(0xC0u | code >> 6);
      put(0x80u | (code & 63u));
    } else if (code < 0x10000u) {
      put(0xE0u | code >> 12);
      put(0x80u | (code >> 6 & 63u));
      put(0x80u | (code & 63u));
    } else {
      put(0xF0u | code >> 18);
      put(0x80u | (code >> 12 & 63u));
      put(0x80u | (code >> 6 & 63u));
      put(0x80u | (code & 63u));
    }
  }

  std::string_view text_;
  const std::string& file_;
  std::string tensor_;  ///< prefix of messages while inside an entry
  std::size_t at_ = 0;
};

}  // namespace detail

/// Parses the header text. Errors name file, byte, tensor and field.
inline SafetensorsHeader parse_safetensors_header(std::string_view text, const std::string& file) {
  return detail::SafetensorsHeaderParser(text, file).parse();
}

}  // namespace gyrograd::io
