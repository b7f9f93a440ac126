// SPDX-License-Identifier: MIT
#include "gyrograd/data/tpn_transforms.hpp"

#include <numeric>

#include "support/catch.hpp"

using namespace gyrograd;
using namespace gyrograd::data;

namespace {

/// (steps, 6): value 10 t + c.
std::vector<float> ramp(Index steps) {
  std::vector<float> x;
  for (Index t = 0; t < steps; ++t)
    for (Index c = 0; c < 6; ++c) x.push_back(static_cast<float>(10 * t + c));
  return x;
}

}  // namespace

TEST_CASE("tpn transformations on a ramp") {
  const std::vector<float> x = ramp(8);
  std::vector<float> y(x.size());
  const std::span<float> out(y);
  const std::span<const float> in(x);
  tpn_flip(out, in, 6);
  CHECK(y[0] == 70);
  CHECK(y[47] == 5);
  tpn_negate(out, in);
  CHECK(y[13] == -21);
  const std::array<Index, 4> order{2, 0, 3, 1};
  tpn_permute(out, in, 6, std::span<const Index>(order));
  CHECK(y[0] == 40);
  CHECK(y[12] == 0);
  CHECK(y[24] == 60);
  CHECK(y[36] == 20);
  const std::array<Index, 3> axes{2, 0, 1};
  tpn_shuffle(out, in, 6, axes, TpnShuffle::corrected);
  CHECK(std::vector<float>(y.begin(), y.begin() + 6) == std::vector<float>{2, 0, 1, 5, 3, 4});
  tpn_shuffle(out, in, 6, axes, TpnShuffle::published);
  CHECK(std::vector<float>(y.begin() + 6, y.begin() + 12) == std::vector<float>{12, 10, 11, 12, 10, 11});
  const std::array<double, 3> even{1, 1, 1}, late{1, 2, 3};
  tpn_time_warp(out, in, 6, std::span<const double>(even));
  for (std::size_t i = 0; i < x.size(); ++i) CHECK(y[i] == Approx(x[i]));
  tpn_time_warp(out, in, 6, std::span<const double>(late));
  CHECK(y[0] == 0);
  CHECK(y[42] == Approx(70));
  CHECK(y[24] < 40);  // slow at first
  for (std::size_t t = 1; t < 8; ++t) CHECK(y[6 * t] > y[6 * t - 6]);
}

TEST_CASE("random rotations are rotations") {
  Philox g(1);
  for (int i = 0; i < 20; ++i) {
    const RotationMatrix m = random_rotation(g);
    for (std::size_t a = 0; a < 3; ++a)
      for (std::size_t b = 0; b < 3; ++b) {
        double dot = 0;
        for (std::size_t k = 0; k < 3; ++k) dot += m[3 * a + k] * m[3 * b + k];
        CHECK(dot == Approx(a == b ? 1 : 0).margin(1e-12));
      }
    const double det = m[0] * (m[4] * m[8] - m[5] * m[7]) - m[1] * (m[3] * m[8] - m[5] * m[6]) +
                       m[2] * (m[3] * m[7] - m[4] * m[6]);
    CHECK(det == Approx(1));
  }
}

TEST_CASE("items for self-training: the original and every transformation, the same for one seed") {
  Windows all(3, 20, 6);
  std::iota(all.values.begin(), all.values.end(), 1.0F);
  const std::vector<Index> chosen{2, 0};
  for (const TpnTasks tasks : {TpnTasks::published, TpnTasks::original}) {
    const TpnItems a = tpn_items(all, chosen, tasks, TpnShuffle::corrected, 5);
    const TpnItems b = tpn_items(all, chosen, tasks, TpnShuffle::corrected, 5);
    const TpnItems c = tpn_items(all, chosen, tasks, TpnShuffle::corrected, 6);
    const Index kinds = 1 + tpn_task_count(tasks);
    CHECK(a.windows.count == 2 * kinds);
    CHECK(a.labels[static_cast<std::size_t>(kinds)] == 0);
    CHECK(a.labels[static_cast<std::size_t>(kinds - 1)] == kinds - 1);
    CHECK(a.windows.values == b.windows.values);
    CHECK(a.windows.values != c.windows.values);
    CHECK(std::equal(a.windows.window(0).begin(), a.windows.window(0).end(), all.window(2).begin()));
    for (Index i = 1; i < kinds; ++i)
      CHECK(!std::equal(a.windows.window(i).begin(), a.windows.window(i).end(), all.window(2).begin()));
  }
}

TEST_CASE("tpn refuses channels that are no triads and unknown transformations") {
  std::vector<float> x(40), y(40);
  Philox g(1);
  const auto run = [&](Index channels, Index task) {
    tpn_transform(std::span<float>(y), std::span<const float>(x), channels, task, TpnTasks::published,
                  TpnShuffle::published, g);
  };
  CHECK_THROWS_AS(run(4, 1), ConfigError);
  CHECK_THROWS_AS(run(6, 6), ConfigError);
}
