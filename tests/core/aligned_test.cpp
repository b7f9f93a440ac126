// SPDX-License-Identifier: MIT
// Aligned vectors start on a cache line at every size and refuse sizes that overflow.
#include "gyrograd/core/aligned.hpp"

#include <cstdint>
#include <limits>
#include <utility>

#include "support/catch.hpp"

using namespace gyrograd;

TEST_CASE("aligned vectors start on a cache line, after growth, copy and move too") {
  AlignedVector<float> values;
  for (int i = 0; i < 300; ++i) {
    values.push_back(static_cast<float>(i));
    REQUIRE(reinterpret_cast<std::uintptr_t>(values.data()) % alignment == 0);
  }
  AlignedVector<float> copy = values;
  CHECK(reinterpret_cast<std::uintptr_t>(copy.data()) % alignment == 0);
  const float* place = copy.data();
  const AlignedVector<float> moved = std::move(copy);
  CHECK(moved.data() == place);
  CHECK(moved == values);
  const AlignedVector<char> bytes(3);
  CHECK(reinterpret_cast<std::uintptr_t>(bytes.data()) % alignment == 0);
}

TEST_CASE("a count whose bytes overflow is refused") {
  AlignedAllocator<double> allocator;
  CHECK_THROWS_AS(allocator.allocate(std::numeric_limits<std::size_t>::max() / 4), std::bad_array_new_length);
}
