// SPDX-License-Identifier: MIT
// Bad input of every kind that the commands read: one line on standard error, exit code 1 or 2, nothing
// changed.
#include <sys/stat.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <string>
#include <vector>

#include "cli/bad_case.hpp"
#include "cli/tool.hpp"
#include "support/catch.hpp"

using namespace gyrograd::testing;

namespace {

/// Copies a file and changes it.
std::function<void(const fs::path&)> changed(const std::string& from, const std::string& to,
                                             const std::function<void(std::string&)>& change) {
  return [=](const fs::path& root) {
    std::string bytes = file_text(root / from);
    change(bytes);
    spill(root / to, bytes);
  };
}

const std::string weights = "saved/pretrain_base_tiny_20_120/limu.safetensors";
const std::string good = npy("<f4", "(4, 120, 6)", floats(4 * 120 * 6, 1));

/// A workspace in which every command has succeeded once.
class Workbench {
 public:
  Workbench() {
    step("synth dataset/tiny --users 4 --windows 48 --quiet");
    step("pretrain v1 tiny 20_120 -s limu --epochs 1 --batch 16 --quiet");
    step("embedding v1 tiny 20_120 -f limu --quiet");
    step("classifier v2 tiny 20_120 -f limu -s gru -l 0 --epochs 1 --label-rate 0.5 --quiet");
  }
  const fs::path& root() const { return scratch_.path(); }

