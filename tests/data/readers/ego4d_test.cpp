// SPDX-License-Identifier: MIT
#include "gyrograd/data/readers/ego4d.hpp"

#include "support/catch.hpp"
#include "support/imu_rows.hpp"
#include "support/temp_folder.hpp"

using namespace gyrograd;
using namespace gyrograd::data;
using Catch::Matchers::Contains;

namespace {

const std::string videos = R"({"version": "v2", "videos": [
 {"video_uid": "v1", "duration_sec": 40.0, "scenarios": ["Cooking"], "fb_participant_id": 12, "has_imu": true},
 {"video_uid": "v2", "duration_sec": 40.0, "scenarios": ["Cooking", "Eating"]},
 {"video_uid": "v3", "scenarios": ["Playing cards"]},
 {"video_uid": "v4", "scenarios": ["Farmer"]},
 {"video_uid": "v5", "scenarios": []},
 {"video_uid": "v6", "scenarios": ["Carpenter"]},
 {"video_uid": "ec344610-74f4-4765-9c3f-0837ef78055d", "scenarios": ["Carpenter"]}]})";

const std::string passes = R"({"narration_pass_1": {"narrations": [
   {"timestamp_sec": 3.5, "timestamp_frame": 105, "narration_text": "#C C opens a drawer", "annotation_uid": "x"},
   {"timestamp_sec": 4.5, "narration_text": "#O a man X sits"},
   {"timestamp_sec": null, "narration_text": "#C C stops"}], "summaries": [{"summary_text": "#Summary C cooks"}]},
  "narration_pass_2": {"narrations": [{"timestamp_sec": 9, "narration_text": "#c C stirs"}], "summaries": []},
  "status": "complete"})";

struct Raw {
  testing::TempFolder folder;
  Raw() {
    std::filesystem::create_directories(folder / "imu");
    folder.write("ego4d.json", videos);
    folder.write("narration.json",
                 "{\"version\": \"v2\", \"videos\": {\"v9\": {\"x\": 1}, \"v1\": " + passes + "}}");
    for (const char* uid : {"v1", "v4", "v6", "ec344610-74f4-4765-9c3f-0837ef78055d"})
      folder.write(std::string("imu/") + uid + ".csv", "");
    std::filesystem::remove(folder / "imu/v6.csv");
  }
};

}  // namespace

TEST_CASE("videos of one of ten scenarios, narrations of the wearer from both passes") {
  const Raw raw;
  Findings findings;
  auto list = read_ego4d(raw.folder.path(), findings);
  REQUIRE(list.size() == 1);
  CHECK(list[0].take.name == "v1");
  CHECK(list[0].take.label == 2);
  CHECK(list[0].take.user == "12");
  REQUIRE(list[0].take.moments.size() == 2);
  CHECK(list[0].take.moments[0].time == 3.5);
  CHECK(list[0].take.moments[1].text == "#c C stirs");
  CHECK_THAT(list[0].take.moments[1].where, Contains("video v1, narration_pass_2, narration 0"));
  const std::string text = findings.text();
  CHECK_THAT(text, Contains("video v2: no usable label: 2 scenarios, expected one"));
  CHECK_THAT(text, Contains("scenario 'Playing cards' is not one of the ten"));
  CHECK_THAT(text, Contains("video v5: no usable label: 0 scenarios"));
  CHECK_THAT(text, Contains("video v6: missing file: no imu/v6.csv"));
  CHECK_THAT(text, Contains("known to give windows that are too short"));
  CHECK_THAT(text, Contains("video v4: annotation: no narration of the wearer"));
  CHECK_THAT(text, Contains("narration_pass_1, narration 2: annotation: without text or time"));
  raw.folder.write("narration.json", "{\"v1\": " + passes + "}");  // the map without a frame around it
  Findings again;
  CHECK(read_ego4d(raw.folder.path(), again)[0].take.moments.size() == 2);
}

TEST_CASE("scenarios as Ego4D words them") {
  CHECK(scenario_class("Carpenter") == 0);
  CHECK(scenario_class("Cleaning / laundry") == 1);
  CHECK(scenario_class("Crafting/knitting/sewing/drawing/painting") == 3);
  CHECK(scenario_class("Farmer") == 5);
  CHECK(scenario_class("Household management - caring for kids") == 6);
  CHECK(scenario_class("Practicing a musical instrument") == 7);
  CHECK(scenario_class("Walking on street") == 8);
  CHECK(scenario_class("jobs related to construction/renovation company\n(Director of work, tiler)") == 9);
  CHECK(scenario_class("Outdoor cooking") == -1);
  CHECK(scenario_class("Eating at a friend's home") == -1);
}

TEST_CASE("sensor rows: missing stamps and values are left out, rows sorted later") {
  const testing::TempFolder folder;
  Findings findings;
  const Track track = read_ego4d_imu(
      folder.write(
          "v.csv",
          "component_idx,component_timestamp_ms,canonical_timestamp_ms,gyro_x,gyro_y,gyro_z,accl_x,"
          "accl_y,accl_z\n0,0,100,1,2,3,4,5,6\n0,5,,1,2,3,4,5,6\n0,10,95,1,2,3,nan,5,6\n0,15,90,7,8,9,10,"
          "11,12\n"),
      findings);
  REQUIRE(track.rows() == 2);
  CHECK(track.values == std::vector<double>{4, 5, 6, 1, 2, 3, 10, 11, 12, 7, 8, 9});
  CHECK(track.time == std::vector<double>{0.1, 0.09});
  CHECK(findings.count(FindingKind::missing_value) == 2);
  CHECK_THROWS_WITH(read_ego4d_imu(folder.write("w.csv", "a,b\n1,2\n"), findings),
                    Contains("the header has no column 'accl_x'"));
}

TEST_CASE("lists that are something else are refused") {
  const Raw raw;
  Findings findings;
  raw.folder.write("ego4d.json", "{}");
  CHECK_THROWS_WITH(read_ego4d(raw.folder.path(), findings), Contains("lists no videos"));
  raw.folder.write("ego4d.json", R"({"videos": [{"duration_sec": 1}]})");
  CHECK_THROWS_WITH(read_ego4d(raw.folder.path(), findings), Contains("without video_uid"));
  raw.folder.write("ego4d.json", R"({"videos": [{"video_uid": "a"}, {"video_uid": "a"}]})");
  CHECK_THROWS_WITH(read_ego4d(raw.folder.path(), findings), Contains("occurs twice"));
  raw.folder.write("ego4d.json", videos);
  raw.folder.write("narration.json", "[]");
  CHECK_THROWS_WITH(read_ego4d(raw.folder.path(), findings), Contains("narration.json:1, byte 0"));
}
