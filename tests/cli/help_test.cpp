// SPDX-License-Identifier: MIT
// Help texts and version: exit code 0, standard output, at most 79 columns.
#include <sstream>
#include <string>
#include <vector>

#include "cli/tool.hpp"
#include "gyrograd/core/config.hpp"
#include "support/catch.hpp"

using namespace gyrograd::testing;

TEST_CASE("every help text fits a terminal of 80 columns", "[cli][help]") {
  const TempFolder scratch;
  for (const std::vector<std::string>& words :
       std::vector<std::vector<std::string>>{{"--help"},
                                             {"-h"},
                                             {"help"},
                                             {"demo", "--help"},
                                             {"synth", "--help"},
                                             {"prepare", "-h"},
                                             {"statistic", "-h"},
                                             {"pretrain", "--help"},
                                             {"embedding", "--help"},
                                             {"classifier", "--help"},
                                             {"classifier_bert", "-h"},
                                             {"benchmark", "--help"},
                                             {"reproduce", "--help"},
                                             {"primus", "--help"},
                                             {"tpn", "--help"},
                                             {"evaluate", "--help"},
                                             {"plot", "--help"},
                                             {"inspect", "--help"},
                                             {"convert", "--help"}}) {
    const Outcome outcome = run_tool(scratch.path(), words);
    INFO(words.front() << '\n' << outcome.err << outcome.out);
    CHECK(outcome.code == 0);
    CHECK(outcome.err.empty());
    CHECK(outcome.out.find("usage: gyrograd") != std::string::npos);
    std::istringstream lines(outcome.out);
    for (std::string line; std::getline(lines, line);) {
      CHECK(line.size() <= 79);
      CHECK((line.empty() || line.back() != ' '));
    }
  }
}

TEST_CASE("version", "[cli][help]") {
  const TempFolder scratch;
  const Outcome outcome = run_tool(scratch.path(), {"--version"});
  CHECK(outcome.code == 0);
  CHECK(outcome.out == "gyrograd " GYROGRAD_VERSION "\n");
}

TEST_CASE("the published flags are accepted by the published programs", "[cli][help]") {
  const TempFolder scratch;
  for (const char* command :
       {"pretrain", "embedding", "classifier", "classifier_bert", "bert_classifier", "benchmark"}) {
    const Outcome outcome = run_tool(scratch.path(), {command, "--help"});
    for (const char* flag :
         {"-g, --gpu", "-f, --model_file", "-t, --train_cfg", "-a, --mask_cfg", "-l, --label_index",
          "-s, --save_model", "--root", "--threads", "--quiet", "--force", "--dry-run"}) {
      INFO(command << ' ' << flag);
      CHECK(outcome.out.find(flag) != std::string::npos);
    }
  }
}
