// SPDX-License-Identifier: MIT
// Checkpoint container: named sections of bytes, a checksum for each and for the whole, written atomically,
// the previous file kept.
#pragma once

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <type_traits>
#include <utility>
#include <vector>

#include "gyrograd/core/checked.hpp"
#include "gyrograd/core/error.hpp"
#include "gyrograd/core/suggest.hpp"
#include "gyrograd/io/crc.hpp"
#include "gyrograd/io/file.hpp"
#include "gyrograd/io/file_bytes.hpp"
#include "gyrograd/io/text.hpp"

namespace gyrograd::io {

/// Layout, all numbers little-endian:
///   8 bytes "GYROCKPT", u32 version, u32 number of sections, u64 size of the directory;
///   directory, per section: u64 offset from the file's start, u64 size, u32 CRC-32C, u32 name length, name;
///   sections, each at a multiple of 64, zeros between;
///   u32 CRC-32C of everything before it, 4 bytes "END\n".
struct CheckpointFormat {
  static constexpr std::string_view magic = "GYROCKPT", end = "END\n";
  static constexpr std::uint32_t version = 1;
  static constexpr std::size_t prefix = 24, trailer = 8, section_alignment = 64;
  static constexpr std::size_t sections = 4'096, name_bytes = 256;
};

/// Path of the file that save() keeps: "<name>.previous".
inline std::filesystem::path previous_checkpoint(const std::filesystem::path& path) {
  return path.string() + ".previous";
}

/// A checkpoint that a newer version of the library wrote.
struct NewerVersionError : IoError {
  using IoError::IoError;
};

/// A checkpoint that was read and whose checksums agree.
class Checkpoint {
 public:
  /// Reads `path`. Errors: not a checkpoint, of a newer version, cut short, damaged.
  static Checkpoint read(const std::filesystem::path& path) { return Checkpoint(FileBytes::open(path)); }

  explicit Checkpoint(std::shared_ptr<const FileBytes> file) : file_(std::move(file)) {
    const auto all = file_->bytes();
    const auto text = [&](std::size_t at, std::size_t size) {
      return std::string_view(reinterpret_cast<const char*>(all.data()) + at, size);
    };
    if (all.size() < CheckpointFormat::magic.size() ||
        text(0, CheckpointFormat::magic.size()) != CheckpointFormat::magic) {
      error("is not a gyrograd checkpoint");
    }
    if (all.size() < CheckpointFormat::prefix + CheckpointFormat::trailer) error("is cut short");
    const auto version = little_endian<std::uint32_t>(all, 8);
    if (version > CheckpointFormat::version) {
      fail<NewerVersionError>(file_->name(), ": has checkpoint version ", version,
                              ", this program reads up to ", CheckpointFormat::version,
                              "; use the newer program that wrote it");
    }
    const std::size_t covered = all.size() - CheckpointFormat::trailer;
    if (text(covered + 4, 4) != CheckpointFormat::end) error("is cut short: the end mark is missing");
    if (crc32c(all.first(covered)) != little_endian<std::uint32_t>(all, covered)) {
      error("is damaged: the checksum of the file does not match");
    }
    if (version == 0) error("has checkpoint version 0, expected 1");
    read_directory(covered);
  }

  /// Bytes of a section. Error: no such section.
  std::span<const std::byte> section(std::string_view name) const {
    if (const auto found = find(name)) return *found;
    std::vector<std::string_view> names;
    for (const auto& s : sections_) names.push_back(s.name);
    const std::string_view near = nearest(name, names);
    error("has no section " + in_quotes(name) +
          (near.empty() ? "" : "; did you mean " + in_quotes(near) + "?"));
  }
  std::optional<std::span<const std::byte>> find(std::string_view name) const noexcept {
    for (const auto& s : sections_) {
      if (s.name == name) return s.bytes;
    }
    return std::nullopt;
  }

  /// A section of numbers of the type that was written.
  template <class Value>
  requires std::is_arithmetic_v<Value> std::vector<Value> values(std::string_view name)
  const {
    const auto bytes = section(name);
    if (bytes.size() % sizeof(Value) != 0) {
      error("section " + in_quotes(name) + " holds " + std::to_string(bytes.size()) +
            " bytes, expected a multiple of " + std::to_string(sizeof(Value)));
    }
    std::vector<Value> out(bytes.size() / sizeof(Value));
    if (!out.empty()) std::memcpy(out.data(), bytes.data(), bytes.size());
    return out;
  }
  /// Copies a section of exactly out.size() numbers.
  template <class Value>
  requires std::is_arithmetic_v<Value>
  void copy_to(std::string_view name, std::span<Value> out) const {
    const auto bytes = section(name);
    if (bytes.size() != out.size_bytes()) {
      error("section " + in_quotes(name) + " holds " + std::to_string(bytes.size()) + " bytes, expected " +
            std::to_string(out.size_bytes()) + "; it belongs to another model or scalar type");
    }
    if (!out.empty()) std::memcpy(out.data(), bytes.data(), bytes.size());
  }
  std::uint64_t u64(std::string_view name) const { return one<std::uint64_t>(name); }
  double f64(std::string_view name) const { return one<double>(name); }
  std::string text(std::string_view name) const {
    const auto bytes = section(name);
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
  }

