// SPDX-License-Identifier: MIT
#include "gyrograd/data/readers/hhar.hpp"

#include <functional>
#include <string>

#include "support/catch.hpp"
#include "support/temp_folder.hpp"

using namespace gyrograd;
using namespace gyrograd::data;
using Catch::Matchers::Contains;

namespace {

const WindowRule as_published{Recipe::published, 20, 120, 0};
const std::string header = "Index,Arrival_Time,Creation_Time,x,y,z,User,Model,Device,gt\n";
constexpr long long start = 1424696633908040022;

/// Rows every `step` ms; x counts rows, |acc| stays near gravity. `activity(i)` is the word of row i.
std::string rows(int count, int step, double y, const std::string& device,
                 const std::function<std::string(int)>& activity, const std::string& user = "a") {
  std::string text;
  for (int i = 0; i < count; ++i) {
    text += std::to_string(i) + ",1424696633909," + std::to_string(start + 1'000'000LL * step * i) + ',' +
            std::to_string(0.001 * i) + ',' + std::to_string(y + 0.001 * (i % 3)) + ",0.0" +
            std::to_string(i % 7) + ',' + user + ",nexus4," + device + ',' + activity(i) + "\n";
  }
  return text;
}

std::string walk(int) {
  return "walk";
}

struct Raw {
  testing::TempFolder folder;
  void put(const std::string& acc, const std::string& gyro) const {
    folder.write("Phones_accelerometer.csv", header + acc);
    folder.write("Phones_gyroscope.csv", header + gyro);
  }
  DataSet read(const WindowRule& rule, Findings& findings) const {
    return read_hhar(folder.path(), rule, findings);
  }
};

}  // namespace

TEST_CASE("published: bins of 50 ms follow the tag, the activity may change inside a window") {
  const Raw raw;
  const auto change = [](int per_second) {
    return [=](int i) { return std::string(i < 3 * per_second ? "sit" : "stairsup"); };
  };
  raw.put(rows(650, 10, 9.8, "nexus4_1", change(100)), rows(1300, 5, 0.1, "nexus4_1", change(200)));
  Findings findings;
  const DataSet set = raw.read(as_published, findings);
  REQUIRE(set.windows.count == 1);
  CHECK(set.windows.window(0)[0] == Approx(0.002));                 // rows 0 to 4
  CHECK(set.windows.window(0)[6 * 7] == Approx(0.001 * 37));        // rows 35 to 39
  CHECK(set.windows.window(0)[6 * 7 + 3] == Approx(0.001 * 74.5));  // rows 70 to 79 of the gyroscope
  CHECK(set.labels.at(0, 0, 2) == 1);
  CHECK(set.labels.at(0, 119, 2) == 3);
  CHECK(set.labels.at(0, 0, 0) == 0);
  CHECK(set.labels.at(0, 0, 1) == 0);
}

TEST_CASE("published: unlabelled rows and bins of two users start the window afresh") {
  const Raw raw;
  const auto null_between = [](int per_second) {
    return [=](int i) { return std::string(i >= 3 * per_second && i < 4 * per_second ? "null" : "walk"); };
  };
  raw.put(rows(900, 10, 9.8, "nexus4_1", null_between(100)),
          rows(900, 10, 0.1, "nexus4_1", null_between(100)));
  Findings findings;
  CHECK_THROWS_WITH(raw.read(as_published, findings), Contains("no recording gives a window"));
  raw.put(rows(1010, 10, 9.8, "nexus4_1", null_between(100)),
          rows(1010, 10, 0.1, "nexus4_1", null_between(100)));
  const DataSet set = raw.read(as_published, findings);
  REQUIRE(set.windows.count == 1);
  CHECK(set.windows.window(0)[0] == Approx(0.402));  // the first bin after the unlabelled second
}

