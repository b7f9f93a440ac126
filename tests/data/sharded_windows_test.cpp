// SPDX-License-Identifier: MIT
// Windows in shards have the values of the same windows loaded and normalised in memory.
#include "gyrograd/data/sharded_windows.hpp"

#include <vector>

#include "support/catch.hpp"
#include "support/reference.hpp"
#include "support/temp_folder.hpp"

using namespace gyrograd;
using namespace gyrograd::data;
using gyrograd::testing::TempFolder;

TEST_CASE("windows in shards are normalised as those in memory", "[sharded_windows]") {
  const TempFolder folder;
  Windows w(7, 4, 9);
  const std::vector<float> values = testing::random_values<float>(7 * 4 * 9, 3);
  std::copy(values.begin(), values.end(), w.values.begin());
  const std::vector<float> first(values.begin(), values.begin() + 3 * 36),
      rest(values.begin() + 3 * 36, values.end());
  io::write_npy(folder / "a.npy", first, {3, 4, 9});
  io::write_npy(folder / "b.npy", rest, {4, 4, 9});
  for (const Index features : {3, 6, 9}) {
    for (const Normalisation mode : {Normalisation::limu, Normalisation::limu_x, Normalisation::none}) {
      const Windows want = normalised(w, features, mode);
      ShardedWindows source({folder / "a.npy", folder / "b.npy"}, features, mode, 1 << 20);
      REQUIRE(source.count() == 7);
      REQUIRE(source.steps() == 4);
      REQUIRE(source.channels() == features);
      const std::vector<Index> all = {6, 0, 3};
      source.will_need(all);
      std::vector<float> row(want.window_size());
      for (const Index i : all) {
        source.read(i, row);
        CHECK(row == std::vector<float>(want.window(i).begin(), want.window(i).end()));
      }
    }
  }
}

TEST_CASE("shards that are no windows are refused", "[sharded_windows]") {
  const TempFolder folder;
  io::write_npy(folder / "w.npy", std::vector<float>(24), {2, 4, 3});
  CHECK_THROWS_AS(ShardedWindows({folder / "w.npy"}, 6, Normalisation::limu, 1000), ConfigError);
  io::write_npy(folder / "rows.npy", std::vector<float>(24), {2, 12});
  CHECK_THROWS_AS(ShardedWindows({folder / "rows.npy"}, 3, Normalisation::limu, 1000), IoError);
}
