// SPDX-License-Identifier: MIT
#include "gyrograd/data/readers/folder.hpp"

#include "support/catch.hpp"
#include "support/temp_folder.hpp"

using namespace gyrograd;
using namespace gyrograd::data;
using Catch::Matchers::Contains;

TEST_CASE("entries come in byte order, whatever the file system says") {
  const testing::TempFolder folder;
  for (const char* name : {"sub_2.csv", "sub_10.csv", "sub_1.csv", "other.txt"}) folder.write(name, "x");
  const auto files = list_folder(
      folder.path(), [](const std::string& n) { return n.starts_with("sub_"); }, "files");
  REQUIRE(files.size() == 3);
  CHECK(files[0].filename() == "sub_1.csv");
  CHECK(files[1].filename() == "sub_10.csv");
  CHECK_THROWS_WITH(list_folder(
                        folder / "absent", [](const std::string&) { return true; }, "the folder X"),
                    Contains("cannot be listed") && Contains("expected the folder X"));
}

TEST_CASE("names are read against patterns") {
  std::vector<Index> n;
  CHECK(match_name("acc_exp12_user06.txt", "acc_exp#_user#.txt", n));
  CHECK(n == std::vector<Index>{12, 6});
  CHECK_FALSE(match_name("acc_exp12_user06.txt.bak", "acc_exp#_user#.txt", n));
  CHECK_FALSE(match_name("acc_exp_user06.txt", "acc_exp#_user#.txt", n));
  CHECK_FALSE(match_name("acc_exp-1_user06.txt", "acc_exp#_user#.txt", n));
  CHECK_FALSE(match_name("acc_exp99999999999_user06.txt", "acc_exp#_user#.txt", n));
  CHECK_FALSE(match_name("", "#", n));
}