  /// Names in the order of writing.
  std::vector<std::string> names() const {
    std::vector<std::string> out;
    for (const auto& s : sections_) out.emplace_back(s.name);
    return out;
  }
  const std::string& file_name() const noexcept { return file_->name(); }

 private:
  struct Section {
    std::string_view name;
    std::span<const std::byte> bytes;
  };

  [[noreturn]] void error(const std::string& what) const { fail<IoError>(file_->name(), ": ", what); }

  void read_directory(std::size_t limit) {
    const auto all = file_->bytes();
    const std::uint64_t count = little_endian<std::uint32_t>(all, 12),
                        size = little_endian<std::uint64_t>(all, 16);
    std::size_t at = CheckpointFormat::prefix;
    if (count > CheckpointFormat::sections || !range_fits(at, size, limit))
      error("is damaged: its directory does not fit");
    const std::size_t end = at + static_cast<std::size_t>(size);
    for (std::uint64_t i = 0; i < count; ++i) {
      if (!range_fits(at, 24, end)) error("is damaged: its directory is cut short");
      const auto offset = little_endian<std::uint64_t>(all, at),
                 bytes = little_endian<std::uint64_t>(all, at + 8);
      const auto crc = little_endian<std::uint32_t>(all, at + 16),
                 length = little_endian<std::uint32_t>(all, at + 20);
      at += 24;
      if (length > CheckpointFormat::name_bytes || !range_fits(at, length, end))
        error("is damaged: a section name does not fit");
      const std::string_view name(reinterpret_cast<const char*>(all.data()) + at, length);
      at += length;
      if (offset < end || !range_fits(offset, bytes, limit))
        error("is damaged: section " + in_quotes(name) + " lies outside the file");
      const auto content = all.subspan(static_cast<std::size_t>(offset), static_cast<std::size_t>(bytes));
      if (crc32c(content) != crc)
        error("is damaged: the checksum of section " + in_quotes(name) + " does not match");
      if (find(name)) error("is damaged: section " + in_quotes(name) + " occurs twice (duplicate)");
      sections_.push_back({name, content});
    }
    if (at != end) error("is damaged: bytes after the last directory entry");
  }

  template <class Value>
  Value one(std::string_view name) const {
    Value value{};
    copy_to(name, std::span<Value>(&value, 1));
    return value;
  }

  std::shared_ptr<const FileBytes> file_;
  std::vector<Section> sections_;
};

/// Collects sections and writes them.
class CheckpointWriter {
 public:
  /// Adds a copy of `bytes` under a new name.
  CheckpointWriter& add(std::string name, std::span<const std::byte> bytes) {
    const bool taken =
        std::any_of(sections_.begin(), sections_.end(), [&](const Section& s) { return s.name == name; });
    if (name.empty() || name.size() > CheckpointFormat::name_bytes || taken ||
        sections_.size() == CheckpointFormat::sections) {
      fail<IoError>("checkpoint section ", in_quotes(name), ": the name is empty, too long or taken");
    }
    sections_.push_back({std::move(name), {bytes.begin(), bytes.end()}});
    return *this;
  }
  /// Numbers (float, double, integers) as they are in memory.
  template <class Value>
  requires std::is_arithmetic_v<Value> CheckpointWriter& add_values(const std::string& name,
                                                                    std::span<const Value> values) {
    return add(name, std::as_bytes(values));
  }
  CheckpointWriter& add_u64(const std::string& name, std::uint64_t value) {
    return add_values(name, std::span<const std::uint64_t>(&value, 1));
  }
  CheckpointWriter& add_f64(const std::string& name, double value) {
    return add_values(name, std::span<const double>(&value, 1));
  }
  CheckpointWriter& add_text(std::string name, std::string_view text) {
    return add(std::move(name), std::as_bytes(std::span(text.data(), text.size())));
  }

