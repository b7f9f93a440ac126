// SPDX-License-Identifier: MIT
#include "gyrograd/tensor/arena.hpp"

#include <cstdint>
#include <cstring>

#include "support/alloc_counter.hpp"
#include "support/catch.hpp"

using namespace gyrograd;

TEST_CASE("arena memory is aligned and disjoint") {
  Arena arena;
  std::vector<std::pair<std::byte*, Index>> parts;
  for (Index n : {1, 64, 65, 1000, 3, 1 << 18, 7}) {
    auto* p = arena.allocate<std::byte>(n);
    CHECK(reinterpret_cast<std::uintptr_t>(p) % alignment == 0);
    std::memset(p, static_cast<int>(parts.size()), static_cast<std::size_t>(n));
    parts.emplace_back(p, n);
  }
  for (std::size_t i = 0; i < parts.size(); ++i) {
    CHECK(parts[i].first[0] == static_cast<std::byte>(i));
    CHECK(parts[i].first[parts[i].second - 1] == static_cast<std::byte>(i));
  }
}

TEST_CASE("rewind gives the same memory again and takes none from the heap") {
  Arena arena(256);
  const auto fill = [&] {
    double* first = arena.allocate<double>(3);
    const Arena::Mark mark = arena.mark();
    double* second = arena.allocate<double>(5000);
    arena.rewind(mark);
    CHECK(arena.allocate<double>(4000) == second);
    return first;
  };
  double* first = fill();
  arena.clear();
  const std::size_t capacity = arena.capacity();
  arena.allocate<double>(3);
  arena.clear();
  const testing::AllocationScope scope;
  double* again = arena.allocate<double>(3);
  arena.allocate<double>(5000);
  const auto allocations = scope.count();
  CHECK(allocations == 0);
  CHECK(again == first);
  CHECK(arena.capacity() == capacity);
}

TEST_CASE("blocks double, and a large request gets a block of its own size") {
  Arena arena;
  CHECK(arena.capacity() == 0);
  arena.allocate<char>(1);
  CHECK(arena.capacity() == 65536);
  arena.allocate<char>(65536);
  CHECK(arena.capacity() == 65536 + 131072);
  arena.allocate<char>(1 << 20);
  CHECK(arena.capacity() == 65536 + 131072 + (1 << 20));
  CHECK(Arena(100).capacity() == 128);
}

TEST_CASE("no values: a valid place, nothing is used up") {
  Arena arena(64);
  CHECK(arena.allocate<float>(0) == arena.allocate<float>(0));
}
