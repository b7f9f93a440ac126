// SPDX-License-Identifier: MIT
// Reader of zip archives with stored (uncompressed) members, as torch.save and numpy.savez write them; ZIP64
// included. io/inflate.hpp unpacks deflated members.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gyrograd/core/checked.hpp"
#include "gyrograd/core/error.hpp"
#include "gyrograd/io/crc.hpp"
#include "gyrograd/io/file_bytes.hpp"
#include "gyrograd/io/text.hpp"

namespace gyrograd::io {

/// One member of an archive; `name` views into the archive.
struct ZipMember {
  std::string_view name;
  std::uint32_t crc = 0;
  std::uint16_t method = 0;
  std::uint64_t stored_size = 0, size = 0, header_offset = 0;
};

/// Directory of an archive. All ranges are checked at construction; contents only when asked for.
class ZipArchive {
 public:
  explicit ZipArchive(std::shared_ptr<const FileBytes> bytes)
      : file_(std::move(bytes)), all_(file_->bytes()) {
    read_directory(find_directory());
    reject_duplicates();
    reject_overlaps();
  }

  /// Whether the bytes start like a zip archive.
  static bool looks_like(std::span<const std::byte> bytes) noexcept {
    return bytes.size() >= 22 && little_endian<std::uint32_t>(bytes, 0) == local_signature;
  }

  /// Members sorted by name.
  const std::vector<ZipMember>& members() const noexcept { return members_; }
  const std::string& name() const noexcept { return file_->name(); }
  const std::shared_ptr<const FileBytes>& file() const noexcept { return file_; }

  const ZipMember* find(std::string_view name) const noexcept {
    const auto at = std::lower_bound(members_.begin(), members_.end(), name,
                                     [](const ZipMember& m, std::string_view n) { return m.name < n; });
    return at != members_.end() && at->name == name ? &*at : nullptr;
  }

  /// Content of a stored member, in place. Errors: compressed, or the checksum differs.
  std::span<const std::byte> content(const ZipMember& member, bool check_crc = true) const {
    if (member.method != 0) {
      error(member, member.method == 8
                        ? "is compressed with deflate, expected a stored member; save it again with "
                          "torch.save, or unpack and store it (zip -0)"
                        : "is compressed, expected a stored member");
    }
    const auto bytes =
        all_.subspan(static_cast<std::size_t>(data_offset(member)), static_cast<std::size_t>(member.size));
    if (check_crc && crc32(bytes) != member.crc) {
      error(member, "checksum (CRC-32) does not match its content; the file is damaged, fetch it again");
    }
    return bytes;
  }

  /// Bytes of a member as they lie in the archive, packed or not.
  std::span<const std::byte> packed(const ZipMember& member) const {
    return all_.subspan(static_cast<std::size_t>(data_offset(member)),
                        static_cast<std::size_t>(member.stored_size));
  }

 private:
  static constexpr std::uint32_t local_signature = 0x04034B50u, central_signature = 0x02014B50u,
                                 end_signature = 0x06054B50u, end64_signature = 0x06064B50u,
                                 locator64_signature = 0x07064B50u;
  static constexpr std::size_t end_size = 22, end64_size = 56, locator64_size = 20, central_size = 46,
                               local_size = 30;

  struct Directory {
    std::uint64_t entries = 0, size = 0, offset = 0, limit = 0;
  };

  [[noreturn]] void error(const std::string& what) const {
    fail<IoError>(file_->name(), ": zip archive: ", what);
  }
  [[noreturn]] void error(const ZipMember& member, const std::string& what) const {
    error("member " + in_quotes(member.name) + " " + what);
  }
  std::uint16_t u16(std::size_t at) const noexcept { return little_endian<std::uint16_t>(all_, at); }
  std::uint32_t u32(std::size_t at) const noexcept { return little_endian<std::uint32_t>(all_, at); }
  std::uint64_t u64(std::size_t at) const noexcept { return little_endian<std::uint64_t>(all_, at); }
  std::string_view text(std::size_t at, std::size_t length) const noexcept {
    return {reinterpret_cast<const char*>(all_.data()) + at, length};
  }

  /// The end record must close the file exactly: its comment reaches the last byte.
  Directory find_directory() const {
    if (all_.size() < end_size) error("too short for an end record; the file is cut short");
    const std::size_t last = all_.size() - end_size;
    const std::size_t first = last > 65'535 ? last - 65'535 : 0;
    for (std::size_t at = last + 1; at-- > first;) {
      if (u32(at) == end_signature && at + end_size + u16(at + 20) == all_.size()) return end_record(at);
    }
    error("no end record; the file is cut short or has trailing bytes");
  }

  Directory end_record(std::size_t at) const {
    if (at >= locator64_size && u32(at - locator64_size) == locator64_signature) {
      return end64_record(at - locator64_size);
    }
    if (u16(at + 4) != 0 || u16(at + 6) != 0 || u16(at + 8) != u16(at + 10))
      error("split over several files");
    return checked({u16(at + 10), u32(at + 12), u32(at + 16), at});
  }

  Directory end64_record(std::size_t locator) const {
    const std::uint64_t record = u64(locator + 8);
    if (!range_fits(record, end64_size, locator)) error("ZIP64 end record lies outside the file");
    const auto at = static_cast<std::size_t>(record);
    if (u32(at) != end64_signature) error("ZIP64 end record has a wrong signature");
    if (u32(at + 16) != 0 || u32(at + 20) != 0 || u64(at + 24) != u64(at + 32))
      error("split over several files");
    return checked({u64(at + 32), u64(at + 40), u64(at + 48), at});
  }

