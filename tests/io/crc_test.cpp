// SPDX-License-Identifier: MIT
// Known answers of both checksums.
#include "gyrograd/io/crc.hpp"

#include <string>
#include <vector>

#include "support/catch.hpp"
#include "support/malformed.hpp"

namespace {

using namespace gyrograd::io;
using gyrograd::testing::bytes_of;

TEST_CASE("crc32: the check value of the catalogue, and others computed with zlib") {
  CHECK(crc32(bytes_of("123456789")) == 0xCBF43926u);
  CHECK(crc32(bytes_of("")) == 0u);
  CHECK(crc32(bytes_of("The quick brown fox jumps over the lazy dog")) == 0x414FA339u);
}

TEST_CASE("crc32c: the check value of the catalogue, and the vectors of RFC 3720") {
  CHECK(crc32c(bytes_of("123456789")) == 0xE3069283u);
  CHECK(crc32c(bytes_of(std::string(32, '\0'))) == 0x8A9136AAu);
  CHECK(crc32c(bytes_of(std::string(32, '\xFF'))) == 0x62A8AB43u);
  std::string up, down;
  for (int i = 0; i < 32; ++i) {
    up += static_cast<char>(i);
    down += static_cast<char>(31 - i);
  }
  CHECK(crc32c(bytes_of(up)) == 0x46DD794Eu);
  CHECK(crc32c(bytes_of(down)) == 0x113FDB5Cu);
}

TEST_CASE("crc: in parts equals at once, and every single-bit change shows") {
  std::string text;
  for (int i = 0; i < 61; ++i) text += static_cast<char>(i * 7);
  const auto whole = bytes_of(text);
  for (std::size_t cut = 0; cut <= whole.size(); ++cut) {
    const std::span<const std::byte> all(whole);
    CHECK(crc32c(all.subspan(cut), crc32c(all.first(cut))) == crc32c(all));
    CHECK(crc32(all.subspan(cut), crc32(all.first(cut))) == crc32(all));
  }
  for (std::size_t bit = 0; bit < 8 * whole.size(); ++bit) {
    auto changed = whole;
    changed[bit / 8] ^= static_cast<std::byte>(1u << (bit % 8));
    CHECK(crc32c(changed) != crc32c(whole));
  }
}

}  // namespace
