// SPDX-License-Identifier: MIT
#include "gyrograd/train/feature_blocks.hpp"

#include <cmath>
#include <limits>

#include "support/reference.hpp"
#include "support/tolerance.hpp"

using namespace gyrograd;
using namespace gyrograd::testing;
using namespace gyrograd::train;

TEST_CASE("scores of blocks equal plain sums, for every number of rows and threads") {
  const Index width = 7, outputs = 3;
  const std::vector<double> weight = random_values<double>(outputs * width, 3), bias{0.5, -1, 2};
  for (const Index n : {1, 127, 128, 129, 300}) {
    const std::vector<float> values = random_values<float>(n * width, 1);
    std::vector<double> want;
    for (Index i = 0; i < n; ++i)
      for (Index k = 0; k < outputs; ++k) {
        double sum = bias[static_cast<std::size_t>(k)];
        for (Index d = 0; d < width; ++d)
          sum += static_cast<double>(values[static_cast<std::size_t>(i * width + d)]) *
                 weight[static_cast<std::size_t>(k * width + d)];
        want.push_back(sum);
      }
    const FeatureBlocks<double> x(FeatureRows<float>{values, width}, {});
    for (const int threads : {1, 3}) {
      ThreadPool pool(threads);
      check_close<double>(x.scores(weight.data(), bias.data(), outputs, pool), want);
    }
  }
}

TEST_CASE("chosen rows are scaled as asked") {
  const std::vector<double> values{3, 4, 5, 10, 10, 5, 0, 0, 5};
  const FeatureRows<double> rows{values, 3};
  const std::vector<Index> first_two{0, 1};
  ThreadPool pool(1);
  const std::vector<double> eye{1, 0, 0, 0, 1, 0, 0, 0, 1};
  const auto read = [&](FeatureScale scale, std::span<const Index> chosen) {
    const FeatureBlocks<double> x(rows, chosen, fit_transform(rows, first_two, scale));
    return x.scores(eye.data(), nullptr, 3, pool);
  };
  const std::vector<Index> last{2};
  CHECK(read(FeatureScale::raw, last) == std::vector<double>{0, 0, 5});
  const std::vector<double> unit = read(FeatureScale::unit, last);
  CHECK(unit == std::vector<double>{0, 0, 1});
  const std::vector<double> standard = read(FeatureScale::standardised, first_two);
  CHECK(standard[0] == Approx(-1));
  CHECK(standard[3] == Approx(1));
  CHECK(standard[2] == 0);  // a constant feature is only shifted
  CHECK(read(FeatureScale::standardised, last)[2] == 0);
}

TEST_CASE("a row that is not finite is refused by its number") {
  const std::vector<float> values{1, 2, 3, std::numeric_limits<float>::quiet_NaN()};
  const std::vector<Index> second{1};
  CHECK_THROWS_WITH(FeatureBlocks<float>(FeatureRows<float>{values, 2}, second),
                    "features: row 1 is not finite; drop or repair the window");
}
