// SPDX-License-Identifier: MIT
#include "gyrograd/data/readers/aria_imu.hpp"

#include <limits>

#include "support/catch.hpp"
#include "support/imu_rows.hpp"
#include "support/temp_folder.hpp"

using namespace gyrograd;
using namespace gyrograd::data;
using Catch::Matchers::Contains;

TEST_CASE("a .csv export: time from the first record, records that are not valid are counted and left out") {
  const testing::TempFolder folder;
  Findings findings;
  const Track track = read_aria_imu(
      folder.write("t.csv", testing::aria_csv(1000, 1, [](int i) { return i == 0 || (i >= 10 && i < 15); })),
      findings);
  CHECK(track.rows() == 994);
  CHECK(track.time[0] == Approx(0.001));
  CHECK(track.time[9] == Approx(0.015));
  CHECK(track.values[2] == Approx(9.81).margin(0.001));
  CHECK(findings.count(FindingKind::missing_value) == 2);
  CHECK_THAT(findings.list()[0].where, Contains("t.csv:2"));
  CHECK_THAT(findings.list()[1].what, Contains("6 records"));
}

TEST_CASE("an export as arrays") {
  const testing::TempFolder folder;
  Findings findings;
  io::write_npy(folder / "t.npy", std::vector<double>{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}, {6, 2});
  io::write_npy(folder / "t_time.npy", std::vector<std::int64_t>{5'000'000'000, 5'001'000'000}, {2});
  const Track track = read_aria_imu(folder / "t.npy", findings);
  CHECK(track.values == std::vector<double>{1, 3, 5, 7, 9, 11, 2, 4, 6, 8, 10, 12});
  CHECK(track.time[1] == Approx(0.001));
  io::write_npy(folder / "t_time.npy", std::vector<std::int64_t>{5}, {1});
  CHECK_THROWS_WITH(read_aria_imu(folder / "t.npy", findings), Contains("expected (6, rows) and (rows,)"));
  io::write_npy(folder / "t_time.npy", std::vector<double>{5, std::numeric_limits<double>::infinity()}, {2});
  CHECK_THROWS_WITH(read_aria_imu(folder / "t.npy", findings), Contains("row 1 is not a finite number"));
}

TEST_CASE("damaged exports are refused with file and row") {
  const testing::TempFolder folder;
  const std::string header =
      "timestamp_ns,accel_x,accel_y,accel_z,gyro_x,gyro_y,gyro_z,accel_valid,gyro_valid\n";
  const auto error = [&](const std::string& text) {
    Findings findings;
    try {
      (void)read_aria_imu(folder.write("t.csv", text), findings);
    } catch (const IoError& e) {
      return std::string(e.what());
    }
    return std::string();
  };
  CHECK_THAT(error(""), Contains("t.csv: is empty"));
  CHECK_THAT(error("a,b\n"), Contains("t.csv:1: header"));
  CHECK_THAT(error(header + "1,2,3\n"), Contains("t.csv:2: 3 columns, expected 9"));
  CHECK_THAT(error(header + "-1,0,0,9.8,0,0,0,1,1\n"), Contains("t.csv:2: column 1"));
  CHECK_THAT(error(header + "1,0,0,x,0,0,0,1,1\n"), Contains("t.csv:2: column 4 is 'x'"));
  CHECK_THAT(error(header + "1,0,0,9.8,0,0,0,1,2\n"), Contains("t.csv:2: column 9"));
}

TEST_CASE("exports are found by name or uid, and nowhere else") {
  const testing::TempFolder folder;
  folder.write("uid.csv", "");
  CHECK(find_export(folder.path(), "name", "uid").filename() == "uid.csv");
  folder.write("name.npy", "");
  CHECK(find_export(folder.path(), "name", "uid").filename() == "name.npy");
  CHECK(find_export(folder.path(), "../name", "").empty());
  CHECK(find_export(folder / "nowhere", "name", "uid").empty());
}