  Directory checked(const Directory& d) const {
    if (!range_fits(d.offset, d.size, d.limit) || d.offset + d.size != d.limit) {
      error("directory at " + std::to_string(d.offset) + " of " + std::to_string(d.size) +
            " bytes does not end at its end record");
    }
    if (d.entries > d.size / central_size) error("directory announces more members than fit it");
    return d;
  }

  void read_directory(const Directory& directory) {
    members_.reserve(static_cast<std::size_t>(directory.entries));
    auto at = static_cast<std::size_t>(directory.offset);
    const auto limit = static_cast<std::size_t>(directory.limit);
    directory_offset_ = directory.offset;
    for (std::uint64_t i = 0; i < directory.entries; ++i) {
      if (!range_fits(at, central_size, limit) || u32(at) != central_signature)
        error("directory entry is damaged");
      const std::size_t name = u16(at + 28), extra = u16(at + 30), comment = u16(at + 32);
      const std::size_t total = central_size + name + extra + comment;
      if (!range_fits(at, total, limit)) error("directory entry is cut short");
      ZipMember member{text(at + central_size, name),
                       u32(at + 16),
                       u16(at + 10),
                       u32(at + 20),
                       u32(at + 24),
                       u32(at + 42)};
      apply_zip64(member, at + central_size + name, extra);
      check_member(member, u16(at + 8));
      members_.push_back(member);
      at += total;
    }
    if (at != limit) error("bytes after the last directory entry");
  }

  /// Sizes and offset of 2^32 - 1 are replaced, in this order, by the 64-bit values of extra field 1.
  void apply_zip64(ZipMember& member, std::size_t at, std::size_t length) const {
    const std::size_t limit = at + length;
    while (at + 4 <= limit) {
      const std::size_t id = u16(at), size = u16(at + 2);
      at += 4;
      if (size > limit - at) error(member, "has a damaged extra field");
      if (id == 1) {
        std::size_t value = at;
        for (std::uint64_t* field : {&member.size, &member.stored_size, &member.header_offset}) {
          if (*field != 0xFFFFFFFFu) continue;
          if (value + 8 > at + size) error(member, "has a ZIP64 field that is too short");
          *field = u64(value);
          value += 8;
        }
        return;
      }
      at += size;
    }
  }

  void check_member(const ZipMember& member, unsigned flags) const {
    const std::string_view name = member.name;
    const bool escapes = name == ".." || name.starts_with("../") ||
                         name.find("/../") != std::string_view::npos || name.ends_with("/..");
    if (name.empty() || name.front() == '/' || escapes || name.find('\\') != std::string_view::npos ||
        name.find('\0') != std::string_view::npos) {
      error(member, "has a name that is not a plain relative path");
    }
    if ((flags & 0x2041u) != 0) error(member, "is encrypted");
    if (member.method == 0 && member.size != member.stored_size) {
      error(member, "is stored, but its two sizes differ: " + std::to_string(member.stored_size) + " and " +
                        std::to_string(member.size));
    }
    if (!range_fits(member.header_offset, local_size, directory_offset_))
      error(member, "lies outside the file");
    const auto at = static_cast<std::size_t>(member.header_offset);
    if (u32(at) != local_signature) error(member, "has no local header where the directory points");
    if (!range_fits(data_offset(member), member.stored_size, directory_offset_)) {
      error(member, "of " + std::to_string(member.stored_size) + " bytes reaches beyond its archive");
    }
    if (u16(at + 26) != name.size() || text(at + local_size, name.size()) != name ||
        u16(at + 8) != member.method) {
      error(member, "has a local header that differs from the directory");
    }
  }

  /// First byte of the content. Needs a local header inside the file.
  std::uint64_t data_offset(const ZipMember& member) const noexcept {
    const auto at = static_cast<std::size_t>(member.header_offset);
    return member.header_offset + local_size + u16(at + 26) + u16(at + 28);
  }

  void reject_duplicates() {
    const auto by_name = [](const ZipMember& a, const ZipMember& b) { return a.name < b.name; };
    std::sort(members_.begin(), members_.end(), by_name);
    const auto twice =
        std::adjacent_find(members_.begin(), members_.end(),
                           [](const ZipMember& a, const ZipMember& b) { return a.name == b.name; });
    if (twice != members_.end()) error(*twice, "is a duplicate: the name occurs twice");
  }

  void reject_overlaps() const {
    std::vector<const ZipMember*> order;
    order.reserve(members_.size());
    for (const ZipMember& m : members_) order.push_back(&m);
    std::sort(order.begin(), order.end(),
              [](const ZipMember* a, const ZipMember* b) { return a->header_offset < b->header_offset; });
    for (std::size_t i = 1; i < order.size(); ++i) {
      if (order[i]->header_offset < data_offset(*order[i - 1]) + order[i - 1]->stored_size) {
        error(*order[i], "overlaps " + in_quotes(order[i - 1]->name));
      }
    }
  }

  std::shared_ptr<const FileBytes> file_;
  std::span<const std::byte> all_;
  std::uint64_t directory_offset_ = 0;
  std::vector<ZipMember> members_;
};

}  // namespace gyrograd::io
