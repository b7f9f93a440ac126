// SPDX-License-Identifier: MIT
#include "gyrograd/data/live_windows.hpp"

#include <cmath>
#include <limits>

#include "gyrograd/core/random.hpp"
#include "gyrograd/data/time_grid.hpp"
#include "support/alloc_counter.hpp"
#include "support/catch.hpp"

using namespace gyrograd;
using namespace gyrograd::data;
using Catch::Matchers::Contains;

namespace {

struct Window {
  double start;
  std::vector<float> rows;
};

/// Six channels of gravity, a walk and noise at about `rate` Hz, with stamps that jitter by a third of a
/// step.
Track walk(Index rows, double rate, double begin = 7.25) {
  Philox random(3431, 1);
  Track track;
  track.file = "f", track.channels = 6;
  for (Index i = 0; i < rows; ++i) {
    const double jitter = uniform(random, -1.0 / 3, 1.0 / 3);
    track.time.push_back(begin + (static_cast<double>(i) + jitter) / rate);
    track.lines.push_back(i + 1);
    for (Index c = 0; c < 6; ++c) {
      const double phase = 2 * track.time.back() * static_cast<double>(c + 1);
      const double value = (c == 2 ? 9.81 : 0.0) + std::sin(phase) + uniform(random, 0, 0.1);
      track.values.push_back(static_cast<double>(static_cast<float>(value)));
    }
  }
  return track;
}

/// What preparation makes of the whole recording, by on_grid and WindowBuilder.
std::vector<Window> prepared(const Track& track, Index rate, const WindowRule& rule) {
  Findings findings;
  Card card;
  card.source = "fixture";
  set_channels(card, 6);
  card.labels = {{"activity", {}}};
  WindowBuilder builder(card, rule, findings);
  const auto stretches = on_grid({&track, 1}, {{0.0}}, {rate, 0.5, true}, 0, findings);
  std::vector<Window> out;
  for (Recording r : stretches) {
    r.labels = {0.0};
    const Index windows = builder.add(r);
    for (Index i = 0; i < windows; ++i) {
      const double after = static_cast<double>(i * rule.hop()) / static_cast<double>(rule.rate);
      out.push_back({track.time.front() + r.start + after, {}});
    }
  }
  const DataSet set = builder.finish();
  for (std::size_t w = 0; w < out.size(); ++w) {
    const auto rows = set.windows.window(static_cast<Index>(w));
    out[w].rows.assign(rows.begin(), rows.end());
  }
  return out;
}

std::vector<Window> live_windows(LiveWindows& live, const Track& track) {
  std::vector<Window> out;
  std::vector<float> sample(6);
  for (Index i = 0; i < track.rows(); ++i) {
    for (std::size_t c = 0; c < 6; ++c)
      sample[c] = static_cast<float>(track.values[static_cast<std::size_t>(6 * i) + c]);
    live.push(track.time[static_cast<std::size_t>(i)], sample,
              [&](double start, std::span<const float> rows) {
                out.push_back({start, {rows.begin(), rows.end()}});
              });
  }
  return out;
}

}  // namespace

TEST_CASE("live windows are those of preparation, bit for bit") {
  const auto [rate, stride] = GENERATE(std::pair<Index, Index>{50, 0}, std::pair<Index, Index>{50, 20},
                                       std::pair<Index, Index>{100, 7}, std::pair<Index, Index>{20, 40},
                                       std::pair<Index, Index>{12, 120}, std::pair<Index, Index>{128, 60});
  const WindowRule rule{Recipe::corrected, 20, 120, stride};
  const Track track = walk(40 * rate, static_cast<double>(rate));
  LiveWindows live(6, rate, rule);
  const auto expected = prepared(track, rate, rule), got = live_windows(live, track);
  INFO(rate << " Hz, a window every " << rule.hop() << " steps");
  // Preparation knows where the recording ends; here the last filter waits for samples that never come.
  const auto waiting =
      static_cast<std::size_t>(std::ceil((live.delay() + 0.1) * 20)) / static_cast<std::size_t>(rule.hop()) +
      1;
  REQUIRE(got.size() <= expected.size());
  REQUIRE(got.size() + waiting >= expected.size());
  REQUIRE(got.size() >= 4);
  for (std::size_t w = 0; w < got.size(); ++w) {
    CHECK(got[w].start == Approx(expected[w].start).epsilon(1e-12));
    CHECK(got[w].rows == expected[w].rows);
  }
  CHECK(live.left_out() == 0);
}

