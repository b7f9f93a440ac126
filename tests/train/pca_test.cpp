// SPDX-License-Identifier: MIT
// Principal components against closed forms.
#include "gyrograd/train/pca.hpp"

#include <cmath>
#include <limits>
#include <vector>

#include "gyrograd/core/random.hpp"
#include "support/catch.hpp"

using namespace gyrograd;
using namespace gyrograd::train;

TEST_CASE("points on a line have one component along it", "[pca]") {
  std::vector<float> rows;
  for (int i = -5; i <= 5; ++i) {
    rows.push_back(1 + 3 * static_cast<float>(i));
    rows.push_back(2 + 4 * static_cast<float>(i));
    rows.push_back(7);
  }
  const Components map = principal_components(rows, 11, 3, 2);
  CHECK(map.share[0] == Approx(1));
  CHECK(map.share[1] == Approx(0).margin(1e-12));
  for (int i = -5; i <= 5; ++i) {
    const auto r = static_cast<std::size_t>(i + 5);
    CHECK(map.coordinates[2 * r] == Approx(5.0 * i).margin(1e-9));
    CHECK(map.coordinates[2 * r + 1] == Approx(0).margin(1e-9));
  }
}

TEST_CASE("components are ordered, uncorrelated and keep the variance", "[pca]") {
  Philox g(7);
  constexpr Index count = 200, width = 12;
  std::vector<float> rows;
  for (Index i = 0; i < count; ++i) {
    const double common = normal(g);
    for (Index c = 0; c < width; ++c) {
      rows.push_back(static_cast<float>(common + normal(g) * static_cast<double>(c + 1)));
    }
  }
  const Components map = principal_components(rows, count, width, width);
  double total = 0;
  for (const double s : map.share) total += s;
  CHECK(total == Approx(1));
  for (std::size_t k = 1; k < map.share.size(); ++k) CHECK(map.share[k] <= map.share[k - 1]);
  const auto n = static_cast<std::size_t>(width);
  for (std::size_t a = 0; a < n; ++a) {
    for (std::size_t b = 0; b < a; ++b) {
      double product = 0, aa = 0, bb = 0;
      for (std::size_t r = 0; r < static_cast<std::size_t>(count); ++r) {
        product += map.coordinates[r * n + a] * map.coordinates[r * n + b];
        aa += map.coordinates[r * n + a] * map.coordinates[r * n + a];
        bb += map.coordinates[r * n + b] * map.coordinates[r * n + b];
      }
      CHECK(std::abs(product) < 1e-9 * std::sqrt(aa * bb));
    }
  }
}

TEST_CASE("degenerate clouds give finite maps, wrong sizes are refused", "[pca]") {
  const std::vector<float> same(30, 2.5F);
  const Components map = principal_components(same, 10, 3);
  for (const double v : map.coordinates) CHECK(v == 0.0);
  CHECK(map.share[0] == 0.0);
  CHECK_THROWS_AS(principal_components(same, 10, 2), ShapeError);
  CHECK_THROWS_AS(principal_components(same, 30, 1), ShapeError);
}
