// SPDX-License-Identifier: MIT
// Rows of several files are those of one array; shards that do not fit, are cut short or hold NaN are
// refused.
#include "gyrograd/data/sharded_rows.hpp"

#include <cstdint>
#include <limits>
#include <vector>

#include "support/catch.hpp"
#include "support/files.hpp"

using namespace gyrograd;
using namespace gyrograd::data;
using Catch::Matchers::Contains;
using gyrograd::testing::TempFolder;

namespace {

/// Shards a.npy with 3 and b.npy with 2 rows of 2 x 2: value = position in the whole array.
template <class Value>
std::vector<std::filesystem::path> two_shards(const TempFolder& folder) {
  std::vector<Value> a, b;
  for (int i = 0; i < 12; ++i) a.push_back(static_cast<Value>(i));
  for (int i = 12; i < 20; ++i) b.push_back(static_cast<Value>(i));
  io::write_npy(folder / "a.npy", a, {3, 2, 2});
  io::write_npy(folder / "b.npy", b, {2, 2, 2});
  return {folder / "a.npy", folder / "b.npy"};
}

void check_rows(const ShardedRows& rows) {
  std::vector<float> row(4);
  for (const Index i : {4, 0, 3, 2, 1, 4}) {
    rows.read(i, row);
    const auto first = static_cast<float>(4 * i);
    CHECK(row == std::vector<float>{first, first + 1, first + 2, first + 3});
  }
}

}  // namespace

TEST_CASE("rows of shards are those of one array, in any order", "[sharded_rows]") {
  const TempFolder folder;
  const ShardedRows rows(two_shards<float>(folder));
  CHECK(rows.count() == 5);
  CHECK(rows.row_size() == 4);
  CHECK(rows.row_shape() == io::Shape{2, 2});
  REQUIRE(rows.shards() == 2);
  CHECK(rows.rows_of_shard(0) == 3);
  CHECK(rows.rows_of_shard(1) == 2);
  check_rows(rows);
  const TempFolder wide;
  check_rows(ShardedRows(two_shards<double>(wide)));
}

TEST_CASE("memory that is given back changes no value", "[sharded_rows]") {
  const TempFolder folder;
  const ShardedRows rows(two_shards<float>(folder), 1);  // after every read
  for (Index i = 0; i < 5; ++i) rows.fetch(i);
  for (Index i = 0; i < 5; ++i) rows.touch(i);
  check_rows(rows);
}

TEST_CASE("mapped rows stay within the limit whatever is read", "[sharded_rows]") {
  if (io::resident_file_bytes() == SIZE_MAX) {
    WARN("skipped: /proc/self/statm does not tell the memory of mapped files");
    return;
  }
  const TempFolder folder;
  constexpr Index count = 6000, width = 1500;  // 36 MB
  io::write_npy(folder / "a.npy", std::vector<float>(count * width, 1.0F), {count, width});
  constexpr std::size_t limit = 8U << 20U;
  const ShardedRows rows({folder / "a.npy"}, limit);
  std::vector<float> row(width);
  const std::size_t before = io::resident_file_bytes();
  std::size_t most = before;
  for (Index i = 0; i < count; ++i) {
    const Index scattered = i * 3877 % count;  // 3877 has no factor in common with 6000: every row once
    if (i % 2 == 0) rows.touch(scattered);
    rows.read(scattered, row);
    most = std::max(most, io::resident_file_bytes());
  }
  CHECK(most - before > limit / 4);             // else nothing was mapped, and nothing measured
  CHECK(most - before <= limit + (4U << 20U));  // a row may lie on two huge pages
}

TEST_CASE("shards that do not fit are refused by name", "[sharded_rows]") {
  const TempFolder folder;
  const std::vector<std::filesystem::path> good = two_shards<float>(folder);
  const auto with = [&](const std::string& name) {
    return std::vector<std::filesystem::path>{good[0], folder / name};
  };
  io::write_npy(folder / "shape.npy", std::vector<float>(6), {2, 3, 1});
  CHECK_THROWS_WITH(ShardedRows(with("shape.npy")),
                    Contains("shape.npy") && Contains("a.npy") && Contains("(3, 1)"));
  io::write_npy(folder / "type.npy", std::vector<double>(8), {2, 2, 2});
  CHECK_THROWS_WITH(ShardedRows(with("type.npy")), Contains("type.npy") && Contains("must agree"));
  io::write_npy(folder / "whole.npy", std::vector<std::int32_t>(8), {2, 2, 2});
  CHECK_THROWS_WITH(ShardedRows({folder / "whole.npy"}), Contains("expected float32 or float64"));
  io::write_npy(folder / "flat.npy", std::vector<float>(8), {8});
  CHECK_THROWS_WITH(ShardedRows({folder / "flat.npy"}), Contains("a shard holds (rows, ...)"));
  testing::write_text(folder / "cut.npy", testing::file_text(good[1]).substr(0, 140));
  CHECK_THROWS_WITH(ShardedRows(with("cut.npy")), Contains("cut.npy") && Contains("it is cut short"));
  CHECK_THROWS_AS(ShardedRows(with("absent.npy")), IoError);
  CHECK_THROWS_AS(ShardedRows({}), IoError);
}

TEST_CASE("a value that is not finite is named when its row is read", "[sharded_rows]") {
  const TempFolder folder;
  two_shards<float>(folder);
  std::vector<float> bad(8, 1.0F);
  for (const float value :
       {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()}) {
    bad[6] = value;
    io::write_npy(folder / "bad.npy", bad, {2, 2, 2});
    const ShardedRows rows({folder / "a.npy", folder / "bad.npy"});
    std::vector<float> row(4);
    rows.read(3, row);
    CHECK_THROWS_WITH(rows.read(4, row),
                      Contains("bad.npy") && Contains("row 1 value 2 is not a finite number"));
  }
}
