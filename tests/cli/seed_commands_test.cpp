// SPDX-License-Identifier: MIT
// Every example command of the seeds' READMEs runs unchanged, `python X.py` becoming `gyrograd X` (LIMU-BERT
// sheet §7, §12.1), on small synthetic sets that lie under the published names.
#include <string>
#include <vector>

#include "cli/bad_case.hpp"
#include "cli/tool.hpp"
#include "support/catch.hpp"

using namespace gyrograd::testing;

namespace {

/// One command line of the published documents and what must be there afterwards.
struct SeedCommand {
  std::string line;
  std::vector<std::string> outputs;
};

/// In the order in which the documents give them; later ones read what earlier ones wrote.
const std::vector<SeedCommand> seed_commands = {
    // README of the public release.
    {"pretrain v1 uci 20_120 -s limu_v1", {"saved/pretrain_base_uci_20_120/limu_v1"}},
    {"embedding v1 uci 20_120 -f limu_v1", {"embed/embed_limu_v1_uci_20_120.npy"}},
    {"classifier v2 uci 20_120 -f limu_v1 -s limu_gru_v1 -l 0",
     {"saved/classifier_base_gru_uci_20_120/limu_gru_v1"}},
    {"classifier_bert v1_v2 uci 20_120 -f limu_v1 -s limu_gru_v1 -l 0",
     {"saved/bert_classifier_base_gru_uci_20_120/limu_gru_v1"}},
    {"benchmark v1 uci 20_120 -s dcnn_v1 -l 0", {"saved/bench_gru_uci_20_120/dcnn_v1"}},
    // pretrain.sh: one encoder for each data set, called after it; the label of HHAR's activity is column 2.
    {"pretrain v1 hhar 20_120 -s hhar", {"saved/pretrain_base_hhar_20_120/hhar"}},
    {"pretrain v1 motion 20_120 -s motion", {"saved/pretrain_base_motion_20_120/motion"}},
    {"pretrain v1 shoaib 20_120 -s shoaib", {"saved/pretrain_base_shoaib_20_120/shoaib"}},
    {"embedding v1 hhar 20_120 -f hhar", {"embed/embed_hhar_hhar_20_120.npy"}},
    {"classifier v2 hhar 20_120 -f hhar -s hhar -l 2", {"saved/classifier_base_gru_hhar_20_120/hhar"}},
    // The pre-release: tpn for the labels 0 and 1, statistic of every set.
    {"tpn v1 uci 20_120 -s tpn_0 -l 0",
     {"saved/bench_tpn_pre_uci_20_120/tpn_0", "saved/bench_tpn_classifier_uci_20_120/tpn_0"}},
    {"tpn v1 uci 20_120 -s tpn_1 -l 1", {"saved/bench_tpn_classifier_uci_20_120/tpn_1"}},
    {"statistic uci 20_120", {"dataset/uci/statistic_20_120.html"}},
    // All six shared options at once, as the parser of the seeds takes them.
    {"pretrain v1 uci 20_120 -g 0 -f limu_v1 -t config/pretrain.json -a config/mask.json -l 0 -s again",
     {"saved/pretrain_base_uci_20_120/again"}},
    {"pretrain v1 uci 20_120 --gpu 0 --model_file limu_v1 --train_cfg config/pretrain.json --mask_cfg "
     "config/mask.json --label_index 0 --save_model long",
     {"saved/pretrain_base_uci_20_120/long"}},
    // README of LIMU-BERT-X: weights come from weights/, windows of 120 steps are cropped to 20.
    {"pretrain v4 hhar 20_120 -f limu_bert_x -s limu_pretrain",
     {"saved/pretrain_base_hhar_20_120/limu_pretrain"}},
    {"bert_classifier v4_v2 hhar 20_120 -f limu_pretrain -s hhar_classifier -l 2",
     {"saved/bert_classifier_base_gru_hhar_20_120/hhar_classifier"}},
};

/// The published sets with few windows; label columns in the published order.
void make_data_sets(const fs::path& root) {
  for (const char* name : {"uci", "hhar", "motion", "shoaib"}) {
    const std::string folder = std::string("dataset/") + name;
    const Outcome made =
        run_tool(root, split("synth " + folder + " --users 6 --windows 300 --positions 3 --quiet"));
    INFO(made.err);
    REQUIRE(made.code == 0);
  }
}

/// The published settings with one epoch and enough labels for so few windows: files, so that the command
/// lines stay as they are.
void write_settings(const fs::path& root) {
  for (const char* name : {"pretrain", "train", "bert_classifier_train", "train_tpn"})
    spill(root / "config" / (std::string(name) + ".json"),
          R"({"seed": 3431, "batch_size": 32, "lr": 1e-3, "n_epochs": 1, "warmup": 0.1, "save_steps": 1000,
              "total_steps": 200000000, "lambda2": 1e-4})");
  spill(root / "config/mask.json",
        R"({"mask_ratio": 0.15, "mask_alpha": 6, "max_gram": 10, "mask_prob": 0.8})");
}

bool known(const fs::path& root, const std::string& command) {
  return run_tool(root, {"--help"}).out.find("\n  " + command + ' ') != std::string::npos;
}

}  // namespace

TEST_CASE("the example commands of the published programs run unchanged", "[cli][seeds]") {
  const TempFolder folder;
  const fs::path& root = folder.path();
  make_data_sets(root);
  write_settings(root);
  REQUIRE(run_tool(root, split("pretrain v4 uci 20_120 -s limu_bert_x --quiet")).code == 0);
  fs::create_directories(root / "weights");
  fs::rename(root / "saved/pretrain_base_uci_20_120/limu_bert_x.safetensors",
             root / "weights/limu_bert_x.safetensors");
  int ran = 0;
  for (const SeedCommand& seed : seed_commands) {
    const Words words = split(seed.line);
    if (!known(root, words[0])) {
      WARN("skipped, the tool has no command " << words[0] << ": " << seed.line);
      continue;
    }
    const Outcome outcome = run_tool(root, words);
    INFO(seed.line << "\n" << outcome.err);
    CHECK(outcome.code == 0);
    for (const std::string& output : seed.outputs) {
      const bool there = fs::exists(root / output) || fs::exists(root / (output + ".safetensors"));
      INFO(output);
      CHECK(there);
    }
    ++ran;
  }
  CHECK(ran >= 10);
}
