// SPDX-License-Identifier: MIT
// Overflow-checked arithmetic on sizes read from files: every size, offset and product goes through it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>

namespace gyrograd {

/// a + b, or nothing if it does not fit 64 bits.
constexpr std::optional<std::uint64_t> checked_add(std::uint64_t a, std::uint64_t b) noexcept {
  if (a > std::numeric_limits<std::uint64_t>::max() - b) return std::nullopt;
  return a + b;
}

/// a * b, or nothing if it does not fit 64 bits.
constexpr std::optional<std::uint64_t> checked_mul(std::uint64_t a, std::uint64_t b) noexcept {
  if (b != 0 && a > std::numeric_limits<std::uint64_t>::max() / b) return std::nullopt;
  return a * b;
}

/// Product of `factors` (1 when empty), or nothing if any partial product does not fit: [2^32, 2^32, 0] is
/// refused too, so that no order of evaluation ever wraps.
template <class Integer>
constexpr std::optional<std::uint64_t> checked_product(std::span<const Integer> factors) noexcept {
  std::uint64_t product = 1;
  bool zero = false;
  for (const Integer factor : factors) {
    if (factor == 0) {
      zero = true;
      continue;
    }
    const auto next = checked_mul(product, static_cast<std::uint64_t>(factor));
    if (!next) return std::nullopt;
    product = *next;
  }
  return zero ? 0 : product;
}

/// Whether [begin, begin + length) lies inside [0, size).
constexpr bool range_fits(std::uint64_t begin, std::uint64_t length, std::uint64_t size) noexcept {
  return begin <= size && length <= size - begin;
}

/// `value` as std::size_t, or nothing where that is narrower.
constexpr std::optional<std::size_t> to_size(std::uint64_t value) noexcept {
  if (value > std::numeric_limits<std::size_t>::max()) return std::nullopt;
  return static_cast<std::size_t>(value);
}

}  // namespace gyrograd
