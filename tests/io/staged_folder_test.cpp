// SPDX-License-Identifier: MIT
#include "gyrograd/io/staged_folder.hpp"

#include "support/catch.hpp"
#include "support/files.hpp"
#include "support/temp_folder.hpp"

using namespace gyrograd;
using Catch::Matchers::Contains;
using gyrograd::testing::entry_count;
using gyrograd::testing::file_text;
using gyrograd::testing::write_text;

TEST_CASE("a folder appears when it is committed, and not before") {
  const testing::TempFolder scratch;
  const std::filesystem::path target = scratch / "set";
  {
    const io::StagedFolder staged(target, "set.json");
    write_text(staged.path() / "x", "half");
    CHECK_FALSE(std::filesystem::exists(target));
  }
  CHECK(entry_count(scratch.path()) == 0);  // nothing stays behind an exception
  {
    io::StagedFolder staged(target / "", "set.json");
    write_text(staged.path() / "set.json", "one");
    staged.commit();
  }
  CHECK(file_text(target / "set.json") == "one");
  CHECK(entry_count(scratch.path()) == 1);
}

TEST_CASE("a set is replaced as a whole, other folders and files never") {
  const testing::TempFolder scratch;
  const std::filesystem::path target = scratch / "set";
  std::filesystem::create_directories(target);
  write_text(target / "set.json", "old");
  write_text(target / "shard", "old");
  {
    io::StagedFolder staged(target, "set.json");
    write_text(staged.path() / "set.json", "new");
    CHECK(file_text(target / "set.json") == "old");
    staged.commit();
  }
  CHECK(file_text(target / "set.json") == "new");
  CHECK(entry_count(target) == 1);
  CHECK(entry_count(scratch.path()) == 1);
  std::filesystem::remove(target / "set.json");
  write_text(target / "letters.txt", "mine");
  CHECK_THROWS_WITH(io::StagedFolder(target, "set.json"), Contains("holds other files and no set.json"));
  CHECK(file_text(target / "letters.txt") == "mine");
  CHECK_THROWS_WITH(io::StagedFolder(target / "letters.txt", "set.json"), Contains("is no folder"));
  CHECK_THROWS_WITH(io::StagedFolder(target / "letters.txt/x", "set.json"), Contains("cannot create"));
}
