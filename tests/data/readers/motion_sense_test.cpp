// SPDX-License-Identifier: MIT
#include "gyrograd/data/readers/motion_sense.hpp"

#include <cmath>
#include <functional>
#include <string>

#include "support/catch.hpp"
#include "support/files.hpp"
#include "support/shared.hpp"
#include "support/temp_folder.hpp"

using namespace gyrograd;
using namespace gyrograd::data;
using Catch::Matchers::Contains;
namespace fs = std::filesystem;

namespace {

const WindowRule published{Recipe::published, 20, 120, 0};

/// A trial file: `value(row)` in x, small changes in y and z.
std::string trial(int rows, const std::function<double(int)>& value) {
  std::string text = ",x,y,z\n";
  for (int i = 0; i < rows; ++i) {
    text += std::to_string(i) + ',' + std::to_string(value(i)) + ",0." + std::to_string(i % 3) + ",0." +
            std::to_string(i % 4) + "\n";
  }
  return text;
}

struct Motion {
  testing::TempFolder folder;
  void put(const std::string& sensor, const std::string& name, const std::string& text) const {
    const fs::path path = folder.path() / sensor / name;
    fs::create_directories(path.parent_path());
    std::ofstream(path, std::ios::binary) << text;
  }
  void acc(const std::string& name, int rows, double level) const {
    put("B_Accelerometer_data", name, trial(rows, [=](int i) { return level + 1e-4 * (i % 5); }));
  }
  void gyro(const std::string& name, int rows, double level) const {
    put("C_Gyroscope_data", name, trial(rows, [=](int i) { return level + 1e-4 * (i % 5); }));
  }
  DataSet read(const WindowRule& rule) const {
    Findings ignored;
    return read_motion_sense(folder.path(), rule, ignored);
  }
};

double first(const DataSet& set, Index window, std::size_t channel) {
  return static_cast<double>(set.windows.window(window)[channel]);
}

}  // namespace

TEST_CASE("published: a short file in one sensor shifts the pairs, corrected pairs by name") {
  const Motion m;
  m.acc("dws_1/sub_1.csv", 700, 1.01), m.gyro("dws_1/sub_1.csv", 300, 0.1);  // gyroscope: 119 rows at 20 Hz
  m.acc("dws_1/sub_10.csv", 700, 1.02), m.gyro("dws_1/sub_10.csv", 700, 0.2);
  m.acc("wlk_7/sub_2.csv", 700, 1.03), m.gyro("wlk_7/sub_2.csv", 700, 0.3);
  const DataSet old = m.read(published);
  REQUIRE(old.windows.count == 4);  // two pairs of two windows
  CHECK(first(old, 0, 0) == Approx(9.8 * 1.01).epsilon(1e-3));
  CHECK(first(old, 0, 3) == Approx(0.2).epsilon(1e-2));
  CHECK(old.labels.at(0, 0, 0) == 0);
  CHECK(old.labels.at(0, 0, 1) == 0);
  CHECK(old.labels.at(2, 119, 1) == 9);

  Findings findings;
  const DataSet set = read_motion_sense(m.folder.path(), {}, findings);
  REQUIRE(set.windows.count == 4);
  CHECK(findings.count(FindingKind::unpaired) == 1);
  CHECK(first(set, 0, 0) == Approx(9.80665 * 1.02).epsilon(1e-3));
  CHECK(first(set, 0, 3) == Approx(0.2).epsilon(1e-2));
  CHECK(first(set, 2, 3) == Approx(0.3).epsilon(1e-2));
  CHECK(set.labels.at(2, 0, 0) == 4);
  CHECK(set.labels.at(2, 0, 1) == 1);
  CHECK(set.origins[1].start == 120);
  CHECK(set.origins[1].session == set.origins[0].session);
  CHECK(set.origins[2].session != set.origins[0].session);
}

TEST_CASE("exactly one window counts when corrected, not as published") {
  const Motion m;
  m.acc("sit_5/sub_3.csv", 300, 1), m.gyro("sit_5/sub_3.csv", 300, 0.1);
  CHECK(m.read({}).windows.count == 1);
  CHECK_THROWS_WITH(m.read(published), Contains("no recording gives a window of 120 steps"));
}

