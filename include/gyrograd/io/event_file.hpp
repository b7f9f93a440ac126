// SPDX-License-Identifier: MIT
// TensorBoard event files: scalars as hand-written protocol buffer messages in TFRecord frames.
//
// A frame is the length (8 bytes), its masked CRC-32C (4), the message, and its masked CRC-32C (4), all
// little-endian. Messages: Event {double wall_time = 1; int64 step = 2; string file_version = 3; Summary
// summary = 5}, Summary {repeated Value value = 1}, Value {string tag = 1; float simple_value = 2}.
#pragma once

#include <bit>
#include <cerrno>
#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "gyrograd/core/error.hpp"
#include "gyrograd/io/crc.hpp"
#include "gyrograd/io/file_bytes.hpp"

namespace gyrograd::io {

/// CRC-32C as TFRecord stores it: rotated and shifted, so that a CRC over stored CRCs stays useful.
inline std::uint32_t masked_crc32c(std::string_view bytes) noexcept {
  const std::uint32_t crc = crc32c(std::as_bytes(std::span(bytes)));
  return (crc >> 15 | crc << 17) + 0xA282EAD8u;
}

namespace detail {

/// The bytes of a number, the lowest first.
template <std::unsigned_integral Number>
std::string low_bytes_first(Number value) {
  std::string out;
  for (std::size_t i = 0; i < sizeof value; ++i) out += static_cast<char>(value >> 8 * i & 0xFFu);
  return out;
}

/// Seven bits a byte, the lowest first.
inline std::string varint(std::uint64_t value) {
  std::string out;
  for (; value > 0x7F; value >>= 7) out += static_cast<char>((value & 0x7Fu) | 0x80u);
  return out + static_cast<char>(value);
}

/// Key of a field: its number and how its value is stored (0 varint, 1 eight bytes, 2 counted bytes, 5 four
/// bytes).
inline std::string field_key(unsigned number, unsigned wire) {
  return varint(number << 3 | wire);
}
inline std::string counted_field(unsigned number, std::string_view bytes) {
  return field_key(number, 2) + varint(bytes.size()) + std::string(bytes);
}

/// wall_time of an event.
inline std::string time_field(double seconds) {
  return field_key(1, 1) + low_bytes_first(std::bit_cast<std::uint64_t>(seconds));
}

}  // namespace detail

/// One frame around a message.
inline std::string tf_record(std::string_view message) {
  const std::string length = detail::low_bytes_first(std::uint64_t{message.size()});
  return length + detail::low_bytes_first(masked_crc32c(length)) + std::string(message) +
         detail::low_bytes_first(masked_crc32c(message));
}

/// The message that every event file starts with.
inline std::string version_event(double wall_time) {
  return detail::time_field(wall_time) + detail::counted_field(3, "brain.Event:2");
}

/// A tag and its value.
using Scalar32 = std::pair<std::string, float>;

/// The message with the scalars of one step.   wall_time: seconds since 1970
inline std::string scalar_event(double wall_time, std::int64_t step, std::span<const Scalar32> values) {
  std::string summary;
  for (const auto& [tag, value] : values) {
    summary += detail::counted_field(1, detail::counted_field(1, tag) + detail::field_key(2, 5) +
                                            detail::low_bytes_first(std::bit_cast<std::uint32_t>(value)));
  }
  return detail::time_field(wall_time) + detail::field_key(2, 0) +
         detail::varint(static_cast<std::uint64_t>(step)) + detail::counted_field(5, summary);
}

/// Bytes of the whole, undamaged frames at the start of a file.
inline std::size_t whole_records(std::span<const std::byte> bytes) {
  const auto sound = [&](std::size_t at, std::size_t length) {
    const std::string_view text(reinterpret_cast<const char*>(bytes.data()) + at, length);
    return masked_crc32c(text) == little_endian<std::uint32_t>(bytes, at + length);
  };
  std::size_t at = 0;
  while (bytes.size() - at >= 16 && sound(at, 8)) {
    const auto length = little_endian<std::uint64_t>(bytes, at);
    if (length > bytes.size() - at - 16 || !sound(at + 12, static_cast<std::size_t>(length))) break;
    at += 16 + static_cast<std::size_t>(length);
  }
  return at;
}

/// An event file that grows; every event is flushed as it is written.
class EventFile {
 public:
  /// Opens `path`: empty, or behind its last whole event when `append` is set and it is there (a killed run
  /// may leave half an event). IoError when that fails.
  EventFile(const std::filesystem::path& path, bool append) : path_(path) {
    const bool grows = append && std::filesystem::exists(path);
    if (grows) cut_damaged_end();
    file_.reset(std::fopen(path.c_str(), grows ? "ab" : "wb"));
    if (!file_) fail<IoError>(path.string(), ": cannot open the event file: ", std::strerror(errno));
    if (!grows || std::filesystem::file_size(path) == 0) put(version_event(now()));
  }

  /// Adds the scalars of one step.
  void write(std::int64_t step, std::span<const Scalar32> values) { put(scalar_event(now(), step, values)); }

 private:
  struct Close {
    void operator()(std::FILE* f) const { std::fclose(f); }
  };

  static double now() {
    return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
  }
  void cut_damaged_end() {
    const std::size_t whole = whole_records(FileBytes::open(path_)->bytes());
    std::error_code error;
    std::filesystem::resize_file(path_, whole, error);
    if (error) fail<IoError>(path_.string(), ": cannot be continued: ", error.message());
  }
  void put(std::string_view message) {
    const std::string record = tf_record(message);
    if (std::fwrite(record.data(), 1, record.size(), file_.get()) != record.size() ||
        std::fflush(file_.get()) != 0) {
      fail<IoError>(path_.string(), ": cannot write the event file: ", std::strerror(errno));
    }
  }

  std::filesystem::path path_;
  std::unique_ptr<std::FILE, Close> file_;
};

}  // namespace gyrograd::io
