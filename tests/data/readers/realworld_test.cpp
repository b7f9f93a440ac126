// SPDX-License-Identifier: MIT
// RealWorld: nested archives, odd names, missing files, two clocks.
#include <cmath>
#include <string>

#include "support/catch.hpp"
#include "support/deflate.hpp"
#include "support/imu_rows.hpp"
#include "support/temp_folder.hpp"

#ifdef GYROGRAD_HAVE_ZLIB
using namespace gyrograd;
using namespace gyrograd::data;
using Catch::Matchers::Contains;
using gyrograd::testing::deflated;
using gyrograd::testing::zip_of;

namespace {

/// Rows of one sensor at about 50 Hz with jitter; `first`: channel of imu_value; shift: ms of the clock.
std::string sensor_csv(int first, double seconds, int shift = 0, double hole = 1e9) {
  std::string text = "id,attr_time,attr_x,attr_y,attr_z\n";
  int row = 0;
  for (double t = 0; t < seconds; t += 0.02, ++row) {
    if (t >= hole && t < hole + 1) continue;
    const int ms = static_cast<int>(std::lround(t * 1000)) + row % 3 - 1 + shift;
    text += std::to_string(row) + ',' + std::to_string(1'435'000'000'000LL + ms) +
            testing::imu_fields((ms + 0.0) / 1000, first, 3) + '\n';
  }
  return text;
}
std::string acc(double seconds, int shift = 0, double hole = 1e9) {
  return sensor_csv(0, seconds, shift, hole);
}
std::string gyro(double seconds, int shift = 0) {
  return sensor_csv(3, seconds, shift);
}

/// Puts proband<user>/data/<stem>_csv.zip.
struct Raw {
  testing::TempFolder folder;
  void put(int user, const std::string& stem, const std::string& archive) const {
    const std::string data = "proband" + std::to_string(user) + "/data";
    std::filesystem::create_directories(folder / data);
    folder.write(data + "/" + stem + "_csv.zip", archive);
  }
  DataSet read(Findings& findings, std::string_view position = "head") const {
    return read_realworld(folder.path(), position, {Recipe::corrected, 50, 250, 250}, findings);
  }
  std::string error(std::string_view position = "head") const {
    Findings findings;
    try {
      (void)read(findings, position);
    } catch (const Error& e) {
      return e.what();
    }
    return {};
  }
};

}  // namespace

TEST_CASE("plain and nested archives: parts are paired by number, sensors by time") {
  const Raw raw;
  raw.put(1, "acc_walking",
          zip_of({deflated("acc_walking_head.csv", acc(16)),
                  deflated("acc_walking_chest.csv", "junk"),
                  {"readme.txt", "text"}}));
  raw.put(1, "gyr_walking", zip_of({deflated("Gyroscope_walking_head.csv", gyro(16, 7))}));
  // Several recordings: archives in the archive; the first part has a number in one sensor only.
  raw.put(4, "acc_climbingup",
          zip_of({deflated("acc_climbingup_1_csv.zip", zip_of({{"acc_climbingup_head.csv", acc(11)}})),
                  deflated("acc_climbingup_2_csv.zip", zip_of({{"acc_climbingup_head.csv", acc(6)}})),
                  deflated("acc_climbingup_3_csv.zip", zip_of({{"acc_climbingup_head.csv", acc(6)}}))}));
  raw.put(
      4, "gyr_climbingup",
      zip_of({deflated("gyr_climbingup_csv.zip", zip_of({{"Gyroscope_climbingup_head.csv", gyro(11)}})),
              deflated("gyr_climbingup_2_csv.zip", zip_of({{"Gyroscope_climbingup_head.csv", gyro(6)}}))}));
  // An odd name: one file each, so numbers in names say nothing.
  raw.put(4, "acc_sitting", zip_of({deflated("acc_sitting_2_head.csv", acc(6))}));
  raw.put(4, "gyr_sitting", zip_of({deflated("Gyroscope_sitting_head.csv", gyro(6))}));
  raw.put(4, "gyr_lying", zip_of({deflated("Gyroscope_lying_head.csv", gyro(6))}));
  Findings findings;
  const DataSet set = raw.read(findings);
  REQUIRE(set.windows.count == 3 + 2 + 1 + 1);
  CHECK(set.windows.channels == 6);
  CHECK(set.labels.at(0, 0, 0) == 7);
  CHECK(set.labels.at(0, 0, 1) == 0);
  CHECK(set.labels.at(3, 249, 0) == 1);
  CHECK(set.labels.at(3, 0, 1) == 3);
  CHECK(set.labels.at(6, 0, 0) == 5);
  CHECK(set.origins[3].session != set.origins[5].session);
  // Both sensors at the same time: the first grid point is that of the later clock (6 ms after the hour).
  for (std::size_t t = 5; t < 245; ++t) {
    const double at = 0.006 + static_cast<double>(t) / 50;
    CHECK(set.windows.window(0)[6 * t] == Approx(testing::imu_value(at, 0)).margin(0.02));
    CHECK(set.windows.window(0)[6 * t + 4] == Approx(testing::imu_value(at, 4)).margin(0.001));
  }
  const std::string text = findings.text();
  CHECK_THAT(text, Contains("no gyroscope for part 3 of climbingup"));
  CHECK_THAT(text, Contains("no accelerometer for part 1 of lying"));
  CHECK_THAT(text, Contains("proband2: missing file: no such folder"));
  CHECK_THAT(text, Contains("proband1/data: jumping head: missing file"));
}

