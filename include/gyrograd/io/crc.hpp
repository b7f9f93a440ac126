// SPDX-License-Identifier: MIT
// Cyclic redundancy checks: CRC-32 of zip members and CRC-32C (Castagnoli) of our checkpoints.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace gyrograd::io {

namespace detail {

using CrcTables = std::array<std::array<std::uint32_t, 256>, 8>;

/// Tables for eight bytes at a time ("slicing by 8"); polynomial in reflected form. Made at the first use: as
/// constants they would cost every program that includes this header a tenth of a second of compilation, and
/// take microseconds here.
inline CrcTables crc_tables(std::uint32_t polynomial) noexcept {
  CrcTables t{};
  for (std::uint32_t i = 0; i < 256; ++i) {
    std::uint32_t crc = i;
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1u) != 0 ? polynomial : 0u);
    t[0][i] = crc;
  }
  for (std::size_t k = 1; k < 8; ++k) {
    for (std::size_t i = 0; i < 256; ++i) t[k][i] = (t[k - 1][i] >> 8) ^ t[0][t[k - 1][i] & 255u];
  }
  return t;
}

inline std::uint32_t crc_update(const CrcTables& t, std::uint32_t crc,
                                std::span<const std::byte> bytes) noexcept {
  const auto byte = [&](std::size_t i) { return std::to_integer<std::uint32_t>(bytes[i]); };
  crc = ~crc;
  std::size_t i = 0;
  for (; i + 8 <= bytes.size(); i += 8) {
    const std::uint32_t low = crc ^ (byte(i) | byte(i + 1) << 8 | byte(i + 2) << 16 | byte(i + 3) << 24);
    crc = t[7][low & 255u] ^ t[6][low >> 8 & 255u] ^ t[5][low >> 16 & 255u] ^ t[4][low >> 24] ^
          t[3][byte(i + 4)] ^ t[2][byte(i + 5)] ^ t[1][byte(i + 6)] ^ t[0][byte(i + 7)];
  }
  for (; i < bytes.size(); ++i) crc = (crc >> 8) ^ t[0][(crc ^ byte(i)) & 255u];
  return ~crc;
}

}  // namespace detail

/// CRC-32 (ISO-HDLC, as in zip and PNG) of `bytes`, continuing from `before`.
inline std::uint32_t crc32(std::span<const std::byte> bytes, std::uint32_t before = 0) noexcept {
  static const detail::CrcTables tables = detail::crc_tables(0xEDB88320u);
  return detail::crc_update(tables, before, bytes);
}

/// CRC-32C (Castagnoli, as in iSCSI and ext4) of `bytes`, continuing from `before`.
inline std::uint32_t crc32c(std::span<const std::byte> bytes, std::uint32_t before = 0) noexcept {
  static const detail::CrcTables tables = detail::crc_tables(0x82F63B78u);
  return detail::crc_update(tables, before, bytes);
}

}  // namespace gyrograd::io
