// SPDX-License-Identifier: MIT
#include "gyrograd/data/vector_table.hpp"

#include <limits>

#include "support/catch.hpp"
#include "support/temp_folder.hpp"

using namespace gyrograd;
using namespace gyrograd::data;
using Catch::Matchers::Contains;

TEST_CASE("vectors are found by their key") {
  const testing::TempFolder folder;
  io::write_npy(folder / "t.npy", std::vector<float>{1, 2, 3, 4, 5, 6}, {2, 3});
  folder.write("t.txt", "opens a door\r\nsits down\n");
  const VectorTable table(folder / "t.npy");
  CHECK(table.width() == 3);
  CHECK(table.count() == 2);
  CHECK(table.find("sits") == -1);
  REQUIRE(table.find("sits down") == 1);
  std::vector<float> row{0};
  table.append(1, row);
  CHECK(row == std::vector<float>{0, 4, 5, 6});
  CHECK(VectorTable(folder / "t").find("opens a door") == 0);
  CHECK(VectorTable().width() == 0);
  CHECK(VectorTable().count() == 0);
  CHECK(clip_key("take", 1500) == "take 1500");
}

TEST_CASE("vectors whose keys do not fit are refused") {
  const testing::TempFolder folder;
  io::write_npy(folder / "t.npy", std::vector<float>{1, 2, 3, 4}, {2, 2});
  CHECK_THROWS_WITH(VectorTable(folder / "t"), Contains("t.txt"));
  CHECK(VectorTable(folder / "t", false).count() == 2);
  folder.write("t.txt", "one\n");
  CHECK_THROWS_WITH(VectorTable(folder / "t"), Contains("t.txt: 1 keys, t.npy has 2 rows"));
  folder.write("t.txt", "one\none\n");
  CHECK_THROWS_WITH(VectorTable(folder / "t"), Contains("t.txt:2: key 'one' occurs twice"));
  io::write_npy(folder / "t.npy", std::vector<float>{1, 2}, {2});
  CHECK_THROWS_WITH(VectorTable(folder / "t"), Contains("expected 2 dimensions"));
  CHECK_THROWS_AS(VectorTable(folder / "u"), IoError);
  io::write_npy(folder / "e.npy", std::vector<float>{}, {2, 0});
  CHECK_THROWS_WITH(VectorTable(folder / "e", false), Contains("vectors of width 0"));
}

TEST_CASE("rows of any number type are read when they are asked for") {
  const testing::TempFolder folder;
  io::write_npy(folder / "d.npy", std::vector<double>{1, 2, std::numeric_limits<double>::quiet_NaN(), 4},
                {2, 2});
  const VectorTable table(folder / "d", false);
  std::vector<float> row;
  table.append(0, row);
  CHECK(row == std::vector<float>{1, 2});
  CHECK_THROWS_WITH(table.append(1, row), Contains("d.npy: row 1 column 0 is not a finite number"));
}