TEST_CASE("a faster accelerometer is stretched over the time of the gyroscope") {
  const Motion m;
  const double pi = 3.14159265358979;
  m.put("B_Accelerometer_data", "wlk_7/sub_1.csv",
        trial(1020, [&](int i) { return 1 + 0.3 * std::sin(2 * pi * i / 51.0); }));
  m.put("C_Gyroscope_data", "wlk_7/sub_1.csv",
        trial(1000, [&](int i) { return 0.3 * std::sin(2 * pi * i / 50.0); }));
  const DataSet set = m.read({});
  REQUIRE(set.windows.count == 3);
  for (Index w = 0; w < 3; ++w) {
    for (std::size_t t = 10; t < 110; ++t) {
      const double a = static_cast<double>(set.windows.window(w)[t * 6]) / 9.80665 - 1;
      CHECK(a == Approx(static_cast<double>(set.windows.window(w)[t * 6 + 3])).margin(2e-3));
    }
  }
}

TEST_CASE("files without their pair are reported with their name") {
  const Motion m;
  m.acc("ups_3/sub_1.csv", 700, 1), m.gyro("ups_3/sub_1.csv", 700, 0.1);
  m.acc("ups_3/sub_2.csv", 700, 1), m.gyro("ups_3/sub_3.csv", 700, 0.1);
  Findings findings;
  CHECK(read_motion_sense(m.folder.path(), {}, findings).windows.count == 2);
  CHECK(findings.count(FindingKind::unpaired) == 2);
  CHECK_THAT(findings.text(), Contains("sub_2.csv") && Contains("sub_3.csv"));
}

TEST_CASE("wrong folders, names, headers and units of MotionSense end in one line") {
  const Motion m;
  CHECK_THROWS_WITH(m.read({}), Contains("holds neither B_Accelerometer_data nor Accelerometer"));
  fs::create_directories(m.folder / "B_Accelerometer_data");
  fs::create_directories(m.folder / "C_Gyroscope_data");
  CHECK_THROWS_WITH(m.read({}), Contains("holds no recording"));
  m.acc("dws_1/sub_1.csv", 700, 9.8), m.gyro("dws_1/sub_1.csv", 700, 0.1);
  CHECK_THROWS_WITH(m.read({}), Contains("dws_1/sub_1.csv:2") && Contains("median |acc| is 96") &&
                                    Contains("looks like m/s2 taken for g"));
  m.put("C_Gyroscope_data", "dws_1/sub_1.csv", "x,y,z\n1,2,3\n");
  CHECK_THROWS_WITH(m.read({}), Contains("sub_1.csv:1: header 'x,y,z', expected ',x,y,z'"));
  m.put("B_Accelerometer_data", "dws_1/sub_1.csv", ",x,y,z\n0,1,2,3\n1,1,,3\n");
  CHECK_THROWS_WITH(m.read(published), Contains("sub_1.csv:3: column 3 is ''"));
  m.put("B_Accelerometer_data", "dws_1/sub_25.csv", "");
  CHECK_THROWS_WITH(m.read({}), Contains("sub_25.csv: unexpected name"));
  m.put("B_Accelerometer_data", "run_1/sub_1.csv", "");
  fs::remove(m.folder / "B_Accelerometer_data/dws_1/sub_25.csv");
  CHECK_THROWS_WITH(m.read({}), Contains("run_1: unexpected name"));
}

TEST_CASE("the real MotionSense gives the published 4,534 windows") {
  const auto raw = testing::data_path("MotionSense");
  if (!raw) return;
  Findings findings;
  const DataSet set = read_motion_sense(*raw, published, findings);
  REQUIRE(set.windows.count == 4534);
  std::vector<Index> activity(6), users(24);
  Index changes = 0;
  for (Index i = 0; i < 4534; ++i) {
    ++activity[static_cast<std::size_t>(set.labels.at(i, 0, 0))];
    ++users[static_cast<std::size_t>(set.labels.at(i, 0, 1))];
    if (i > 0 && set.labels.at(i, 0, 0) != set.labels.at(i - 1, 0, 0)) ++changes;
  }
  CHECK(activity == std::vector<Index>{402, 490, 1105, 999, 1112, 426});
  CHECK(changes == 5);  // folders in name order: dws, jog, sit, std, ups, wlk
  CHECK(set.labels.at(0, 0, 0) == 0);
  CHECK(set.labels.at(4533, 0, 0) == 4);
  CHECK(*std::min_element(users.begin(), users.end()) > 0);
  CHECK(findings.total() == 0);
}

TEST_CASE("the real MotionSense, corrected") {
  const auto raw = testing::data_path("MotionSense");
  if (!raw) return;
  Findings findings;
  const DataSet set = read_motion_sense(*raw, {}, findings);
  CHECK(set.windows.count == 4538);
  CHECK(findings.count(FindingKind::unit) == 0);
  CHECK(findings.count(FindingKind::unpaired) == 0);
}
