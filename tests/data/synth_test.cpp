// SPDX-License-Identifier: MIT
#include "gyrograd/data/synth.hpp"

#include <array>
#include <cmath>
#include <ctime>
#include <map>
#include <set>

#include "support/catch.hpp"

using namespace gyrograd;
using namespace gyrograd::data;

namespace {

SynthConfig small() {
  SynthConfig c;
  c.windows = 240;
  c.users = 5;
  return c;
}

/// A device without errors or noise, on a body that does not slip.
SynthConfig ideal() {
  SynthConfig c = small();
  c.gain = c.misalignment = c.acc_bias = c.acc_noise = c.gyro_bias = c.gyro_noise = 0;
  return c;
}

}  // namespace

TEST_CASE("the same seed gives the same windows; a recording does not depend on how many follow") {
  SynthConfig c = small();
  const DataSet a = synthesise(c), b = synthesise(c);
  const bool same = a.windows.values == b.windows.values && a.labels.values == b.labels.values;
  CHECK(same);
  c.windows = 100;
  const DataSet head = synthesise(c);
  CHECK(std::equal(head.windows.values.begin(), head.windows.values.end(), a.windows.values.begin()));
  c.seed = 7;
  CHECK(synthesise(c).windows.values != head.windows.values);
}

TEST_CASE("labels cover all activities, users, positions and devices") {
  const DataSet set = synthesise(small());
  std::array<std::set<double>, 4> seen;
  for (Index i = 0; i < set.labels.count; ++i) {
    for (Index t = 0; t < set.labels.steps; ++t) {
      for (Index k = 0; k < 4; ++k) seen[static_cast<std::size_t>(k)].insert(set.labels.at(i, t, k));
    }
  }
  CHECK(seen[0].size() == synth_activities.size());
  CHECK(seen[1].size() == 5);
  CHECK(seen[2].size() == synth_positions.size());
  CHECK(seen[3].size() == 4);
}

TEST_CASE("values are finite and physically plausible") {
  const DataSet set = synthesise(small());
  std::map<Index, std::pair<double, double>> norm;  // activity -> sum and count of |acc|
  double largest_gyro = 0;
  for (Index i = 0; i < set.windows.count; ++i) {
    const auto w = std::as_const(set.windows).window(i);
    for (std::size_t t = 0; t < 120; ++t) {
      double square = 0;
      for (std::size_t k = 0; k < 3; ++k) square += std::pow(static_cast<double>(w[t * 6 + k]), 2);
      for (std::size_t k = 3; k < 6; ++k) {
        largest_gyro = std::max(largest_gyro, std::fabs(static_cast<double>(w[t * 6 + k])));
      }
      auto& [sum, count] = norm[static_cast<Index>(set.labels.at(i, static_cast<Index>(t), 0))];
      sum += std::sqrt(square);
      count += 1;
    }
  }
  for (const auto& [activity, value] : norm) {
    INFO(synth_activities[static_cast<std::size_t>(activity)]);
    CHECK(value.first / value.second > 9.0);
    CHECK(value.first / value.second < 21.0);
  }
  CHECK(largest_gyro > 2.0);
  CHECK(largest_gyro < 35.0);
}

TEST_CASE("gravity turns as the gyroscope says") {
  // Quiet postures, ideal device: turning the first gravity vector by the gyroscope gives the last one.
  SynthConfig c = ideal();
  c.slip = 0.4;
  const DataSet set = synthesise(c);
  double error = 0, motion = 0;
  Index windows = 0;
  for (Index i = 0; i < set.windows.count; ++i) {
    bool quiet = true;
    for (Index t = 0; t < 120; ++t) quiet = quiet && set.labels.at(i, t, 0) == set.labels.at(i, 0, 0);
    if (!quiet || set.labels.at(i, 0, 0) < static_cast<double>(Activity::sitting)) continue;
    const auto w = std::as_const(set.windows).window(i);
    const auto row = [&](std::size_t t, std::size_t first) {
      return Vec3{static_cast<double>(w[t * 6 + first]), static_cast<double>(w[t * 6 + first + 1]),
                  static_cast<double>(w[t * 6 + first + 2])};
    };
    Vec3 gravity = row(40, 0);
    for (std::size_t t = 41; t < 120; ++t) {
      const Vec3 omega = row(t, 3);
      const Rotation turn = from_euler(omega[0] / 20, omega[1] / 20, omega[2] / 20);
      gravity = turn.transposed() * gravity;
    }
    for (std::size_t k = 0; k < 3; ++k) {
      error += std::pow(gravity[k] - row(119, 0)[k], 2);
      motion += std::pow(row(40, 0)[k] - row(119, 0)[k], 2);
    }
    ++windows;
  }
  REQUIRE(windows > 20);
  CHECK(error < 0.05 * motion);
}

TEST_CASE("windows of one recording follow each other without a jump") {
  SynthConfig c = ideal();
  c.oversampling = 20;
  const DataSet set = synthesise(c);
  const auto first = std::as_const(set.windows).window(0), second = std::as_const(set.windows).window(1);
  if (set.labels.at(0, 119, 0) == static_cast<double>(Activity::sitting)) {
    for (std::size_t k = 0; k < 3; ++k) CHECK(std::fabs(first[119 * 6 + k] - second[k]) < 0.5f);
  }
  CHECK(set.labels.at(0, 119, 1) == set.labels.at(1, 0, 1));
}

TEST_CASE("settings that make no sense are refused by name") {
  const auto broken = [](auto change, const char* field) {
    SynthConfig c;
    change(c);
    CHECK_THROWS_WITH(synthesise(c), Catch::Matchers::Contains(field));
  };
  broken([](SynthConfig& c) { c.windows = 0; }, "windows");
  broken([](SynthConfig& c) { c.steps = -1; }, "steps");
  broken([](SynthConfig& c) { c.rate = 0; }, "rate");
  broken([](SynthConfig& c) { c.users = 0; }, "users");
  broken([](SynthConfig& c) { c.devices = 0; }, "devices");
  broken([](SynthConfig& c) { c.oversampling = 0; }, "oversampling");
  broken([](SynthConfig& c) { c.bout_seconds = 0; }, "bout");
}

TEST_CASE("three thousand windows take less than two seconds in an optimised build") {
#if defined(__OPTIMIZE__) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
  const std::clock_t start = std::clock();
  synthesise(SynthConfig{});
  CHECK(static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC < 4.0);  // twice the goal: shared machines
#endif
}
