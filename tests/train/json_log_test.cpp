// SPDX-License-Identifier: MIT
// Every line of a log is one JSON object.
#include "gyrograd/train/json_log.hpp"

#include <cmath>
#include <filesystem>
#include <fstream>
#include <string>

#include "support/catch.hpp"
#include "support/temp_folder.hpp"

using namespace gyrograd;
using namespace gyrograd::train;

TEST_CASE("lines are objects, kept in order, appended on request", "[json_log]") {
  const testing::TempFolder folder;
  const auto path = folder / "log.jsonl";
  {
    JsonLog log(path);
    log.write("epoch", {{"epoch", 1}, {"loss", 0.5}});
    log.write("epoch", {{"loss", std::nan("")}, {"name", "a\nb\xff"}});
  }
  { JsonLog(path, true).write("done"); }
  std::ifstream in(path);
  std::string line;
  REQUIRE(std::getline(in, line));
  CHECK(line == R"({"event":"epoch","epoch":1,"loss":0.5})");
  REQUIRE(std::getline(in, line));
  CHECK(Json::parse(line)["loss"].is_null());
  REQUIRE(std::getline(in, line));
  CHECK(line == R"({"event":"done"})");
  CHECK_FALSE(std::getline(in, line));
  { JsonLog fresh(path); }
  CHECK(std::filesystem::file_size(path) == 0);
}

TEST_CASE("a log that cannot be opened is an error, an absent one is silent", "[json_log]") {
  CHECK_THROWS_AS(JsonLog("/nonexistent-folder/x.jsonl"), IoError);
  JsonLog none;
  CHECK_FALSE(none);
  none.write("dropped");
}
