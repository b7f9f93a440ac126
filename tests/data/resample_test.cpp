// SPDX-License-Identifier: MIT
#include "gyrograd/data/resample.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "gyrograd/data/down_sample.hpp"
#include "support/catch.hpp"

using namespace gyrograd;
using namespace gyrograd::data;
using Catch::Matchers::Contains;

namespace {

std::vector<double> tone(double hz, double rate, Index rows) {
  std::vector<double> x;
  for (Index i = 0; i < rows; ++i)
    x.push_back(std::sin(2 * std::numbers::pi * hz * static_cast<double>(i) / rate));
  return x;
}

double largest_inside(const std::vector<double>& y) {
  double most = 0;
  for (std::size_t i = 20; i + 20 < y.size(); ++i) most = std::max(most, std::fabs(y[i]));
  return most;
}

}  // namespace

TEST_CASE("constants stay constant up to the ends, unless zeros are put outside") {
  const std::vector<double> gravity(500, 9.81);
  const Resampler change(50, 20);
  const auto y = change(std::span<const double>(gravity), 1, ResampleEdge::renormalised);
  REQUIRE(y.size() == 200);
  for (const double v : y) CHECK(v == Approx(9.81));
  const auto faded = change(std::span<const double>(gravity), 1, ResampleEdge::zero);
  CHECK(faded.front() < 8);
  CHECK(faded[100] == Approx(9.81).epsilon(1e-3));
  for (const double v : change(std::span<const double>(gravity), 1, ResampleEdge::replicate))
    CHECK(v == Approx(9.81).epsilon(1e-3));
  const std::vector<double> one{3};
  CHECK(change(std::span<const double>(one), 1, ResampleEdge::replicate)[0] == Approx(3).epsilon(1e-3));
}

TEST_CASE("slow tones keep their phase and size, fast ones vanish instead of folding back") {
  const Resampler change(50, 20);
  const auto run = [&](double hz) {
    const std::vector<double> x = tone(hz, 50, 1000);
    return change(std::span<const double>(x), 1, ResampleEdge::renormalised);
  };
  const std::vector<double> slow = run(3), want = tone(3, 20, 400);
  for (std::size_t i = 20; i < 380; ++i) CHECK(slow[i] == Approx(want[i]).margin(2e-3));
  CHECK(largest_inside(run(16)) < 0.01);
  const std::vector<double> x = tone(16, 50, 1000);
  CHECK(largest_inside(down_sample(std::span<const double>(x), 1, 2.5, LoopGuard::motion)) > 0.2);
}

TEST_CASE("upwards, at equal rates, several channels and odd lengths") {
  const Resampler up(20, 50);
  CHECK(up.output_rows(41) == 103);
  const std::vector<float> pair{1, 10, 2, 20, 3, 30};
  CHECK(Resampler(20, 20)(std::span<const float>(pair), 2, ResampleEdge::renormalised) == pair);
  const std::vector<float> y = up(std::span<const float>(pair), 2, ResampleEdge::renormalised);
  REQUIRE(y.size() == 16);
  for (std::size_t i = 0; i < 16; i += 2) CHECK(y[i + 1] == Approx(10 * y[i]));
}

TEST_CASE("impossible rates and ragged rows are refused") {
  CHECK_THROWS_AS(Resampler(0, 20), ConfigError);
  CHECK_THROWS_AS(Resampler(50, -1), ConfigError);
  CHECK_THROWS_WITH(Resampler(99991, 9973), Contains("common divisor"));
  const std::vector<double> x(7);
  CHECK_THROWS_AS(Resampler(50, 20)(std::span<const double>(x), 2, ResampleEdge::zero), ShapeError);
}