 private:
  void step(const std::string& line) {
    const Outcome outcome = run_tool(root(), split(line));
    INFO(line << "\n" << outcome.err);
    REQUIRE(outcome.code == 0);
  }
  TempFolder scratch_;
};

std::vector<Case> usage_cases() {
  return {
      {"no command", {}, 2, "no command"},
      {"unknown command", {"pretrian"}, 2, "did you mean 'pretrain'"},
      {"unknown global option", {"--vresion"}, 2, "did you mean '--version'"},
      {"missing word", split("pretrain v1 tiny"), 2, "VERSION is missing"},
      {"one word too many", split("pretrain v1 tiny 20_120 again"), 2, "unexpected argument 'again'"},
      {"unknown option", split("pretrain v1 tiny 20_120 --epoch 3"), 2, "did you mean '--epochs'"},
      {"unknown short option", split("pretrain v1 tiny 20_120 -q"), 2, "unknown option '-q'"},
      {"option without its value", split("pretrain v1 tiny 20_120 --seed"), 2, "seed"},
      {"option twice", split("pretrain v1 tiny 20_120 --seed 1 --seed 2"), 2, "given twice"},
      {"threads is no number", split("pretrain v1 tiny 20_120 -s x --threads two"), 2, "--threads is 'two'"},
      {"threads is zero", split("pretrain v1 tiny 20_120 -s x --threads 0"), 2,
       "expected a whole number in 1.."},
      {"threads is absurd", split("pretrain v1 tiny 20_120 -s x --threads 99999999999999999999"), 2,
       "--threads"},
      {"epochs is negative", split("pretrain v1 tiny 20_120 -s x --epochs -1"), 2, "--epochs"},
      {"epochs is a fraction", split("pretrain v1 tiny 20_120 -s x --epochs 1.5"), 2, "--epochs"},
      {"batch is zero", split("pretrain v1 tiny 20_120 -s x --batch 0"), 2, "--batch"},
      {"learning rate is zero", split("pretrain v1 tiny 20_120 -s x --lr 0"), 2, "--lr"},
      {"learning rate is NaN", split("pretrain v1 tiny 20_120 -s x --lr nan"), 2, "--lr"},
      {"seed is too large", split("pretrain v1 tiny 20_120 -s x --seed 4294967296"), 2, "--seed"},
      {"label rate above one", split("classifier v2 tiny 20_120 -f limu -s x -l 0 --label-rate 1.5"), 2,
       "--label-rate"},
      {"label rate is a word", split("classifier v2 tiny 20_120 -f limu -s x -l 0 --label-rate few"), 2,
       "--label-rate"},
      {"unknown split", split("pretrain v1 tiny 20_120 -s x --split users"), 2,
       "expected one of random, user, session, kfold"},
      {"unknown masks", split("pretrain v1 tiny 20_120 -s x --masks fixed"), 2,
       "expected one of published, corrected"},
      {"unknown crop", split("pretrain v4 tiny 20_120 -s x --crop random"), 2,
       "expected one of published, corrected, none"},
      {"unknown change of windows", split("pretrain v1 tiny 20_120 -s x --augment pace,rotat"), 2,
       "did you mean 'rotate'"},
      {"windows too long, no crop", split("pretrain v4 tiny 20_120 -s x --crop none"), 1,
       "the windows have 120 steps, the model takes at most 20"},
      {"unknown block", split("pretrain v1 tiny 20_120 -s x --block bert"), 2,
       "expected one of published, residual"},
      {"balance and no balance", split("classifier v2 tiny 20_120 -f limu -s x -l 0 --balance --no-balance"),
       2, "exclude"},
      {"resume and force", split("pretrain v1 tiny 20_120 -s x --resume --force"), 2, "exclude"},
      {"root is no folder", split("pretrain v1 tiny 20_120 --root nowhere"), 2, "--root"},
      {"name with a slash", split("pretrain v1 tiny 20_120 -s ../x"), 2, "expected letters"},
      {"data set with dots", split("pretrain v1 ../tiny 20_120 -s x"), 2, "DATASET"},
      {"unknown encoder version", split("pretrain v99 tiny 20_120 -s x"), 2, "v99"},
      {"unknown classifier version", split("classifier v77 tiny 20_120 -f limu -s x -l 0"), 2, "v77"},
      {"unknown data set", split("pretrain v1 tinny 20_120 -s x"), 2, "did you mean 'tiny'"},
      {"unknown data set version", split("pretrain v1 tiny 20_121 -s x"), 2, "did you mean '20_120'"},
      {"published set not prepared", split("pretrain v1 uci 20_120 -s x"), 1, "gyrograd prepare uci"},
      {"no label column given", split("classifier v2 tiny 20_120 -f limu -s x"), 2, "-l"},
      {"label column out of range", split("classifier v2 tiny 20_120 -f limu -s x -l 7"), 2, "label column"},
      {"unknown label name", split("classifier v2 tiny 20_120 -f limu -s x -l actvity"), 2,
       "did you mean 'activity'"},
      {"unknown recordings", split("prepare ucii raw"), 2, "did you mean 'uci'"},
      {"recordings at no rate", split("prepare uci raw --rate 0"), 2, "--rate"},
      {"recordings at a fraction of a rate", split("prepare uci raw --rate 12.5"), 2, "whole number"},
      {"windows of one step", split("prepare uci raw --window 1"), 2, "--window"},
      {"windows with holes", split("prepare uci raw --window 20 --stride 21"), 2, "--stride"},
      {"empty option value", {"pretrain", "v1", "tiny", "20_120", "-s", ""}, 2, "save_model"},
      {"synth with no users", split("synth more --users 0"), 2, "--users"},
      {"convert one file", split("convert a.pt"), 2, "is missing"},
      {"convert to an unknown kind", {"convert", weights, "x.onnx"}, 2, ".safetensors"},
  };
}

std::vector<Case> data_cases() {
  const auto pretrain = [](const std::string& set) { return split("pretrain v1 " + set + " 20_120 -s x"); };
  std::string nan = floats(4 * 120 * 6, 1);
  const float bad = std::nanf("");
  nan.replace(4 * 725, 4, reinterpret_cast<const char*>(&bad), 4);
  return {
      {"data file is empty", pretrain("empty"), 1, "data_20_120.npy", data_set("empty", "")},
      {"data file is no npy", pretrain("text"), 1, "data_20_120.npy", data_set("text", "hello, world")},
      {"data file is truncated", pretrain("short"), 1, "data_20_120.npy",
       data_set("short", good.substr(0, good.size() - 5))},
      {"data file has a tail", pretrain("tail"), 1, "data_20_120.npy", data_set("tail", good + "xyz")},
      {"data are complex", pretrain("complex"), 1, "data_20_120.npy",
       data_set("complex", npy("<c8", "(4, 120, 6)", floats(4 * 120 * 6, 0)))},
      {"data are objects", pretrain("object"), 1, "data_20_120.npy",
       data_set("object", npy("|O", "(4, 120, 6)", ""))},
      {"data are big-endian", pretrain("big"), 1, "data_20_120.npy",
       data_set("big", npy(">f4", "(4, 120, 6)", floats(4 * 120 * 6, 0)))},
      {"data have two axes", pretrain("flat"), 1, "(480, 6)",
       data_set("flat", npy("<f4", "(480, 6)", floats(480 * 6, 0)))},
      {"data have no window", pretrain("none"), 1, "(0, 120, 6)",
       data_set("none", npy("<f4", "(0, 120, 6)", ""))},
      {"data size overflows", pretrain("huge"), 1, "data_20_120.npy",
       data_set("huge", npy("<f4", "(4611686018427387904, 120, 6)", ""))},
      {"data hold NaN", pretrain("nan"), 1, "window 1 step 0 channel 5",
       data_set("nan", npy("<f4", "(4, 120, 6)", nan))},
      {"too few channels", pretrain("narrow"), 1, "channels",
       data_set("narrow", npy("<f4", "(4, 120, 3)", floats(4 * 120 * 3, 0)))},
      {"windows longer than the table", pretrain("long"), 1, "240",
       data_set("long", npy("<f4", "(4, 240, 6)", floats(4 * 240 * 6, 0)))},
      {"too few windows to split", pretrain("few"), 1, "window", data_set("few", good)},
      {"folder without data", pretrain("bare"), 1, "holds no data_",
       [](const fs::path& root) { fs::create_directories(root / "dataset/bare"); }},
      {"data file is a folder", pretrain("dir"), 1, "folder",
       [](const fs::path& root) { fs::create_directories(root / "dataset/dir/data_20_120.npy"); }},
      {"labels are missing", split("classifier v2 unlabelled 20_120 -f limu -s x -l 0"), 1,
       "label_20_120.npy",
       [](const fs::path& root) {
         spill(root / "dataset/unlabelled/data_20_120.npy", good);
         spill(root / "embed/embed_limu_unlabelled_20_120.npy",
               npy("<f4", "(4, 120, 72)", floats(4 * 120 * 72, 0)));
       }},
      {"labels are of other windows", split("classifier v2 other 20_120 -f limu -s x -l 0"), 1, "windows",
       [](const fs::path& root) {
         data_set("other", good, npy("<f4", "(5, 120, 2)", floats(5 * 120 * 2, 0)))(root);
         fs::copy_file(root / "embed/embed_limu_tiny_20_120.npy", root / "embed/embed_limu_other_20_120.npy");
       }},
      {"labels are fractions", split("classifier v2 half 20_120 -f limu -s x -l 0"), 1,
       "expected a whole number",
       [](const fs::path& root) {
         data_set("half", good, npy("<f4", "(4, 120, 2)", floats(4 * 120 * 2, 0.5F)))(root);
         spill(root / "embed/embed_limu_half_20_120.npy",
               npy("<f4", "(4, 120, 72)", floats(4 * 120 * 72, 0)));
       }},
      {"embeddings are missing", split("classifier v2 tiny 20_120 -f nothing -s x -l 0"), 1,
       "gyrograd embedding"},
      {"embeddings are truncated", split("classifier v2 tiny 20_120 -f cut -s x -l 0"), 1, "embed_cut",
       changed("embed/embed_limu_tiny_20_120.npy", "embed/embed_cut_tiny_20_120.npy",
               [](std::string& b) { b.resize(b.size() / 2); })},
      {"embeddings of other windows", split("classifier v2 tiny 20_120 -f alien -s x -l 0"), 1, "windows",
       file("embed/embed_alien_tiny_20_120.npy", npy("<f4", "(4, 120, 72)", floats(4 * 120 * 72, 0)))},
      {"embeddings hold NaN", split("classifier v2 tiny 20_120 -f nans -s x -l 0"), 1, "finite",
       changed("embed/embed_limu_tiny_20_120.npy", "embed/embed_nans_tiny_20_120.npy",
               [](std::string& b) { b.replace(b.size() - 4, 4, "\xff\xff\xff\xff"); })},
      {"recordings are missing", split("prepare uci nowhere"), 1, "nowhere"},
      {"recordings are an empty folder", split("prepare uci empty_raw"), 1, "empty_raw",
       [](const fs::path& root) { fs::create_directories(root / "empty_raw"); }},
      {"recordings without labels", split("prepare uci raw1"), 1, "labels.txt",
       file("raw1/RawData/acc_exp01_user01.txt", "1 2 3\n")},
      {"recording with a word", split("prepare uci raw2"), 1, "acc_exp01_user01.txt",
       [](const fs::path& root) {
         spill(root / "raw2/RawData/labels.txt", "1 1 1 0 2\n");
         spill(root / "raw2/RawData/acc_exp01_user01.txt", "1 2 3\n1 two 3\n");
         spill(root / "raw2/RawData/gyro_exp01_user01.txt", "1 2 3\n1 2 3\n");
       }},
      {"recording short of a column", split("prepare uci raw3"), 1, "acc_exp01_user01.txt",
       [](const fs::path& root) {
         spill(root / "raw3/RawData/labels.txt", "1 1 1 0 2\n");
         spill(root / "raw3/RawData/acc_exp01_user01.txt", "1 2 3\n1 2\n");
         spill(root / "raw3/RawData/gyro_exp01_user01.txt", "1 2 3\n1 2 3\n");
       }},
      {"recording without its gyroscope", split("prepare uci raw4"), 1, "gyro_exp01_user01.txt",
       [](const fs::path& root) {
         spill(root / "raw4/RawData/labels.txt", "1 1 1 0 2\n");
         spill(root / "raw4/RawData/acc_exp01_user01.txt", "1 2 3\n1 2 3\n");
       }},
      {"labels beyond the recording", split("prepare uci raw5"), 1, "labels.txt",
       [](const fs::path& root) {
         spill(root / "raw5/RawData/labels.txt", "1 1 1 0 2000\n");
         spill(root / "raw5/RawData/acc_exp01_user01.txt", "1 2 3\n1 2 3\n");
         spill(root / "raw5/RawData/gyro_exp01_user01.txt", "1 2 3\n1 2 3\n");
       }},
  };
}

/// Cuts one tensor out of, or renames one in, the header of a safetensors file of the same length.
void replace_in_header(std::string& bytes, const std::string& from, const std::string& to) {
  const std::size_t at = bytes.find(from);
  REQUIRE(at != std::string::npos);
  REQUIRE(from.size() == to.size());
  bytes.replace(at, from.size(), to);
}

std::vector<Case> weight_cases() {
  const auto embed = [](const std::string& name) { return split("embedding v1 tiny 20_120 -f " + name); };
  const std::string folder = "saved/pretrain_base_tiny_20_120/";
  return {
      {"weights are missing", embed("nobody"), 1, "nobody"},
      {"weights misspelt", embed("limo"), 1, "did you mean 'limu'"},
      {"weight path is missing", embed("./nowhere.pt"), 1, "nowhere.pt"},
      {"weights are empty", embed("empty"), 1, "empty.safetensors", file(folder + "empty.safetensors", "")},
      {"weights are text", embed("text"), 1, "text.pt", file(folder + "text.pt", "not a zip file")},
      {"weights are truncated", embed("shorter"), 1, "shorter.safetensors",
       changed(weights, folder + "shorter.safetensors", [](std::string& b) { b.resize(b.size() - 100); })},
      {"weights with a broken header", embed("header"), 1, "header.safetensors",
       changed(weights, folder + "header.safetensors", [](std::string& b) { b[9] = '}'; })},
      {"weights with a huge header", embed("length"), 1, "length.safetensors",
       changed(weights, folder + "length.safetensors",
               [](std::string& b) { b.replace(0, 8, "\xff\xff\xff\xff\xff\xff\xff\x7f", 8); })},
      {"a tensor has another name", embed("name"), 1, "decoder.biaz",
       changed(weights, folder + "name.safetensors",
               [](std::string& b) { replace_in_header(b, "\"decoder.bias\"", "\"decoder.biaz\""); })},
      {"a tensor has another shape", embed("shape"), 1, "transformer.embed.lin.weight",
       changed(weights, folder + "shape.safetensors",
               [](std::string& b) { replace_in_header(b, "[72,6]", "[6,72]"); })},
      {"a classifier is no encoder",
       {"embedding", "v1", "tiny", "20_120", "-f", "./saved/classifier_base_gru_tiny_20_120/gru.safetensors"},
       1,
       "gru"},
      {"weights hold NaN", embed("nan"), 1, "nan.safetensors",
       changed(weights, folder + "nan.safetensors",
               [](std::string& b) { b.replace(b.size() - 4, 4, "\xff\xff\xff\x7f"); })},
      {"weights of another configuration", split("embedding v2 nine 20_120 -f ./" + weights), 1,
       "transformer.embed.lin.weight", data_set("nine", npy("<f4", "(4, 120, 9)", floats(4 * 120 * 9, 0)))},
      {"initial weights are missing", split("pretrain v1 tiny 20_120 -s x -f nobody"), 1, "nobody"},
      {"inspect a missing file", split("inspect nowhere.safetensors"), 1, "nowhere.safetensors"},
      {"inspect a text file", split("inspect note.txt"), 1, "note.txt", file("note.txt", "hello")},
      {"convert a missing file", split("convert nowhere.pt x.safetensors"), 1, "nowhere.pt"},
      {"convert onto an existing file",
       {"convert", weights, "there.safetensors"},
       1,
       "--force",
       file("there.safetensors", "precious")},
      {"convert into a missing folder", {"convert", weights, "no/where/x.safetensors"}, 1, "no/where"},
  };
}

std::vector<Case> config_cases() {
  const auto with = [](const std::string& json) { return file("train.json", json); };
  const auto mask = [](const std::string& json) { return file("mask.json", json); };
  const Words train = split("pretrain v1 tiny 20_120 -s x -t train.json");
  const Words masks = split("pretrain v1 tiny 20_120 -s x -a mask.json");
  return {
      {"training options are missing", split("pretrain v1 tiny 20_120 -s x -t nowhere.json"), 1,
       "nowhere.json"},
      {"JSON is broken", train, 1, "train.json", with("{\"seed\": 1,")},
      {"JSON has a comment", train, 1, "train.json", with("{\"seed\": 1 /* one */}")},
      {"JSON is a list", train, 1, "train.json", with("[1, 2]")},
      {"unknown key", train, 1, "did you mean 'batch_size'",
       with("{\"seed\": 1, \"batch_sise\": 128, \"lr\": 0.1}")},
      {"key twice", train, 1, "train.json", with("{\"seed\": 1, \"seed\": 2}")},
      {"wrong type", train, 1, "lr", with("{\"batch_size\": 16, \"lr\": \"fast\"}")},
      {"learning rate is negative", train, 1, "lr", with("{\"batch_size\": 16, \"lr\": -1.0}")},
      {"batch size is zero", train, 1, "batch_size", with("{\"batch_size\": 0, \"lr\": 0.1}")},
      {"epochs are a fraction", train, 1, "n_epochs",
       with("{\"batch_size\": 16, \"lr\": 0.1, \"n_epochs\": 1.5}")},
      {"mask ratio above one", masks, 1, "mask_ratio", mask("{\"mask_ratio\": 1.5, \"max_gram\": 10}")},
      {"mask probability below zero", masks, 1, "mask_prob",
       mask("{\"mask_ratio\": 0.15, \"max_gram\": 10, \"mask_prob\": -0.5}")},
      {"unknown mask key", masks, 1, "did you mean 'max_gram'", mask("{\"max_gran\": 10}")},
  };
}

std::vector<Case> output_cases() {
  return {
      {"encoder exists", split("pretrain v1 tiny 20_120 -s limu --epochs 1"), 1, "--force"},
      {"embeddings exist", split("embedding v1 tiny 20_120 -f limu"), 1, "--force"},
      {"classifier exists", split("classifier v2 tiny 20_120 -f limu -s gru -l 0 --epochs 1"), 1, "--force"},
      {"synthetic set exists", split("synth dataset/tiny --users 4"), 1, "--force"},
      {"output folder is a file", split("pretrain v1 blocked 20_120 -s x --epochs 1"), 1,
       "pretrain_base_blocked_20_120",
       [](const fs::path& root) {
         fs::copy(root / "dataset/tiny", root / "dataset/blocked");
         spill(root / "saved/pretrain_base_blocked_20_120", "a file");
       }},
      {"synth into a file", split("synth occupied --users 4"), 1, "occupied", file("occupied", "a file")},
      {"log cannot be opened", split("pretrain v1 tiny 20_120 -s x --epochs 1 --log-json no/where.jsonl"), 1,
       "no/where.jsonl"},
      {"log exists", split("pretrain v1 tiny 20_120 -s x --epochs 1 --log-json old.jsonl"), 1, "--force",
       file("old.jsonl", "precious\n")},
      // Last, since the file replaces the built-in configurations for every later case.
      {"heads do not divide the width", split("pretrain odd tiny 20_120 -s x"), 1, "heads",
       file("config/limu_bert.json",
            "{\"base_odd\": {\"hidden\": 70, \"hidden_ff\": 144, \"feature_num\": 6, \"n_layers\": 4, "
            "\"n_heads\": 4, \"seq_len\": 120, \"emb_norm\": true}}")},
  };
}

}  // namespace

TEST_CASE("bad input ends in one clear line and leaves everything as it was", "[cli][bad_input]") {
  const Workbench bench;
  std::size_t count = 0;
  for (const auto& table : {usage_cases(), data_cases(), weight_cases(), config_cases(), output_cases()}) {
    for (const Case& one : table) {
      check(bench.root(), one);
      ++count;
    }
  }
  CHECK(count >= 60);
}
