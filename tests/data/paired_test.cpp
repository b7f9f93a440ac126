// SPDX-License-Identifier: MIT
#include "gyrograd/data/paired.hpp"

#include <numeric>

#include "support/catch.hpp"

using namespace gyrograd;
using namespace gyrograd::data;
using Catch::Matchers::Contains;

TEST_CASE("parts of other lengths are refused") {
  PairedWindows p;
  p.windows = Windows(2, 3, 6);
  p.flags = {paired_imu_only, 0};
  check_paired(p, "here");
  CHECK(p.imu_only(0));
  CHECK_FALSE(p.imu_only(1));
  p.text_width = 4;
  CHECK_THROWS_WITH(check_paired(p, "here"), Contains("here: text holds 0 values, expected 2 x 4"));
  p.text.resize(8);
  p.users = {1};
  CHECK_THROWS_WITH(check_paired(p, "here"), Contains("users holds 1 values, expected 2"));
}

TEST_CASE("a take is paired as a whole, on average the fraction that was asked for") {
  std::vector<Index> takes;
  for (Index t = 0; t < 400; ++t) takes.insert(takes.end(), {t, t, t});
  const auto drawn = draw_imu_only(takes, 0.25, 7);
  for (std::size_t i = 0; i < drawn.size(); i += 3)
    CHECK((drawn[i] == drawn[i + 1] && drawn[i] == drawn[i + 2]));
  const auto alone = std::accumulate(drawn.begin(), drawn.end(), 0.0) / static_cast<double>(drawn.size());
  CHECK(alone == Approx(0.75).margin(0.07));
  CHECK(drawn == draw_imu_only(takes, 0.25, 7));
  CHECK(drawn != draw_imu_only(takes, 0.25, 8));
  CHECK(draw_imu_only(takes, 1, 7) == std::vector<std::uint8_t>(takes.size(), 0));
  CHECK(draw_imu_only(takes, 0, 7) == std::vector<std::uint8_t>(takes.size(), 1));
  CHECK_THROWS_AS(draw_imu_only(takes, 1.5, 7), ConfigError);
}