TEST_CASE("live windows start anew after a gap") {
  Track track = walk(1000, 50);
  const Track later = walk(1000, 50, track.time.back() + 3);
  track.time.insert(track.time.end(), later.time.begin(), later.time.end());
  track.values.insert(track.values.end(), later.values.begin(), later.values.end());
  track.lines.insert(track.lines.end(), later.lines.begin(), later.lines.end());
  LiveWindows live(6, 50);
  const auto expected = prepared(track, 50, {}), got = live_windows(live, track);
  REQUIRE(expected.size() == 6);
  REQUIRE(got.size() == 6);
  for (std::size_t w = 0; w < 6; ++w) {
    CHECK(got[w].start == Approx(expected[w].start));
    CHECK(got[w].rows == expected[w].rows);
  }
  CHECK(live.gaps() == 1);
}

TEST_CASE("a window is ready after the stated delay, and costs no allocation") {
  LiveWindows live(6, 50, {.stride = 1});
  const std::vector<float> sample(6, 1.0F);
  double longest = 0;
  float furthest = 0;
  const testing::AllocationScope allocations;
  for (Index i = 0; i < 1000; ++i) {
    const double now = static_cast<double>(i) / 50;
    live.push(now, sample, [&](double start, std::span<const float> rows) {
      longest = std::max(longest, now - (start + 119.0 / 20));
      for (const float v : rows) furthest = std::max(furthest, std::fabs(v - 1.0F));
    });
  }
  CHECK(allocations.count() == 0);
  CHECK(furthest <= 2.4e-7F);  // constants stay constants
  CHECK(live.delay() == Approx(0.4));
  CHECK(longest <= live.delay() + 1e-9);
  CHECK(longest >= live.delay() - 0.02 - 1e-9);  // odd rows lie half a step of the sensor later
}

TEST_CASE("samples that cannot be used are counted, not used") {
  LiveWindows live(3, 20, {.steps = 4});
  Index windows = 0;
  const auto push = [&](double time, float value) {
    live.push(time, std::vector<float>{value, value, value}, [&](double, std::span<const float> rows) {
      ++windows;
      CHECK(rows[0] == 0.0F);
      CHECK(rows[9] == 3.0F);
    });
  };
  push(0.00, 0);
  push(0.05, 1);
  push(0.05, 7);  // the same stamp again
  push(0.02, 7);  // back in time
  push(std::numeric_limits<double>::quiet_NaN(), 7);
  push(0.10, std::numeric_limits<float>::infinity());
  push(0.10, 2);
  push(0.15, 3);
  CHECK(windows == 1);
  CHECK(live.left_out() == 4);
  live.restart();
  for (int i = 0; i < 4; ++i) push(100 + 0.05 * i, static_cast<float>(i));
  CHECK(windows == 2);
}

TEST_CASE("live windows refuse what they cannot be") {
  CHECK_THROWS_WITH(LiveWindows(0, 50), Contains("0 channels"));
  CHECK_THROWS_WITH(LiveWindows(6, 0), Contains("from 0 Hz"));
  CHECK_THROWS_WITH(LiveWindows(6, 50, {}, 0), Contains("gap of 0 s"));
  LiveWindows live(6, 50);
  const std::vector<float> sample(5);
  CHECK_THROWS_WITH(live.push(0, sample, [](double, std::span<const float>) {}),
                    Contains("a sample of 5 values, expected 6"));
}
