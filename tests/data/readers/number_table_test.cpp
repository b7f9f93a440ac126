// SPDX-License-Identifier: MIT
#include "gyrograd/data/readers/number_table.hpp"

#include "support/catch.hpp"
#include "support/temp_folder.hpp"

using namespace gyrograd;
using namespace gyrograd::data;
using Catch::Matchers::Contains;

TEST_CASE("blanks, tabs, signs, exponents, CRLF and blank lines are read") {
  const testing::TempFolder folder;
  const NumberTable t = read_number_table(folder.write("a.txt", " 1 -2.5\t+3e2 \r\n\r\n4 5 6\n\n7 8 9"), 3);
  CHECK(t.rows() == 3);
  CHECK(t.at(0, 1) == -2.5);
  CHECK(t.at(0, 2) == 300.0);
  CHECK(t.lines == std::vector<Index>{1, 3, 5});
  CHECK_THAT(t.where(2), Contains("a.txt:5"));
}

TEST_CASE("malformed rows are located by file and line") {
  const testing::TempFolder folder;
  const auto read = [&](const std::string& text) {
    return read_number_table(folder.write("b.txt", text), 3);
  };
  CHECK_THROWS_WITH(read("1 2 3\n1 2\n"), Contains("b.txt:2: 2 columns, expected 3"));
  CHECK_THROWS_WITH(read("1 2 3 4\n"), Contains("b.txt:1: 4 columns, expected 3"));
  CHECK_THROWS_WITH(read("1 2 3\n\n1 nan 3\n"), Contains("b.txt:3: column 2 is 'nan'"));
  CHECK_THROWS_WITH(read("1 2 inf\n"), Contains("column 3"));
  CHECK_THROWS_WITH(read("1,2,3\n"), Contains("'1,2,3'"));
  CHECK_THROWS_WITH(read("1 2 3x\n"), Contains("'3x'"));
  CHECK_THROWS_WITH(read("1 2 1e999\n"), Contains("'1e999'"));
  CHECK_THROWS_WITH(read("1 2 +-3\n"), Contains("'+-3'"));
  CHECK_THROWS_WITH(read(std::string("1 2 \0\n", 6)), Contains("\\x00"));
  CHECK_THROWS_WITH(read(""), Contains("is empty"));
  CHECK_THROWS_WITH(read("\n  \n"), Contains("is empty"));
  CHECK_THROWS_AS(read_number_table(folder / "absent.txt", 3), IoError);
  CHECK_THROWS_AS(read_number_table(folder.path(), 3), IoError);
}

TEST_CASE("a header is checked and leading columns are left out") {
  const testing::TempFolder folder;
  const TableFormat format{',', {"", "x", "y"}, 1};
  const NumberTable t = read_number_table(folder.write("c.csv", ",x,y\r\n0,1.5,2\r\n1,3,4\r\n"), 2, format);
  CHECK(t.values == std::vector<double>{1.5, 2, 3, 4});
  CHECK(t.lines == std::vector<Index>{2, 3});
  CHECK_THROWS_WITH(read_number_table(folder.write("c.csv", ",x,z\n0,1,2\n"), 2, format),
                    Contains("c.csv:1: header ',x,z', expected ',x,y'"));
  CHECK_THROWS_WITH(read_number_table(folder.write("c.csv", ",x,y\n0,1\n"), 2, format),
                    Contains("c.csv:2: 2 columns, expected 3"));
  CHECK_THROWS_WITH(read_number_table(folder.write("c.csv", ",x,y\n"), 2, format), Contains("is empty"));
}
