// SPDX-License-Identifier: MIT
// Reader and writer of .safetensors files (8-byte header length, JSON header, raw little-endian data).
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <numeric>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gyrograd/core/checked.hpp"
#include "gyrograd/core/error.hpp"
#include "gyrograd/io/file.hpp"
#include "gyrograd/io/file_bytes.hpp"
#include "gyrograd/io/safetensors_header.hpp"
#include "gyrograd/io/tensor_file.hpp"
#include "gyrograd/io/text.hpp"

namespace gyrograd::io {

namespace detail {

/// Every byte of the data belongs to exactly one tensor, and each tensor's bytes are what its shape needs.
inline void check_safetensors_layout(const SafetensorsHeader& header, std::uint64_t data_size,
                                     const std::string& file) {
  std::vector<std::uint32_t> order(header.records.size());
  std::iota(order.begin(), order.end(), 0u);
  std::sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) {
    const auto &x = header.records[a], &y = header.records[b];
    return std::pair(x.begin, x.end) < std::pair(y.begin, y.end);
  });
  std::uint64_t reached = 0;
  for (const std::uint32_t i : order) {
    const SafetensorsRecord& r = header.records[i];
    const std::string where = file + ": tensor " + in_quotes(r.name) + ": ";
    const auto count = checked_product(std::span<const std::size_t>(r.shape));
    const auto needed = count ? checked_mul(*count, dtype_size(r.dtype)) : std::nullopt;
    if (!needed) fail<IoError>(where, "shape ", shape_text(r.shape), " overflows 64 bits");
    if (r.end < r.begin) fail<IoError>(where, "data_offsets end ", r.end, " before they begin, at ", r.begin);
    if (r.end > data_size) {
      fail<IoError>(where, "data_offsets end at ", r.end, ", beyond the ", data_size,
                    " bytes of data; the file is cut short or damaged");
    }
    if (r.end - r.begin != *needed) {
      fail<IoError>(where, "shape ", shape_text(r.shape), " of ", dtype_name(r.dtype), " needs ", *needed,
                    " bytes, data_offsets hold ", r.end - r.begin);
    }
    if (r.begin < reached) {
      fail<IoError>(where, "data begin at ", r.begin, " inside another tensor that ends at ", reached,
                    " (overlap)");
    }
    if (r.begin > reached) {
      fail<IoError>(where, "data begin at ", r.begin, ", expected ", reached, ": a hole between tensors");
    }
    reached = r.end;
  }
  if (reached != data_size) {
    fail<IoError>(file, ": ", data_size - reached, " trailing bytes that belong to no tensor, expected none");
  }
}

}  // namespace detail

/// Reads from bytes in memory or mapped; entries view into them.
inline TensorFile read_safetensors(std::shared_ptr<const FileBytes> bytes) {
  const std::span<const std::byte> all = bytes->bytes();
  const std::string& file = bytes->name();
  if (all.size() < 8) {
    fail<IoError>(file, ": ", all.size(), " bytes, expected at least 8: not a safetensors file");
  }
  const auto length = little_endian<std::uint64_t>(all, 0);
  const std::uint64_t available = all.size() - 8;
  if (length > std::min(available, SafetensorsLimits::header_bytes)) {
    fail<IoError>(file, ": header length ", length, ", expected at most ",
                  std::min(available, SafetensorsLimits::header_bytes),
                  "; the file is cut short or not a safetensors file");
  }
  const auto header_size = static_cast<std::size_t>(length);
  const std::string_view text(reinterpret_cast<const char*>(all.data()) + 8, header_size);
  SafetensorsHeader header = parse_safetensors_header(text, file);
  const std::span<const std::byte> data = all.subspan(8 + header_size);
  detail::check_safetensors_layout(header, data.size(), file);

  std::vector<TensorEntry> entries;
  entries.reserve(header.records.size());
  for (SafetensorsRecord& r : header.records) {
    const auto view =
        data.subspan(static_cast<std::size_t>(r.begin), static_cast<std::size_t>(r.end - r.begin));
    entries.push_back({std::move(r.name), r.dtype, std::move(r.shape), view});
  }
  return TensorFile(file, "safetensors", std::move(entries), std::move(header.metadata), {std::move(bytes)});
}

/// Maps `path` and reads its header; tensor data are touched only when used.
inline TensorFile read_safetensors(const std::filesystem::path& path) {
  return read_safetensors(FileBytes::open(path));
}

namespace detail {

inline std::string json_string(std::string_view text) {
  static constexpr char digits[] = "0123456789abcdef";
  std::string out = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (byte < 0x20u) {
      out += "\\u00";
      out += digits[byte >> 4];
      out += digits[byte & 15u];
    } else {
      out += c;
    }
  }
  return out + "\"";
}

