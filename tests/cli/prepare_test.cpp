// SPDX-License-Identifier: MIT
// From text files to a prepared set and its description, with the tool.
#include <string>
#include <vector>

#include "cli/bad_case.hpp"
#include "cli/good_run.hpp"
#include "cli/tool.hpp"
#include "support/catch.hpp"

using namespace gyrograd::testing;

namespace {

/// Rows at 50 Hz: time in ms, acc in g, a word; one row lacks a value.
std::string rows(const std::string& what) {
  std::string text = "t,x,y,z,what\n";
  for (int i = 0; i < 400; ++i) {
    text += std::to_string(20 * i) + (i == 7 ? "," : ",0.0" + std::to_string(i % 7)) + ",1.0" +
            std::to_string(i % 5) + ",0.1" + std::to_string(i % 3) + ',' + what + "\n";
  }
  return text;
}

}  // namespace

TEST_CASE("text files become a set with card, origins and findings, and statistic describes it",
          "[cli][prepare]") {
  const TempFolder scratch;
  const fs::path& root = scratch.path();
  spill(root / "raw/anna/one.csv", rows("walk"));
  spill(root / "raw/bert/two.csv", rows("sit"));
  spill(root / "raw/carl/three.csv", rows("sit"));
  const std::string line =
      "prepare csv raw --name mine --columns x,y,z --units g --time t --time-unit ms --window 40 "
      "--labels activity=what,user=folder";
  CHECK(has(run(root, line + " --dry-run").out, "windows 12 x 40 steps x 3 channels"));
  CHECK_FALSE(fs::exists(root / "dataset"));
  const Outcome made = run(root, line);
  CHECK(has(made.out, "  walk 4\n"));
  CHECK(has(made.err, "3 x missing value, first raw/anna/one.csv:9: column 2 is empty"));
  for (const char* file :
       {"data_20_40.npy", "label_20_40.npy", "origin_20_40.npy", "card.json", "card_20_40.json"})
    CHECK(fs::exists(root / "dataset/mine" / file));
  CHECK(has(file_text(root / "dataset/mine/findings_20_40.txt"), "raw/carl/three.csv:9: missing value"));
  CHECK(has(file_text(root / "dataset/mine/card.json"), "\"recipe\": \"corrected\""));
  CHECK(run_tool(root, split(line)).code == 1);  // never replaced silently
  run(root, line + " --force");

  const Outcome told = run(root, "statistic mine 20_40");
  CHECK(has(told.out, "mine 20_40: 12 windows of 40 steps (2 s at 20 Hz), 3 channels"));
  CHECK(has(told.out, "every window agrees with the units of the card"));
  CHECK(has(told.out, "random, as published"));
  const std::string html = file_text(root / "dataset/mine/statistic_20_40.html");
  CHECK(has(html, "<svg"));
  CHECK(has(html, "accelerometer: mean power by frequency"));
  CHECK_FALSE(has(html, "src="));
  CHECK_FALSE(has(html, "<script"));
}

TEST_CASE("another version of a set stands beside the first", "[cli][prepare]") {
  const TempFolder scratch;
  const fs::path& root = scratch.path();
  spill(root / "f.csv", rows("walk"));
  const std::string line = "prepare csv f.csv --name mine --columns x,y,z --units g --time t --time-unit ms ";
  run(root, line + "--window 40 --quiet");
  CHECK(has(run(root, line + "--rate 10 --window 30 --stride 10").err, "windows overlap: a random split"));
  CHECK(has(file_text(root / "dataset/mine/card.json"), "\"steps\": 40"));
  CHECK(has(file_text(root / "dataset/mine/card_10_30.json"), "\"stride\": 10"));
  CHECK(has(run(root, "statistic mine 10_30 --html page.html").out, "3 s at 10 Hz"));
  CHECK(fs::exists(root / "page.html"));
}

TEST_CASE("statistic refuses what it cannot describe", "[cli][bad_input]") {
  const TempFolder scratch;
  const fs::path& root = scratch.path();
  spill(root / "f.csv", rows("walk"));
  run(root,
      "prepare csv f.csv --name mine --columns x,y,z --units g --time t --time-unit ms --window 40 --quiet");
  const std::vector<Case> cases{
      {"no such set", split("statistic mien 20_40"), 2, "did you mean 'mine'"},
      {"no such version", split("statistic mine 20_41"), 2, "did you mean '20_40'"},
      {"a page that exists", split("statistic mine 20_40 --html f.csv"), 1, "--force"},
      {"a seed that is no number", split("statistic mine 20_40 --seed x"), 2, "--seed"},
      {"a card of another width", split("statistic mine 20_40"), 1,
       "the card names 2 channels, the data has 3",
       [](const fs::path& r) {
         spill(r / "dataset/mine/card_20_40.json", R"({"channels": ["x", "y"], "units": ["g", "g"]})");
       }},
      {"a card with an unknown key", split("statistic mine 20_40"), 1,
       "unknown key 'sources'; did you mean 'source'?",
       file("dataset/mine/card_20_40.json", R"({"sources": "x"})")},
      {"a card with an unknown unit", split("statistic mine 20_40"), 1, "unknown unit 'm/s'",
       file("dataset/mine/card_20_40.json", R"({"channels": ["x"], "units": ["m/s"]})")},
      {"origins of other windows", split("statistic mine 20_40"), 1, "origin_20_40.npy",
       [](const fs::path& r) {
         fs::remove(r / "dataset/mine/card_20_40.json");
         spill(r / "dataset/mine/origin_20_40.npy", "not an array");
       }},
  };
  for (const Case& one : cases) check(root, one);
}
