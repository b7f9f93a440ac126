// SPDX-License-Identifier: MIT
// Builders of zip archives and pickles, byte by byte, so that tests can break any part of them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "gyrograd/io/crc.hpp"
#include "support/malformed.hpp"

namespace gyrograd::testing {

/// A member of a zip archive and how it lies about itself.
struct ZipPart {
  std::string name, content;
  std::uint16_t method = 0, flags = 0;
  std::int64_t crc_error = 0, size_error = 0, offset_error = 0;  ///< added to the true directory values
  std::string local_name = {};                                   ///< if not empty, differs from `name`
  std::int64_t unpacked = -1;  ///< size before packing; -1: that of `content`
  std::int64_t crc = -1;       ///< CRC-32 before packing; -1: that of `content`
};

/// Zip archive of parts, stored or packed already. zip64: sizes and offsets go to the extra field and the
/// ZIP64 end record.
inline std::string zip_of(const std::vector<ZipPart>& parts, bool zip64 = false) {
  using u16 = std::uint16_t;
  using u32 = std::uint32_t;
  using u64 = std::uint64_t;
  std::string out, directory;
  for (const ZipPart& p : parts) {
    const u64 offset = out.size() + static_cast<u64>(p.offset_error),
              size = p.content.size() + static_cast<u64>(p.size_error);
    const u32 crc = (p.crc >= 0 ? static_cast<u32>(p.crc) : io::crc32(bytes_of(p.content))) +
                    static_cast<u32>(p.crc_error);
    const u64 unpacked = p.unpacked >= 0 ? static_cast<u64>(p.unpacked) : size;
    const std::string& local = p.local_name.empty() ? p.name : p.local_name;
    const u32 narrow = zip64 ? 0xFFFFFFFFu : static_cast<u32>(size);
    const u32 narrow_unpacked = zip64 ? 0xFFFFFFFFu : static_cast<u32>(unpacked);
    const std::string start = little(u16{20}) + little(p.flags) + little(p.method) + little(u32{0});
    out += "PK\x03\x04" + start + little(crc) + little(static_cast<u32>(p.content.size())) +
           little(static_cast<u32>(p.content.size())) + little(static_cast<u16>(local.size())) +
           little(u16{0}) + local + p.content;
    const std::string extra =
        zip64 ? little(u16{1}) + little(u16{24}) + little(unpacked) + little(size) + little(offset)
              : std::string();
    directory += "PK\x01\x02" + little(u16{20}) + start + little(crc) + little(narrow) +
                 little(narrow_unpacked) + little(static_cast<u16>(p.name.size())) +
                 little(static_cast<u16>(extra.size())) + little(u16{0}) + little(u16{0}) + little(u16{0}) +
                 little(u32{0}) + little(zip64 ? 0xFFFFFFFFu : static_cast<u32>(offset)) + p.name + extra;
  }
  const u64 at = out.size(), count = parts.size();
  out += directory;
  if (zip64) {
    const u64 record = out.size();
    out += "PK\x06\x06" + little(u64{44}) + little(u16{45}) + little(u16{45}) + little(u32{0}) +
           little(u32{0}) + little(count) + little(count) + little(u64{directory.size()}) + little(at);
    out += "PK\x06\x07" + little(u32{0}) + little(record) + little(u32{1});
  }
  const u16 few = zip64 ? u16{0xFFFF} : static_cast<u16>(count);
  return out + "PK\x05\x06" + little(u32{0}) + little(few) + little(few) +
         little(zip64 ? 0xFFFFFFFFu : static_cast<u32>(directory.size())) +
         little(zip64 ? 0xFFFFFFFFu : static_cast<u32>(at)) + little(u16{0});
}

/// Pieces of a pickle, protocol 2.
namespace pickle {

inline std::string text(const std::string& s) {
  return "X" + little(static_cast<std::uint32_t>(s.size())) + s;
}
inline std::string number(std::int32_t n) {
  return "J" + little(n);
}
inline std::string number64(std::int64_t n) {
  return "\x8A\x08" + little(n);
}
inline std::string global(const std::string& module, const std::string& name) {
  return "c" + module + "\n" + name + "\n";
}
inline std::string tuple(const std::string& items) {
  return "(" + items + "t";
}
inline std::string call(const std::string& callee, const std::string& items) {
  return callee + tuple(items) + "R";
}
inline std::string ordered_dict() {
  return global("collections", "OrderedDict") + ")R";
}
/// {key: value, ...}; items are keys and values in turn.
inline std::string dict(const std::string& items) {
  return "}(" + items + "u";
}
inline std::string storage(const std::string& type, const std::string& key, std::int64_t count) {
  return tuple(text("storage") + global("torch", type) + text(key) + text("cpu") + number64(count)) + "Q";
}
/// _rebuild_tensor_v2(storage, offset, shape, strides, False, OrderedDict())
inline std::string tensor(const std::string& block, std::int64_t offset, const std::string& shape,
                          const std::string& strides) {
  return call(global("torch._utils", "_rebuild_tensor_v2"),
              block + number64(offset) + tuple(shape) + tuple(strides) + "\x89" + ordered_dict());
}
inline std::string whole(const std::string& value) {
  return "\x80\x02" + value + ".";
}

}  // namespace pickle

/// A .pt file (zip container) with this pickle and these storages.
inline std::string pt_of(const std::string& value,
                         const std::vector<std::pair<std::string, std::string>>& storages = {}) {
  std::vector<ZipPart> parts{{"m/data.pkl", pickle::whole(value)}};
  for (const auto& [key, content] : storages) parts.push_back({"m/data/" + key, content});
  parts.push_back({"m/version", "3\n"});
  return zip_of(parts);
}

}  // namespace gyrograd::testing
