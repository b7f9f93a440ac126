// SPDX-License-Identifier: MIT
#include "gyrograd/data/readers/ego_exo4d.hpp"

#include "support/catch.hpp"
#include "support/imu_rows.hpp"
#include "support/temp_folder.hpp"

using namespace gyrograd;
using namespace gyrograd::data;
using Catch::Matchers::Contains;

namespace {

const std::string takes = R"([
 {"take_uid": "u1", "take_name": "cmu_bike01_2", "duration_sec": 30.5, "participant_uid": 17, "cameras": [{"a": {}}]},
 {"take_uid": "u2", "take_name": "indiana_music_1", "participant_uid": null},
 {"take_uid": "u3", "take_name": "sfu_cooking_7", "duration_sec": null, "participant_uid": "p 4"},
 {"take_uid": "u4", "take_name": "somewhere_else_1"}])";

/// Two annotators and a rejected one, an unsure description, another subject, nulls, fields nobody needs.
const std::string descriptions = R"({"ds": "x", "take_cam_id_map": {"u1": {"ego": "aria01"}}, "annotations": {
 "u1": [
  {"annotation_uid": "a0", "rejected": true, "descriptions": [{"text": "C naps.", "timestamp": 1}]},
  {"annotation_uid": "a1", "annotator_id": "n", "rejected": false, "descriptions": [
    {"text": "C opens the CPR kit.", "timestamp": 3.25, "subject": "C", "ego_visible": true,
     "best_exo": {"cam_id": "cam02"}, "unsure": false},
    {"text": "C maybe sits.", "timestamp": 6, "subject": "C", "unsure": true},
    {"text": "O walks.", "timestamp": 7, "subject": "O", "best_exo": null, "unsure": null},
    {"text": null, "timestamp": 8}, {"text": "C waits.", "timestamp": null},
    {"text": "C rides.", "timestamp": 12.75}]},
  {"descriptions": [{"text": "C pedals.", "timestamp": 13}]}],
 "u2": [{"descriptions": []}, {"descriptions": null}],
 "u3": [{"descriptions": [{"text": "C stirs.", "timestamp": 2}]}],
 "u4": [{"descriptions": [{"text": "C stands.", "timestamp": 2}]}],
 "u9": [{"descriptions": [{"text": "C runs.", "timestamp": 2}]}]}})";

struct Raw {
  testing::TempFolder folder;
  Raw() {
    std::filesystem::create_directories(folder / "annotations");
    std::filesystem::create_directories(folder / "imu");
    folder.write("takes.json", takes);
    folder.write("annotations/atomic_descriptions_train.json", descriptions);
    folder.write("imu/cmu_bike01_2.csv", "");
    folder.write("imu/u4.csv", "");
  }
  std::vector<EgoTake> read(const NarrationFilter& filter, Findings& findings) const {
    return read_ego_exo4d(folder.path(), "train", filter, findings);
  }
  std::string error(const std::string& file, const std::string& text) const {
    folder.write(file, text);
    Findings findings;
    try {
      (void)read({}, findings);
    } catch (const Error& e) {
      return e.what();
    }
    return {};
  }
};

std::vector<double> times(const EgoTake& t) {
  std::vector<double> out;
  for (const Moment& m : t.take.moments) out.push_back(m.time);
  return out;
}

}  // namespace

TEST_CASE("corrected: the first annotator who is not rejected, what the wearer surely does") {
  const Raw raw;
  Findings findings;
  const auto list = raw.read({}, findings);
  REQUIRE(list.size() == 2);
  CHECK(list[0].take.name == "u1");
  CHECK(list[0].take.user == "17");
  CHECK(list[0].take.label == 1);
  CHECK(list[0].take.duration == 30.5);
  CHECK(list[0].imu.filename() == "cmu_bike01_2.csv");
  CHECK(times(list[0]) == std::vector<double>{3.25, 12.75});
  CHECK_THAT(list[0].take.moments[1].where, Contains("train.json: take u1, annotator 1, description 5"));
  CHECK(list[1].take.name == "u4");
  CHECK(list[1].take.label == -1);
  CHECK(findings.count(FindingKind::label) == 1);
  CHECK(findings.count(FindingKind::missing_file) == 2);  // u3 has no rows, u9 no entry in takes.json
  const std::string text = findings.text();
  CHECK_THAT(text, Contains("annotator 0, description 0: annotation: the annotator's list of 1 is rejected"));
  CHECK_THAT(text, Contains("description 1: annotation: the annotator is unsure"));
  CHECK_THAT(text, Contains("of subject 'O', not the wearer"));
  CHECK_THAT(text, Contains("take u2: annotation: no description is left"));
}

TEST_CASE("all annotators on request, published takes the first one even if rejected") {
  const Raw raw;
  Findings findings;
  CHECK(times(raw.read({Recipe::corrected, true}, findings)[0]) == std::vector<double>{3.25, 12.75, 13});
  CHECK(times(raw.read({Recipe::published, false}, findings)[0]) == std::vector<double>{1});
}

TEST_CASE("annotation files that are something else are refused") {
  const Raw raw;
  const std::string file = "annotations/atomic_descriptions_train.json";
  CHECK_THAT(raw.error(file, "{}"), Contains("has no key 'annotations'"));
  CHECK_THAT(raw.error(file, "[]"), Contains("expected an object"));
  CHECK_THAT(raw.error(file, R"({"annotations": {"u1": {}}})"), Contains("expected a list"));
  CHECK_THAT(raw.error(file, R"({"annotations": {"u1": [], "u1": []}})"), Contains("take 'u1' occurs twice"));
  CHECK_THAT(raw.error(file, descriptions.substr(0, 700)), Contains("without an end"));
  CHECK_THAT(raw.error("takes.json", R"([{"take_uid": "u1"}])"), Contains("without take_uid or take_name"));
  CHECK_THAT(raw.error("takes.json", R"([{"take_uid": 7}])"), Contains("expected a text"));
  CHECK_THAT(raw.error("takes.json", "{}"), Contains("takes.json:1, byte 0: JSON: expected a list"));
  CHECK_THAT(raw.error("takes.json",
                       R"([{"take_uid": "a", "take_name": "b"}, {"take_uid": "a", "take_name": "c"}])"),
             Contains("occurs twice"));
}

TEST_CASE("lists of bad windows are optional") {
  const testing::TempFolder folder;
  CHECK(read_bad_windows(folder / "none.txt").empty());
  CHECK(read_bad_windows(folder.write("bad.txt", "u1_5_10\nu1_5_10\nu2_0_5\n")).size() == 2);
}
