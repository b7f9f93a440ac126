// SPDX-License-Identifier: MIT
// Encoder weights say which block, decoder and scaling they were trained with, and every command that reads
// them follows, or refuses in one line.
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "cli/good_run.hpp"
#include "support/catch.hpp"

using namespace gyrograd::testing;

namespace {

nlohmann::json report(const fs::path& root, const std::string& path) {
  return nlohmann::json::parse(file_text(root / "saved" / (path + ".report.json")));
}

const std::string one_epoch = " tiny 20_120 --epochs 1 --threads 1 --quiet ";
const std::string labels = " -l activity --label-rate 0.3 ";

void pretrain(const fs::path& root, const std::string& more) {
  run(root, "pretrain v1" + one_epoch + "--batch 32 " + more);
}

}  // namespace

TEST_CASE("block, decoder and scaling of weights reach every command that reads them", "[cli][encoder]") {
  const TempFolder scratch;
  const fs::path& root = scratch.path();
  run(root, "synth dataset/tiny --users 6 --windows 90 --quiet");
  struct Kind {
    std::string name, options, block, decoder, normalise;
  };
  for (const Kind& k : std::vector<Kind>{
           {"paper", "--block paper", "paper", "published", "published"},
           {"residual", "--block residual", "residual", "published", "published"},
           {"decoder", "--decoder paper", "published", "paper", "published"},
           {"none", "--normalise none", "published", "published", "none"},
           {"all", "--block residual --decoder paper --normalise x", "residual", "paper", "x"}}) {
    INFO(k.options);
    pretrain(root, "-s " + k.name + ' ' + k.options);
    const std::string f = " -f " + k.name + ' ';

    run(root, "embedding v1 tiny 20_120 --quiet" + f);
    const nlohmann::json card =
        nlohmann::json::parse(file_text(root / ("embed/embed_" + k.name + "_tiny_20_120.json")));
    CHECK(card["block"] == k.block);
    CHECK(card["normalise"] == k.normalise);

    run(root, "evaluate base_v1 tiny 20_120 --part validation --quiet" + f);
    const nlohmann::json seen = report(root, "evaluate_base_v1_tiny_20_120/" + k.name);
    CHECK(seen["options"]["--normalise"] == k.normalise);
    // Spans are always hidden here and mostly in pre-training, so that the errors are near each other.
    CHECK(seen["validation"]["loss"].get<double>() <
          2 * report(root, "pretrain_base_tiny_20_120/" + k.name)["validation"]["loss"].get<double>());

    run(root, "classifier v2" + one_epoch + labels + f + "-s " + k.name);
    const nlohmann::json head = report(root, "classifier_base_gru_tiny_20_120/" + k.name);
    run(root, "evaluate gru_v2 tiny 20_120 -l activity --quiet" + f);
    CHECK(report(root, "evaluate_gru_v2_tiny_20_120/" + k.name)["test"]["confusion"] ==
          head["test"]["confusion"]);
    run(root, "evaluate gru_v2 tiny 20_120 -l activity --quiet -s fresh --force --encoder " + k.name + f);
    CHECK(report(root, "evaluate_gru_v2_tiny_20_120/fresh")["test"]["confusion"] ==
          head["test"]["confusion"]);

    run(root, "classifier_bert v1_v2" + one_epoch + labels + f + "-s " + k.name);
    const nlohmann::json joint = report(root, "bert_classifier_base_gru_tiny_20_120/" + k.name);
    CHECK(joint["options"]["--block"] == k.block);
    CHECK(joint["options"]["--normalise"] == k.normalise);
    run(root, "evaluate v1_v2 tiny 20_120 -l activity --quiet" + f);
    CHECK(report(root, "evaluate_v1_v2_tiny_20_120/" + k.name)["test"]["confusion"] ==
          joint["test"]["confusion"]);

    pretrain(root, "-s again-" + k.name + f);
    const nlohmann::json again = report(root, "pretrain_base_tiny_20_120/again-" + k.name);
    CHECK(again["options"]["--block"] == k.block);
    CHECK(again["options"].value("--decoder", "published") == k.decoder);
    CHECK(again["options"]["--normalise"] == k.normalise);
    for (const char* drawn : {"pretrain_base_tiny_20_120/", "evaluate_base_v1_tiny_20_120/",
                              "bert_classifier_base_gru_tiny_20_120/", "evaluate_v1_v2_tiny_20_120/"})
      run(root, std::string("plot --quiet saved/") + drawn + k.name + ".report.json");
  }
}

