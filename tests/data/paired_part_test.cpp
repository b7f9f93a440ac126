// SPDX-License-Identifier: MIT
#include "gyrograd/data/paired_part.hpp"

#include <functional>
#include <vector>

#include "support/catch.hpp"
#include "support/temp_folder.hpp"

using namespace gyrograd;
using namespace gyrograd::data;

namespace {

/// Windows of 4 x 6 with vectors of 3 values; `start` tells shards apart.
PairedWindows shard(Index count, float start) {
  PairedWindows p;
  p.windows = Windows(count, 4, 6);
  for (std::size_t i = 0; i < p.windows.values.size(); ++i)
    p.windows.values[i] = start + static_cast<float>(i);
  p.text_width = p.video_width = 3;
  p.text.assign(static_cast<std::size_t>(count * 3), 1.0F);
  p.video.assign(static_cast<std::size_t>(count * 3), -2.0F);
  p.flags.assign(static_cast<std::size_t>(count), 0);
  p.users.assign(static_cast<std::size_t>(count), static_cast<Index>(start));
  return p;
}

void write(const testing::TempFolder& folder, Index number, const PairedWindows& p) {
  const auto path = shard_path(folder.path() / "train", number);
  std::filesystem::create_directories(path);
  write_paired_shard(path, p);
}

}  // namespace

TEST_CASE("the shards of a part follow each other") {
  const testing::TempFolder folder;
  write(folder, 0, shard(5, 10));
  write(folder, 1, shard(2, 20));
  const PairedWindows all = load_paired_part(folder.path() / "train");
  check_paired(all, "part");
  REQUIRE(all.count() == 7);
  CHECK(all.windows.window(5)[0] == 20.0F);
  CHECK(all.users[6] == 20);
  CHECK(all.video.size() == 21);
}

TEST_CASE("shards that do not fit together are refused by name") {
  const auto refused = [](const std::function<void(PairedWindows&)>& change, const std::string& part) {
    const testing::TempFolder folder;
    write(folder, 0, shard(5, 10));
    PairedWindows odd = shard(2, 20);
    change(odd);
    write(folder, 1, odd);
    std::string text;
    try {
      load_paired_part(folder.path() / "train");
    } catch (const IoError& error) {
      text = error.what();
    }
    INFO(text);
    CHECK(text.find("shard_0001") != std::string::npos);
    CHECK(text.find(part) != std::string::npos);
  };
  refused([](auto& p) { p.windows = Windows(2, 5, 6); }, "window steps 5");
  refused([](auto& p) { p.text_width = 0, p.text.clear(); }, "text width 0");
  refused([](auto& p) { p.video_width = 2, p.video.resize(4); }, "video width 2");
  refused([](auto& p) { p.users.clear(); }, "users.npy");
  refused([](auto& p) { std::fill(p.text.begin() + 3, p.text.end(), 0.0F); }, "window 1: its text vector");
}

TEST_CASE("windows that lack a vector of their set need none") {
  PairedWindows p = shard(3, 0);
  std::fill(p.video.begin(), p.video.begin() + 3, 0.0F);
  CHECK_THROWS_AS(check_vectors(p, "set"), IoError);
  for (const Index flag : {paired_imu_only, paired_no_video}) {
    p.flags[0] = flag;
    CHECK(lacks_vectors(p, 0));
    CHECK_NOTHROW(check_vectors(p, "set"));
  }
  p.video_width = 0, p.video.clear();
  CHECK_FALSE(lacks_vectors(p, 0));  // a set without video: nobody misses it
}