TEST_CASE("corrected: sensors are paired by device and time, and a window has one activity") {
  const Raw raw;
  const auto change = [](int i) { return std::string(i < 700 ? "bike" : "walk"); };
  // Two devices at once, the second without a gyroscope for its middle; gyroscope at another rate.
  raw.put(rows(1400, 10, 9.8, "nexus4_1", change) + rows(700, 10, 9.8, "nexus4_2", walk),
          rows(700, 20, 0.1, "nexus4_1", walk) + rows(340, 20, 0.1, "nexus4_2", walk));
  Findings findings;
  const DataSet set = raw.read({}, findings);
  REQUIRE(set.windows.count == 3);
  CHECK(set.labels.at(0, 0, 2) == 0);
  CHECK(set.labels.at(0, 119, 2) == 0);
  CHECK(set.labels.at(1, 0, 2) == 5);
  CHECK(set.origins[0].session == set.origins[1].session);
  CHECK(set.origins[2].session != set.origins[0].session);
  CHECK(set.windows.window(0)[6 * 50] == Approx(0.25).margin(0.002));  // 2.5 s at 100 Hz, .001 a row
  CHECK(set.windows.window(0)[6 * 50 + 3] == Approx(0.125).margin(0.002));
}

TEST_CASE("corrected: rows out of order, gaps and missing partners are reported") {
  const Raw raw;
  std::string acc = rows(1400, 10, 9.8, "nexus4_1", walk);
  const std::size_t a = acc.find("\n100,") + 1, b = acc.find("\n101,") + 1, c = acc.find("\n102,") + 1;
  acc = acc.substr(0, a) + acc.substr(b, c - b) + acc.substr(a, b - a) + acc.substr(c);
  const std::size_t hole = acc.find("\n650,") + 1, end = acc.find("\n750,") + 1;
  acc.erase(hole, end - hole);
  raw.put(acc + rows(700, 10, 9.8, "s3_1", walk, "b"), rows(1400, 10, 0.1, "nexus4_1", walk));
  Findings findings;
  CHECK(raw.read({}, findings).windows.count == 2);
  CHECK(findings.count(FindingKind::disorder) == 1);
  CHECK(findings.count(FindingKind::gap) == 1);
  CHECK(findings.count(FindingKind::unpaired) == 1);
  CHECK_THAT(findings.text(), Contains("accelerometer.csv:103: time goes backwards") &&
                                  Contains("1.01 s after") &&
                                  Contains("no gyroscope rows of user b with s3_1"));
}

TEST_CASE("malformed HHAR files end in one line that names file and row") {
  const Raw raw;
  Findings findings;
  CHECK_THROWS_WITH(raw.read({}, findings), Contains("Phones_accelerometer.csv: cannot be opened"));
  const auto broken = [&](const std::string& row, const std::string& want) {
    raw.put(rows(10, 10, 9.8, "nexus4_1", walk) + row + "\n", rows(10, 10, 0.1, "nexus4_1", walk));
    CHECK_THROWS_WITH(raw.read({}, findings),
                      Contains(want) && Contains("accelerometer.csv:12") && !Contains("\n"));
    CHECK_THROWS_WITH(raw.read(as_published, findings), Contains(want));
  };
  broken("1,2,3,4,5,6,a,nexus4,nexus4_1", "9 columns, expected 10");
  broken("1,2,noon,4,5,6,a,nexus4,nexus4_1,walk", "column 3 is 'noon'");
  broken("1,2,99999999999999999999,4,5,6,a,nexus4,nexus4_1,walk", "expected a whole number");
  broken("1,2,3,,5,6,a,nexus4,nexus4_1,walk", "column 4 is ''");
  broken("1,2,3,4,5,6,z,nexus4,nexus4_1,walk", "column 7 is 'z'");
  broken("1,2,3,4,5,6,a,nexus5,nexus4_1,walk", "did you mean 'nexus4'");
  broken("1,2,3,4,5,6,a,nexus4,nexus4_1,wlk", "did you mean 'walk'");
  raw.put("", "");
  CHECK_THROWS_WITH(raw.read({}, findings), Contains("holds no rows"));
  raw.folder.write("Phones_accelerometer.csv", "x,y,z\n1,2,3\n");
  CHECK_THROWS_WITH(raw.read({}, findings), Contains("accelerometer.csv:1: header 'x,y,z'"));
  raw.folder.write("Phones_accelerometer.csv", "");
  CHECK_THROWS_WITH(raw.read({}, findings), Contains("is empty"));
}
