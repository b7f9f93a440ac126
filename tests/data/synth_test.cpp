// SPDX-License-Identifier: MIT
#include "gyrograd/data/synth.hpp"

#include <array>
#include <cmath>
#include <ctime>
#include <map>
#include <numbers>
#include <set>
#include <utility>
#include <vector>

#include "gyrograd/data/leak.hpp"
#include "gyrograd/data/split.hpp"
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

/// A device without errors or noise, on a body that nothing shakes.
SynthConfig ideal() {
  SynthConfig c = small();
  c.gain = c.misalignment = c.acc_bias = c.acc_noise = c.gyro_bias = c.gyro_noise = 0;
  c.cloth = c.bursts.rate = 0;
  return c;
}

}  // namespace

TEST_CASE("the same seed gives the same windows, a recording does not depend on how many follow") {
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

TEST_CASE("every recording is a session, and a split by session takes whole recordings") {
  SynthConfig c = small();
  c.windows_per_recording = 16;
  const DataSet set = synthesise(c);
  REQUIRE(set.origins.size() == 240);
  CHECK(set.origins[15] == Origin{0, 15 * c.steps});
  CHECK(set.origins[16] == Origin{1, 0});
  const Split split = split_by_session(set.origins, 3);
  CHECK(split.test.size() % 16 == 0);
  CHECK_FALSE(check_leaks(split.train, split.test, {}, set.origins, c.steps).leaks());
}

TEST_CASE("labels cover all activities, users, positions and devices") {
  SynthConfig c = small();
  c.positions = 3;
  c.activities = 8;
  const DataSet set = synthesise(c);
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
  SynthConfig c = small();
  c.activities = 8;
  const DataSet set = synthesise(c);
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
    const auto kind = static_cast<Activity>(activity);
    if (kind == Activity::sitting || kind == Activity::standing || kind == Activity::lying)
      CHECK(value.first / value.second == Approx(9.81).margin(0.3));
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
    if (!quiet || set.labels.at(i, 0, 0) < static_cast<double>(Activity::sitting))
      continue;  // sit, stand, lie
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

TEST_CASE("walking shows the step rate in the spectrum, and every activity is done by every user") {
  const DataSet set = synthesise(small());
  std::set<std::pair<double, double>> done;
  int walking = 0, in_range = 0;
  for (Index i = 0; i < set.windows.count; ++i) {
    const double first = set.labels.at(i, 0, 0), last = set.labels.at(i, 119, 0);
    done.insert({set.labels.at(i, 0, 1), first});
    if (first != 0 || last != 0) continue;
    const auto w = std::as_const(set.windows).window(i);
    double best = 0, peak = 0;
    for (double hz = 0.5; hz < 6; hz += 1.0 / 6) {
      double c = 0, s = 0;
      for (std::size_t t = 0; t < 120; ++t) {
        const double angle = 2 * std::numbers::pi * hz * static_cast<double>(t) / 20;
        c += (static_cast<double>(w[t * 6 + 2]) - 9.6) * std::cos(angle);
        s += (static_cast<double>(w[t * 6 + 2]) - 9.6) * std::sin(angle);
      }
      if (c * c + s * s > best) best = c * c + s * s, peak = hz;
    }
    ++walking;
    in_range += peak > 1.5 && peak < 2.3;
  }
  REQUIRE(walking > 10);
  CHECK(in_range >= 0.8 * walking);
  CHECK(done.size() == 5 * 6);
}

TEST_CASE("transitions within a window are rare") {
  SynthConfig c;
  c.windows = 600;
  const DataSet set = synthesise(c);
  int mixed = 0;
  for (Index i = 0; i < 600; ++i) mixed += set.labels.at(i, 0, 0) != set.labels.at(i, 119, 0);
  CHECK(mixed > 5);
  CHECK(mixed < 60);
}

TEST_CASE("people stand differently, each in his own way") {
  // Mean of the forward axis: the spread of the users' means is larger than what sampling explains.
  SynthConfig c;
  c.windows = 1200;
  c.restless = c.bursts.rate = 0;
  const DataSet set = synthesise(c);
  std::map<double, std::vector<double>> means;
  for (Index i = 0; i < set.windows.count; ++i) {
    if (set.labels.at(i, 0, 0) != static_cast<double>(Activity::standing)) continue;
    if (set.labels.at(i, 119, 0) != static_cast<double>(Activity::standing)) continue;
    double sum = 0;
    for (std::size_t t = 0; t < 120; ++t)
      sum += static_cast<double>(std::as_const(set.windows).window(i)[t * 6]) / 120;
    means[set.labels.at(i, 0, 1)].push_back(sum);
  }
  REQUIRE(means.size() == 12);
  double least = 1e9, most = -1e9;
  for (const auto& [user, values] : means) {
    double mean = 0;
    for (const double v : values) mean += v / static_cast<double>(values.size());
    least = std::min(least, mean), most = std::max(most, mean);
  }
  CHECK(most - least > 0.6);  // m/s2: 3.5 degrees
  CHECK(most - least < 4.0);
}

namespace {

/// Share of pieces of `length` rows whose channel means are nearest to the mean of their own activity, among
/// users not used for those means; distances in standard deviations.
double nearest_mean_accuracy(const DataSet& set, Index length) {
  using Features = std::array<double, 6>;
  std::vector<std::pair<std::size_t, Features>> train, test;
  for (Index i = 0; i < set.windows.count; ++i) {
    for (Index from = 0; from < set.windows.steps; from += length) {
      if (set.labels.at(i, from, 0) != set.labels.at(i, from + length - 1, 0)) continue;
      Features f{};
      for (Index t = from; t < from + length; ++t) {
        for (std::size_t k = 0; k < 6; ++k) {
          f[k] +=
              static_cast<double>(std::as_const(set.windows).window(i)[static_cast<std::size_t>(t) * 6 + k]) /
              static_cast<double>(length);
        }
      }
      auto& part = set.labels.at(i, 0, 1) < 6 ? train : test;
      part.emplace_back(static_cast<std::size_t>(set.labels.at(i, from, 0)), f);
    }
  }
  std::array<Features, 6> mean{};
  std::array<double, 6> count{};
  Features within{};
  for (const auto& [label, f] : train) {
    count[label] += 1;
    for (std::size_t k = 0; k < 6; ++k) mean[label][k] += f[k];
  }
  for (std::size_t c = 0; c < 6; ++c) {
    for (std::size_t k = 0; k < 6; ++k) mean[c][k] /= count[c];
  }
  for (const auto& [label, f] : train) {
    for (std::size_t k = 0; k < 6; ++k) within[k] += std::pow(f[k] - mean[label][k], 2);
  }
  double right = 0;
  for (const auto& [label, f] : test) {
    std::size_t best = 0;
    double least = 1e30;
    for (std::size_t c = 0; c < 6; ++c) {
      double distance = 0;
      for (std::size_t k = 0; k < 6; ++k) distance += std::pow(f[k] - mean[c][k], 2) / within[k];
      if (distance < least) least = distance, best = c;
    }
    right += best == label;
  }
  return right / static_cast<double>(test.size());
}

}  // namespace

TEST_CASE("six seconds tell more than one: what disturbs a second averages out over the window") {
  SynthConfig c;
  c.windows = 1200;
  const DataSet set = synthesise(c);
  const double second = nearest_mean_accuracy(set, 20), window = nearest_mean_accuracy(set, 120);
  INFO("one second " << second << ", six seconds " << window);
  CHECK(window > second + 0.08);
  CHECK(window > 0.75);
  CHECK(second < 0.75);
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
  broken([](SynthConfig& c) { c.activities = 9; }, "activities");
}

TEST_CASE("three thousand windows take less than two seconds in an optimised build") {
#if defined(__OPTIMIZE__) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
  const std::clock_t start = std::clock();
  synthesise(SynthConfig{});
  CHECK(static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC < 4.0);  // twice the goal: shared machines
#endif
}
