// SPDX-License-Identifier: MIT
// `reproduce` trains what a table needs once, goes on where it stopped, and says when it is shortened.
#include <chrono>
#include <csignal>
#include <string>
#include <thread>
#include <vector>

#include <nlohmann/json.hpp>

#include "cli/bad_case.hpp"
#include "cli/tool.hpp"
#include "support/catch.hpp"

using namespace gyrograd::testing;

TEST_CASE("a table is trained once, shown as text, JSON and page, and completed where it lacks",
          "[cli][reproduce]") {
  const TempFolder scratch;
  const fs::path& root = scratch.path();
  REQUIRE(run_tool(root, split("synth dataset/tiny --users 6 --windows 200 --quiet")).code == 0);
  const Words words = split("reproduce limu-bert --table classifiers --datasets tiny --seeds 1-2 --epochs 1");
  const Outcome first = run_tool(root, words);
  INFO(first.err);
  REQUIRE(first.code == 0);
  CHECK(first.out.find("SHORTENED RUN") != std::string::npos);
  CHECK(first.out.find("LIMU-GRU") != std::string::npos);
  CHECK(first.out.find(" ± ") != std::string::npos);
  const auto table = nlohmann::json::parse(file_text(root / "reproduce/limu-bert_classifiers_random.json"));
  CHECK(table["cells"].size() == 5);
  for (const auto& cell : table["cells"]) CHECK(cell["accuracy"]["runs"].size() == 2);
  CHECK(file_text(root / "reproduce/limu-bert_classifiers_random.html").find("<svg") != std::string::npos);

  const auto before = snapshot(root / "saved");
  const Outcome again = run_tool(root, words);
  CHECK(again.code == 0);
  CHECK(again.out == first.out);
  CHECK(again.err.find("left") == std::string::npos);  // nothing was run
  Words of_two = words;
  of_two.insert(of_two.end(), {"--models", "limu-gru,LIMU-CNN", "--show"});
  const Outcome two = run_tool(root, of_two);
  CHECK(two.code == 0);
  CHECK(two.out.find("LIMU-GRU") != std::string::npos);
  CHECK(two.out.find("LIMU-CNN ") != std::string::npos);
  CHECK(two.out.find("LIMU-LSTM") == std::string::npos);
  fs::path removed;
  for (const auto& entry : fs::recursive_directory_iterator(root / "saved"))
    if (entry.path().string().find("cnn2") != std::string::npos && entry.path().extension() == ".json")
      removed = entry.path();
  fs::remove(removed);
  fs::remove(fs::path(removed.string().substr(0, removed.string().size() - 12) + ".safetensors"));
  const Outcome repaired = run_tool(root, words);
  CHECK(repaired.code == 0);
  CHECK(repaired.err.find("LIMU-CNN") != std::string::npos);
  CHECK(repaired.err.find("LIMU-LSTM") == std::string::npos);
  CHECK(snapshot(root / "saved").size() == before.size());
}

TEST_CASE("a reproduction that is killed takes the running command with it, and goes on",
          "[cli][reproduce]") {
  const TempFolder scratch;
  const fs::path& root = scratch.path();
  REQUIRE(run_tool(root, split("synth dataset/tiny --users 6 --windows 200 --quiet")).code == 0);
  const Words words =
      split("reproduce limu-bert --table classifiers --datasets tiny --seeds 1 --models limu-gru");
  Words endless = words;  // hours of pre-training
  endless.insert(endless.end(), {"--pretrain-epochs", "1000000"});
  ToolProcess reproduction(root, endless);
  const fs::path lock = root / "saved/pretrain_base_tiny_20_120/.gyrograd.lock";
  for (int i = 0; i < 1000 && !fs::exists(lock); ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  CHECK(reproduction.signal_after(std::chrono::milliseconds(100), SIGKILL).code == 128 + SIGKILL);
  Words shorter = words;
  shorter.insert(shorter.end(), {"--epochs", "1"});
  Outcome next;
  for (int i = 0; i < 50; ++i) {  // what was running writes a checkpoint before it ends
    next = run_tool(root, shorter);
    if (next.code == 0) break;
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }
  INFO(next.err);
  CHECK(next.code == 0);
}

TEST_CASE("a budget shortens the run and is remembered", "[cli][reproduce]") {
  const TempFolder scratch;
  const fs::path& root = scratch.path();
  REQUIRE(run_tool(root, split("synth dataset/tiny --users 6 --windows 200 --quiet")).code == 0);
  const Words words = split("reproduce limu-bert --table classifiers --datasets tiny --seeds 1 --budget 4s");
  const Outcome first = run_tool(root, words);
  INFO(first.err);
  REQUIRE(first.code == 0);
  CHECK(first.err.find("the budget leaves") != std::string::npos);
  CHECK(first.out.find("SHORTENED RUN") != std::string::npos);
  const Outcome again = run_tool(root, words);
  CHECK(again.code == 0);
  CHECK(again.out == first.out);
}
