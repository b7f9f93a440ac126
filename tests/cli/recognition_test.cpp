// SPDX-License-Identifier: MIT
// Every kind of classifier trains through the tool, the same bits on any number of threads, with a full
// report.
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "cli/bad_case.hpp"
#include "cli/tool.hpp"
#include "support/catch.hpp"

using namespace gyrograd::testing;

namespace {

void run(const fs::path& root, const std::string& line) {
  const Outcome outcome = run_tool(root, split(line));
  INFO(line << '\n' << outcome.err);
  REQUIRE(outcome.code == 0);
}

nlohmann::json report(const fs::path& root, const std::string& path) {
  return nlohmann::json::parse(file_text(root / "saved" / (path + ".report.json")));
}

void make_set(const fs::path& root) {
  run(root, "synth dataset/tiny --users 6 --windows 90 --quiet");
  run(root, "pretrain v1 tiny 20_120 -s limu --epochs 1 --batch 32 --quiet");
  run(root, "embedding v1 tiny 20_120 -f limu --quiet");
}

const std::string few = " tiny 20_120 -l activity --epochs 2 --label-rate 0.3 --quiet ";

}  // namespace

TEST_CASE("all classifiers, baselines and the joint model train and report", "[cli][recognition]") {
  const TempFolder scratch;
  const fs::path& root = scratch.path();
  make_set(root);
  struct Run {
    std::string line, path;
  };
  for (const Run& one : std::vector<Run>{
           {"classifier v1" + few + "-f limu --method lstm", "classifier_base_lstm_tiny_20_120"},
           {"classifier v1" + few + "-f limu --method attn", "classifier_base_attn_tiny_20_120"},
           {"classifier v1" + few + "-f limu --method cnn1 --logits corrected",
            "classifier_base_cnn1_tiny_20_120"},
           {"classifier v1" + few + "-f limu --method cnn2", "classifier_base_cnn2_tiny_20_120"},
           {"benchmark v2" + few, "bench_gru_tiny_20_120"},
           {"benchmark v1" + few + "--method dcnn --no-balance --copies", "bench_dcnn_tiny_20_120"},
           {"benchmark v3" + few + "--method deepsense --fft corrected", "bench_deepsense_tiny_20_120"},
           {"classifier_bert v1_v2" + few + "-f limu", "bert_classifier_base_gru_tiny_20_120"}}) {
    INFO(one.line);
    run(root, one.line + " -s one --threads 1");
    run(root, one.line + " -s two --threads 2");
    const std::string a = file_text(root / "saved" / one.path / "one.safetensors");
    const bool same = a == file_text(root / "saved" / one.path / "two.safetensors");
    CHECK(same);
    const nlohmann::json r = report(root, one.path + "/one");
    CHECK(r["epochs"] == 2);
    CHECK(r["label"]["name"] == "activity");
    CHECK(r["history"]["train_loss"].size() == 2);
    CHECK(r["test"]["per_class"].size() == r["label"]["classes"].size());
    CHECK(r["test"]["confusion"] == r["confusion"]);
    CHECK(r["test"]["count"].get<int>() > 0);
    CHECK(r["parameters"].get<int>() > 1000);
    CHECK(r["split"]["leaks"]["known_users"].get<int>() > 0);  // random split
  }
}

