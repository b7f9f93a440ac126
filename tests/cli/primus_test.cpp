// SPDX-License-Identifier: MIT
// The commands that judge embeddings: tables, interruption, warnings, and bad input of every kind.
#include <chrono>
#include <cmath>
#include <csignal>
#include <cstdint>
#include <random>
#include <sstream>
#include <string>
#include <vector>

#include "cli/bad_case.hpp"
#include "cli/tool.hpp"
#include "gyrograd/core/random.hpp"
#include "gyrograd/io/npy.hpp"
#include "support/catch.hpp"

using namespace gyrograd;
using namespace gyrograd::testing;

namespace {

constexpr std::size_t windows = 240, width = 8, classes = 4;

/// Embeddings of four classes: the class direction, plus noise.
std::vector<float> embeddings(std::uint64_t seed, double noise) {
  Philox g(seed);
  std::vector<float> out;
  for (std::size_t i = 0; i < windows; ++i)
    for (std::size_t d = 0; d < width; ++d)
      out.push_back(static_cast<float>((d == i % classes ? 1.0 : 0.0) + noise * normal(g)));
  return out;
}

std::vector<std::int64_t> numbers(std::size_t count, std::size_t modulo, std::size_t divide = 1) {
  std::vector<std::int64_t> out;
  for (std::size_t i = 0; i < count; ++i) out.push_back(static_cast<std::int64_t>(i / divide % modulo));
  return out;
}

/// A folder with two encoders, labels, users (of 8), takes, and text vectors.
class Study {
 public:
  Study() {
    io::write_npy(root() / "good.npy", embeddings(1, 0.3), {windows, width});
    io::write_npy(root() / "poor.npy", embeddings(2, 1.5), {windows, width});
    io::write_npy(root() / "labels.npy", numbers(windows, classes), {windows});
    io::write_npy(root() / "users.npy", numbers(windows, 8, 30), {windows});
    io::write_npy(root() / "takes.npy", numbers(windows, 24, 10), {windows});
    std::vector<float> text(classes * width, 0.0F);
    for (std::size_t k = 0; k < classes; ++k) text[k * width + k] = 2;
    io::write_npy(root() / "text.npy", text, {classes, width});
    io::write_npy(root() / "wide.npy", std::vector<float>(windows * 3, 1.0F), {windows, 3});
    io::write_npy(root() / "short.npy", std::vector<float>(10 * width, 1.0F), {10, width});
    io::write_npy(root() / "few_text.npy", std::vector<float>(2 * width, 1.0F), {2, width});
    io::write_npy(root() / "wide_text.npy", std::vector<float>(classes * 3, 1.0F), {classes, 3});
    io::write_npy(root() / "zero.npy", std::vector<float>(windows * width, 0.0F), {windows, width});
    io::write_npy(root() / "one_class.npy", std::vector<std::int64_t>(windows, 0), {windows});
  }
  const fs::path& root() const { return scratch_.path(); }
  Outcome run(const std::string& line) const { return run_tool(root(), split(line)); }

 private:
  TempFolder scratch_;
};

const std::string grid =
    "primus probe good=good.npy,poor=poor.npy labels.npy --users users.npy --takes takes.npy "
    "--class-vectors text.npy --shots 1,2,5,20,all --seeds 4 --out study";

}  // namespace

TEST_CASE("help of the commands that judge fits a terminal", "[cli][primus]") {
  const TempFolder scratch;
  for (const char* command :
       {"embed", "probe", "zero-shot", "retrieve", "simclr", "efficiency", "reproduce"}) {
    const Outcome outcome = run_tool(scratch.path(), {"primus", command, "--help"});
    INFO(command << '\n' << outcome.err << outcome.out);
    CHECK(outcome.code == 0);
    std::istringstream lines(outcome.out);
    for (std::string line; std::getline(lines, line);) CHECK(line.size() <= 79);
  }
}

TEST_CASE("a probe grid ranks a good and a poor encoder", "[cli][primus]") {
  const Study study;
  const Outcome outcome = study.run(grid + " --quiet");
  INFO(outcome.err);
  REQUIRE(outcome.code == 0);
  CHECK(outcome.err.empty());
  const std::string table = file_text(study.root() / "study/table.json");
  CHECK(table.find("held-out users") != std::string::npos);
  CHECK(table.find("\"standard_error\"") != std::string::npos);
  const std::string page = file_text(study.root() / "study/report.html");
  CHECK(page.find("<svg") != std::string::npos);
  CHECK(page.find("fewest takes behind a cell: ") != std::string::npos);
  CHECK(outcome.out.find("good    converged  ") != std::string::npos);
  CHECK(outcome.out.find("+-") != std::string::npos);
}

