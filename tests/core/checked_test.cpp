// SPDX-License-Identifier: MIT
// Checked arithmetic at the edges of 64 bits.
#include "gyrograd/core/checked.hpp"

#include <array>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "support/catch.hpp"

namespace {

using gyrograd::checked_add;
using gyrograd::checked_mul;
using gyrograd::checked_product;
using gyrograd::range_fits;

constexpr std::uint64_t most = std::numeric_limits<std::uint64_t>::max();

TEST_CASE("checked_add: the largest sum fits, one more does not") {
  CHECK(checked_add(most - 5, 5) == most);
  CHECK_FALSE(checked_add(most - 5, 6));
  CHECK_FALSE(checked_add(most, most));
  CHECK(checked_add(0, 0) == 0u);
  STATIC_REQUIRE(checked_add(2, 3) == 5u);
}

TEST_CASE("checked_mul: products around 2^64") {
  CHECK(checked_mul(std::uint64_t{1} << 32, (std::uint64_t{1} << 32) - 1) ==
        (most - (std::uint64_t{1} << 32) + 1));
  CHECK_FALSE(checked_mul(std::uint64_t{1} << 32, std::uint64_t{1} << 32));
  CHECK(checked_mul(most, 0) == 0u);
  CHECK(checked_mul(0, most) == 0u);
  CHECK(checked_mul(most, 1) == most);
  CHECK_FALSE(checked_mul(most / 4 + 1, 4));
}

TEST_CASE("checked_product: wraps are refused even when another factor is zero") {
  const std::uint64_t big = std::uint64_t{1} << 32;
  CHECK(checked_product(std::span<const std::uint64_t>(std::array{big, big - 1})));
  CHECK_FALSE(checked_product(std::span<const std::uint64_t>(std::array{big, big})));
  CHECK_FALSE(checked_product(std::span<const std::uint64_t>(std::array{std::uint64_t{0}, big, big})));
  CHECK_FALSE(checked_product(std::span<const std::uint64_t>(std::array{big, big, std::uint64_t{0}})));
  CHECK(checked_product(std::span<const std::uint64_t>(std::array{big, std::uint64_t{0}})) == 0u);
  CHECK(checked_product(std::span<const std::uint64_t>()) == 1u);
}

TEST_CASE("range_fits: no sum that could wrap") {
  CHECK(range_fits(0, 10, 10));
  CHECK(range_fits(10, 0, 10));
  CHECK_FALSE(range_fits(10, 1, 10));
  CHECK_FALSE(range_fits(11, 0, 10));
  CHECK_FALSE(range_fits(5, most - 2, 10));
}

}  // namespace
