// SPDX-License-Identifier: MIT
#include "gyrograd/data/readers/csv_json.hpp"

#include "support/catch.hpp"
#include "support/temp_folder.hpp"

using namespace gyrograd;
using namespace gyrograd::data;
using Catch::Matchers::Contains;

TEST_CASE("a description is read with all its keys") {
  const testing::TempFolder folder;
  const CsvFormat f = read_csv_format(folder.write("d.json", R"({
    "columns": ["a", "b", "c"], "units": ["mg"], "rate_hz": 100, "time": "t", "time_unit": "us", "gap_s": 0.1,
    "separator": "tab", "header": false, "mixed_labels": true, "source": "s", "licence": "l", "citation": "c",
    "labels": [{"name": "activity", "column": "5", "classes": ["x", "y"]}, {"name": "user", "column": "file"}]})"));
  CHECK(f.columns.size() == 3);
  CHECK(f.units == std::vector<std::string>{"mg"});
  CHECK(f.rate == 100);
  CHECK(f.time_unit == 1e-6);
  CHECK(f.gap == 0.1);
  CHECK(f.separator == '\t');
  CHECK_FALSE(f.header);
  CHECK(f.mixed);
  REQUIRE(f.labels.size() == 2);
  CHECK(f.labels[0].classes == std::vector<std::string>{"x", "y"});
  CHECK(f.labels[1].column == "file");
  CHECK(f.licence == "l");
}

TEST_CASE("wrong descriptions end in one line") {
  const testing::TempFolder folder;
  const auto read = [&](const std::string& text) { return read_csv_format(folder.write("d.json", text)); };
  const std::string good = R"("columns": ["a"], "units": ["g"], "rate_hz": 50)";
  CHECK(read("{" + good + "}").rate == 50);
  CHECK_THROWS_WITH(read("{}"), Contains("d.json: no sensor columns"));
  CHECK_THROWS_WITH(read("{" + good + R"(, "seperator": ";"})"), Contains("did you mean 'separator'"));
  CHECK_THROWS_WITH(read("{" + good + R"(, "separator": "::"})"), Contains("expected comma, semicolon"));
  CHECK_THROWS_WITH(read("{" + good + R"(, "time_unit": "min"})"), Contains("expected s, ms, us or ns"));
  CHECK_THROWS_WITH(read("{" + good + R"(, "labels": {"a": 1}})"), Contains("expected a list"));
  CHECK_THROWS_WITH(read("{" + good + R"(, "labels": [{"name": "a"}]})"), Contains("name and column"));
  CHECK_THROWS_WITH(read("{" + good + R"(, "gap_s": -1})"), Contains("gap of -1") || Contains("gap -1"));
}
