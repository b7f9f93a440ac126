// SPDX-License-Identifier: MIT
#include "gyrograd/data/windowing.hpp"

#include <cmath>

#include "support/catch.hpp"

using namespace gyrograd;
using namespace gyrograd::data;
using Catch::Matchers::Contains;

namespace {

Card card() {
  Card c;
  c.source = "fixture";
  set_channels(c, 3);
  c.labels = {{"activity", {}}, {"user", {}}};
  return c;
}

/// Slowly tilting gravity at `rate` Hz.
Recording tilt(Index rows, double rate, double size = 9.8) {
  Recording r;
  r.where = "f:1", r.rate = rate, r.channels = 3, r.session = 3, r.start = 1, r.labels = {2, 7};
  for (Index i = 0; i < rows; ++i) {
    const double angle = 0.2 * static_cast<double>(i) / rate;
    r.values.insert(r.values.end(),
                    {size * std::sin(angle), size * std::cos(angle), 0.01 * static_cast<double>(i % 3)});
  }
  return r;
}

}  // namespace

TEST_CASE("recordings are resampled, cut and labelled") {
  Findings findings;
  WindowBuilder out(card(), {Recipe::corrected, 20, 40, 0}, findings);
  CHECK(out.add(tilt(250, 50)) == 2);  // 100 rows at 20 Hz
  CHECK(out.add(tilt(100, 50)) == 1);  // exactly 40
  CHECK(out.add(tilt(97, 50)) == 0);
  CHECK(findings.count(FindingKind::short_recording) == 1);
  const DataSet set = out.finish();
  REQUIRE(set.windows.count == 3);
  CHECK(set.labels.at(1, 39, 1) == 7);
  CHECK(set.origins == std::vector<Origin>{{3, 20}, {3, 60}, {3, 20}});
  CHECK(static_cast<double>(set.windows.window(1)[0]) == Approx(9.8 * std::sin(0.2 * 2.0)).margin(0.01));
}

TEST_CASE("windows may overlap") {
  Findings findings;
  WindowBuilder out(card(), {Recipe::corrected, 20, 40, 10}, findings);
  CHECK(out.add(tilt(100, 20)) == 7);
  const DataSet set = out.finish();
  CHECK(set.origins[6].start == 80);
  CHECK(set.windows.window(1)[0] == set.windows.window(0)[30]);
}

TEST_CASE("labels of rows follow the nearest row in time") {
  Findings findings;
  WindowBuilder out(card(), {Recipe::corrected, 20, 40, 0}, findings);
  Recording r = tilt(100, 50);
  r.labels.clear();
  for (Index i = 0; i < 100; ++i) r.labels.insert(r.labels.end(), {i < 50 ? 0.0 : 1.0, 4.0});
  out.add(r);
  const DataSet set = out.finish();
  CHECK(set.labels.at(0, 19, 0) == 0);
  CHECK(set.labels.at(0, 20, 0) == 1);
  CHECK(set.labels.at(0, 20, 1) == 4);
  r.labels.pop_back();
  CHECK_THROWS_AS(out.add(r), ShapeError);
}

TEST_CASE("a set whose units are doubtful throughout is refused, single recordings are left out") {
  Findings findings;
  WindowBuilder out(card(), {Recipe::corrected, 20, 40, 0}, findings);
  out.add(tilt(100, 20));
  out.add(tilt(100, 20, 1.0));
  CHECK(out.finish().windows.count == 2);
  WindowBuilder wrong(card(), {Recipe::corrected, 20, 40, 0}, findings);
  wrong.add(tilt(100, 20, 1.0));
  CHECK_THROWS_WITH(wrong.finish(), Contains("f:1: median |acc| is 1") && Contains("(1 of 1 recordings)"));
}

TEST_CASE("no window at all says why") {
  Findings findings;
  WindowBuilder out(card(), {}, findings);
  CHECK_THROWS_WITH(out.finish(),
                    Contains("fixture: no recording gives a window of 120 steps at 20 Hz (6 s)"));
  out.add(tilt(20, 20));
  CHECK_THROWS_WITH(out.finish(),
                    Contains("of 1 recordings; first: f:1: short recording: 1 s, a window is 6 s"));
}

TEST_CASE("rules and recordings that make no sense are refused") {
  Findings findings;
  CHECK_THROWS_AS(WindowBuilder(card(), {Recipe::corrected, 0, 40, 0}, findings), ConfigError);
  CHECK_THROWS_AS(WindowBuilder(card(), {Recipe::corrected, 20, 1, 0}, findings), ConfigError);
  CHECK_THROWS_AS(WindowBuilder(card(), {Recipe::corrected, 20, 40, 41}, findings), ConfigError);
  WindowBuilder out(card(), {}, findings);
  CHECK_THROWS_WITH(out.add(tilt(100, 33.3)), Contains("whole number of Hz"));
  Recording r = tilt(100, 20);
  r.channels = 6;
  CHECK_THROWS_AS(out.add(r), ShapeError);
  const std::vector<double> rows(3 * 120), labels{1, 2};
  CHECK_THROWS_AS(out.cut(rows, labels, 0, 0, 2), ShapeError);
  CHECK_THROWS_WITH(check_published_rule({}, 50, 300, 120, "huawei"),
                    Contains("huawei: the published recipe has 50 Hz"));
}
