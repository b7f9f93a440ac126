// SPDX-License-Identifier: MIT
// Deflated members of test archives, and the headers that need zlib; empty without it.
#pragma once

#ifdef GYROGRAD_HAVE_ZLIB
#include <zlib.h>

#include <string>

#include "gyrograd/data/readers/realworld.hpp"
#include "gyrograd/io/inflate.hpp"
#include "support/archives.hpp"

namespace gyrograd::testing {

/// A deflated member.
inline ZipPart deflated(const std::string& name, const std::string& text) {
  z_stream stream{};
  (void)::deflateInit2(&stream, Z_BEST_COMPRESSION, Z_DEFLATED, -MAX_WBITS, 8, Z_DEFAULT_STRATEGY);
  ZipPart part{name, std::string(::deflateBound(&stream, static_cast<uLong>(text.size())), '\0'), 8};
  std::string in = text;
  stream.next_in = reinterpret_cast<Bytef*>(in.data());
  stream.avail_in = static_cast<uInt>(in.size());
  stream.next_out = reinterpret_cast<Bytef*>(part.content.data());
  stream.avail_out = static_cast<uInt>(part.content.size());
  (void)::deflate(&stream, Z_FINISH);
  part.content.resize(stream.total_out);
  (void)::deflateEnd(&stream);
  part.unpacked = static_cast<std::int64_t>(text.size());
  part.crc = io::crc32(bytes_of(text));
  return part;
}

}  // namespace gyrograd::testing
#endif
