// SPDX-License-Identifier: MIT
#include "gyrograd/data/recording.hpp"

#include <limits>

#include "support/catch.hpp"

using namespace gyrograd;
using namespace gyrograd::data;
using Catch::Matchers::Contains;

namespace {

Recording still(double gravity, double turn, Index rows = 100) {
  Recording r;
  r.where = "a.csv:1", r.rate = 50, r.channels = 6;
  for (Index i = 0; i < rows; ++i) {
    const double wobble = 0.01 * static_cast<double>(i % 7);
    r.values.insert(r.values.end(),
                    {wobble, gravity + wobble, -wobble, turn + wobble, turn - wobble, wobble});
  }
  return r;
}

}  // namespace

TEST_CASE("magnitudes are held against the units of the card") {
  Card card;
  const auto doubt = [&](double gravity, double turn) {
    return unit_doubt(still(gravity, turn).values, card);
  };
  CHECK(doubt(9.8, 1).empty());
  CHECK(doubt(14, 20).empty());
  CHECK_THAT(doubt(1, 1), Contains("median |acc| is 1") && Contains("expected near 9.807 in m/s2") &&
                              Contains("looks like g"));
  CHECK_THAT(doubt(0.1, 1), Contains("gravity seems to be removed"));
  CHECK_THAT(doubt(980, 1), Contains("unit seems to be another"));
  CHECK_THAT(doubt(9.8, 100), Contains("looks like deg/s taken for rad/s"));
  card.units = {"g", "g", "g", "deg/s", "deg/s", "deg/s"};
  CHECK(doubt(1, 100).empty());
  CHECK_THAT(doubt(9.8, 100), Contains("expected near 1 in g") && Contains("looks like m/s2 taken for g"));
}

TEST_CASE("constant channels and values that are not finite make a recording unusable") {
  const Card card;
  Findings findings;
  CHECK(usable(still(9.8, 1), card, findings));
  CHECK(findings.total() == 0);
  Recording r = still(9.8, 1);
  for (std::size_t i = 4; i < r.values.size(); i += 6) r.values[i] = 0;
  CHECK(constant_channel(r.values, 6) == 4);
  CHECK_FALSE(usable(r, card, findings));
  CHECK_THAT(findings.text(), Contains("a.csv:1: constant channel: channel gyro y is 0 in all 100 rows"));
  r = still(9.8, 1);
  r.values[6 * 12 + 2] = std::numeric_limits<double>::quiet_NaN();
  CHECK_FALSE(usable(r, card, findings));
  CHECK_THAT(findings.list().back().what, Contains("row 12") && Contains("acc z"));
  CHECK_FALSE(usable(still(1, 1), card, findings));
  CHECK(findings.count(FindingKind::unit) == 1);
}

TEST_CASE("quantiles") {
  std::vector<double> v{5, 1, 4, 2, 3};
  CHECK(quantile(v, 0.5) == 3);
  CHECK(quantile(v, 1) == 5);
  CHECK(quantile(v, 0) == 1);
  v.clear();
  CHECK(quantile(v, 0.5) == 0);
}
