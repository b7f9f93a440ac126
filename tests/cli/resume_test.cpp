// SPDX-License-Identifier: MIT
// A run that is killed at any moment and resumed, or run with more threads, gives the same bits.
#include <chrono>
#include <csignal>
#include <random>
#include <string>
#include <vector>

#include "cli/tool.hpp"
#include "support/catch.hpp"

using namespace gyrograd::testing;

namespace {

using Words = std::vector<std::string>;

Words operator+(Words words, const Words& more) {
  words.insert(words.end(), more.begin(), more.end());
  return words;
}

/// A scratch root that holds a small synthetic data set.
void make_data(const fs::path& root) {
  const Outcome made =
      run_tool(root, {"synth", "dataset/tiny", "--users", "4", "--windows", "60", "--quiet"});
  INFO(made.err);
  REQUIRE(made.code == 0);
}

/// Runs until it ends by itself, killing it at random moments and resuming. Returns the number of kills.
int run_with_kills(const fs::path& root, const Words& words, unsigned seed, int longest_ms) {
  std::mt19937 random(seed);
  std::uniform_int_distribution<int> pause(5, longest_ms);
  for (int kills = 0; kills < 200; ++kills) {
    ToolProcess process(root, words + Words{"--resume"});
    const Outcome outcome = process.signal_after(std::chrono::milliseconds(pause(random)), SIGKILL);
    INFO("after " << kills << " kills: " << outcome.err);
    if (outcome.code == 0) return kills;
    REQUIRE(outcome.code == 128 + SIGKILL);
  }
  const Outcome last = run_tool(root, words + Words{"--resume"});
  INFO(last.err);
  REQUIRE(last.code == 0);
  return 200;
}

const Words pretrain = {"pretrain", "v1", "tiny",    "20_120", "-s",     "limu",
                        "--epochs", "6",  "--batch", "16",     "--quiet"};
const Words classifier = {"classifier", "v2", "tiny",     "20_120", "-f",           "limu", "-s",     "gru",
                          "-l",         "0",  "--epochs", "60",     "--label-rate", "0.3",  "--quiet"};
const std::string encoder_file = "saved/pretrain_base_tiny_20_120/limu.safetensors";
const std::string classifier_file = "saved/classifier_base_gru_tiny_20_120/gru.safetensors";

}  // namespace

TEST_CASE("threads, kills and stops change no bit of a run", "[cli][resume]") {
  const TempFolder reference;
  make_data(reference.path());
  REQUIRE(run_tool(reference.path(), pretrain + Words{"--threads", "1"}).code == 0);
  const std::string encoder = file_text(reference.path() / encoder_file);
  REQUIRE(encoder.size() > 200000);
  REQUIRE(run_tool(reference.path(), {"embedding", "v1", "tiny", "20_120", "-f", "limu", "--quiet"}).code ==
          0);
  REQUIRE(run_tool(reference.path(), classifier + Words{"--threads", "1"}).code == 0);
  const std::string weights = file_text(reference.path() / classifier_file);
  REQUIRE(weights.size() > 30000);

  SECTION("two threads") {
    REQUIRE(run_tool(reference.path(), pretrain + Words{"--threads", "2", "--force"}).code == 0);
    CHECK((file_text(reference.path() / encoder_file) == encoder));
    REQUIRE(run_tool(reference.path(), classifier + Words{"--threads", "2", "--force"}).code == 0);
    CHECK((file_text(reference.path() / classifier_file) == weights));
  }
  SECTION("another seed gives other bits") {
    REQUIRE(run_tool(reference.path(), pretrain + Words{"--seed", "7", "--force"}).code == 0);
    CHECK((file_text(reference.path() / encoder_file) != encoder));
  }
  SECTION("kill -9 at random moments") {
    const TempFolder killed;
    make_data(killed.path());
    // A checkpoint after every step makes the smallest progress survive.
    const int kills = run_with_kills(killed.path(), pretrain + Words{"--save-every", "0"}, 1, 150);
    CHECK(kills > 0);
    CHECK((file_text(killed.path() / encoder_file) == encoder));
    REQUIRE(run_tool(killed.path(), {"embedding", "v1", "tiny", "20_120", "-f", "limu", "--quiet"}).code ==
            0);
    run_with_kills(killed.path(), classifier + Words{"--save-every", "0"}, 2, 120);
    CHECK((file_text(killed.path() / classifier_file) == weights));
  }
  SECTION("SIGTERM writes a checkpoint and leaves") {
    const TempFolder stopped;
    make_data(stopped.path());
    const Words longer = {"pretrain", "v1",     "tiny",    "20_120", "-s",     "limu",
                          "--epochs", "100000", "--batch", "16",     "--quiet"};
    ToolProcess process(stopped.path(), longer);
    const Outcome outcome = process.signal_after(std::chrono::milliseconds(700), SIGTERM);
    INFO(outcome.err);
    CHECK(outcome.code == 1);
    CHECK(outcome.err.find("--resume") != std::string::npos);
    CHECK(fs::exists(stopped.path() / "saved/pretrain_base_tiny_20_120/limu.checkpoint"));
    CHECK_FALSE(fs::exists(stopped.path() / encoder_file));

    const Outcome refused = run_tool(stopped.path(), pretrain);
    CHECK(refused.code == 1);
    CHECK(refused.err.find("--resume") != std::string::npos);
    const Outcome other = run_tool(stopped.path(), pretrain + Words{"--resume", "--lr", "0.01"});
    CHECK(other.code == 1);
    CHECK(other.err.find("lr") != std::string::npos);
  }
  SECTION("a second writer is refused") {
    const Words longer = {"pretrain", "v1",     "tiny",    "20_120", "-s",     "other",
                          "--epochs", "100000", "--batch", "16",     "--quiet"};
    ToolProcess first(reference.path(), longer);
    std::this_thread::sleep_for(std::chrono::milliseconds(700));
    const Outcome second = run_tool(reference.path(), pretrain + Words{"--force"});
    CHECK(second.code == 1);
    CHECK(second.err.find("another run") != std::string::npos);
    CHECK(first.signal_after(std::chrono::milliseconds(0), SIGKILL).code == 128 + SIGKILL);
    CHECK((file_text(reference.path() / encoder_file) == encoder));
  }
}

TEST_CASE(
    "a baseline with batch norms, killed and resumed, has the weights and running estimates of a whole run",
    "[cli][resume]") {
  const Words dcnn = {"benchmark", "v1", "tiny",     "20_120", "-s",           "dcnn", "--method", "dcnn",
                      "-l",        "0",  "--epochs", "60",     "--label-rate", "0.3",  "--quiet"};
  const std::string file = "saved/bench_dcnn_tiny_20_120/dcnn.safetensors";
  const TempFolder reference, killed;
  make_data(reference.path());
  REQUIRE(run_tool(reference.path(), dcnn).code == 0);
  const std::string weights = file_text(reference.path() / file);
  REQUIRE(weights.find("bn2.running_var") != std::string::npos);
  make_data(killed.path());
  CHECK(run_with_kills(killed.path(), dcnn + Words{"--save-every", "0"}, 3, 150) > 0);
  CHECK((file_text(killed.path() / file) == weights));
}
