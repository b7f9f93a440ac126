// SPDX-License-Identifier: MIT
#include "gyrograd/metrics/summary.hpp"

#include <cmath>
#include <vector>

#include "support/catch.hpp"

using namespace gyrograd;

TEST_CASE("mean and standard error of five runs") {
  const std::vector<double> runs{0.70, 0.72, 0.68, 0.74, 0.66};
  const metrics::Summary s = metrics::summarise(runs);
  CHECK(s.runs == 5);
  CHECK(s.mean == Approx(0.70));
  CHECK(s.deviation == Approx(std::sqrt(0.001)));
  CHECK(s.standard_error == Approx(std::sqrt(0.001 / 5)));
}

TEST_CASE("what one run or none cannot say is not a number") {
  const std::vector<double> one{0.5};
  CHECK(metrics::summarise(one).mean == 0.5);
  CHECK(std::isnan(metrics::summarise(one).standard_error));
  CHECK(std::isnan(metrics::summarise({}).mean));
  CHECK(metrics::summarise({}).runs == 0);
}
