// SPDX-License-Identifier: MIT
// Paired windows in shards have the values of those loaded whole; shards that do not fit are refused.
#include "gyrograd/data/paired_source.hpp"

#include <vector>

#include "gyrograd/data/paired_part.hpp"
#include "support/catch.hpp"
#include "support/files.hpp"
#include "support/reference.hpp"

using namespace gyrograd;
using namespace gyrograd::data;
using Catch::Matchers::Contains;
using gyrograd::testing::TempFolder;

namespace {

PairedWindows some(Index count, int stream) {
  PairedWindows p;
  p.windows = Windows(count, 4, 6);
  p.text_width = 3, p.video_width = 2;
  const std::vector<float> values = testing::random_values<float>(count * 24, stream);
  std::copy(values.begin(), values.end(), p.windows.values.begin());
  p.text = testing::random_values<float>(count * 3, stream + 1);
  p.video = testing::random_values<float>(count * 2, stream + 2);
  p.flags.assign(static_cast<std::size_t>(count), 0);
  p.flags[1] = paired_no_video;
  return p;
}

void write(const TempFolder& folder, const char* part, Index shard, const PairedWindows& p) {
  const std::filesystem::path path = shard_path(folder / part, shard);
  std::filesystem::create_directories(path);
  write_paired_shard(path, p);
}

}  // namespace

TEST_CASE("paired windows in shards are those in memory", "[paired_source]") {
  const TempFolder folder;
  write(folder, "train", 0, some(5, 1));
  write(folder, "train", 1, some(3, 11));
  write(folder, "val", 0, some(4, 21));
  ShardedPaired mapped({folder / "train", folder / "val"}, 1);
  const PairedWindows train = load_paired_part(folder / "train"), held = load_paired_part(folder / "val");
  MemoryPaired memory(train);
  CHECK(mapped.sizes().count == 12);
  CHECK(mapped.windows_of_part(0) == 8);
  CHECK(mapped.windows_of_part(1) == 4);
  CHECK(mapped.width(PairedVector::text) == 3);
  CHECK(memory.width(PairedVector::video) == 2);
  const std::vector<Index> next = {11, 0, 7};
  mapped.will_need(next);
  memory.will_need(next);
  std::vector<float> a(24), b(24);
  for (const Index i : {0, 6, 7}) {
    mapped.read_window(i, a);
    memory.read_window(i, b);
    CHECK(a == b);
    for (const PairedVector kind : {PairedVector::text, PairedVector::video}) {
      mapped.read_vector(kind, i, a);
      memory.read_vector(kind, i, b);
      CHECK(a == b);
    }
    CHECK(mapped.lacks_vectors(i) == lacks_vectors(train, i));
    CHECK(memory.lacks_vectors(i) == lacks_vectors(train, i));
  }
  CHECK(load_users(folder / "val").empty());
  io::write_npy(shard_path(folder / "val", 0) / "users.npy", std::vector<std::int64_t>{3, 1, 2, 1}, {4});
  CHECK(load_users(folder / "val") == std::vector<Index>{3, 1, 2, 1});
  mapped.read_window(11, a);
  CHECK(std::equal(a.begin(), a.end(), held.windows.window(3).begin()));
  CHECK(mapped.lacks_vectors(9));
}

TEST_CASE("shards of paired windows that do not fit are refused", "[paired_source]") {
  const TempFolder folder;
  write(folder, "train", 0, some(5, 1));
  write(folder, "train", 1, some(3, 11));
  const std::filesystem::path second = shard_path(folder / "train", 1);
  const auto open = [&] { ShardedPaired({folder / "train"}, 1000); };
  SECTION("vectors of another number") {
    io::write_npy(second / "text.npy", std::vector<float>(6, 1.0F), {2, 3});
    CHECK_THROWS_WITH(open(), Contains("2 rows, the shard has 3 windows"));
  }
  SECTION("a shard without vectors") {
    std::filesystem::remove(second / "video.npy");
    CHECK_THROWS_WITH(open(), Contains("1 of 2 shards have a video.npy"));
  }
  SECTION("flags of another number") {
    io::write_npy(second / "flags.npy", std::vector<std::int64_t>(2, 0), {2});
    CHECK_THROWS_WITH(open(), Contains("flags.npy"));
  }
  SECTION("a vector without a direction") {
    io::write_npy(second / "text.npy", std::vector<float>(9, 0.0F), {3, 3});
    ShardedPaired mapped({folder / "train"}, 1000);
    std::vector<float> row(3);
    CHECK_THROWS_WITH(mapped.read_vector(PairedVector::text, 5, row),
                      Contains("window 5: its text vector has length"));
    mapped.read_vector(PairedVector::text, 6, row);  // flagged
  }
  SECTION("without flags all that is there counts") {
    std::filesystem::remove(second / "flags.npy");
    CHECK_FALSE(ShardedPaired({folder / "train"}, 1000).lacks_vectors(6));
  }
}