TEST_CASE("a grid killed at any moment and resumed gives the same table", "[cli][primus]") {
  const Study whole, broken;
  REQUIRE(whole.run(grid + " --quiet").code == 0);
  std::mt19937 random(3);
  std::uniform_int_distribution<int> pause(4, 90);
  int kills = 0;
  for (;; ++kills) {
    ToolProcess process(broken.root(), split(grid + " --quiet --resume"));
    const std::chrono::milliseconds wait(pause(random) * (1 + kills));  // slow machines get there, too
    const Outcome outcome = kills < 15 ? process.signal_after(wait, SIGKILL) : process.wait();
    INFO("after " << kills << " kills: " << outcome.err);
    if (outcome.code == 0) break;
    REQUIRE(outcome.code == 128 + SIGKILL);
  }
  WARN(kills << " kills");
  for (const char* name : {"study/table.json", "study/report.html"})
    CHECK(file_text(whole.root() / name) == file_text(broken.root() / name));
}

TEST_CASE("threads change no bit of a grid", "[cli][primus]") {
  const Study one, three;
  REQUIRE(one.run(grid + " --quiet --threads 1").code == 0);
  REQUIRE(three.run(grid + " --quiet --threads 3").code == 0);
  CHECK(file_text(one.root() / "study/table.json") == file_text(three.root() / "study/table.json"));
}

TEST_CASE("what weakens a table is said in it", "[cli][primus]") {
  const Study study;
  const auto warning = [&](const std::string& line, const std::string& part) {
    const Outcome outcome = study.run(line + " --force --probes knn --seeds 1");
    INFO(line << '\n' << outcome.err);
    CHECK(outcome.code == 0);
    CHECK(outcome.err.find(part) != std::string::npos);
    CHECK(file_text(study.root() / "probe/table.json").find(part) != std::string::npos);
    CHECK(file_text(study.root() / "probe/report.html").find(part) != std::string::npos);
  };
  warning("primus probe good.npy labels.npy --shots 5", "users are not known");
  warning("primus probe good.npy labels.npy --shots 5 --users users.npy --split random",
          "8 of 8 users are in both");
  warning("primus probe good.npy labels.npy --shots 500 --users users.npy",
          "fewer than 500 training windows");
  warning("primus probe good.npy labels.npy --shots 5 --users users.npy --class-names a,b,c,d,e",
          "classes with fewer than 5 training windows: e (0)");
  warning(
      "primus probe good.npy labels.npy --shots 5 --users users.npy --test-embeddings poor.npy "
      "--test-labels labels.npy --test-users users.npy",
      "8 of 8 users are in both");
}

TEST_CASE("zero-shot and retrieval write their scores", "[cli][primus]") {
  const Study study;
  const Outcome zero =
      study.run("primus zero-shot good.npy labels.npy --users users.npy --class-vectors text.npy");
  INFO(zero.err);
  CHECK(zero.code == 0);
  CHECK(zero.out.find("accuracy ") != std::string::npos);
  CHECK(file_text(study.root() / "zero_shot/scores.json").find("\"confusion\"") != std::string::npos);
  const Outcome found = study.run("primus retrieve good.npy good.npy --out r.json");
  CHECK(found.code == 0);
  CHECK(found.out.find("240 candidates") != std::string::npos);
  CHECK(found.out.find("MRR 1.0000") != std::string::npos);
  const Outcome some = study.run("primus retrieve good.npy poor.npy --candidates 16 --ties optimistic");
  CHECK(some.out.find("16 candidates") != std::string::npos);
}

TEST_CASE("standard training is a row beside the probes", "[cli][primus]") {
  const Study study;
  std::vector<float> waves;
  for (std::size_t i = 0; i < windows; ++i)
    for (std::size_t t = 0; t < 123; ++t)
      for (std::size_t c = 0; c < 6; ++c)
        waves.push_back(std::sin(static_cast<float>(t * (i % classes + 1)) / 8 + static_cast<float>(c)));
  io::write_npy(study.root() / "windows.npy", waves, {windows, 123, 6});
  const std::string line = "primus probe good.npy labels.npy --users users.npy --shots 5 --seeds 2 --quiet ";
  const Outcome outcome = study.run(line + "--standard windows.npy --width 8 --out with");
  INFO(outcome.err);
  REQUIRE(outcome.code == 0);
  const std::string table = file_text(study.root() / "with/table.json");
  CHECK(table.find("\"trained\"") != std::string::npos);
  CHECK(outcome.out.find("standard  trained") != std::string::npos);
  check(study.root(), {"too few windows", split(line + "--standard good.npy"), 1, "good.npy"});
}

