// SPDX-License-Identifier: MIT
#include "gyrograd/data/readers/huawei.hpp"

#include <filesystem>
#include <fstream>
#include <functional>
#include <string>

#include "support/catch.hpp"
#include "support/temp_folder.hpp"

using namespace gyrograd;
using namespace gyrograd::data;
using Catch::Matchers::Contains;
namespace fs = std::filesystem;

namespace {

const WindowRule as_published{Recipe::published, 50, 300, 120};
constexpr long long start = 1498120000000;

/// 23 columns every 10 ms; the acceleration's x counts rows.
std::string motion(
    int count, const std::function<bool(int)>& missing = [](int) { return false; }) {
  std::string text;
  for (int i = 0; i < count; ++i) {
    text += std::to_string(start + 10LL * i) + ' ' + std::to_string(0.001 * i);
    text += " 9.8" + std::to_string(i % 5) + " 0.1" + std::to_string(i % 7);
    for (int c = 4; c < 10; ++c) text += " 0." + std::to_string(c) + std::to_string((i + c) % 9);
    for (int c = 10; c < 23; ++c) text += missing(i) && c == 22 ? " NaN" : " 1";
    text += "\n";
  }
  return text;
}

std::string labels(int count, const std::function<int(int)>& coarse) {
  std::string text;
  for (int i = 0; i < count; ++i)
    text += std::to_string(start + 10LL * i) + ' ' + std::to_string(coarse(i)) + " 0 0\n";
  return text;
}

struct Raw {
  testing::TempFolder folder;
  void put(const std::string& day, const std::string& text, const std::string& label) const {
    fs::create_directories(folder / day);
    for (const char* phone : {"Bag", "Hand", "Torso", "Hips"})
      std::ofstream(folder / day / (std::string(phone) + "_Motion.txt")) << text;
    std::ofstream(folder / day / "Label.txt") << label;
  }
  DataSet read(const WindowRule& rule, Findings& findings) const {
    return read_huawei(folder.path(), rule, findings);
  }
};

int walk(int) {
  return 2;
}

}  // namespace

TEST_CASE("published: overlapping windows of neighbouring rows of one activity, not resampled") {
  const Raw raw;
  raw.put("User1/220617", motion(900), labels(900, [](int i) { return i < 500 ? 2 : 4; }));
  raw.put("User2/140617", motion(310), labels(310, [](int) { return 5; }));
  Findings findings;
  const DataSet set = raw.read(as_published, findings);
  REQUIRE(set.windows.count == 4 * 3);  // rows 0.. and 120.. of walking, 600.. of cycling; 240.. to 480.. mix
  CHECK(set.windows.steps == 300);
  CHECK(set.windows.channels == 9);
  CHECK(set.labels.at(0, 0, 0) == 1);
  CHECK(set.labels.at(2, 0, 0) == 3);
  CHECK(set.labels.at(3, 0, 1) == 1);
  CHECK(set.windows.window(1)[0] == Approx(0.12));
  CHECK(set.origins[1].start == 120);
}

TEST_CASE("published: rows with any missing value break a window only where they make a pause") {
  const Raw raw;
  raw.put("U1/220617", motion(700, [](int i) { return i == 100 || (i >= 400 && i < 420); }),
          labels(700, walk));
  Findings findings;
  const DataSet set = raw.read(as_published, findings);
  CHECK(set.windows.count == 4 * 1);  // 0..; 120.. to 419 and 240.. meet the pause of 210 ms, 360.. too
  CHECK(findings.count(FindingKind::missing_value) == 4);
  CHECK_THAT(findings.text(), Contains("Bag_Motion.txt:101: missing value: 21 rows"));
}

TEST_CASE("corrected: resampled from 100 Hz, vehicles left out") {
  const Raw raw;
  raw.put("User3/030717", motion(1400), labels(1400, [](int i) { return i < 700 ? 3 : 6; }));
  Findings findings;
  const DataSet set = raw.read({}, findings);
  REQUIRE(set.windows.count == 4);
  CHECK(set.windows.steps == 120);
  CHECK(set.labels.at(3, 119, 0) == 2);
  CHECK(set.labels.at(3, 0, 1) == 3);
  CHECK(set.labels.at(3, 0, 2) == 2);
  CHECK(set.windows.window(0)[9 * 50] == Approx(0.25).margin(0.002));
}

TEST_CASE("malformed SHL files end in one line that names file and row") {
  const Raw raw;
  Findings findings;
  CHECK_THROWS_WITH(raw.read({}, findings), Contains("holds no User1/220617"));
  raw.put("User1/220617", motion(10), labels(10, walk));
  CHECK_THROWS_WITH(raw.read({}, findings), Contains("no recording gives a window"));
  raw.put("User1/220617", "1 2 3\n", labels(10, walk));
  CHECK_THROWS_WITH(raw.read({}, findings), Contains("Bag_Motion.txt:1: 3 columns, expected 23"));
  std::string text = motion(10);
  text.replace(text.find("9.80"), 4, "nine");
  raw.put("User1/220617", text, labels(10, walk));
  CHECK_THROWS_WITH(raw.read({}, findings), Contains("Bag_Motion.txt:1: column 3 is 'nine'"));
  raw.put("User1/220617", motion(10), "1 2\n3 9\n");
  CHECK_THROWS_WITH(raw.read({}, findings), Contains("Label.txt:2: coarse label 9"));
  raw.put("User1/220617", motion(10), "3 2\n1 2\n");
  CHECK_THROWS_WITH(raw.read({}, findings), Contains("Label.txt:2: time goes back"));
  raw.put("User1/220617", motion(10), "1\n");
  CHECK_THROWS_WITH(raw.read({}, findings), Contains("Label.txt:1: 1 columns"));
  raw.put("User1/220617", motion(10), "");
  CHECK_THROWS_WITH(raw.read({}, findings), Contains("Label.txt: is empty"));
  fs::remove(raw.folder / "User1/220617/Label.txt");
  CHECK_THROWS_WITH(raw.read({}, findings), Contains("Label.txt: cannot be opened"));
}
