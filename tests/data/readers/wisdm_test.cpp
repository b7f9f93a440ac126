// SPDX-License-Identifier: MIT
#include "gyrograd/data/readers/wisdm.hpp"

#include <string>

#include "support/catch.hpp"
#include "support/temp_folder.hpp"

using namespace gyrograd;
using namespace gyrograd::data;
using Catch::Matchers::Contains;

namespace {

std::string record(int i, const std::string& user, const std::string& activity,
                   long long first = 49105962326000) {
  return user + ',' + activity + ',' + std::to_string(first + 50'000'000LL * i) + ",-0." +
         std::to_string(i % 7) + ",9.8" + std::to_string(i % 5) + ",0." + std::to_string(i % 3) + ";\n";
}

std::string records(int count, const std::string& user, const std::string& activity,
                    long long first = 49105962326000) {
  std::string text;
  for (int i = 0; i < count; ++i) text += record(i, user, activity, first);
  return text;
}

struct Raw {
  testing::TempFolder folder;
  DataSet read(const std::string& text, Findings& findings) const {
    folder.write("WISDM_ar_v1.1_raw.txt", text);
    return read_wisdm(folder.path(), {}, findings);
  }
};

}  // namespace

TEST_CASE("stretches of one user and activity become windows of three channels") {
  const Raw raw;
  Findings findings;
  const DataSet set =
      raw.read(records(250, "33", "Jogging") + records(120, "33", "Upstairs", 60105962326000) +
                   records(119, "5", "Walking"),
               findings);
  REQUIRE(set.windows.count == 3);
  CHECK(set.windows.channels == 3);
  CHECK(set.labels.at(0, 0, 0) == 32);
  CHECK(set.labels.at(0, 0, 1) == 1);
  CHECK(set.labels.at(2, 119, 1) == 4);
  CHECK(set.windows.window(0)[4] == Approx(9.81).margin(1e-4));
  CHECK(findings.count(FindingKind::short_recording) == 1);
}

TEST_CASE("the known irregularities are read or reported with their row") {
  const Raw raw;
  std::string text;
  for (int i = 0; i < 240; ++i) {
    std::string r = record(i, "33", "Jogging");
    if (i == 10) r.erase(r.size() - 1);        // the next record in the same line
    if (i == 20) r.insert(r.size() - 2, ",");  // ",;"
    if (i == 30) r.erase(r.size() - 2, 1);     // no semicolon
    if (i == 40) r = "33,Jogging," + std::to_string(49105962326000 + 50'000'000LL * i) + ",1,2,;\n";  // no z
    if (i == 50) r = "33,Jogging,0,0,0,0;\n";
    if (i == 60) r = ";\n";
    if (i == 70) r = "33,Jogging,49105962326000,1\n";
    text += r;
  }
  Findings findings;
  const DataSet set = raw.read(text, findings);
  CHECK(set.windows.count == 2);
  CHECK(findings.count(FindingKind::missing_value) == 3);
  CHECK_THAT(findings.text(), Contains("raw.txt:40: missing value: column 6 is ''") &&
                                  Contains("raw.txt:50: missing value: the time stamp is 0") &&
                                  Contains("raw.txt:70: missing value: 4 fields, expected 6"));
  CHECK(findings.total() == 3);
}

TEST_CASE("time that goes back and pauses cut") {
  const Raw raw;
  Findings findings;
  const DataSet set = raw.read(records(130, "1", "Sitting", 90'000'000'000'000) +
                                   records(130, "1", "Sitting", 10'000'000'000'000) +
                                   records(130, "1", "Sitting", 10'008'000'000'000),
                               findings);
  CHECK(set.windows.count == 3);
  CHECK(findings.count(FindingKind::disorder) == 1);
  CHECK(findings.count(FindingKind::gap) == 1);
  CHECK_THAT(findings.text(),
             Contains("raw.txt:131: time goes backwards") && Contains("raw.txt:261: gap in time: 1.55 s"));
}

TEST_CASE("unknown users, activities and files end in one line") {
  const Raw raw;
  Findings findings;
  CHECK_THROWS_WITH(read_wisdm(raw.folder.path(), {}, findings),
                    Contains("WISDM_ar_v1.1_raw.txt: cannot be opened"));
  CHECK_THROWS_WITH(raw.read(records(2, "37", "Walking"), findings), Contains("raw.txt:1: column 1 is '37'"));
  CHECK_THROWS_WITH(raw.read(records(2, "3", "Walkin"), findings), Contains("did you mean 'Walking'"));
  CHECK_THROWS_WITH(raw.read("", findings), Contains("no recording gives a window"));
  CHECK_THROWS_WITH(read_wisdm(raw.folder.path(), {Recipe::published, 20, 120, 0}, findings),
                    Contains("no published recipe is known"));
}