TEST_CASE("options of the split, the labels and the loss are used and reported", "[cli][recognition]") {
  const TempFolder scratch;
  const fs::path& root = scratch.path();
  run(root, "synth dataset/tiny --users 6 --windows 90 --quiet");
  const std::string folder = "bench_gru_tiny_20_120/";
  const auto weights = [&](const std::string& name) {
    return file_text(root / "saved" / folder / (name + ".safetensors"));
  };
  run(root, "benchmark v2" + few + "-s plain");
  for (const auto& [name, options] :
       std::vector<std::pair<std::string, std::string>>{{"user", "--split user"},
                                                        {"fold", "--split kfold --folds 3 --fold 2"},
                                                        {"windows", "--label-draw corrected"},
                                                        {"focal", "--loss focal --focal-gamma 1"},
                                                        {"weights", "--class-weights 1,2,1,1,1,1"},
                                                        {"unbalanced", "--no-balance"},
                                                        {"raw", "--normalise none"}}) {
    INFO(name);
    run(root, "benchmark v2" + few + "-s " + name + ' ' + options);
    const bool changed = weights(name) != weights("plain");
    CHECK(changed);
  }
  CHECK(report(root, folder + "user")["split"]["leaks"]["known_users"] == 0);
  CHECK(report(root, folder + "fold")["split"]["kind"] == "kfold 2 of 3 by user");
  CHECK(report(root, folder + "focal")["options"]["--loss"] == "focal");
  CHECK(report(root, folder + "weights")["options"]["--class-weights"] == "1,2,1,1,1,1");
  const auto note =
      run_tool(root, split("benchmark v2 tiny 20_120 -l 0 -s noted --epochs 1 --label-rate 0.3"));
  CHECK(note.err.find("users are in both") != std::string::npos);

  run(root, "benchmark v2 tiny 20_120 -l 0 -s patient --epochs 400 --patience 3 --label-rate 0.3 --quiet");
  const nlohmann::json patient = report(root, folder + "patient");
  CHECK(patient["epochs"].get<int>() < 400);
  CHECK(patient["epochs"].get<int>() == patient["best_epoch"].get<int>() + 3);
  CHECK(patient["epochs_asked"] == 400);
}

TEST_CASE("a frozen encoder stays as it was, a trained one does not", "[cli][recognition]") {
  const TempFolder scratch;
  const fs::path& root = scratch.path();
  run(root, "synth dataset/tiny --users 6 --windows 90 --quiet");
  run(root, "pretrain v1 tiny 20_120 -s limu --epochs 1 --batch 32 --quiet");
  const std::string folder = "saved/bert_classifier_base_gru_tiny_20_120/";
  run(root, "classifier_bert v1_v2" + few + "-f limu -s frozen --frozen-bert");
  run(root, "classifier_bert v1_v2" + few + "-f limu -s trained");
  // The encoder's weights are in the files as they are: its first tensor is found in the frozen model only.
  const std::string encoder = file_text(root / "saved/pretrain_base_tiny_20_120/limu.safetensors");
  const std::string some = encoder.substr(encoder.size() - 120000, 4000);
  const bool kept = file_text(root / folder / "frozen.safetensors").find(some) != std::string::npos;
  const bool moved = file_text(root / folder / "trained.safetensors").find(some) == std::string::npos;
  CHECK(kept);
  CHECK(moved);
}

TEST_CASE("total_steps of a training file ends a run after whole epochs", "[cli][recognition]") {
  const TempFolder scratch;
  const fs::path& root = scratch.path();
  run(root, "synth dataset/tiny --users 6 --windows 90 --quiet");
  const auto limit = [&root](int steps) {
    spill(root / "steps.json", "{\"batch_size\": 72, \"lr\": 0.001, \"n_epochs\": 9, \"total_steps\": " +
                                   std::to_string(steps) + "}");
  };
  const std::string line =
      "pretrain v1 tiny 20_120 -t steps.json -s some";  // 72 of 90 windows: a step an epoch
  limit(3);
  const Outcome ended = run_tool(root, split(line));
  CHECK(ended.code == 0);
  CHECK(ended.err.find("total_steps 3 of the training file ends the run after 3 of 9 epochs") !=
        std::string::npos);
  const nlohmann::json ends = report(root, "pretrain_base_tiny_20_120/some");
  CHECK(ends["epochs"] == 3);
  limit(9);
  CHECK(run_tool(root, split(line + " --force")).err.find("total_steps") == std::string::npos);
  CHECK(report(root, "pretrain_base_tiny_20_120/some")["epochs"] == 9);
  limit(1);
  for (const std::string command :
       {"pretrain v1 tiny 20_120", "benchmark v2 tiny 20_120 -l 0 --label-rate 0.3",
        "tpn v1 tiny 20_120 -l 0 --label-rate 0.3"}) {
    INFO(command);
    const Outcome refused = run_tool(root, split(command + " -t steps.json -s none --batch 4"));
    CHECK(refused.code == 1);
    CHECK(refused.err.find("total_steps of the training file is 1, expected at least the") !=
          std::string::npos);
  }
}
