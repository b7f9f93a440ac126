// SPDX-License-Identifier: MIT
#include "gyrograd/data/readers/shoaib.hpp"

#include <functional>
#include <string>

#include "support/catch.hpp"
#include "support/temp_folder.hpp"

using namespace gyrograd;
using namespace gyrograd::data;
using Catch::Matchers::Contains;

namespace {

const WindowRule as_published{Recipe::published, 20, 120, 0};

std::string heads() {
  std::string banner = "left_pocket", names;
  for (int c = 0; c < 69; ++c) banner += ',';
  const char* block[] = {"time_stamp", "Ax", "Ay", "Az", "Lx", "Ly", "Lz",
                         "Gx",         "Gy", "Gz", "Mx", "My", "Mz", ""};
  for (int c = 0; c < 70; ++c)
    names += (c > 0 ? "," : "") + std::string(c == 69 ? "Activity" : block[c % 14]);
  return banner + "\n" + names + "\n";
}

/// Column value: 1000 * position + column of the block for the unused ones; acc near gravity.
std::string row(int i, const std::string& activity, long long ms) {
  std::string text;
  for (int p = 0; p < 5; ++p) {
    text += std::to_string(ms);
    for (int c = 1; c <= 12; ++c) {
      const double wobble = 0.01 * (i % 5) + 0.001 * p;
      const double v = c <= 3   ? (c == 2 ? 9.8 + wobble : wobble)
                       : c <= 6 ? 99
                       : c <= 9 ? 0.1 * c + wobble
                                : 20 + wobble;
      text += ',' + std::to_string(v);
    }
    text += p < 4 ? ",," : ',' + activity + "\n";
  }
  return text;
}

std::string rows(int count, const std::function<std::string(int)>& activity) {
  std::string text = heads();
  for (int i = 0; i < count; ++i) text += row(i, activity(i), 1390456789000LL + 20LL * i);
  return text;
}

struct Raw {
  testing::TempFolder folder;
  DataSet read(const WindowRule& rule, Findings& findings) const {
    return read_shoaib(folder.path(), rule, findings);
  }
};

std::string word(const char* text) {
  return text;
}

}  // namespace

TEST_CASE("published: rows of an activity are strung together, users are places in name order") {
  const Raw raw;
  // walking, biking, walking: 400 rows of walking give 160 rows at 20 Hz, one window.
  raw.folder.write("Participant_2.csv",
                   rows(600, [](int i) { return word(i >= 200 && i < 400 ? "biking" : "walking"); }));
  raw.folder.write("Participant_10.csv", rows(320, [](int) { return word("upsatirs"); }));
  Findings findings;
  const DataSet set = raw.read(as_published, findings);
  REQUIRE(set.windows.count == 10);  // one window at each of five positions, of each participant
  CHECK(set.windows.channels == 9);
  CHECK(set.labels.at(0, 0, 0) == 5);  // Participant_10 comes first; the misspelt word is upstairs
  CHECK(set.labels.at(0, 0, 2) == 0);
  CHECK(set.labels.at(5, 0, 0) == 0);
  CHECK(set.labels.at(7, 0, 1) == 2);
  CHECK(set.labels.at(7, 0, 2) == 1);
  CHECK(set.windows.window(0)[1] == Approx(9.805).margin(0.001));  // rows 0 and 1
  CHECK(set.windows.window(0)[3] == Approx(0.705).margin(0.001));
  CHECK(set.windows.window(2)[6] == Approx(20.007).margin(0.001));
  CHECK(findings.total() == 0);
}

TEST_CASE("published: unknown words count as walking and are reported, corrected refuses them") {
  const Raw raw;
  raw.folder.write("Participant_1.csv", rows(320, [](int) { return word("hopping"); }));
  Findings findings;
  CHECK(raw.read(as_published, findings).labels.at(0, 0, 0) == 0);
  CHECK(findings.count(FindingKind::label) == 320);
  CHECK_THROWS_WITH(raw.read({}, findings), Contains("Participant_1.csv:3: column 70 is 'hopping'"));
  raw.folder.write("Participant_1.csv", rows(320, [](int) { return word("jogginh"); }));
  CHECK_THROWS_WITH(raw.read({}, findings), Contains("did you mean 'jogging'"));
}

TEST_CASE("corrected: only neighbouring rows make windows, users are participants") {
  const Raw raw;
  raw.folder.write("Participant_2.csv",
                   rows(700, [](int i) { return word(i >= 200 && i < 500 ? "biking" : "walking"); }));
  Findings findings;
  const DataSet set = raw.read({}, findings);
  REQUIRE(set.windows.count == 5);
  CHECK(set.labels.at(4, 0, 0) == 4);
  CHECK(set.labels.at(4, 0, 1) == 4);
  CHECK(set.labels.at(4, 0, 2) == 1);
  CHECK(set.origins[0] == Origin{1, 80});
  CHECK(set.origins[4] == Origin{1, 80});
  CHECK(findings.count(FindingKind::short_recording) == 10);
  CHECK(findings.count(FindingKind::rate) == 0);
}

TEST_CASE("corrected: pauses cut, time stamps that cannot be used are reported") {
  const Raw raw;
  std::string text = heads();
  for (int i = 0; i < 700; ++i) text += row(i, "sitting", 20LL * i + (i >= 350 ? 5000 : 0));
  raw.folder.write("Participant_1.csv", text);
  Findings findings;
  CHECK(raw.read({}, findings).windows.count == 10);
  CHECK(findings.count(FindingKind::gap) == 1);
  CHECK_THAT(findings.text(), Contains("Participant_1.csv:353: gap in time: 5.02 s"));
  text = heads();
  for (int i = 0; i < 700; ++i) text += row(i, "sitting", 1390000000000LL);
  raw.folder.write("Participant_1.csv", text);
  Findings more;
  CHECK(raw.read({}, more).windows.count == 10);
  CHECK(more.count(FindingKind::rate) == 1);
}

TEST_CASE("malformed Shoaib files end in one line that names file and row") {
  const Raw raw;
  Findings findings;
  CHECK_THROWS_WITH(raw.read({}, findings), Contains("holds no Participant_1.csv"));
  const auto broken = [&](const std::string& text, const std::string& want) {
    raw.folder.write("Participant_1.csv", text);
    CHECK_THROWS_WITH(raw.read({}, findings), Contains(want) && !Contains("\n"));
  };
  broken("", "ends within its two rows of heads");
  broken(heads(), "holds no rows");
  broken("a,b\nc,d\n", "Participant_1.csv:1: 2 columns, expected 70");
  std::string other = heads();
  other.replace(other.find("Ax"), 2, "Bx");
  broken(other, "column 2 is 'Bx'");
  std::string bad = row(0, "walking", 5);
  bad.replace(bad.find(','), 1, ",one");
  broken(heads() + bad, "Participant_1.csv:3: column 2 is 'one0.000000'");
  broken(heads() + "1,2,3\n", "Participant_1.csv:3: 3 columns");
  raw.folder.write("Participant_x.csv", heads());
  broken(rows(320, [](int) { return word("sitting"); }), "Participant_x.csv: unexpected name");
}
