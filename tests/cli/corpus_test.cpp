// SPDX-License-Identifier: MIT
// A corpus of shards trains to the bits of the same windows in memory, in little memory; bad shards end in
// one line.
#include <algorithm>
#include <functional>
#include <string>
#include <vector>

#include "cli/bad_case.hpp"
#include "cli/tool.hpp"
#include "support/catch.hpp"

using namespace gyrograd::testing;

namespace {

const Words pretrain = {"pretrain", "v1", "tiny",    "20_120", "-s",     "limu",
                        "--epochs", "3",  "--batch", "16",     "--quiet"};
const std::string weights_file = "saved/pretrain_base_tiny_20_120/limu.safetensors";

Words with(Words words, const Words& more) {
  words.insert(words.end(), more.begin(), more.end());
  return words;
}

void make(const fs::path& root, const Words& more) {
  const Outcome made =
      run_tool(root, with({"synth", "dataset/tiny", "--users", "4", "--windows", "64", "--quiet"}, more));
  INFO(made.err);
  REQUIRE(made.code == 0);
}

std::string train(const fs::path& root, const Words& more) {
  const Outcome outcome = run_tool(root, with(pretrain, more));
  INFO(outcome.err);
  REQUIRE(outcome.code == 0);
  return file_text(root / weights_file);
}

/// Bytes of a shard, changed.
std::function<void(const fs::path&)> changed(const std::string& name,
                                             const std::function<void(std::string&)>& change) {
  return [=](const fs::path& root) {
    std::string bytes = file_text(root / "dataset/tiny" / name);
    change(bytes);
    spill(root / "dataset/tiny" / name, bytes);
  };
}

}  // namespace

TEST_CASE("shards train to the bits of windows in memory", "[cli][corpus]") {
  const TempFolder plain, sharded;
  make(plain.path(), {});
  make(sharded.path(), {"--shards", "3", "--threads", "2"});
  CHECK(fs::exists(sharded.path() / "dataset/tiny/data_20_120_0002.npy"));
  CHECK_FALSE(fs::exists(sharded.path() / "dataset/tiny/data_20_120.npy"));
  const std::string want = train(plain.path(), {});
  CHECK((train(plain.path(), {"--max-memory", "100", "--force"}) == want));
  CHECK((train(sharded.path(), {}) == want));
  CHECK((train(sharded.path(), {"--max-memory", "100", "--threads", "2", "--force"}) == want));
  const std::string by_user = train(plain.path(), {"--split", "user", "--force"});
  CHECK((by_user != want));
  CHECK((train(sharded.path(), {"--split", "user", "--force"}) == by_user));
}

TEST_CASE("bad corpora end in one line", "[cli][corpus]") {
  const std::vector<Case> cases = {
      {"a shard cut short", pretrain, 1, "data_20_120_0001.npy",
       changed("data_20_120_0001.npy", [](std::string& b) { b.resize(b.size() - 100); })},
      {"an empty shard file", pretrain, 1, "data_20_120_0000.npy",
       changed("data_20_120_0000.npy", [](std::string& b) { b.clear(); })},
      {"a shard that is another array", pretrain, 1, "the card says (34, 120, 6)",
       changed("data_20_120_0001.npy",
               [](std::string& b) {
                 b = b.replace(b.find("34,"), 3, "30,");
                 b.resize(128 + 30 * 2880);
               })},
      {"a missing shard", pretrain, 1, "cannot be opened",
       [](const fs::path& root) { fs::remove(root / "dataset/tiny/data_20_120_0001.npy"); }},
      {"values that are not finite", pretrain, 1, "value 0 is not a finite number",
       changed("data_20_120_0000.npy", [](std::string& b) { std::fill(b.begin() + 128, b.end(), '\xFF'); })},
      {"a card that does not add up", pretrain, 1, "windows is 65, the shards have 64",
       changed("data_20_120.json", [](std::string& b) { b.replace(b.find("64"), 2, "65"); })},
      {"a card with an unknown key", pretrain, 1, "step",
       changed("data_20_120.json", [](std::string& b) { b.replace(b.find("steps"), 5, "step_"); })},
      {"no labels for a split by user", with(pretrain, {"--split", "user"}), 1, "label_20_120_0000.npy",
       [](const fs::path& root) { fs::remove(root / "dataset/tiny/label_20_120_0000.npy"); }},
      {"too little memory", with(pretrain, {"--max-memory", "60"}), 1,
       "--max-memory is 60 MB, expected at least 80"},
      {"another command",
       {"embedding", "v1", "tiny", "20_120"},
       2,
       "corpus of shards, which only pretrain reads"},
      {"more shards than recordings",
       {"synth", "dataset/new", "--windows", "12", "--shards", "3"},
       2,
       "--shards is 3, the windows are of 2 recordings"},
      {"existing corpus", {"synth", "dataset/tiny", "--windows", "12", "--shards", "2"}, 1, "give --force"},
  };
  for (const Case& one : cases) {
    const TempFolder root;
    make(root.path(), {"--shards", "2"});
    one.prepare(root.path());
    Case prepared = one;
    prepared.prepare = [](const fs::path&) {};
    check(root.path(), prepared);
  }
}
