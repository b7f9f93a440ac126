// SPDX-License-Identifier: MIT
// The experiments of the PRIMUS paper in small: figures, interruption, bad options.
#include <chrono>
#include <csignal>
#include <random>
#include <string>
#include <vector>

#include "cli/bad_case.hpp"
#include "cli/tool.hpp"
#include "support/catch.hpp"

using namespace gyrograd::testing;

namespace {

const std::string small =
    " --users 8 --windows 640 --width 16 --epochs 1 --batch 32 --shots 2,all --seeds 2 --quiet --out study";

int count(const std::string& text, const std::string& part) {
  int n = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++n;
  return n;
}

}  // namespace

TEST_CASE("reproduce redraws three figures for two probes and judges the orderings", "[cli][primus]") {
  const TempFolder scratch;
  const Outcome outcome =
      run_tool(scratch.path(), split("primus reproduce --fractions 0.1,1" + small + " --shots 2 --seeds 1"));
  INFO(outcome.err);
  CHECK(outcome.code == 2);  // --shots is given twice
  const Outcome good =
      run_tool(scratch.path(),
               split("primus reproduce --users 8 --windows 640 --width 16 --epochs 1 --batch 32 --shots 2 "
                     "--seeds 1 --fractions 0.1,1 --quiet --out study"));
  INFO(good.err);
  REQUIRE(good.code == 0);
  const std::string page = file_text(scratch / "study/report.html");
  CHECK(count(page, "<svg") == 6);
  CHECK(page.find("Figure 6") != std::string::npos);
  CHECK(page.find("1 of the paper&#39;s 5 trials") != std::string::npos);
  const std::string table = file_text(scratch / "study/table.json");
  for (const char* unit :
       {"primus|1|1", "primus|0.1|1", "mm|0.1|1", "ss+nn|1|1", "multitask|1|1", "standard|1|1"})
    CHECK(table.find(unit) != std::string::npos);
  CHECK(good.out.find("converged: MM is better than SS") != std::string::npos);
  CHECK(good.out.find("standard error") == std::string::npos);  // one trial has none
}

TEST_CASE("an efficiency run killed at any moment and resumed gives the same report", "[cli][primus]") {
  const TempFolder whole, broken;
  const std::string line = "primus efficiency --fractions 0.5,1" + small;
  REQUIRE(run_tool(whole.path(), split(line)).code == 0);
  std::mt19937 random(5);
  std::uniform_int_distribution<int> pause(300, 1500);
  for (int kills = 0;; ++kills) {
    ToolProcess process(broken.path(), split(line + " --resume"));
    const Outcome outcome =
        kills < 6 ? process.signal_after(std::chrono::milliseconds(pause(random)), SIGKILL) : process.wait();
    INFO("after " << kills << " kills: " << outcome.err);
    if (outcome.code == 0) break;
    REQUIRE(outcome.code == 128 + SIGKILL);
  }
  for (const char* name : {"study/table.json", "study/report.html"})
    CHECK(file_text(whole / name) == file_text(broken / name));
}

TEST_CASE("the studies read a prepared set, with and without vectors", "[cli][primus]") {
  const TempFolder scratch;
  REQUIRE(run_tool(scratch.path(), split("primus synth dataset/own --users 8 --windows 640 --width 16 "
                                         "--video-width 12 --quiet"))
              .code == 0);
  const std::string options = " --set own --epochs 1 --batch 32 --shots 2 --seeds 1 --quiet --out ";
  const Outcome good =
      run_tool(scratch.path(),
               split("primus reproduce --methods primus,mm,multitask --fractions 0.5,1" + options + "a"));
  INFO(good.err);
  REQUIRE(good.code == 0);
  const std::string page = file_text(scratch / "a/report.html"), table = file_text(scratch / "a/table.json");
  CHECK(page.find("set own: 640 windows of 8 users") != std::string::npos);
  CHECK(page.find("synthetic") == std::string::npos);
  CHECK(table.find("primus|0.5|1") != std::string::npos);
  CHECK(table.find("published") != std::string::npos);
  CHECK(table.find("ss|1|1") == std::string::npos);
  CHECK(run_tool(scratch.path(), split("primus efficiency --fractions 0.5" + options + "b")).code == 0);

  for (const char* part : {"train", "val", "test"})
    for (const char* file : {"text.npy", "video.npy"})
      fs::remove(scratch / "dataset/own" / part / "shard_0000" / file);
  const Outcome alone = run_tool(scratch.path(), split("primus reproduce --width 16" + options + "c"));
  INFO(alone.err);
  REQUIRE(alone.code == 0);
  const std::string plain = file_text(scratch / "c/table.json");
  CHECK(plain.find("ss|1|1") != std::string::npos);
  CHECK(plain.find("standard|1|1") != std::string::npos);
  CHECK(plain.find("primus|1|1") == std::string::npos);
  CHECK(plain.find("published") == std::string::npos);  // no text vectors to start from
  check(scratch.path(), {"shares of vectors that are not there", split("primus efficiency --set own"), 2,
                         "neither text nor video vectors"});
  check(scratch.path(), {"a method that needs vectors", split("primus reproduce --set own --methods mm"), 2,
                         "needs text or video vectors"});
}

TEST_CASE("bad options of the studies end in one line", "[cli][primus]") {
  const TempFolder scratch;
  const std::vector<Case> cases = {
      {"share above one", split("primus efficiency --fractions 0.5,2"), 2,
       "expected numbers above 0 up to 1"},
      {"share twice", split("primus efficiency --fractions 0.5,0.5"), 2, "names 0.5 twice"},
      {"too few users", split("primus reproduce --users 3"), 2, "expected a whole number in 6.."},
      {"too few windows", split("primus reproduce --users 6 --windows 60"), 2,
       "give more --windows or --users"},
      {"shots are words", split("primus reproduce --shots few"), 2, "expected whole numbers"},
      {"unknown method", split("primus reproduce --methods primos"), 2, "did you mean 'primus'"},
      {"unknown set", split("primus reproduce --set nowhere"), 2, "unknown set 'nowhere'"},
      {"people of another set", split("primus reproduce --set nowhere --users 9"), 2,
       "leave it out with --set"},
      {"no recordings", split("primus simclr nowhere"), 1, "nowhere"},
      {"unknown view", split("primus simclr nowhere --views rotatoin"), 1, "rotation"},
  };
  for (const Case& one : cases) check(scratch.path(), one);
}
