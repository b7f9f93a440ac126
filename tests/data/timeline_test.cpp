// SPDX-License-Identifier: MIT
#include "gyrograd/data/timeline.hpp"

#include <cmath>
#include <map>
#include <numbers>

#include "support/catch.hpp"

using namespace gyrograd;
using namespace gyrograd::data;
using Catch::Matchers::Contains;

namespace {

/// Gravity on z with a tone of `tone` Hz on x, rows at `rate` Hz with a slow clock error; `hole`: s without
/// rows.
Track take(double rate, double seconds, double tone = 1, double from = 1e9, double to = 1e9) {
  Track track{"take.csv", 6, {}, {}, {}, {}};
  for (Index i = 0; static_cast<double>(i) < rate * seconds; ++i) {
    const double t = static_cast<double>(i) / rate;
    if (t >= from && t < to) continue;
    const double s = std::sin(2 * std::numbers::pi * tone * t);
    track.time.push_back(t);
    track.lines.push_back(i + 2);
    track.values.insert(track.values.end(), {s, 0.01 * s, 9.81 + 0.001 * s, 0.1 * s, 0.02 * s, 0.03 * s});
  }
  return track;
}

PublishedCut cut_at(const Track& track, Index start, Index end, Index rate) {
  std::map<Index, Resampler> filters;
  return published_cut(track, start, end, rate, filters);
}

}  // namespace

TEST_CASE("a take is resampled once: gravity stays at both ends, tones keep their phase") {
  Findings findings;
  const Timeline line(take(1000, 12), Card{}, 50, 0.25, findings);
  CHECK(findings.total() == 0);
  CHECK(line.first() == 0);
  CHECK(line.last() == Approx(12).margin(0.03));
  const auto rows = line.window(0, 250);
  REQUIRE(rows.size() == 1500);
  CHECK(rows[2] == Approx(9.81).margin(0.002));
  for (std::size_t i = 10; i < 240; ++i)
    CHECK(rows[6 * i] == Approx(std::sin(2 * std::numbers::pi * static_cast<double>(i) / 50)).margin(0.003));
  const auto later = line.window(3.02, 250);
  REQUIRE(later.size() == 1500);
  CHECK(later[0] == Approx(std::sin(2 * std::numbers::pi * 3.02)).margin(0.003));
  CHECK(line.window(7.1, 250).empty());
  CHECK(line.window(-0.1, 250).empty());
  CHECK(line.tiles(250) == std::vector<double>{0, 5});
}

TEST_CASE("stamps count, not rows: a rate of 997 Hz gives no drift") {
  Findings findings;
  const Timeline line(take(997, 21), Card{}, 50, 0.25, findings);
  const auto rows = line.window(15, 250);
  REQUIRE(rows.size() == 1500);
  for (std::size_t i = 10; i < 240; ++i)
    CHECK(rows[6 * i] == Approx(std::sin(2 * std::numbers::pi * static_cast<double>(i) / 50)).margin(0.005));
}

TEST_CASE("a take that starts later keeps its clock") {
  Findings findings;
  Track late = take(200, 12);
  for (double& t : late.time) t += 100;
  const Timeline line(late, Card{}, 50, 0.25, findings);
  CHECK(line.first() == Approx(100));
  CHECK(line.window(0, 250).empty());
  REQUIRE(line.window(103.02, 250).size() == 1500);
  CHECK(line.window(103.02, 250)[0] == Approx(std::sin(2 * std::numbers::pi * 3.02)).margin(0.003));
  CHECK(line.tiles(250)[1] == Approx(105));
}

TEST_CASE("no window spans a gap") {
  Findings findings;
  const Timeline line(take(200, 20, 1, 7, 8), Card{}, 50, 0.25, findings);
  CHECK(findings.count(FindingKind::gap) == 1);
  CHECK(line.window(4, 250).empty());
  CHECK(line.window(1.5, 250).size() == 1500);
  CHECK(line.window(8.1, 250).size() == 1500);
  CHECK(line.tiles(250).size() == 3);
}

TEST_CASE("doubtful takes are reported and give nothing") {
  Findings findings;
  Track constant = take(200, 12);
  for (std::size_t i = 0; i < constant.values.size(); i += 6) constant.values[i] = 0;
  CHECK(Timeline(constant, Card{}, 50, 0.25, findings).empty());
  CHECK(findings.count(FindingKind::constant) == 1);
  Track slow = take(20, 30);
  const Timeline up(slow, Card{}, 50, 0.25, findings);
  CHECK_FALSE(up.empty());
  CHECK(findings.count(FindingKind::rate) == 1);
  for (double& t : slow.time) t *= 1e6;  // ms or ns taken for s
  CHECK(Timeline(slow, Card{}, 50, 0.25, findings).empty());
  CHECK(findings.count(FindingKind::rate) == 2);
  CHECK(Timeline(Track{"x", 6, {}, {}, {}, {}}, Card{}, 50, 0.25, findings).empty());
}

TEST_CASE("published: edges fade, the rate is cut off, ends are filled with zeros") {
  const Track track = take(1000, 60.05);
  const PublishedCut cut = cut_at(track, 10, 15, 50);
  REQUIRE(cut.refused.empty());
  REQUIRE(cut.rows.size() == 1500);
  CHECK(cut.rows[2] == Approx(5.15).margin(0.01));  // gravity droops (PRIMUS sheet §9.3)
  CHECK(cut.rows[6 * 5 + 2] == Approx(9.82).margin(0.01));
  CHECK(cut_at(track, 56, 61, 50).refused.starts_with("ends 0.9"));
  CHECK(cut_at(track, 61, 66, 50).refused == "starts behind the last row");
  const PublishedCut short_one = cut_at(take(1000, 60.0), 55, 60, 50);  // last stamp 59.999
  REQUIRE(short_one.refused.empty());
  CHECK(short_one.rows[6 * 240 + 2] == 0);  // the last second is thrown away
  CHECK(short_one.rows[6 * 190 + 2] == Approx(9.81).margin(0.05));
  CHECK(cut_at(take(1, 60), 10, 15, 50).refused == "fewer than 10 rows");
  CHECK(cut_at(take(100, 60, 1, 9, 16), 10, 15, 50).refused == "no row within 4 s of its ends");
  CHECK(cut_at(take(100, 60, 1, 5, 30), 10, 15, 50).refused == "no row within 4 s of its ends");
}
