// SPDX-License-Identifier: MIT
// Reading ahead ends, may be asked again at any time, and changes no value.
#include "gyrograd/data/read_ahead.hpp"

#include <numeric>
#include <vector>

#include "support/catch.hpp"
#include "support/temp_folder.hpp"

using namespace gyrograd;
using namespace gyrograd::data;
using gyrograd::testing::TempFolder;

TEST_CASE("rows arrive while others are read", "[read_ahead]") {
  const TempFolder folder;
  std::vector<float> values(1000 * 8);
  std::iota(values.begin(), values.end(), 0.0F);
  io::write_npy(folder / "a.npy", values, {1000, 8});
  io::write_npy(folder / "b.npy", values, {1000, 4, 2});
  const ShardedRows a({folder / "a.npy"}, 1 << 20), b({folder / "b.npy"});
  ReadAhead ahead({&a, &b});
  std::vector<Index> order(1000);
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = static_cast<Index>(i * 7 % 1000);
  std::vector<float> row(8);
  for (std::size_t at = 0; at < order.size(); at += 100) {
    ahead.will_need(std::span(order).subspan(at, 100));
    if (at % 300 == 0) ahead.finish();
    for (std::size_t i = at; i < at + 100; ++i) {
      a.read(order[i], row);
      REQUIRE(row[0] == static_cast<float>(8 * order[i]));
      b.read(order[i], row);
      REQUIRE(row[7] == static_cast<float>(8 * order[i] + 7));
    }
  }
  ahead.will_need(order);  // and is left before it has come far
}

TEST_CASE("nothing to read ahead is served at once", "[read_ahead]") {
  ReadAhead ahead({});
  ahead.finish();
  ahead.will_need({});
  ahead.finish();
  SUCCEED();
}