inline void check_writable(std::span<const TensorEntry> entries, const Metadata& metadata,
                           const std::string& file) {
  std::vector<std::string_view> names;
  for (const TensorEntry& e : entries) {
    const std::string where = file + ": tensor " + in_quotes(e.name) + ": ";
    names.push_back(e.name);
    const bool nul = e.name.find('\0') != std::string::npos;
    if (e.name.empty() || e.name == "__metadata__" || nul || !valid_utf8(e.name) ||
        e.name.size() > SafetensorsLimits::name_bytes) {
      fail<IoError>(where, "name cannot be written: empty, reserved, too long, or not UTF-8 text");
    }
    if (e.shape.size() > SafetensorsLimits::rank) fail<IoError>(where, "shape has more than 8 dimensions");
    const auto count = checked_product(std::span<const std::size_t>(e.shape));
    const auto needed = count ? checked_mul(*count, dtype_size(e.dtype)) : std::nullopt;
    if (!needed || *needed != e.bytes.size()) {
      fail<IoError>(where, "shape ", shape_text(e.shape), " of ", dtype_name(e.dtype), " does not match ",
                    e.bytes.size(), " bytes");
    }
  }
  std::sort(names.begin(), names.end());
  const auto twice = std::adjacent_find(names.begin(), names.end());
  if (twice != names.end()) fail<IoError>(file, ": duplicate tensor name ", in_quotes(*twice));
  for (const auto& [key, value] : metadata) {
    if (!valid_utf8(key) || !valid_utf8(value))
      fail<IoError>(file, ": metadata ", in_quotes(key), " is not UTF-8 text");
  }
  if (names.size() > SafetensorsLimits::tensors || metadata.size() > SafetensorsLimits::metadata_entries) {
    fail<IoError>(file, ": ", names.size(), " tensors, expected at most ", SafetensorsLimits::tensors);
  }
}

/// Length prefix and header; `order` receives the order in which the data must follow: wide elements first,
/// so that every tensor is aligned to its element.
inline std::string safetensors_preamble(std::span<const TensorEntry> entries, const Metadata& metadata,
                                        std::vector<std::size_t>& order) {
  order.resize(entries.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    const std::size_t x = dtype_size(entries[a].dtype), y = dtype_size(entries[b].dtype);
    return x != y ? x > y : a < b;
  });
  std::vector<std::size_t> begin(entries.size());
  std::size_t reached = 0;
  for (const std::size_t i : order) {
    begin[i] = reached;
    reached += entries[i].bytes.size();
  }
  std::string json = "{";
  const auto separate = [&] {
    if (json.size() > 1) json += ',';
  };
  if (!metadata.empty()) {
    json += "\"__metadata__\":{";
    for (auto at = metadata.begin(); at != metadata.end(); ++at) {
      if (at != metadata.begin()) json += ',';
      json += json_string(at->first) + ":" + json_string(at->second);
    }
    json += '}';
  }
  for (std::size_t i = 0; i < entries.size(); ++i) {
    separate();
    json += json_string(entries[i].name) + ":{\"dtype\":\"";
    json += dtype_name(entries[i].dtype);
    json += "\",\"shape\":[";
    for (std::size_t d = 0; d < entries[i].shape.size(); ++d) {
      json += (d == 0 ? "" : ",") + std::to_string(entries[i].shape[d]);
    }
    json += "],\"data_offsets\":[" + std::to_string(begin[i]) + "," +
            std::to_string(begin[i] + entries[i].bytes.size()) + "]}";
  }
  json += '}';
  json.append((8 - json.size() % 8) % 8, ' ');
  std::string prefix(8, '\0');
  for (std::size_t i = 0; i < 8; ++i) {
    prefix[i] =
        static_cast<char>(static_cast<unsigned char>(static_cast<std::uint64_t>(json.size()) >> (8 * i)));
  }
  return prefix + json;
}

}  // namespace detail

/// Writes `entries` in the given order (that of the header) to any sink with write(span) and write(text).
template <class Sink>
void write_safetensors_to(Sink& sink, std::span<const TensorEntry> entries, const Metadata& metadata,
                          const std::string& file) {
  detail::check_writable(entries, metadata, file);
  std::vector<std::size_t> order;
  const std::string preamble = detail::safetensors_preamble(entries, metadata, order);
  if (preamble.size() - 8 > SafetensorsLimits::header_bytes) fail<IoError>(file, ": header above 100 MB");
  sink.write(std::string_view(preamble));
  for (const std::size_t i : order) sink.write(entries[i].bytes);
}

/// Replaces `path` atomically by a file with `entries` and `metadata`. The entries may view into the very
/// file that is replaced.
inline void write_safetensors(const std::filesystem::path& path, std::span<const TensorEntry> entries,
                              const Metadata& metadata = {}, const AtomicWriteOptions& options = {}) {
  const std::string file = printable(path.string(), 4096);
  atomic_write(
      path, [&](auto& sink) { write_safetensors_to(sink, entries, metadata, file); }, options);
}

}  // namespace gyrograd::io
