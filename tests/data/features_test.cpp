// SPDX-License-Identifier: MIT
#include "gyrograd/data/features.hpp"

#include <cstdint>
#include <limits>

#include "support/catch.hpp"
#include "support/temp_folder.hpp"

using namespace gyrograd;
using namespace gyrograd::testing;

TEST_CASE("features of every encoder are one row per window") {
  const TempFolder folder;
  const std::vector<float> values{1, 2, 3, 4, 5, 6, 7, 8};
  io::write_npy(folder / "flat.npy", values, {4, 2});
  io::write_npy(folder / "steps.npy", values, {2, 2, 2});
  const data::Features flat = data::load_features(folder / "flat.npy");
  CHECK(flat.count == 4);
  CHECK(flat.width == 2);
  CHECK(flat.values == values);
  const data::Features steps = data::load_features(folder / "steps.npy");
  CHECK(steps.count == 2);
  CHECK(steps.values == std::vector<float>{2, 3, 6, 7});
}

TEST_CASE("labels are read from a list, or from the column of a label file") {
  const TempFolder folder;
  io::write_npy(folder / "list.npy", std::vector<std::int64_t>{3, -1, 0}, {3});
  io::write_npy(folder / "columns.npy", std::vector<double>{5, 1, 5, 1, 6, 2, 6, 2}, {2, 2, 2});
  CHECK(data::load_numbers(folder / "list.npy") == std::vector<Index>{3, -1, 0});
  CHECK(data::load_numbers(folder / "columns.npy") == std::vector<Index>{0, 1});
  CHECK(data::load_numbers(folder / "columns.npy", 1) == std::vector<Index>{0, 1});
  CHECK_THROWS_WITH(data::load_numbers(folder / "columns.npy", 2),
                    Catch::Contains("column 2 of 2 label columns"));
}

TEST_CASE("arrays that are no features or labels are refused with their file and row") {
  const TempFolder folder;
  io::write_npy(folder / "line.npy", std::vector<float>{1, 2}, {2});
  io::write_npy(folder / "empty.npy", std::vector<float>{}, {0, 2});
  io::write_npy(folder / "nan.npy", std::vector<float>{1, 2, std::numeric_limits<float>::quiet_NaN(), 4},
                {2, 2});
  io::write_npy(folder / "half.npy", std::vector<double>{1, 0.5}, {2});
  CHECK_THROWS_WITH(data::load_features(folder / "line.npy"), Catch::Contains("line.npy: array of shape"));
  CHECK_THROWS_AS(data::load_features(folder / "empty.npy"), IoError);
  CHECK_THROWS_WITH(data::load_features(folder / "nan.npy"), Catch::Contains("nan.npy: window 1 holds"));
  CHECK_THROWS_WITH(data::load_numbers(folder / "half.npy"),
                    Catch::Contains("row 1 is 0.5") && Catch::Contains("expected a whole number"));
  CHECK_THROWS_AS(data::load_numbers(folder / "empty.npy"), IoError);
  CHECK_THROWS_AS(data::load_features(folder / "absent.npy"), IoError);
}