TEST_CASE("weights of another block, decoder or kind end in one line", "[cli][encoder][bad]") {
  const TempFolder scratch;
  const fs::path& root = scratch.path();
  run(root, "synth dataset/tiny --users 6 --windows 90 --quiet");
  for (const char* options : {"-s plain", "-s paper --block paper", "-s decoder --decoder paper"})
    pretrain(root, options);
  run(root, "benchmark v1" + one_epoch + labels + "--method deepsense --fft corrected -s fft");
  run(root, "benchmark v2" + one_epoch + labels + "-s gru");
  fs::copy(root / "dataset/tiny", root / "dataset/other");
  spill(root / "dataset/other/card_20_120.json",
        R"({"labels": [{"name": "activity", "classes": ["a", "b", "c", "d", "e", "f"]}, {"name": "user"}]})");
  const std::string path = "saved/pretrain_base_tiny_20_120/plain.safetensors";
  for (const Case& one : std::vector<Case>{
           {"joint, block left out",
            split("classifier_bert v1_v2 -f paper --block published" + one_epoch + labels), 1,
            "has 'transformer.norm0.gamma', which the model lacks; expected published blocks, the file says "
            "paper"},
           {"joint, block added", split("classifier_bert v1_v2 -f plain --block paper" + one_epoch + labels),
            1, "lacks transformer.norm0.gamma; expected paper blocks, the file says published"},
           {"embedding", split("embedding v1 tiny 20_120 -f paper --block published"), 1,
            "'transformer.norm0.gamma'"},
           {"evaluate", split("evaluate base_v1 tiny 20_120 -f plain --block paper"), 1,
            "missing 2: transformer.norm0.gamma"},
           {"pretrain", split("pretrain v1 -f decoder --decoder published -s new" + one_epoch), 1,
            "norm.gamma is (6), expected (72)"},
           {"benchmark, an encoder", split("benchmark v2 -f " + path + one_epoch + labels), 1, "missing 14"},
           {"benchmark, other features",
            split("benchmark v1 --method deepsense -f fft -s new" + one_epoch + labels), 2,
            "--fft is published, but ./saved/bench_deepsense_tiny_20_120/fft.safetensors was trained with "
            "corrected"},
           {"evaluate, other classes",
            split("evaluate gru_v2 other 20_120 -l activity -f saved/bench_gru_tiny_20_120/gru.safetensors"),
            1, "choose the label and data that it was trained on"},
           {"tpn", split("tpn v1 -f " + path + one_epoch + labels), 1, "none of its 29 tensors"}})
    check(root, one);
}

TEST_CASE("windows of another rate than the weights' are used, but not silently", "[cli][encoder]") {
  const TempFolder scratch;
  const fs::path& root = scratch.path();
  run(root, "synth dataset/tiny --users 6 --windows 90 --quiet");
  pretrain(root, "-s limu");
  fs::copy(root / "dataset/tiny", root / "dataset/slow");
  nlohmann::json card = nlohmann::json::parse(file_text(root / "dataset/tiny/card.json"));
  card["rate_hz"] = 10;
  spill(root / "dataset/slow/card.json", card.dump());
  const std::string f = " slow 20_120 -f saved/pretrain_base_tiny_20_120/limu.safetensors ";
  for (const std::string& line : std::vector<std::string>{
           "embedding v1" + f, "evaluate base_v1" + f, "pretrain v1" + f + "--epochs 1 --batch 32",
           "classifier_bert v1_v2" + f + "--epochs 1" + labels})
    CHECK(has(run(root, line).err, "was trained on 20 Hz, the windows have 10 Hz"));
}

TEST_CASE("windows that contradict their units are used, but not silently", "[cli][encoder]") {
  const TempFolder scratch;
  const fs::path& root = scratch.path();
  run(root, "synth dataset/tiny --users 6 --windows 90 --quiet");
  nlohmann::json card = nlohmann::json::parse(file_text(root / "dataset/tiny/card.json"));
  CHECK_FALSE(has(run(root, "pretrain v1 tiny 20_120 -s limu --epochs 1 --batch 32").err, "doubtful"));
  for (const unsigned c : {0U, 1U, 2U}) card["units"][c] = "g";
  spill(root / "dataset/tiny/card.json", card.dump());
  const std::string set = " tiny 20_120 -f limu ", first = "90 of 90 windows are doubtful, first window 0: ";
  for (const std::string& line : std::vector<std::string>{
           "embedding v1" + set, "evaluate base_v1" + set, "pretrain v1 tiny 20_120 --epochs 1 --batch 32",
           "classifier_bert v1_v2" + set + "--epochs 1" + labels,
           "benchmark v2 tiny 20_120 --epochs 1" + labels, "tpn v1 tiny 20_120 --epochs 1" + labels})
    CHECK(has(run(root, line).err, first));
  const std::string mapped = "pretrain v1 tiny 20_120 -s mapped --epochs 1 --batch 32 --max-memory 200";
  CHECK(has(run(root, mapped).err, first));
}
