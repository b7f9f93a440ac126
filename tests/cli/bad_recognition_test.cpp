// SPDX-License-Identifier: MIT
// Wrong words, data and weights for the commands that train classifiers and reproduce tables: one line,
// nothing changed.
#include <string>
#include <vector>

#include "cli/bad_case.hpp"
#include "cli/tool.hpp"
#include "support/catch.hpp"

using namespace gyrograd::testing;

namespace {

std::vector<Case> usage_cases() {
  return {
      {"fold without kfold", split("pretrain v1 tiny 20_120 -s x --fold 2"), 2, "belongs to --split kfold"},
      {"fold beyond the folds", split("pretrain v1 tiny 20_120 -s x --split kfold --folds 4 --fold 5"), 2,
       "--fold is '5'"},
      {"more folds than users", split("pretrain v1 tiny 20_120 -s x --split kfold --folds 9"), 1, "folds"},
      {"patience is a word", split("pretrain v1 tiny 20_120 -s x --patience long"), 2, "--patience"},
      {"unknown normalisation", split("pretrain v1 tiny 20_120 -s x --normalise zscore"), 2,
       "expected one of published, x, paper, none"},
      {"unknown classifier version names the others", split("classifier v3 tiny 20_120 -f limu -s x -l 0"), 2,
       "gru has only v1 v2"},
      {"unknown method", split("classifier v1 tiny 20_120 -f limu -s x -l 0 --method ltsm"), 2,
       "did you mean 'lstm'"},
      {"a baseline on embeddings", split("classifier v1 tiny 20_120 -f limu -s x -l 0 --method dcnn"), 2,
       "expected one of gru, lstm, attn, cnn1, cnn2"},
      {"unknown baseline", split("benchmark v1 tiny 20_120 -s x -l 0 --method dcn"), 2,
       "did you mean 'dcnn'"},
      {"baseline without a label column", split("benchmark v1 tiny 20_120 -s x"), 2, "-l is missing"},
      {"joint model of one version", split("classifier_bert v1 tiny 20_120 -s x -l 0"), 2, "such as v1_v2"},
      {"joint model, unknown encoder", split("classifier_bert v99_v2 tiny 20_120 -s x -l 0"), 2, "v99"},
      {"joint model, unknown classifier", split("classifier_bert v1_v99 tiny 20_120 -s x -l 0"), 2, "v99"},
      {"unknown attention",
       split("classifier v1 tiny 20_120 -f limu -s x -l 0 --method attn --attention time"), 2,
       "expected one of published, corrected"},
      {"exponent without focal loss", split("classifier v2 tiny 20_120 -f limu -s x -l 0 --focal-gamma 2"), 2,
       "belongs to --loss focal"},
      {"unknown loss", split("classifier v2 tiny 20_120 -f limu -s x -l 0 --loss hinge"), 2,
       "expected one of cross_entropy, focal"},
      {"class weights of another count",
       split("classifier v2 tiny 20_120 -f limu -s x -l 0 --class-weights 1,2"), 2, "one for each of"},
      {"class weights that are words",
       split("classifier v2 tiny 20_120 -f limu -s x -l 0 --class-weights heavy"), 2, "none, balanced or"},
      {"unknown paper", split("reproduce limu-brt"), 2, "did you mean 'limu-bert'"},
      {"unknown table", split("reproduce limu-bert --table clasifiers"), 2, "did you mean 'classifiers'"},
      {"unknown set of a table", split("reproduce limu-bert --datasets motoin"), 2, "did you mean 'motion'"},
      {"unknown model of a table", split("reproduce limu-bert --datasets tiny --models DCNN,limu-gur"), 2,
       "expected of dcnn, deepsense, r-gru, tpn, tpn-repaired, limu-gru; did you mean 'limu-gru'"},
      {"model of another table", split("reproduce limu-bert --table cross --datasets tiny --models dcnn"), 2,
       "table cross has no model 'dcnn'"},
      {"budget without a time", split("reproduce limu-bert --datasets tiny --budget soon"), 2, "30m"},
      {"seed that is none", split("reproduce limu-bert --datasets tiny --seeds 1,two"), 2, "'two'"},
      {"seeds that run backwards", split("reproduce limu-bert --datasets tiny --seeds 9-3"), 2, "'9-3'"},
      {"a seed of a range again", split("reproduce limu-bert --datasets tiny --seeds 1-3,2"), 2,
       "names 2 twice"},
      {"recordings without their set", split("reproduce limu-bert --datasets tiny --raw HAPT"), 2,
       "DATASET=FOLDER"},
      {"placement of phones without shoaib", split("reproduce limu-bert --table dpc --datasets tiny"), 2,
       "only shoaib"},
  };
}

std::vector<Case> data_cases() {
  return {
      {"too few channels for a baseline", split("benchmark v1 slim 20_120 -s x -l 0 --method dcnn"), 1,
       "3 channels, dcnn_v1 takes 6", data_set("slim", npy("<f4", "(4, 120, 3)", floats(4 * 120 * 3, 0)))},
      {"windows that pieces do not divide", split("benchmark v5 odd 20_50 -s x -l 0 --method dcnn"), 1,
       "windows of 50 steps",
       [](const fs::path& root) {
         spill(root / "dataset/odd/data_20_50.npy", npy("<f4", "(4, 50, 6)", floats(4 * 50 * 6, 0)));
         spill(root / "dataset/odd/label_20_50.npy", npy("<f4", "(4, 50, 2)", floats(4 * 50 * 2, 0)));
       }},
      {"a convolution too large for six channels", split("benchmark v1 tiny 20_120 -s x -l 0 --method cnn2"),
       1, "cnn2_v1 does not fit 6 channels"},
      {"more classes than the card names", split("benchmark v1 classes 20_120 -s x -l activity"), 1,
       "its card names 2",
       [](const fs::path& root) {
         fs::copy(root / "dataset/tiny", root / "dataset/classes");
         fs::remove(root / "dataset/classes/card_20_120.json");
         spill(root / "dataset/classes/card.json",
               "{\"labels\": [{\"name\": \"activity\", \"classes\": "
               "[\"walk\", \"sit\"]}, {\"name\": \"user\"}]}");
       }},
      {"session split without origins", split("pretrain v1 lost 20_120 -s x --split session"), 1,
       "origin_<version>.npy",
       [](const fs::path& root) {
         fs::copy(root / "dataset/tiny", root / "dataset/lost");
         fs::remove(root / "dataset/lost/origin_20_120.npy");
       }},
      {"joint weights of another encoder",
       {"classifier_bert", "v4_v2", "tiny", "20_120", "-s", "x", "-l", "0", "-f", "limu"},
       1,
       "transformer.embed.pos_embed.weight"},
      {"weights of another classifier",
       {"benchmark", "v1", "tiny", "20_120", "-s", "x", "-l", "0", "--method", "dcnn", "-f",
        "./saved/classifier_base_gru_tiny_20_120/gru.safetensors"},
       1,
       "do not fit the model"},
  };
}

}  // namespace

TEST_CASE("wrong words for classifiers end in one line with the nearest right one", "[cli][bad_input]") {
  const TempFolder scratch;
  const fs::path& root = scratch.path();
  for (const char* line :
       {"synth dataset/tiny --users 4 --windows 48 --quiet",
        "pretrain v1 tiny 20_120 -s limu --epochs 1 --batch 16 --quiet",
        "embedding v1 tiny 20_120 -f limu --quiet",
        "classifier v2 tiny 20_120 -f limu -s gru -l 0 --epochs 1 --label-rate 0.5 --quiet"}) {
    const Outcome outcome = run_tool(root, split(line));
    INFO(line << '\n' << outcome.err);
    REQUIRE(outcome.code == 0);
  }
  for (const auto& table : {usage_cases(), data_cases()})
    for (const Case& one : table) check(root, one);
}