TEST_CASE("unpacked folders are read too, gaps cut") {
  const Raw raw;
  const std::string data = "proband3/data/";
  for (const char* folder : {"acc_running_csv", "gyr_running_csv"})
    std::filesystem::create_directories(raw.folder / (data + folder));
  raw.folder.write(data + "acc_running_csv/acc_running_head.csv", acc(13, 0, 6));
  raw.folder.write(data + "gyr_running_csv/Gyroscope_running_head.csv", gyro(13));
  Findings findings;
  const DataSet set = raw.read(findings);
  CHECK(set.windows.count == 2);
  CHECK(findings.count(FindingKind::gap) == 1);
  CHECK(set.origins[1].start > 250);
}

TEST_CASE("damaged archives and rows end in one line that names archive, member and row") {
  const auto one = [](const std::string& archive) {
    const Raw raw;
    raw.put(1, "acc_walking", archive);
    raw.put(1, "gyr_walking", zip_of({deflated("Gyroscope_walking_head.csv", gyro(6))}));
    return raw.error();
  };
  const std::string header = "id,attr_time,attr_x,attr_y,attr_z\n";
  CHECK_THAT(one("not a zip"), Contains("acc_walking_csv.zip: zip archive"));
  CHECK_THAT(one(zip_of({deflated("acc_walking_head.csv", "a,b\n")})),
             Contains("acc_walking_csv.zip/acc_walking_head.csv:1: header"));
  CHECK_THAT(one(zip_of({deflated("acc_walking_head.csv", header + "1,5,0,0\n")})),
             Contains("acc_walking_head.csv:2: 4 columns, expected 5"));
  CHECK_THAT(one(zip_of({deflated("acc_walking_head.csv", header + "1,noon,0,0,9.8\n")})),
             Contains(":2: column 2"));
  CHECK_THAT(one(zip_of({deflated("acc_walking_head.csv", header + "1,5,0,0,nan\n")})),
             Contains(":2: column 5"));
  CHECK_THAT(one(zip_of({deflated("acc_walking_head.csv", header)})), Contains("holds no rows"));
  CHECK_THAT(one(zip_of({deflated("a_1_/x_head.csv", acc(6)), deflated("b_1_/x_head.csv", acc(6))})),
             Contains("part 1 of acc_walking occurs twice"));
}

TEST_CASE("folders and positions that do not exist are refused") {
  const Raw raw;
  CHECK_THAT(raw.error(), Contains("holds no folder proband1"));
  CHECK_THAT(raw.error("haed"), Contains("unknown position 'haed'; did you mean 'head'?"));
  std::filesystem::create_directories(raw.folder / "proband5/data");
  CHECK_THAT(raw.error(), Contains("proband5: no recording of position head"));
}
#endif
