// SPDX-License-Identifier: MIT
#include "gyrograd/data/time_grid.hpp"

#include "support/catch.hpp"

using namespace gyrograd;
using namespace gyrograd::data;
using Catch::Matchers::Contains;

namespace {

/// One channel whose value is its time, stamped at `times`.
Track clock_track(const std::vector<double>& times, const std::vector<Index>& label = {}) {
  Track t{"f.csv", 1, times, times, {}, label};
  for (std::size_t i = 0; i < times.size(); ++i) t.lines.push_back(static_cast<Index>(i) + 2);
  return t;
}

std::vector<Recording> grid(const std::vector<Track>& tracks, const GridRule& rule, Findings& findings,
                            const std::vector<std::vector<double>>& labels = {{0}, {1}}) {
  return on_grid(tracks, labels, rule, 5, findings);
}

}  // namespace

TEST_CASE("irregular rows are interpolated onto the grid") {
  Findings findings;
  const auto out =
      grid({clock_track({10.0, 10.03, 10.1, 10.12, 10.2, 10.31, 10.4})}, {20, 0.5, false}, findings);
  REQUIRE(out.size() == 1);
  REQUIRE(out[0].rows() == 9);
  for (Index i = 0; i < 9; ++i)
    CHECK(out[0].values[static_cast<std::size_t>(i)] == Approx(10 + 0.05 * static_cast<double>(i)));
  CHECK(out[0].where == "f.csv:2");
  CHECK(out[0].session == 5);
  CHECK(findings.total() == 0);
}

TEST_CASE("rows that go back are sorted and reported, repeated stamps are averaged") {
  Findings findings;
  Track t = clock_track({0, 0.1, 0.3, 0.2, 0.2, 0.4}, {1, 1, 1, 0, 0, 1});
  t.values = {0, 1, 3, 2, 4, 5};
  put_in_order(t, findings);
  CHECK(t.time == std::vector<double>{0, 0.1, 0.2, 0.3, 0.4});
  CHECK(t.values == std::vector<double>{0, 1, 3, 3, 5});
  CHECK(t.label == std::vector<Index>{1, 1, 0, 1, 1});
  CHECK(t.lines == std::vector<Index>{2, 3, 5, 4, 7});
  CHECK(findings.count(FindingKind::disorder) == 1);
  CHECK_THAT(findings.text(), Contains("f.csv:5") && Contains("back by 0.1 s"));
}

TEST_CASE("gaps cut, and the gap of one sensor cuts all") {
  Findings findings;
  std::vector<double> a, b;
  for (int i = 0; i <= 40; ++i) {
    a.push_back(0.05 * i);
    if (i < 15 || i > 30) b.push_back(0.05 * i + 0.01);
  }
  const auto out = grid({clock_track(a), clock_track(b)}, {20, 0.2, false}, findings);
  REQUIRE(out.size() == 2);
  CHECK(out[0].channels == 2);
  CHECK(out[0].rows() == 15);
  CHECK(out[0].values[1] == Approx(0.01));
  CHECK(out[1].start == Approx(1.56));
  CHECK(out[1].values[0] == Approx(out[1].values[1]));
  CHECK(findings.count(FindingKind::gap) == 1);
  CHECK_THAT(findings.text(), Contains("f.csv:17: gap in time: 0.85 s"));
}

TEST_CASE("labels cut, or follow row by row") {
  std::vector<double> times;
  std::vector<Index> label;
  for (int i = 0; i < 40; ++i) {
    times.push_back(0.05 * i);
    label.push_back(i < 20 ? 0 : i < 25 ? -1 : 1);
  }
  Findings findings;
  const auto cut = grid({clock_track(times, label)}, {20, 0.5, false}, findings);
  REQUIRE(cut.size() == 2);
  CHECK(cut[0].labels == std::vector<double>{0});
  CHECK(cut[1].labels == std::vector<double>{1});
  CHECK(cut[1].rows() == 15);
  for (Index& l : label) l = std::max(l, Index{0});
  const auto mixed = grid({clock_track(times, label)}, {20, 0.5, true}, findings);
  REQUIRE(mixed.size() == 1);
  CHECK(mixed[0].labels[24] == 0);
  CHECK(mixed[0].labels[25] == 1);
  CHECK(mixed[0].labels.size() == 40);
}

TEST_CASE("a grid much finer than the rows is refused instead of filled with interpolation") {
  Findings findings;
  CHECK(grid({clock_track({0, 0.4, 0.8, 1.2})}, {1000, 0.5, false}, findings).empty());
  CHECK_THAT(findings.text(), Contains("f.csv:2: rate: 4 rows in 1.2 s are too few for a grid of 1000 Hz"));
  CHECK(grid({clock_track({0, 0.4, 0.8, 1.2})}, {20, 0.5, false}, findings).size() == 1);
}

TEST_CASE("median rate, and rules that make no sense") {
  CHECK(median_rate(clock_track({0, 0.01, 0.02, 0.02, 0.03, 5})) == Approx(100));
  CHECK(median_rate(clock_track({1})) == 0);
  Findings findings;
  CHECK_THROWS_AS(grid({}, {20, 0.5, false}, findings), ConfigError);
  CHECK_THROWS_AS(grid({clock_track({0, 1})}, {20, 0, false}, findings), ConfigError);
}
