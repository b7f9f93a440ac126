// SPDX-License-Identifier: MIT
#include "gyrograd/data/readers/csv.hpp"

#include <fstream>
#include <string>

#include "support/catch.hpp"
#include "support/temp_folder.hpp"

using namespace gyrograd;
using namespace gyrograd::data;
using Catch::Matchers::Contains;
namespace fs = std::filesystem;

namespace {

/// acc in g, gyro in deg/s, 50 Hz, time in ms, semicolons, a column that nobody asked for.
std::string rows(int count, const std::string& activity, long long start_ms = 0,
                 const std::string& user = "7") {
  std::string text;
  for (int i = 0; i < count; ++i) {
    const std::string w = std::to_string(i % 5);
    text += std::to_string(start_ms + 20 * i) + ";0.0" + w + ";1.0" + w + ";0.1" + w + ";9" + w + ";" + w +
            ";1" + w + ";x;" + activity + ";" + user + "\n";
  }
  return text;
}

const std::string header = "t;ax;ay;az;gx;gy;gz;note;what;who\n";

CsvFormat format() {
  CsvFormat f;
  f.separator = ';';
  f.columns = {"ax", "ay", "az", "gx", "gy", "gz"};
  f.units = {"g", "deg/s"};
  f.time = "t", f.time_unit = 1e-3;
  f.labels = {{"activity", "what", {}}, {"user", "who", {}}};
  return f;
}

struct Raw {
  testing::TempFolder folder;
  fs::path put(const std::string& name, const std::string& text) const {
    fs::create_directories((folder.path() / name).parent_path());
    std::ofstream(folder.path() / name, std::ios::binary) << text;
    return folder.path() / name;
  }
};

const WindowRule seconds{Recipe::corrected, 20, 20, 0};

}  // namespace

TEST_CASE("units, time stamps, rate and words become windows and a card") {
  const Raw raw;
  raw.put("b/two.csv", header + rows(100, "walk", 500, "10"));
  raw.put("a/one.csv", header + rows(100, "sit") + rows(50, "walk", 2000));
  raw.put("a/readme.md", "not data");
  Card card;
  Findings findings;
  const DataSet set = read_csv(raw.folder.path(), format(), seconds, card, findings);
  REQUIRE(set.windows.count == 5);
  CHECK(findings.total() == 0);
  CHECK(card.labels[0].classes == std::vector<std::string>{"sit", "walk"});
  CHECK(card.labels[1].classes == std::vector<std::string>{"7", "10"});
  CHECK(card.units == std::vector<std::string>{"m/s2", "m/s2", "m/s2", "rad/s", "rad/s", "rad/s"});
  CHECK(set.windows.window(0)[10 * 6 + 1] == Approx(1.02 * 9.80665).epsilon(0.01));
  CHECK(set.windows.window(0)[10 * 6 + 3] == Approx(92 * 0.0174533).epsilon(0.02));
  CHECK(set.labels.at(1, 0, 0) == 0);
  CHECK(set.labels.at(2, 19, 0) == 1);
  CHECK(set.labels.at(3, 0, 1) == 1);
  CHECK(set.origins[2].start == 40);
  CHECK(set.origins[3].session == 1);
}

TEST_CASE("columns by number, no header, an even rate, labels from names of file and folder") {
  const Raw raw;
  const auto file = raw.put("subject3/walk.txt", rows(60, "ignored"));
  CsvFormat f = format();
  f.header = false, f.columns = {"2", "3", "4"}, f.units = {"g"}, f.time.clear(), f.rate = 50;
  f.labels = {{"activity", "file", {"sit", "walk"}}, {"user", "folder", {}}};
  Card card;
  Findings findings;
  const DataSet set = read_csv(file, f, seconds, card, findings);
  CHECK(set.windows.count == 1);
  CHECK(set.windows.channels == 3);
  CHECK(set.labels.at(0, 0, 0) == 1);
  CHECK(card.labels[1].classes == std::vector<std::string>{"subject3"});
  f.labels.clear();
  CHECK(read_csv(file, f, seconds, card, findings).labels.columns == 1);
}

