// SPDX-License-Identifier: MIT
// Windows in memory as a source: the values of the array, from any thread.
#include "gyrograd/data/window_source.hpp"

#include <utility>
#include <vector>

#include "support/catch.hpp"

using namespace gyrograd;
using namespace gyrograd::data;

TEST_CASE("windows in memory are a source of windows", "[window_source]") {
  Windows w(3, 2, 2);
  for (std::size_t i = 0; i < w.values.size(); ++i) w.values[i] = static_cast<float>(i);
  MemoryWindows source(w);
  CHECK(source.count() == 3);
  CHECK(source.steps() == 2);
  CHECK(source.channels() == 2);
  const std::vector<Index> next = {2};
  source.will_need(next);
  std::vector<float> row(4);
  source.read(2, row);
  CHECK(row == std::vector<float>{8, 9, 10, 11});

  const MemoryWindows owner(std::move(w));
  owner.read(0, row);
  CHECK(row == std::vector<float>{0, 1, 2, 3});
}
