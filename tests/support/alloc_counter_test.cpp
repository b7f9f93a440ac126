// SPDX-License-Identifier: MIT
// The allocation counter sees what it must see, and nothing when nothing happens.
#include "support/alloc_counter.hpp"

#include <memory>
#include <new>
#include <thread>
#include <vector>

#include "support/catch.hpp"

namespace {

struct alignas(64) Line {
  float values[16];
};

/// The compiler must believe that somebody else reads the object, or it may remove its allocation.
void keep(const void* object) {
  asm volatile("" : : "r"(object) : "memory");
}

}  // namespace

TEST_CASE("allocation counter sees vectors, aligned objects and other threads") {
  const gyrograd::testing::AllocationScope quiet;
  volatile double sum = 0;
  for (int i = 0; i < 100; ++i) sum = sum + i;
  const auto none = quiet.count();

  const gyrograd::testing::AllocationScope busy;
  std::vector<int> numbers(1000);
  keep(numbers.data());
  const auto after_vector = busy.count();
  const auto line = std::make_unique<Line>();
  keep(line.get());
  const auto after_aligned = busy.count();
  std::thread([] { keep(std::vector<int>(10).data()); }).join();
  const auto after_thread = busy.count();

  CHECK(none == 0);
  CHECK(after_vector == 1);
  CHECK(after_aligned == 2);
  CHECK(after_thread >= 4);  // the thread's state and its vector
}
