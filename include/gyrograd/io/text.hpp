// SPDX-License-Identifier: MIT
// Text from untrusted files: UTF-8 validation, and a harmless printable form for error messages.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace gyrograd::io {

namespace detail {

/// Length in bytes of the valid UTF-8 sequence at `text[at]`, or 0: no overlong form, surrogate, or value
/// above U+10FFFF.
inline std::size_t utf8_length(std::string_view text, std::size_t at) noexcept {
  const auto byte = [&](std::size_t i) {
    return at + i < text.size() ? static_cast<unsigned char>(text[at + i]) : 0u;
  };
  const auto tail = [&](std::size_t i) { return (byte(i) & 0xC0u) == 0x80u; };
  const unsigned lead = byte(0);
  if (lead < 0x80u) return 1;
  if (lead >= 0xC2u && lead <= 0xDFu) return tail(1) ? 2 : 0;
  if (lead >= 0xE0u && lead <= 0xEFu) {
    if (lead == 0xE0u && byte(1) < 0xA0u) return 0;
    if (lead == 0xEDu && byte(1) > 0x9Fu) return 0;
    return tail(1) && tail(2) ? 3 : 0;
  }
  if (lead >= 0xF0u && lead <= 0xF4u) {
    if (lead == 0xF0u && byte(1) < 0x90u) return 0;
    if (lead == 0xF4u && byte(1) > 0x8Fu) return 0;
    return tail(1) && tail(2) && tail(3) ? 4 : 0;
  }
  return 0;
}

}  // namespace detail

/// Whether `text` is well-formed UTF-8.
inline bool valid_utf8(std::string_view text) noexcept {
  for (std::size_t i = 0; i < text.size();) {
    const std::size_t length = detail::utf8_length(text, i);
    if (length == 0) return false;
    i += length;
  }
  return true;
}

/// `text` for one line of a message: control bytes, C1 controls and invalid UTF-8 as \xNN, at most `most`
/// bytes shown.
inline std::string printable(std::string_view text, std::size_t most = 80) {
  static constexpr char digits[] = "0123456789abcdef";
  std::string out;
  for (std::size_t i = 0; i < text.size();) {
    if (out.size() >= most) return out + "...";
    const auto byte = static_cast<unsigned char>(text[i]);
    const std::size_t length = detail::utf8_length(text, i);
    const bool c1 = length == 2 && byte == 0xC2u && static_cast<unsigned char>(text[i + 1]) < 0xA0u;
    if (length == 0 || c1 || byte < 0x20u || byte == 0x7Fu) {
      out += "\\x";
      out += digits[byte >> 4];
      out += digits[byte & 15u];
      ++i;
    } else {
      out += text.substr(i, length);
      i += length;
    }
  }
  return out;
}

/// printable(text) in single quotes.
inline std::string in_quotes(std::string_view text, std::size_t most = 80) {
  return "'" + printable(text, most) + "'";
}

}  // namespace gyrograd::io
