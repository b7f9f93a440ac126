// SPDX-License-Identifier: MIT
#include "gyrograd/data/paired_file.hpp"

#include <limits>

#include "support/catch.hpp"
#include "support/temp_folder.hpp"

using namespace gyrograd;
using namespace gyrograd::data;
using Catch::Matchers::Contains;

namespace {

PairedWindows example() {
  PairedWindows p;
  p.windows = Windows(2, 3, 6);
  for (std::size_t i = 0; i < p.windows.values.size(); ++i) p.windows.values[i] = static_cast<float>(i);
  p.text_width = 2;
  p.text = {1, 2, 0, 0};
  p.flags = {paired_no_video, paired_imu_only | paired_no_text | paired_no_video};
  p.labels = {3, -1};
  p.takes = {0, 1};
  p.users = {-1, 0};
  p.starts = {0, 5000};
  p.texts = {"opens a door", ""};
  return p;
}

std::string damaged(const std::string& file, const std::vector<float>& values,
                    std::initializer_list<std::size_t> shape) {
  const testing::TempFolder folder;
  write_paired_shard(folder.path(), example());
  io::write_npy(folder / file, values, shape);
  try {
    (void)load_paired_shard(folder.path());
  } catch (const IoError& error) {
    return error.what();
  }
  return {};
}

}  // namespace

TEST_CASE("a shard comes back as it was written") {
  const testing::TempFolder folder;
  const PairedWindows p = example();
  write_paired_shard(folder.path(), p);
  const PairedWindows q = load_paired_shard(folder.path());
  CHECK(q.windows.values == p.windows.values);
  CHECK((q.windows.count == 2 && q.windows.steps == 3 && q.windows.channels == 6));
  CHECK(q.text == p.text);
  CHECK(q.text_width == 2);
  CHECK(q.video_width == 0);
  CHECK_FALSE(std::filesystem::exists(folder / "video.npy"));
  CHECK(q.flags == p.flags);
  CHECK(q.labels == p.labels);
  CHECK(q.takes == p.takes);
  CHECK(q.users == p.users);
  CHECK(q.starts == p.starts);
  CHECK(q.texts == p.texts);
}

TEST_CASE("without flags, windows are IMU only where there are no vectors") {
  const testing::TempFolder folder;
  write_paired_shard(folder.path(), example());
  std::filesystem::remove(folder / "flags.npy");
  CHECK(load_paired_shard(folder.path()).flags == std::vector<Index>{paired_no_video, paired_no_video});
  std::filesystem::remove(folder / "text.npy");
  CHECK(load_paired_shard(folder.path()).imu_only(1));
}

TEST_CASE("damaged shards are refused with the file") {
  CHECK_THAT(damaged("windows.npy", {1, 2, 3}, {3}), Contains("windows.npy: array of shape"));
  CHECK_THAT(damaged("text.npy", {1, 2}, {1, 2}),
             Contains("text.npy: array of shape (1, 2), expected (2, width)"));
  CHECK_THAT(damaged("text.npy", {1, 2, std::numeric_limits<float>::quiet_NaN(), 0}, {2, 2}),
             Contains("text.npy: row 1 column 0 is not a finite number"));
  CHECK_THAT(damaged("flags.npy", {1, 2, 3}, {3}), Contains("flags.npy: array of shape (3)"));
  CHECK_THAT(damaged("labels.npy", {1, -2}, {2}), Contains("labels.npy: row 1 is -2"));
  CHECK_THAT(damaged("takes.npy", {0.5, 1}, {2}), Contains("takes.npy: row 0"));
  CHECK_THAT(damaged("video.npy", {1, 2, 3}, {3}), Contains("video.npy"));
}

TEST_CASE("shards are listed in order") {
  const testing::TempFolder folder;
  CHECK_THROWS_WITH(shard_folders(folder.path()), Contains("holds no shard_0000"));
  CHECK_THROWS_AS(shard_folders(folder / "nowhere"), IoError);
  for (const Index i : {Index{10}, Index{2}})
    std::filesystem::create_directories(shard_path(folder.path(), i));
  std::filesystem::create_directories(folder / "shard_x");
  const auto found = shard_folders(folder.path());
  REQUIRE(found.size() == 2);
  CHECK(found[0].filename() == "shard_0002");
  CHECK(shard_path("a", 12345).filename() == "shard_12345");
}
