// SPDX-License-Identifier: MIT
#include "gyrograd/data/normalise.hpp"

#include <vector>

#include "support/catch.hpp"

using namespace gyrograd;
using namespace gyrograd::data;

namespace {

std::vector<double> row(std::vector<double> x, Index features, Normalisation mode) {
  std::vector<double> out(static_cast<std::size_t>(features));
  normalise(std::span<double>(out), std::span<const double>(x), static_cast<Index>(x.size()), features, mode);
  return out;
}

const std::vector<double> nine{9.8, 0, 4.9, 1, 2, 3, 3, 0, 4};

}  // namespace

TEST_CASE("six channels: acc in g, gyroscope untouched") {
  CHECK(row(nine, 6, Normalisation::limu) == std::vector<double>{1, 0, 0.5, 1, 2, 3});
  CHECK(row(nine, 6, Normalisation::limu_x) == std::vector<double>{1, 0, 0.5, 1, 2, 3});
}

TEST_CASE("nine channels: magnetometer direction, or ten times the value") {
  CHECK(row(nine, 9, Normalisation::limu)[6] == Approx(3 / 5.00001));
  CHECK(row(nine, 9, Normalisation::limu_x)[8] == 40);
  std::vector<double> still = nine;
  still[6] = still[8] = 0;
  CHECK(row(still, 9, Normalisation::limu)[8] == 0);
}

TEST_CASE("three channels: untouched as published, scaled in the X form") {
  CHECK(row(nine, 3, Normalisation::limu) == std::vector<double>{9.8, 0, 4.9});
  CHECK(row(nine, 3, Normalisation::limu_x) == std::vector<double>{1, 0, 0.5});
}

TEST_CASE("the paper's magnetometer weighs two") {
  CHECK(row(nine, 9, Normalisation::paper)[6] == Approx(2 * 3 / 5.00001));
  CHECK(row(nine, 9, Normalisation::paper)[0] == 1);
  CHECK(row(nine, 3, Normalisation::paper) == std::vector<double>{9.8, 0, 4.9});
}

TEST_CASE("none copies") {
  CHECK(row(nine, 9, Normalisation::none) == nine);
}

TEST_CASE("a whole set is scaled window by window") {
  Windows w(2, 3, 7);
  for (float& v : w.values) v = 9.8f;
  const Windows out = normalised(w, 6, Normalisation::limu);
  CHECK(out.count == 2);
  CHECK(out.channels == 6);
  CHECK(out.values.front() == 1.0f);
  CHECK(out.window(1)[16] == 9.8f);
}

TEST_CASE("more features than channels and unfitting sizes are refused") {
  CHECK_THROWS_AS(row(nine, 10, Normalisation::limu), ConfigError);
  CHECK_THROWS_AS(normalised(Windows(1, 2, 6), 0, Normalisation::limu), ConfigError);
  std::vector<double> out(5);
  CHECK_THROWS_AS(normalise(std::span<double>(out), std::span<const double>(nine), 9, 6, Normalisation::limu),
                  ShapeError);
}
