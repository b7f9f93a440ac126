// SPDX-License-Identifier: MIT
#include "gyrograd/train/cell_log.hpp"

#include "support/catch.hpp"
#include "support/files.hpp"
#include "support/temp_folder.hpp"

using namespace gyrograd;
using namespace gyrograd::testing;
using train::CellLog;
using train::Json;

TEST_CASE("a grid goes on where it was, with the same numbers") {
  const TempFolder folder;
  const auto path = folder / "cells.jsonl";
  const Json grid{{"data", "1a2b"}, {"c", 1.0}};
  {
    CellLog log(path, grid, false);
    log.add("a|5|1", {{"accuracy", 0.1 + 0.2}});
    log.add("a|5|2", {{"accuracy", 1.0 / 3}});
  }
  CellLog log(path, grid, true);
  CHECK(log.size() == 2);
  REQUIRE(log.find("a|5|1") != nullptr);
  CHECK((*log.find("a|5|1"))["accuracy"].get<double>() == 0.1 + 0.2);
  CHECK(log.find("a|5|3") == nullptr);
  log.add("a|5|3", {{"accuracy", 1}});
  CHECK(CellLog(path, grid, true).size() == 3);
}

TEST_CASE("a line cut off by the end of the process is dropped, wherever it was cut") {
  const TempFolder folder;
  const auto path = folder / "cells.jsonl";
  const Json grid{{"data", "1a2b"}};
  {
    CellLog log(path, grid, false);
    log.add("first", {{"accuracy", 0.5}});
    log.add("second", {{"accuracy", 0.25}});
  }
  const std::string whole = file_text(path);
  const std::size_t last = whole.find("second");
  for (std::size_t cut = whole.find('\n', whole.find("first")) + 2; cut < whole.size(); cut += 7) {
    write_text(path, whole.substr(0, cut));
    CellLog log(path, grid, true);
    INFO(cut << " of " << whole.size() << ", second at " << last);
    CHECK(log.size() == 1);
    log.add("second", {{"accuracy", 0.25}});
    CHECK(file_text(path) == whole);
  }
  write_text(path, whole.substr(0, 5));
  CHECK(CellLog(path, grid, true).size() == 0);
}

TEST_CASE("cells of another grid and damaged files are refused") {
  const TempFolder folder;
  const auto path = folder / "cells.jsonl";
  { CellLog(path, {{"data", "1a2b"}}, false).add("x", {{"accuracy", 1}}); }
  CHECK_THROWS_WITH(CellLog(path, {{"data", "ffff"}}, true),
                    Catch::Contains("cells of another grid: data was \"1a2b\", now \"ffff\""));
  write_text(path, "{\"event\":\"grid\",\"identity\":{}}\nnonsense\n");
  CHECK_THROWS_WITH(CellLog(path, Json::object(), true), Catch::Contains("line 2 is damaged"));
  write_text(path, "[1]\n");
  CHECK_THROWS_WITH(CellLog(path, Json::object(), true), Catch::Contains("line 1 is damaged"));
  CHECK(CellLog(path, Json::object(), false).size() == 0);
}
