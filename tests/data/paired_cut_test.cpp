// SPDX-License-Identifier: MIT
#include "gyrograd/data/paired_cut.hpp"

#include "support/catch.hpp"
#include "support/imu_rows.hpp"

using namespace gyrograd;
using namespace gyrograd::data;
using Catch::Matchers::Contains;

namespace {

Track track(double rate, double seconds) {
  Track t{"take.csv", 6, {}, {}, {}, {}};
  for (int i = 0; i < static_cast<int>(rate * seconds); ++i) {
    t.time.push_back(i / rate);
    t.lines.push_back(i + 2);
    for (int c = 0; c < 6; ++c) t.values.push_back(testing::imu_value(i / rate, c));
  }
  return t;
}

Take narrated(std::initializer_list<double> times) {
  Take take{"t", "u", 0, 0, {}};
  for (const double time : times)
    take.moments.push_back({time, "#C C picks a CD", "f:" + std::to_string(time), -1, -1});
  return take;
}

std::vector<CutWindow> cut(const Take& take, const Track& rows, const PairedRule& rule, Findings& findings,
                           const std::set<std::string>& bad = {}) {
  std::vector<CutWindow> out;
  cut_take(take, rows, Card{}, rule, bad, findings, [&](CutWindow&& w) { out.push_back(std::move(w)); });
  return out;
}

}  // namespace

TEST_CASE("corrected windows: centred, inside, each start once") {
  Findings findings;
  const auto windows = cut(narrated({1, 2, 10.3, 10.3, 19.9, 25}), track(200, 20), {}, findings);
  REQUIRE(windows.size() == 3);
  CHECK(windows[0].start == 0);
  CHECK(windows[1].start == 7800);
  CHECK(windows[2].start == Approx(15'000).margin(30));
  CHECK(windows[1].text == "picks a cd");
  CHECK(windows[1].values.size() == 1500);
  CHECK(windows[1].values[0] == Approx(testing::imu_value(7.8, 0)).margin(0.005));
  CHECK(findings.count(FindingKind::annotation) == 3);  // 2 s and the second 10.3 s repeat, 25 s is outside
  CHECK_THAT(findings.text(), Contains("no whole window of 5 s around 25 s"));
  PairedRule apart;
  apart.apart = 8;
  CHECK(cut(narrated({1, 10.3, 19.9}), track(200, 20), apart, findings).size() == 2);
}

TEST_CASE("a window in which a sensor stands still is left out") {
  Findings findings;
  Track rows = track(200, 30);
  for (Index i = 200 * 11; i < 200 * 19; ++i) rows.values[static_cast<std::size_t>(6 * i + 4)] = 0.02;
  const auto windows = cut(narrated({5, 15, 25}), rows, {}, findings);
  REQUIRE(windows.size() == 2);
  CHECK(windows[1].start == 22'500);
  CHECK(findings.count(FindingKind::constant) == 1);
}

TEST_CASE("takes without moments give windows side by side") {
  Findings findings;
  const auto windows = cut(narrated({}), track(100, 16), {}, findings);
  REQUIRE(windows.size() == 3);
  CHECK(windows[2].start == 10'000);
  CHECK(windows[2].text.empty());
}

TEST_CASE("published windows: whole seconds, repeated, without those of the bad list") {
  Findings findings;
  PairedRule rule;
  rule.recipe = Recipe::published;
  Take take = narrated({2, 3, 10.3, 12.7, 19.9});
  take.duration = 20.01;
  const auto windows = cut(take, track(1000, 20.01), rule, findings, {"t_10_15"});
  REQUIRE(windows.size() == 4);
  CHECK(windows[0].start == 0);
  CHECK(windows[1].start == 0);
  CHECK(windows[2].start == 7000);
  CHECK(windows[3].start == 15'000);
  CHECK(windows[0].text == "picks a d");  // the published cleaning
  take.moments[0].text = "#C C sits\ndown";
  CHECK(cut(take, track(1000, 20.01), rule, findings)[0].text == "sits down");  // lists hold one text a line
  CHECK(windows[0].values[2] == Approx(5.15).margin(0.02));
  CHECK_THAT(findings.text(), Contains("window t_10_15 is in the list of bad windows"));
}

TEST_CASE("rules and rows that cut nothing are refused") {
  Findings findings;
  PairedRule rule;
  rule.seconds = 0;
  CHECK_THROWS_AS(cut(narrated({1}), track(100, 10), rule, findings), ConfigError);
  rule = {};
  rule.gap = 0;
  CHECK_THROWS_AS(cut(narrated({1}), track(100, 10), rule, findings), ConfigError);
  Track narrow = track(100, 10);
  narrow.channels = 3;
  CHECK_THROWS_WITH(cut(narrated({1}), narrow, {}, findings),
                    Contains("3 channels, expected acc xyz and gyro xyz"));
}
