// SPDX-License-Identifier: MIT
// Members of zip archives, stored or deflated, unpacked within limits; archives inside archives. Needs zlib.
#pragma once

#include <zlib.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gyrograd/core/error.hpp"
#include "gyrograd/io/crc.hpp"
#include "gyrograd/io/file_bytes.hpp"
#include "gyrograd/io/text.hpp"
#include "gyrograd/io/zip.hpp"

namespace gyrograd::io {

/// Limits on what unpacking may use; checked before anything is allocated.
struct UnzipLimits {
  std::uint64_t member_bytes = std::uint64_t{1} << 30;  ///< of one unpacked member
  std::uint64_t ratio = 1032;                           ///< unpacked by packed bytes: deflate reaches no more
};

/// Unpacks raw deflate data (RFC 1951) that must give exactly `size` bytes and use all of `packed`. Errors
/// (IoError, starting with `where`): damaged data, another size.
inline std::vector<std::byte> inflate(std::span<const std::byte> packed, std::size_t size,
                                      const std::string& where) {
  constexpr std::size_t most = std::numeric_limits<uInt>::max();
  if (packed.size() > most || size >= most)
    fail<IoError>(where, ": ", packed.size(), " packed and ", size, " unpacked bytes, expected below 4 GiB");
  std::vector<std::byte> out(size + 1);  // one more shows data that go on
  z_stream stream{};
  if (::inflateInit2(&stream, -MAX_WBITS) != Z_OK) fail<IoError>(where, ": zlib cannot start");
  struct Guard {
    z_stream& s;
    ~Guard() { (void)::inflateEnd(&s); }
  } const guard{stream};
  stream.next_in = const_cast<Bytef*>(reinterpret_cast<const Bytef*>(packed.data()));
  stream.avail_in = static_cast<uInt>(packed.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  const int code = ::inflate(&stream, Z_FINISH);
  const std::size_t got = out.size() - stream.avail_out;
  if (code != Z_STREAM_END && got <= size) {
    fail<IoError>(where, ": deflated data are damaged",
                  stream.msg != nullptr ? std::string(" (") + stream.msg + ")" : std::string(),
                  "; fetch the file again");
  }
  if (got != size || stream.avail_in != 0) {
    fail<IoError>(where, ": unpacks to ", got > size ? "more than " : "", std::min(got, size),
                  " bytes, the directory says ", size, "; the file is damaged, fetch it again");
  }
  out.resize(size);
  return out;
}

/// Content of a member, unpacked where it is deflated; the name of the bytes is "archive/member". Errors
/// (IoError): another method of compression, beyond the limits, damaged, wrong checksum.
inline std::shared_ptr<const FileBytes> unzip(const ZipArchive& archive, const ZipMember& member,
                                              const UnzipLimits& limits = {}) {
  const std::string where = archive.name() + "/" + printable(member.name, 400);
  if (member.size > limits.member_bytes) {
    fail<IoError>(where, ": unpacks to ", member.size, " bytes, expected at most ", limits.member_bytes);
  }
  if (member.method == 0) {
    const std::span<const std::byte> bytes = archive.content(member);
    return FileBytes::own({bytes.begin(), bytes.end()}, where);
  }
  if (member.method != 8)
    fail<IoError>(where, ": compressed by method ", member.method, ", expected deflate; pack it again");
  if (member.size / limits.ratio > member.stored_size) {
    fail<IoError>(where, ": ", member.stored_size, " bytes are said to unpack to ", member.size,
                  ", which deflate cannot do; the file is damaged");
  }
  std::vector<std::byte> bytes =
      inflate(archive.packed(member), static_cast<std::size_t>(member.size), where);
  if (crc32(std::span<const std::byte>(bytes)) != member.crc) {
    fail<IoError>(where,
                  ": checksum (CRC-32) does not match its content; the file is damaged, fetch it again");
  }
  return FileBytes::own(std::move(bytes), where);
}

/// Calls visit(name, bytes) for every file in an archive whose name `wanted(name)` accepts, in byte order of
/// the names; archives inside it (names ending in .zip) are entered, at most `depth` deep. name: the path of
/// members, such as "acc_walking_2_csv.zip/acc_walking_head.csv". Unwanted members are not unpacked.
template <class Wanted, class Visit>
void visit_zip(const std::shared_ptr<const FileBytes>& bytes, Wanted&& wanted, Visit&& visit,
               const UnzipLimits& limits = {}, int depth = 3, const std::string& prefix = {}) {
  const ZipArchive archive(bytes);
  for (const ZipMember& member : archive.members()) {
    const std::string name = prefix + std::string(member.name);
    if (name.ends_with("/") || name.find("__MACOSX/") != std::string::npos) continue;
    if (!name.ends_with(".zip")) {
      if (wanted(name)) visit(name, unzip(archive, member, limits));
      continue;
    }
    if (depth <= 1) {
      fail<IoError>(archive.name(), "/", printable(member.name, 400),
                    ": archives are nested too deeply; unpack the outer ones");
    }
    visit_zip(unzip(archive, member, limits), wanted, visit, limits, depth - 1, name + "/");
  }
}

}  // namespace gyrograd::io