  /// The whole file.
  std::vector<std::byte> encode() const {
    std::vector<std::byte> out;
    append(out, CheckpointFormat::magic);
    append(out, CheckpointFormat::version);
    append(out, static_cast<std::uint32_t>(sections_.size()));
    std::uint64_t directory = 0;
    for (const Section& s : sections_) directory += 24 + s.name.size();
    append(out, directory);
    std::uint64_t offset = aligned(CheckpointFormat::prefix + directory);
    for (const Section& s : sections_) {
      append(out, offset);
      append(out, static_cast<std::uint64_t>(s.bytes.size()));
      append(out, crc32c(s.bytes));
      append(out, static_cast<std::uint32_t>(s.name.size()));
      append(out, std::string_view(s.name));
      offset = aligned(offset + s.bytes.size());
    }
    for (const Section& s : sections_) {
      out.resize(static_cast<std::size_t>(aligned(out.size())));
      out.insert(out.end(), s.bytes.begin(), s.bytes.end());
    }
    append(out, crc32c(out));
    append(out, CheckpointFormat::end);
    return out;
  }

  /// Replaces `path` atomically and keeps what was there as previous_checkpoint(path). At every moment at
  /// least one of the two is complete.
  template <class FileOps = PosixFileOps>
  void save(const std::filesystem::path& path, FileOps&& ops = FileOps{}) const {
    const std::vector<std::byte> bytes = encode();
    keep_previous(path, ops);
    atomic_write(
        path, [&](auto& sink) { sink.write(std::span<const std::byte>(bytes)); }, AtomicWriteOptions{}, ops);
  }

 private:
  struct Section {
    std::string name;
    std::vector<std::byte> bytes;
  };

  static constexpr std::uint64_t aligned(std::uint64_t at) noexcept {
    return (at + CheckpointFormat::section_alignment - 1) / CheckpointFormat::section_alignment *
           CheckpointFormat::section_alignment;
  }
  static void append(std::vector<std::byte>& out, std::string_view text) {
    const auto bytes = std::as_bytes(std::span(text.data(), text.size()));
    out.insert(out.end(), bytes.begin(), bytes.end());
  }
  template <std::unsigned_integral Number>
  static void append(std::vector<std::byte>& out, Number number) {
    for (std::size_t i = 0; i < sizeof(Number); ++i) {
      out.push_back(static_cast<std::byte>(static_cast<std::uint64_t>(number) >> (8 * i) & 255u));
    }
  }

  /// Gives the present file a second name, if it is a good checkpoint; a hard link, so that `path` never
  /// disappears.
  template <class FileOps>
  static void keep_previous(const std::filesystem::path& path, FileOps& ops) {
    std::error_code code;
    if (!std::filesystem::is_regular_file(std::filesystem::symlink_status(path, code))) return;
    try {
      (void)Checkpoint::read(path);
    } catch (const IoError&) {
      return;  // a damaged file must not replace a good previous one
    }
    const std::string previous = previous_checkpoint(path).string();
    const std::string link = previous + ".tmp." + std::to_string(::getpid());
    (void)ops.unlink(link.c_str());
    std::filesystem::create_hard_link(path, link, code);
    if (code) std::filesystem::copy_file(path, link, code);  // a file system without hard links
    if (!code && ops.rename(link.c_str(), previous.c_str()) != 0) {
      code = std::error_code(errno, std::generic_category());
    }
    if (!code) return;
    (void)ops.unlink(link.c_str());
    fail<IoError>(printable(previous, 4096), ": the previous checkpoint cannot be kept: ", code.message(),
                  "; the present one is unchanged");
  }

  std::vector<Section> sections_;
};

/// What load_checkpoint found.
struct LoadedCheckpoint {
  Checkpoint checkpoint;
  std::string warning;  ///< one line when the previous file had to be used, else empty
};

/// Reads `path`, or previous_checkpoint(path) when it is missing or damaged. A file of a newer version is
/// never passed over. Error: neither can be read.
inline LoadedCheckpoint load_checkpoint(const std::filesystem::path& path) {
  std::string reason;
  try {
    return {Checkpoint::read(path), ""};
  } catch (const NewerVersionError&) {
    throw;
  } catch (const IoError& error) {
    reason = error.what();
  }
  const std::filesystem::path previous = previous_checkpoint(path);
  std::error_code code;
  if (!std::filesystem::exists(previous, code)) fail<IoError>(reason);
  try {
    return {Checkpoint::read(previous),
            reason + "; continuing from the previous one, " + printable(previous.string(), 4096)};
  } catch (const IoError& error) {
    fail<IoError>(reason, "; and the previous one cannot be used: ", error.what());
  }
}

}  // namespace gyrograd::io
