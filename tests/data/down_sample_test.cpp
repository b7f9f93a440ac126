// SPDX-License-Identifier: MIT
#include "gyrograd/data/down_sample.hpp"

#include <numeric>
#include <vector>

#include "support/catch.hpp"

using namespace gyrograd;
using namespace gyrograd::data;

namespace {

std::vector<double> ramp(std::size_t n) {
  std::vector<double> x(n);
  std::iota(x.begin(), x.end(), 0.0);
  return x;
}

std::vector<double> sampled(std::size_t n, double ratio, LoopGuard guard) {
  const std::vector<double> x = ramp(n);
  return down_sample(std::span<const double>(x), 1, ratio, guard);
}

}  // namespace

TEST_CASE("ratio 2.5 averages groups of two and three") {
  CHECK(sampled(11, 2.5, LoopGuard::motion) == std::vector<double>{0.5, 3, 5.5, 8});
}

TEST_CASE("the loop guards differ exactly at the end of a recording") {
  CHECK(sampled(10, 2.5, LoopGuard::motion).size() == 3);
  CHECK(sampled(10, 2.5, LoopGuard::huawei).size() == 3);
  CHECK(sampled(10, 2.5, LoopGuard::uci).size() == 3);
  CHECK(sampled(10, 2.5, LoopGuard::shoaib).size() == 4);
}

TEST_CASE("whole ratios use equal groups, uci loses an exactly fitting last one") {
  CHECK(sampled(6, 2, LoopGuard::motion) == std::vector<double>{0.5, 2.5, 4.5});
  CHECK(sampled(7, 2, LoopGuard::motion) == std::vector<double>{0.5, 2.5, 4.5, 6});
  CHECK(sampled(6, 2, LoopGuard::uci) == std::vector<double>{0.5, 2.5});
  CHECK(sampled(4, 1, LoopGuard::motion) == ramp(4));
}

TEST_CASE("channels stay apart and short recordings give nothing") {
  const std::vector<float> x{0, 10, 1, 11, 2, 12, 3, 13};
  CHECK(down_sample(std::span<const float>(x), 2, 2.5, LoopGuard::motion) == std::vector<float>{0.5f, 10.5f});
  CHECK(sampled(0, 2.5, LoopGuard::motion).empty());
  CHECK(sampled(2, 2.5, LoopGuard::motion).empty());
  CHECK(sampled(0, 2.0, LoopGuard::uci).empty());
}

TEST_CASE("windows need strictly more rows than their length") {
  CHECK(window_count(120, 120) == 0);
  CHECK(window_count(121, 120) == 1);
  CHECK(window_count(360, 120) == 3);
}

TEST_CASE("down-sampling refuses a ratio below one and broken rows") {
  CHECK_THROWS_AS(sampled(10, 0.5, LoopGuard::motion), ConfigError);
  CHECK_THROWS_AS(sampled(10, std::nan(""), LoopGuard::motion), ConfigError);
  const std::vector<float> x(7);
  CHECK_THROWS_AS(down_sample(std::span<const float>(x), 2, 2.5, LoopGuard::motion), ShapeError);
}