TEST_CASE("missing values, gaps and empty labels are left out and reported with file and row") {
  const Raw raw;
  std::string text = header + rows(100, "walk") + rows(100, "walk", 5000);
  text.replace(text.find("40;0.02;"), 8, "40;nan;;");  // line 4 loses x and shifts y
  text += "9000;0;1;0;1;1;1;x;;7\n";
  const auto file = raw.put("f.csv", text);
  Card card;
  Findings findings;
  CHECK_THROWS_WITH(read_csv(file, format(), seconds, card, findings),
                    Contains("f.csv:4: 11 columns, expected 10"));
  text.replace(text.find("40;nan;;"), 8, "40;nan;");
  const auto repaired = raw.put("f.csv", text);
  const DataSet set = read_csv(repaired, format(), seconds, card, findings);
  CHECK(set.windows.count == 4);
  CHECK_THAT(findings.text(), Contains("f.csv:4: missing value: column 2 is 'nan'") &&
                                  Contains("f.csv:102: gap in time: 3.02 s") &&
                                  Contains("f.csv:202: no usable label"));
  // Without time stamps a missing row is a hole of its own.
  CsvFormat f = format();
  f.time.clear(), f.rate = 50;
  Findings more;
  read_csv(repaired, f, seconds, card, more);
  CHECK(more.count(FindingKind::gap) == 1);
}

TEST_CASE("wrong descriptions and files end in one line") {
  const Raw raw;
  const auto file = raw.put("f.csv", header + rows(100, "walk"));
  Card card;
  const auto fails = [&](const std::string& want, const std::function<void(CsvFormat&)>& change,
                         const fs::path& path) {
    CsvFormat f = format();
    change(f);
    Findings findings;
    CHECK_THROWS_WITH(read_csv(path, f, seconds, card, findings), Contains(want) && !Contains("\n"));
  };
  fails(
      "f.csv:1: the header has no column 'aax'", [](CsvFormat& f) { f.columns[0] = "aax"; }, file);
  fails(
      "no sensor columns", [](CsvFormat& f) { f.columns.clear(); }, file);
  fails(
      "4 units for 6 columns",
      [](CsvFormat& f) {
        f.units = {"g", "g", "g", "g"};
      },
      file);
  fails(
      "unknown unit 'gg'", [](CsvFormat& f) { f.units[0] = "gg"; }, file);
  fails(
      "neither a rate", [](CsvFormat& f) { f.time.clear(); }, file);
  fails(
      "whole number", [](CsvFormat& f) { f.rate = 12.5; }, file);
  fails(
      "is the time unit right", [](CsvFormat& f) { f.time_unit = 1; }, file);
  fails(
      "the description says 50; is the time unit right", [](CsvFormat& f) { f.time_unit = 1, f.rate = 50; },
      file);
  fails(
      "f.csv:2: activity is 'walk', expected one of the 1 classes named; did you mean 'walks'?",
      [](CsvFormat& f) { f.labels[0].classes = {"walks"}; }, file);
  fails(
      "the unit seems to be another", [](CsvFormat& f) { f.units[0] = "g", f.columns[1] = "gx"; }, file);
  fails(
      "looks like g", [](CsvFormat& f) { f.units[0] = "m/s2"; }, file);
  fails(
      "no column '9', the row has columns 1 to 1",
      [](CsvFormat& f) {
        f.header = false, f.columns = {"9", "1", "1"}, f.units = {"g"}, f.separator = ',', f.labels.clear(),
        f.time = "1";
      },
      file);
  fails(
      "empty.csv: is empty", [](CsvFormat&) {}, raw.put("empty.csv", ""));
  fails(
      "rowless.csv: holds no usable rows", [](CsvFormat&) {}, raw.put("rowless.csv", header));
  fails(
      "word.csv:2: column 2 is 'one'", [](CsvFormat&) {},
      raw.put("word.csv", header + "1;one;1;1;1;1;1;x;a;b\n"));
  fails(
      "huge.csv:2: column 2 is '1e400'", [](CsvFormat&) {},
      raw.put("huge.csv", header + "1;1e400;1;1;1;1;1;x;a;b\n"));
  fails(
      "cannot be opened", [](CsvFormat&) {}, raw.folder / "absent.csv");
  fs::create_directories(raw.folder / "none");
  fails(
      "holds no .csv", [](CsvFormat&) {}, raw.folder / "none");
}

TEST_CASE("every damaged file is read or refused with an error of ours") {
  const Raw raw;
  const std::string good = header + rows(60, "walk");
  Index refused = 0, used = 0;
  const auto read = [&](const std::string& text) {
    Card card;
    Findings findings;
    try {
      read_csv(raw.put("f.csv", text), format(), seconds, card, findings);
      ++used;
    } catch (const Error& error) {
      CHECK_THAT(error.what(), Contains("f.csv") || Contains("generic text files"));
      ++refused;
    }
  };
  for (std::size_t n = 0; n < good.size(); n += 29) read(good.substr(0, n));
  const std::string marks("\0\n;\r\xFF-9\"", 8);
  for (std::size_t n = 0; n < good.size(); n += 13) {
    std::string bad = good;
    bad[n] = marks[n % marks.size()];
    read(bad);
  }
  CHECK(refused > 100);
  CHECK(used > 10);
}
