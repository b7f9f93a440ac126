// SPDX-License-Identifier: MIT
// Exception types. They are thrown at boundaries (shapes handed in by a user, files, configurations), never
// by kernels.
#pragma once

#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>

namespace gyrograd {

/// Base of all gyrograd exceptions. what() is one line: where, what was expected, what was found, what to do.
struct Error : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// Sizes that do not fit each other or the model.
struct ShapeError : Error {
  using Error::Error;
};

/// A file that cannot be read, written, or is not what it claims to be.
struct IoError : Error {
  using Error::Error;
};

/// An option, key or value that is unknown or out of range.
struct ConfigError : Error {
  using Error::Error;
};

namespace detail {

inline void append(std::string& text, std::string_view part) {
  text += part;
}
template <class Number>
requires std::is_arithmetic_v<Number>
void append(std::string& text, Number part) {
  text += std::to_string(part);
}

}  // namespace detail

/// Joins strings and numbers into one message.
template <class... Parts>
std::string message(const Parts&... parts) {
  std::string text;
  (detail::append(text, parts), ...);
  return text;
}

/// Throws `Kind` with the joined parts; kept out of line so that checks cost one predicted branch.
///   if (rows != expected) fail<ShapeError>("linear: x has ", rows, " channels, expected ", expected);
template <class Kind, class... Parts>
[[noreturn, gnu::cold, gnu::noinline]] void fail(const Parts&... parts) {
  throw Kind(message(parts...));
}

}  // namespace gyrograd
