// SPDX-License-Identifier: MIT
#include "gyrograd/data/readers/manifest.hpp"

#include "support/catch.hpp"
#include "support/imu_rows.hpp"
#include "support/temp_folder.hpp"

using namespace gyrograd;
using namespace gyrograd::data;
using Catch::Matchers::Contains;

namespace {

const std::string head = R"({"source": "ours", "rate_hz": 25, "window_s": 4, "time": "t", "time_unit": "ms",
 "columns": ["ax", "ay", "az", "gx", "gy", "gz"], "units": ["m/s2", "rad/s"], )";

std::string error_of(const std::string& manifest) {
  const testing::TempFolder folder;
  try {
    (void)read_manifest(folder.write("manifest.json", manifest));
  } catch (const Error& e) {
    return e.what();
  }
  return {};
}

}  // namespace

TEST_CASE("recordings and annotations in the manifest itself") {
  const testing::TempFolder folder;
  folder.write("a.csv", "t,ax,ay,az,gx,gy,gz\n1000,1,2,9,4,5,6\n1010,1,2,9,4,5,6\n");
  const Manifest m = read_manifest(folder.write("manifest.json", head + R"("from_zero": true,
    "text_vectors": "text.npy",
    "recordings": [{"file": "a.csv", "user": "u", "label": "sit", "split": "train", "offset_s": 2.5},
                   {"file": "b.csv", "take": "B", "label": "run"}],
    "annotations": [{"take": "a", "time": 3, "text": "sits", "text_row": 0}, {"take": "B", "time": 4, "video_row": 7},
                    {"take": "a", "time": 1}]})"));
  CHECK(m.rate == 25);
  CHECK(m.seconds == 4);
  CHECK(m.classes == std::vector<std::string>{"run", "sit"});
  CHECK(m.text_vectors == folder / "text.npy");
  CHECK(m.video_vectors.empty());
  REQUIRE(m.recordings.size() == 2);
  CHECK(m.recordings[0].take.name == "a");
  CHECK(m.recordings[0].take.label == 1);
  CHECK(m.recordings[0].split == "train");
  REQUIRE(m.recordings[0].take.moments.size() == 2);
  CHECK(m.recordings[0].take.moments[0].text_row == 0);
  CHECK(m.recordings[0].take.moments[0].video_row == -1);
  CHECK(m.recordings[1].take.moments[0].video_row == 7);
  Findings findings;
  const Track track = read_manifest_imu(m, m.recordings[0], findings);
  CHECK(track.time[0] == Approx(2.5));
  CHECK(track.time[1] == Approx(2.51));
  CHECK(track.values[5] == 6);
  CHECK(manifest_card(m).source == "ours");
}

TEST_CASE("lists beside the manifest: commas or tabs, columns in any order") {
  const testing::TempFolder folder;
  folder.write("r.csv", "take,file,user\nA,x/a.csv,u1\nB,b.csv,\n");
  folder.write("a.tsv", "time\ttake\ttext\n1.5\tA\topens, then closes\n2\tB\t\n");
  const Manifest m = read_manifest(
      folder.write("manifest.json", head + R"("recordings": "r.csv", "annotations": "a.tsv"})"));
  REQUIRE(m.recordings.size() == 2);
  CHECK(m.recordings[0].file == folder / "x/a.csv");
  CHECK(m.recordings[0].take.moments[0].text == "opens, then closes");
  CHECK(m.recordings[0].take.label == -1);
  CHECK(m.recordings[1].take.user.empty());
  CHECK_THAT(m.recordings[0].take.moments[0].where, Contains("a.tsv:2"));
}

TEST_CASE("manifests that say something else are refused with the place") {
  const std::string one = R"("recordings": [{"file": "a.csv"}])";
  CHECK(error_of(head + one + "}").empty());
  CHECK_THAT(error_of(head + one + ", \"anotations\": []}"),
             Contains("unknown key 'anotations'; did you mean 'annotations'?"));
  CHECK_THAT(error_of(head + one + ", " + one + "}"), Contains("key 'recordings' stands twice"));
  CHECK_THAT(error_of(head + "\"recordings\": []}"), Contains("lists no recordings"));
  CHECK_THAT(error_of(head + R"("recordings": [{"take": "a"}]})"), Contains("a recording without file"));
  CHECK_THAT(error_of(head + R"("recordings": [{"file": "a.csv"}, {"file": "x/a.csv"}]})"),
             Contains("take 'a' stands twice"));
  CHECK_THAT(error_of(head + R"("recordings": [{"file": "a.csv", "lable": "x"}]})"),
             Contains("did you mean 'label'"));
  CHECK_THAT(error_of(head + one + R"(, "annotations": [{"take": "b", "time": 1}]})"),
             Contains("no recording of take 'b'"));
  CHECK_THAT(error_of(head + one + R"(, "annotations": [{"take": "a"}]})"),
             Contains("an annotation without time"));
  CHECK_THAT(error_of(head + one + R"(, "annotations": [{"take": "a", "time": 1, "text_row": 0.5}]})"),
             Contains("expected a whole number"));
  CHECK_THAT(error_of(head + R"("classes": ["walk"], "recordings": [{"file": "a.csv", "label": "walks"}]})"),
             Contains("label 'walks' is not one of the classes named; did you mean 'walk'?"));
  CHECK_THAT(error_of("{" + one + "}"), Contains("0 columns, expected 6"));
  CHECK_THAT(error_of(R"({"columns": ["a","b","c","d","e","f"], "units": ["rad/s", "m/s2"], )" + one + "}"),
             Contains("unit of column a: expected an acceleration"));
  CHECK_THAT(
      error_of(R"({"time_unit": "min", "columns": ["a","b","c","d","e","f"], "units": ["g", "dps"], )" + one +
               "}"),
      Contains("expected s, ms, us or ns"));
  CHECK_THAT(error_of(head + "\"recordings\": \"none.csv\"}"), Contains("none.csv"));
  CHECK_THAT(error_of("{\"source\": 7}"), Contains("expected a text"));
}

TEST_CASE("lists with other columns or cells are refused with the row") {
  const testing::TempFolder folder;
  const auto path = folder.write("manifest.json", head + R"("recordings": "r.csv", "annotations": "a.csv"})");
  const auto error = [&](const std::string& recordings, const std::string& annotations) {
    folder.write("r.csv", recordings);
    folder.write("a.csv", annotations);
    try {
      (void)read_manifest(path);
    } catch (const Error& e) {
      return std::string(e.what());
    }
    return std::string();
  };
  CHECK(error("file\na.csv\n", "take,time\na,1\n").empty());
  CHECK_THAT(error("", ""), Contains("r.csv: is empty"));
  CHECK_THAT(error("fil\na.csv\n", ""), Contains("r.csv:1: unknown column 'fil'; did you mean 'file'?"));
  CHECK_THAT(error("take\na\n", ""), Contains("no column 'file'"));
  CHECK_THAT(error("file\na.csv\n", "take,time\na,x\n"), Contains("a.csv:2: column 2 is 'x'"));
  CHECK_THAT(error("file\na.csv\n", "take,time\na,\n"), Contains("a.csv:2: an annotation without time"));
  CHECK_THAT(error("file\na.csv\n", "take,time\na\n"), Contains("a.csv:2: 1 columns, expected 2"));
}
