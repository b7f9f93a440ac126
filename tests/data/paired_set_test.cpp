// SPDX-License-Identifier: MIT
#include "gyrograd/data/paired_set.hpp"

#include "support/catch.hpp"
#include "support/files.hpp"
#include "support/temp_folder.hpp"

using namespace gyrograd;
using namespace gyrograd::data;
using Catch::Matchers::Contains;
using gyrograd::testing::file_text;

namespace {

constexpr PairedRule rule{Recipe::corrected, 2, 2, 0.25, 0};  // four steps

CutWindow window(Index start, const std::string& text, Index text_row = -1) {
  return {std::vector<float>(24, static_cast<float>(start)), start, text, text_row, -1};
}
Take take(const std::string& name, const std::string& user, Index label = 0) {
  return {name, user, label, 0, {}};
}

}  // namespace

TEST_CASE("windows become shards, lists to embed and a card") {
  const testing::TempFolder folder;
  io::write_npy(folder / "v.npy", std::vector<float>{1, 2, 3, 4}, {2, 2});
  folder.write("v.txt", "sits\nruns\n");
  const PairedVectors vectors{VectorTable(folder / "v"), {}, false};
  Findings findings;
  findings.add(FindingKind::gap, "f:1", "a gap");
  const std::filesystem::path set = folder / "set";
  std::filesystem::create_directories(set);
  PairedSetWriter out(set, rule, vectors, findings, 2);
  out.add("train", take("A", "u"), window(0, "runs"));
  out.add("train", take("A", "u"), window(2000, "hides"));
  out.add("val", take("B", "", 1), window(0, ""));
  out.add("train", take("C", "w"), window(500, "sits"));
  out.finish(Card{}, "mine", {{"seed", 7}});
  CHECK(shard_folders(set / "train").size() == 2);
  const PairedWindows p = load_paired_shard(set / "train/shard_0000");
  CHECK(p.text == std::vector<float>{3, 4, 0, 0});
  CHECK(p.flags == std::vector<Index>{paired_no_video, paired_imu_only | paired_no_text | paired_no_video});
  CHECK(p.texts == std::vector<std::string>{"runs", "hides"});
  CHECK(p.starts == std::vector<Index>{0, 2000});
  const PairedWindows q = load_paired_shard(set / "train/shard_0001");
  CHECK(q.text == std::vector<float>{1, 2});
  CHECK(q.takes == std::vector<Index>{2});
  CHECK(q.users == std::vector<Index>{1});
  const PairedWindows v = load_paired_shard(set / "val/shard_0000");
  CHECK(v.labels == std::vector<Index>{1});
  CHECK(v.users == std::vector<Index>{-1});
  CHECK(v.texts == std::vector<std::string>{""});  // all shards hold the same files
  CHECK(file_text(set / "texts.txt") == "hides\nruns\nsits\n");
  CHECK(file_text(set / "clips.txt") == "A 0\nA 2000\nB 0\nC 500\n");
  CHECK(file_text(set / "takes.txt") == "A\nB\nC\n");
  CHECK(file_text(set / "users.txt") == "u\nw\n");
  CHECK(file_text(set / "parts.tsv") == "part\ttake\ntrain\tA\ntrain\tC\nval\tB\n");
  CHECK_THAT(file_text(set / "findings.txt"), Contains("f:1: gap in time"));
  const Card card = read_card(set / "card.json");
  CHECK(card.rate == 2);
  CHECK(card.steps == 4);
  CHECK(card.findings == 1);
  const std::string json = file_text(set / "set.json");
  CHECK_THAT(json,
             Contains("\"seed\": 7") && Contains("\"text_width\": 2") && Contains("\"without_text\": 1"));
  CHECK_THAT(file_text(set / "train/shard_0000/card.json"), Contains("\"window\": 4"));
  REQUIRE(out.summary().size() == 2);
  CHECK(out.summary()[0].windows == 3);
  CHECK(out.summary()[0].users == 2);
  CHECK(out.leaks().empty());
}

TEST_CASE("takes and users in two parts are a leak, parts of a probe are compared among themselves") {
  Findings findings;
  const PairedVectors none;
  PairedSetWriter out({}, rule, none, findings);  // counts only
  out.add("train", take("A", "u"), window(0, ""));
  out.add("val", take("A", "u"), window(1000, ""));
  out.add("val", take("D", "v"), window(1000, ""));  // the probe's user: the probe does not validate here
  out.add("probe_train", take("B", "v"), window(0, ""));
  out.add("probe_test", take("C", "v"), window(0, ""));
  const auto leaks = out.leaks();
  REQUIRE(leaks.size() == 2);
  CHECK_THAT(leaks[0], Contains("train and val: ") && Contains("1 of 2 users are in both") &&
                           Contains("1 of 2 sessions are in both") && Contains("share samples"));
  CHECK_THAT(leaks[1], Contains("probe_train and probe_test: ") && Contains("1 of 1 users"));
}

TEST_CASE("a window with a video vector alone is not IMU only") {
  const testing::TempFolder folder;
  io::write_npy(folder / "t.npy", std::vector<float>{1, 2}, {1, 2});
  folder.write("t.txt", "sits\n");
  io::write_npy(folder / "v.npy", std::vector<float>{3, 4}, {1, 2});
  folder.write("v.txt", "A 0\n");
  const PairedVectors vectors{VectorTable(folder / "t"), VectorTable(folder / "v"), false};
  Findings findings;
  std::filesystem::create_directories(folder / "set");
  PairedSetWriter out(folder / "set", rule, vectors, findings);
  out.add("train", take("A", ""), window(0, "runs"));
  out.add("train", take("B", ""), window(0, "sits"));
  out.add("train", take("C", ""), window(0, "runs"));
  out.finish(Card{}, "x", {{"seed", 1}});
  const PairedWindows p = load_paired_shard(folder / "set/train/shard_0000");
  CHECK(p.flags == std::vector<Index>{paired_no_text, paired_no_video,
                                      paired_imu_only | paired_no_text | paired_no_video});
  CHECK(p.video == std::vector<float>{3, 4, 0, 0, 0, 0});
}

TEST_CASE("rows that a manifest names must exist") {
  const testing::TempFolder folder;
  io::write_npy(folder / "v.npy", std::vector<float>{1, 2, 3, 4}, {2, 2});
  const PairedVectors vectors{VectorTable(folder / "v", false), {}, true};
  Findings findings;
  PairedSetWriter out({}, rule, vectors, findings);
  out.add("train", take("A", ""), window(0, "sits", 1));
  CHECK_THROWS_WITH(out.add("train", take("A", ""), window(0, "sits", 2)),
                    Contains("v.npy: row 2 is asked for, it has 2"));
  CHECK_THROWS_AS(out.add("train", take("A", ""), CutWindow{}), ShapeError);
  CHECK_THROWS_WITH(out.add("train", take("A\nB", ""), window(0, "")), Contains("'A\\x0aB' is not one line"));
}

TEST_CASE("a set without windows says why") {
  Findings findings;
  const PairedVectors none;
  PairedSetWriter out({}, rule, none, findings);
  findings.add(FindingKind::missing_file, "takes.json: take x", "no imu/x.csv");
  Card card;
  card.source = "ego";
  CHECK_THROWS_WITH(out.finish(card, "x", {}),
                    Contains("ego: no window is left of 1 findings the first: takes.json"));
  CHECK_THROWS_AS(PairedSetWriter({}, rule, none, findings, 0), ConfigError);
}
