// SPDX-License-Identifier: MIT
#include "gyrograd/data/readers/sp_sw_har.hpp"

#include <fstream>
#include <string>

#include "support/catch.hpp"
#include "support/shared.hpp"
#include "support/temp_folder.hpp"

using namespace gyrograd;
using namespace gyrograd::data;
using Catch::Matchers::Contains;
namespace fs = std::filesystem;

namespace {

const std::string header = "x_acc,y_acc,z_acc,x_gyro,y_gyro,z_gyro,timestamp,label\n";

/// Rows every 10 ms, delivered in pairs of one stamp as the phone does; the activity changes half way.
std::string rows(int count, int pause_at = -1) {
  std::string text = header;
  long long ms = 1657533977813;
  for (int i = 0; i < count; ++i) {
    if (i % 2 == 0) ms += i == pause_at ? 1020 : 20;
    const std::string wobble = "0.0" + std::to_string(i % 7);
    text += wobble + ",9.8" + std::to_string(i % 3) + ",-" + wobble + ",0.1" + std::to_string(i % 5) + ',' +
            wobble + ",0.2" + std::to_string(i % 4) + ',' + std::to_string(ms) +
            (i < count / 2 ? ",SEATED" : ",WALKING") + "\n";
  }
  return text;
}

struct Raw {
  testing::TempFolder folder;
  void put(const std::string& name, const std::string& text) const {
    fs::create_directories((folder.path() / name).parent_path());
    std::ofstream(folder.path() / name, std::ios::binary) << text;
  }
  DataSet read(Findings& findings, const WindowRule& rule = {}) const {
    return read_sp_sw_har(folder.path(), rule, findings);
  }
};

}  // namespace

TEST_CASE("phone and watch of an execution give labelled windows of one session") {
  const Raw raw;
  raw.put("s02/s02_01_sp.csv", rows(1300));
  raw.put("s02/s02_01_sw.csv", rows(1300));
  raw.put("subjects_info.csv", "subject_id\n");
  Findings findings;
  const DataSet set = raw.read(findings);
  REQUIRE(set.windows.count == 4);
  CHECK(findings.total() == 0);
  CHECK(set.labels.at(0, 0, 0) == 0);
  CHECK(set.labels.at(1, 5, 0) == 0);
  CHECK(set.labels.at(1, 15, 0) == 2);
  CHECK(set.labels.at(0, 0, 1) == 1);
  CHECK(set.labels.at(0, 0, 2) == 0);
  CHECK(set.labels.at(3, 0, 2) == 1);
  CHECK(set.origins[0] == set.origins[2]);
  CHECK(set.windows.window(1)[1] == Approx(9.81).margin(0.02));
}

TEST_CASE("a pause cuts an execution and is reported with its row") {
  const Raw raw;
  raw.put("s02/s02_01_sp.csv", rows(2000, 1300));
  Findings findings;
  CHECK(raw.read(findings).windows.count == 3);
  CHECK_THAT(findings.text(), Contains("s02_01_sp.csv:1302: gap in time: 1.02 s"));
}

TEST_CASE("malformed files of sp-sw-har end in one line that names file and row") {
  const Raw raw;
  Findings findings;
  CHECK_THROWS_WITH(raw.read(findings), Contains("expected the folder DATA"));
  const auto broken = [&](const std::string& text, const std::string& want) {
    raw.put("s02/s02_01_sp.csv", text);
    CHECK_THROWS_WITH(raw.read(findings), Contains(want) && !Contains("\n"));
  };
  broken("", "s02_01_sp.csv: is empty");
  broken(header, "holds no rows");
  broken("x,y,z\n", "s02_01_sp.csv:1: header 'x,y,z', expected 'x_acc,");
  broken(header + "1,2,3,4,5,6,7\n", "s02_01_sp.csv:2: 7 columns, expected 8");
  broken(header + "1,2,3,4,5,,7,SEATED\n", "s02_01_sp.csv:2: column 6 is ''");
  broken(header + "1,2,3,4,5,6,-7,SEATED\n", "column 7 is '-7'");
  broken(header + "1,2,3,4,5,6,7.5,SEATED\n", "column 7 is '7.5'");
  broken(header + "1,2,3,4,5,6,7,SEETED\n", "did you mean 'SEATED'");
  broken(rows(100), "no recording gives a window");
  raw.put("s02/s02_02.csv", "");
  CHECK_THROWS_WITH(raw.read(findings), Contains("s02_02.csv: unexpected name"));
  CHECK_THROWS_WITH(raw.read(findings, {Recipe::published, 20, 120, 0}), Contains("no published recipe"));
  CHECK_THROWS_WITH(read_sp_sw_har(raw.folder / "absent", {}, findings), Contains("cannot be listed"));
}

TEST_CASE("the real sp-sw-har recordings") {
  const auto raw = testing::data_path("sp-sw-har-dataset/DATA");
  if (!raw) return;
  Findings findings;
  const DataSet set = read_sp_sw_har(*raw, {Recipe::corrected, 20, 20, 0}, findings);
  std::vector<double> steps(5);
  std::vector<char> users(23);
  for (Index i = 0; i < set.labels.count; ++i) {
    users[static_cast<std::size_t>(set.labels.at(i, 0, 1))] = 1;
    for (Index t = 0; t < set.labels.steps; ++t) ++steps[static_cast<std::size_t>(set.labels.at(i, t, 0))];
  }
  CHECK(std::count(users.begin(), users.end(), 1) == 23);
  // Shares of the rows as the files have them; the last second of a file, sitting down, is often cut off.
  const double rows[] = {64789, 55068, 232195, 105389, 64325}, total = 521766;
  const auto all = static_cast<double>(set.labels.count * set.labels.steps);
  for (std::size_t a = 0; a < 5; ++a) CHECK(steps[a] / all == Approx(rows[a] / total).margin(0.03));
  CHECK(all / 20 == 4839);
  CHECK(findings.count(FindingKind::gap) == 0);
  CHECK(findings.count(FindingKind::disorder) == 0);
  CHECK(findings.count(FindingKind::unit) == 0);
}
