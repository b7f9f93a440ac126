// SPDX-License-Identifier: MIT
#include "gyrograd/metrics/tpn.hpp"

#include "support/catch.hpp"

using namespace gyrograd;

TEST_CASE("tpn score: every head about an original, one head about a transformed window") {
  const std::vector<double> p{0.1, 0.9, 0.2, 0.3, 0.8, 0.6};  // (3, 2) row-major
  const std::vector<Index> labels{0, 2, 1};
  const metrics::Confusion table = metrics::tpn_confusion<double>(p, labels, 2);
  CHECK(table(0, 0) == 1);
  CHECK(table(0, 1) == 1);
  CHECK(table(1, 0) == 1);
  CHECK(table(1, 1) == 1);
  CHECK_THROWS_AS(metrics::tpn_confusion<double>(p, labels, 3), ShapeError);
  const std::vector<Index> bad{0, 3, 1};
  CHECK_THROWS_AS(metrics::tpn_confusion<double>(p, bad, 2), ConfigError);
}
