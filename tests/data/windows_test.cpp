// SPDX-License-Identifier: MIT
#include "gyrograd/data/windows.hpp"

#include <vector>

#include "support/catch.hpp"

using namespace gyrograd;
using namespace gyrograd::data;

TEST_CASE("windows are row-major views") {
  Windows w(2, 3, 4);
  for (std::size_t i = 0; i < w.values.size(); ++i) w.values[i] = static_cast<float>(i);
  CHECK(w.window(1)[0] == 12.0f);
  CHECK(w.window(1).size() == 12);
  CHECK(std::as_const(w).window(0)[11] == 11.0f);
}

TEST_CASE("a label column starts at 0 whatever the file says") {
  Labels l(2, 3, 2);
  for (Index i = 0; i < 2; ++i) {
    for (Index t = 0; t < 3; ++t) l.at(i, t, 0) = 9, l.at(i, t, 1) = static_cast<double>(5 + i);
  }
  CHECK(label_column(l, 1) == std::vector<Index>{0, 0, 0, 1, 1, 1});
  CHECK(label_column(l, 0) == std::vector<Index>(6, 0));
  const std::vector<Index> steps = label_column(l, 1);
  CHECK(first_of_windows(steps, 3) == std::vector<Index>{0, 1});
  CHECK_THROWS_WITH(label_column(l, 2), Catch::Matchers::Contains("columns 0 to 1"));
  CHECK_THROWS_AS(label_column(l, -1), ConfigError);
}

TEST_CASE("gathered windows have the batch first in memory") {
  Windows w(3, 2, 2);
  for (std::size_t i = 0; i < w.values.size(); ++i) w.values[i] = static_cast<float>(i);
  const std::vector<Index> chosen{2, 0};
  std::vector<double> out(8);
  gather_windows(out.data(), w, chosen);
  CHECK(out == std::vector<double>{8, 0, 10, 2, 9, 1, 11, 3});
}

TEST_CASE("labels of another data set are refused") {
  CHECK_NOTHROW(check_pair(Windows(2, 3, 6), Labels(2, 3, 1), "x"));
  CHECK_THROWS_AS(check_pair(Windows(2, 3, 6), Labels(1, 3, 1), "x"), ShapeError);
  CHECK_THROWS_AS(check_pair(Windows(2, 3, 6), Labels(2, 4, 1), "x"), ShapeError);
}
