// SPDX-License-Identifier: MIT
#include "gyrograd/data/readers/text_rows.hpp"

#include <array>

#include "support/catch.hpp"
#include "support/temp_folder.hpp"

using namespace gyrograd;
using namespace gyrograd::data;
using Catch::Matchers::Contains;

namespace {

struct Text {
  testing::TempFolder folder;
  TextRows rows(const std::string& text, TextFormat format = {',', '\n'}) const {
    return TextRows(folder.write("t.csv", text), format);
  }
};

}  // namespace

TEST_CASE("byte order mark, CRLF, quotes, blanks and blank lines are taken off") {
  const Text text;
  TextRows rows = text.rows(
      "\xEF\xBB\xBF"
      "code, \"weight\" ,x\r\n\r\n 1 ,2.5,\r\n\n,,\n3,4,5");
  REQUIRE(rows.next());
  CHECK(rows.fields() == std::vector<std::string_view>{"code", "weight", "x"});
  REQUIRE(rows.next());
  CHECK(rows.line() == 3);
  CHECK(rows.number(1) == 2.5);
  CHECK(rows[2].empty());
  REQUIRE(rows.next());
  CHECK(rows.size() == 3);
  CHECK(rows[0].empty());
  REQUIRE(rows.next());
  CHECK(rows.line() == 6);
  CHECK(rows.whole(2, 0, 9) == 5);
  CHECK_FALSE(rows.next());
}

TEST_CASE("records may end in a character of their own, with several in a line or across lines") {
  const Text text;
  TextRows rows = text.rows("1,a;2,b;\n3,c;4\n5,d;\n", {',', ';'});
  std::vector<std::string> got;
  std::vector<Index> lines;
  while (rows.next()) {
    got.push_back(std::string(rows[0]));
    lines.push_back(rows.line());
  }
  CHECK(got == std::vector<std::string>{"1", "2", "3", "4", "5"});
  CHECK(lines == std::vector<Index>{1, 1, 2, 2, 3});
}

TEST_CASE("tabs can be borders") {
  const Text text;
  TextRows rows = text.rows("a\t\tb\t\n", {'\t', '\n'});
  REQUIRE(rows.next());
  CHECK(rows.fields() == std::vector<std::string_view>{"a", "", "b", ""});
}

TEST_CASE("wrong fields are located and say what was expected") {
  const Text text;
  TextRows rows = text.rows("user,activity\nx,wlking\n");
  REQUIRE(rows.next());
  CHECK(rows.column("activity") == 1);
  CHECK_THROWS_WITH(rows.column("usr"), Contains("t.csv:1") && Contains("did you mean 'user'"));
  CHECK_THROWS_WITH(rows.expect_header({"user", "label"}), Contains("expected 'user,label'"));
  REQUIRE(rows.next());
  const std::array<std::string_view, 2> words{"walking", "sitting"};
  CHECK_THROWS_WITH(rows.word(1, words), Contains("t.csv:2: column 2 is 'wlking'") &&
                                             Contains("walking, sitting") &&
                                             Contains("did you mean 'walking'"));
  CHECK_THROWS_WITH(rows.number(0), Contains("t.csv:2: column 1 is 'x', expected a finite number"));
  CHECK_THROWS_WITH(rows.whole(0, 1, 36), Contains("a whole number in 1..36"));
  CHECK_THROWS_WITH(rows.expect(3), Contains("2 columns, expected 3"));
}

TEST_CASE("a file of separators only does not exhaust memory") {
  const Text text;
  TextRows rows = text.rows(std::string(100'000, ','));
  CHECK_THROWS_WITH(rows.next(), Contains("more than 4096 columns"));
}