TEST_CASE("files that do not belong together end in one line", "[cli][primus]") {
  const Study study;
  const std::string probe = "primus probe ";
  const std::vector<Case> cases = {
      {"no subcommand", {"primus"}, 2, "no command given"},
      {"unknown subcommand", split("primus prove"), 2, "did you mean 'probe'"},
      {"no labels", split(probe + "good.npy"), 2, "LABELS is missing"},
      {"absent embeddings", split(probe + "gone.npy labels.npy"), 1, "gone.npy"},
      {"too few labels", split(probe + "short.npy labels.npy"), 1,
       "short.npy: 10 windows, but labels.npy has 240"},
      {"two encoders of one name", split(probe + "good.npy,good.npy labels.npy"), 2,
       "two embeddings named 'good'"},
      {"an empty name", split(probe + "=good.npy labels.npy"), 2, "expected FILE or NAME=FILE"},
      {"a comma too many", split(probe + "good.npy, labels.npy"), 2, "single commas"},
      {"labels are features", split(probe + "good.npy poor.npy"), 1, "poor.npy: array of shape"},
      {"features are labels", split(probe + "labels.npy labels.npy"), 1, "labels.npy: array of shape"},
      {"one class", split(probe + "good.npy one_class.npy"), 2, "expected at least 2"},
      {"too few names", split(probe + "good.npy labels.npy --class-names a,b"), 2, "the largest label is 3"},
      {"users of another set", split(probe + "good.npy labels.npy --users short.npy"), 1, "short.npy"},
      {"split by unknown users", split(probe + "good.npy labels.npy --split user"), 2, "needs --users"},
      {"unknown split", split(probe + "good.npy labels.npy --split take"), 2,
       "expected one of auto, user, random"},
      {"text of another width", split(probe + "good.npy labels.npy --class-vectors wide_text.npy"), 1,
       "class vectors of width 3, but good.npy has width 8"},
      {"a class without text", split(probe + "good.npy labels.npy --class-vectors few_text.npy"), 1,
       "no vector for class 2"},
      {"text for a class too many", split(probe + "good.npy labels.npy --class-vectors good.npy"), 1,
       "a vector for class 239, but the labels have classes 0 to 3"},
      {"text labels without text", split(probe + "good.npy labels.npy --class-vector-labels labels.npy"), 2,
       "without --class-vectors"},
      {"published probe without text", split(probe + "good.npy labels.npy --probes published"), 2,
       "give --class-vectors"},
      {"unknown probe", split(probe + "good.npy labels.npy --probes svm"), 2,
       "expected converged, published or knn"},
      {"probe twice", split(probe + "good.npy labels.npy --probes knn,knn"), 2, "names knn twice"},
      {"shots are words", split(probe + "good.npy labels.npy --shots 1,few"), 2, "expected whole numbers"},
      {"no shots", split(probe + "good.npy labels.npy --shots 0"), 2, "expected whole numbers from 1"},
      {"shots twice", split(probe + "good.npy labels.npy --shots 5,5"), 2, "names 5 twice"},
      {"takes asked for, not known", split(probe + "good.npy labels.npy --shots-over takes"), 2,
       "needs --takes"},
      {"test embeddings alone", split(probe + "good.npy labels.npy --test-embeddings poor.npy"), 2,
       "belong together"},
      {"test users alone", split(probe + "good.npy labels.npy --test-users users.npy"), 2,
       "without --test-embeddings"},
      {"test of another encoder",
       split(probe + "good.npy labels.npy --test-embeddings wide.npy --test-labels labels.npy"), 1,
       "both must come from one encoder"},
      {"resume and force", split(probe + "good.npy labels.npy --resume --force"), 2, "exclude"},
      {"zero-shot without text", split("primus zero-shot good.npy labels.npy"), 2,
       "--class-vectors is missing"},
      {"retrieval across widths", split("primus retrieve good.npy wide.npy"), 1,
       "both must come from one space"},
      {"retrieval across counts", split("primus retrieve good.npy short.npy"), 1, "row i of one"},
      {"more candidates than pairs", split("primus retrieve good.npy poor.npy --candidates 999"), 2,
       "there are 240 pairs"},
      {"rows without direction", split("primus retrieve good.npy zero.npy"), 1, "target row 0 is zero"},
  };
  for (const Case& one : cases) check(study.root(), one);
}

TEST_CASE("results are not overwritten, and a grid of other inputs is not continued", "[cli][primus]") {
  const Study study;
  const std::string line = "primus probe good.npy labels.npy --users users.npy --shots 5 --seeds 2 --quiet";
  REQUIRE(study.run(line).code == 0);
  check(study.root(), {"existing results", split(line), 1, "give --force"});
  const Outcome other = study.run(
      "primus probe good.npy labels.npy --users users.npy --shots 5 --seeds 2 --quiet --inverse-penalty 2 "
      "--resume");
  CHECK(other.code == 1);
  CHECK(other.err.find("cells of another grid: c was 1.0, now 2.0") != std::string::npos);
  CHECK(study.run(line + " --resume").code == 0);
  CHECK(study.run(line + " --force").code == 0);
}
