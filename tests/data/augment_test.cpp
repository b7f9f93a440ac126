// SPDX-License-Identifier: MIT
#include "gyrograd/data/augment.hpp"

#include <numbers>
#include <vector>

#include "support/catch.hpp"

using namespace gyrograd;
using namespace gyrograd::data;

namespace {

std::vector<double> window() {
  return {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18};  // (3, 6)
}

}  // namespace

TEST_CASE("a quarter turn about z carries x to minus y under rows times matrix") {
  std::vector<double> w = window();
  const auto m = axis_angle<double>({0, 0, 1}, std::numbers::pi / 2);
  rotate_triads(std::span<double>(w), 6, m);
  CHECK(w[0] == Approx(2));
  CHECK(w[1] == Approx(-1));
  CHECK(w[2] == Approx(3));
  CHECK(w[3] == Approx(5));
  CHECK(w[17] == Approx(18));
}

TEST_CASE("reversing twice is nothing, and turning changes its sense once") {
  std::vector<double> w = window();
  reverse_motion(std::span<double>(w), 6);
  CHECK(w[0] == 13);
  CHECK(w[3] == -16);
  reverse_motion(std::span<double>(w), 6);
  CHECK(w == window());
}

TEST_CASE("segments may be empty and come in any order") {
  std::vector<double> w = window();
  const std::vector<Index> cuts{0, 2}, order{2, 0, 1};
  permute_segments(std::span<double>(w), 6, cuts, order);
  CHECK(w[0] == 13);
  CHECK(w[6] == 1);
  const std::vector<Index> twice{0, 0, 1}, beyond{0, 1, 3}, down{2, 0};
  CHECK_THROWS_AS(permute_segments(std::span<double>(w), 6, cuts, twice), ConfigError);
  CHECK_THROWS_AS(permute_segments(std::span<double>(w), 6, cuts, beyond), ConfigError);
  CHECK_THROWS_AS(permute_segments(std::span<double>(w), 6, down, order), ConfigError);
}

TEST_CASE("even speed leaves time as it is") {
  const std::vector<float> knots(5, 1.0F);
  const std::vector<float> times = warp_times(std::span<const float>(knots), 20);
  CHECK(times.front() == Approx(0.95F));  // the running sum starts at one step of twenty, scaled to 19
  CHECK(times.back() == Approx(19));
  std::vector<double> w = window();
  const std::vector<double> at{0, 1, 2};
  for (Index c = 0; c < 6; ++c) warp_channel(std::span<double>(w), 6, c, std::span<const double>(at));
  CHECK(w == window());
  const std::vector<float> few(3, 1.0F);
  CHECK_THROWS_AS(warp_times(std::span<const float>(few), 20), ConfigError);
}

TEST_CASE("numbers that do not fit the window are refused") {
  std::vector<double> w = window();
  const std::vector<double> four(4, 1.0), three(3, 1.0);
  CHECK_THROWS_AS(scale_channels(std::span<double>(w), std::span<const double>(four)), ShapeError);
  CHECK_THROWS_AS(scale_steps(std::span<double>(w), 6, std::span<const double>(four)), ShapeError);
  CHECK_THROWS_AS(add_noise(std::span<double>(w), std::span<const double>(four)), ShapeError);
  CHECK_THROWS_AS(rotate_triads(std::span<double>(w), 2, axis_angle<double>({0, 0, 1}, 1)), ShapeError);
  CHECK_THROWS_AS(reverse_motion(std::span<double>(w), 3), ShapeError);
  CHECK_THROWS_AS(warp_channel(std::span<double>(w), 6, 6, std::span<const double>(three)), ShapeError);
  const std::vector<Index> order{0, 1, 7};
  CHECK_THROWS_AS(shuffle_channels(std::span<double>(w), order), ConfigError);
}
