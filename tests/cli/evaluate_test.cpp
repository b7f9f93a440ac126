// SPDX-License-Identifier: MIT
// `gyrograd tpn` and `gyrograd evaluate`: same bits for any threads and after kills, scores that agree with
// the training's own report, and one line for bad input.
#include <algorithm>
#include <chrono>
#include <csignal>
#include <string>
#include <vector>

#include "cli/bad_case.hpp"
#include "cli/tool.hpp"
#include "gyrograd/io/json_strict.hpp"
#include "gyrograd/io/npy.hpp"
#include "support/catch.hpp"

using namespace gyrograd;
using namespace gyrograd::testing;

namespace {

Outcome done(const fs::path& root, const std::string& line) {
  const Outcome outcome = run_tool(root, split(line));
  INFO(line << "\n" << outcome.err);
  REQUIRE(outcome.code == 0);
  return outcome;
}

void make_data(const fs::path& root) {
  done(root, "synth dataset/tiny --users 6 --windows 90 --quiet");
}

double figure(const fs::path& report, const char* part, const char* key) {
  const io::JsonValue json = io::read_json(report);
  const io::JsonValue* group = json.find(part);
  REQUIRE(group != nullptr);
  REQUIRE(group->find(key) != nullptr);
  return group->find(key)->real;
}

const std::string tpn_line =
    "tpn v1 tiny 20_120 -s tpn -l activity --epochs 2 --batch 32 --label-rate 0.2 --quiet ";
const std::string trunk = "saved/bench_tpn_pre_tiny_20_120/tpn.safetensors";
const std::string head = "saved/bench_tpn_classifier_tiny_20_120/tpn.safetensors";

}  // namespace

TEST_CASE("tpn gives the same bits with more threads, after kills, and on a given trunk", "[cli][tpn]") {
  const TempFolder reference;
  const fs::path& root = reference.path();
  make_data(root);
  done(root, tpn_line + "--threads 1 --log-json tpn.jsonl --tensorboard events");
  const std::string first = file_text(root / trunk), second = file_text(root / head);
  REQUIRE(first.size() > 500000);
  REQUIRE(second.size() > 500000);
  const std::string log = file_text(root / "tpn.jsonl");
  CHECK(log.find("\"command\":\"tpn self-training\"") != std::string::npos);
  CHECK(log.find("\"command\":\"tpn\"") != std::string::npos);
  CHECK(fs::file_size(root / "events/bench_tpn_pre_tiny_20_120/tpn/events.out.tfevents.gyrograd") > 300);
  CHECK(fs::file_size(root / "events/bench_tpn_classifier_tiny_20_120/tpn/events.out.tfevents.gyrograd") >
        300);

  SECTION("two threads") {
    done(root, tpn_line + "--threads 2 --force");
    CHECK((file_text(root / trunk) == first));
    CHECK((file_text(root / head) == second));
  }
  SECTION("kills") {
    const TempFolder killed;
    make_data(killed.path());
    int pause = 80;
    for (int kills = 0;; ++kills, pause += 80) {
      REQUIRE(kills < 100);
      ToolProcess process(killed.path(), split(tpn_line + "--save-every 0 --resume"));
      if (process.signal_after(std::chrono::milliseconds(pause), SIGKILL).code == 0) break;
    }
    CHECK((file_text(killed.path() / trunk) == first));
    CHECK((file_text(killed.path() / head) == second));
  }
  SECTION("the trunk by name") {
    done(root,
         "tpn v1 tiny 20_120 -f tpn -s other -l activity --epochs 2 --batch 32 --label-rate 0.2 --quiet");
    CHECK_FALSE(fs::exists(root / "saved/bench_tpn_pre_tiny_20_120/other.safetensors"));
    CHECK((file_text(root / "saved/bench_tpn_classifier_tiny_20_120/other.safetensors") == second));
  }
  SECTION("the repaired recipe, eight transformations, and what evaluate says of it") {
    done(root, tpn_line + "--recipe corrected --transforms original --force");
    CHECK((file_text(root / head) != second));
    done(root, "evaluate tpn_v1 tiny 20_120 -f tpn -l activity --quiet");
    CHECK(figure(root / "saved/evaluate_tpn_v1_tiny_20_120/tpn.report.json", "test", "loss") ==
          Approx(figure(root / "saved/bench_tpn_classifier_tiny_20_120/tpn.report.json", "test", "loss"))
              .epsilon(1e-6));
  }
}

TEST_CASE("evaluate agrees with the report of the training, for every kind of model", "[cli][evaluate]") {
  const TempFolder folder;
  const fs::path& root = folder.path();
  make_data(root);
  done(root, "pretrain v1 tiny 20_120 -s limu --epochs 2 --batch 16 --quiet");
  done(root, "embedding v1 tiny 20_120 -f limu --quiet");
  const std::string rest = " -l activity --epochs 3 --label-rate 0.3 --quiet";
  done(root, "classifier v2 tiny 20_120 -f limu -s gru" + rest);
  done(root, "classifier_bert v1_v2 tiny 20_120 -f limu -s both" + rest);
  done(root, "benchmark v1 tiny 20_120 --method deepsense -s spectra" + rest);

  struct Agreement {
    std::string model, name, folder, more;
  };
  for (const Agreement& a :
       std::vector<Agreement>{{"gru_v2", "gru", "classifier_base_gru", " --scores"},
                              {"gru_v2", "gru", "classifier_base_gru", " --encoder limu -s fresh"},
                              {"v1_v2", "both", "bert_classifier_base_gru", ""},
                              {"deepsense_v1", "spectra", "bench_deepsense", " --threads 2"}}) {
    INFO(a.model << ' ' << a.name << a.more);
    const Outcome outcome =
        done(root, "evaluate " + a.model + " tiny 20_120 -f " + a.name + " -l activity --quiet" + a.more);
    const std::string report = outcome.out.substr(outcome.out.rfind("./saved"));
    const fs::path file = root / report.substr(0, report.find('\n'));
    const fs::path own = root / "saved" / (a.folder + "_tiny_20_120") / (a.name + ".report.json");
    CHECK(figure(file, "test", "accuracy") == figure(own, "test", "accuracy"));
    CHECK(figure(file, "test", "loss") == Approx(figure(own, "test", "loss")).epsilon(1e-5));
  }

  const fs::path scores = root / "saved/evaluate_gru_v2_tiny_20_120/gru.scores.npy";
  const io::NpyFile array = io::read_npy(scores);
  REQUIRE(array.shape().size() == 2);
  CHECK(array.shape()[1] == 4 + 6);
  const std::vector<double> rows = array.values<double>();
  double right = 0;
  for (std::size_t i = 0; i < rows.size(); i += 10) {
    right += rows[i + 2] == rows[i + 3] ? 1 : 0;
    const auto most = std::max_element(rows.begin() + static_cast<std::ptrdiff_t>(i) + 4,
                                       rows.begin() + static_cast<std::ptrdiff_t>(i) + 10);
    CHECK(static_cast<double>(most - rows.begin()) - static_cast<double>(i) - 4 == rows[i + 3]);
  }
  CHECK(right / static_cast<double>(array.shape()[0]) ==
        figure(root / "saved/evaluate_gru_v2_tiny_20_120/gru.report.json", "test", "accuracy"));
  const Outcome drawn = done(root, "plot saved/evaluate_gru_v2_tiny_20_120/gru.report.json --quiet");
  CHECK(drawn.out.find("roc.svg") != std::string::npos);

  done(root, "evaluate base_v1 tiny 20_120 -f limu --part validation --reconstructions 2 --quiet");
  const fs::path encoder = root / "saved/evaluate_base_v1_tiny_20_120/limu.report.json";
  CHECK(figure(encoder, "validation", "loss") > 0);
  CHECK(done(root, "plot " + encoder.string() + " --quiet").out.find("reconstruction_2.svg") !=
        std::string::npos);
}

TEST_CASE("the paper's block and decoder are trained, and found again in the weights", "[cli][evaluate]") {
  const TempFolder scratch;
  const fs::path& root = scratch.path();
  make_data(root);
  const std::string train = "pretrain v1 tiny 20_120 --epochs 1 --batch 32 --threads 1 --quiet ";
  done(root, train + "-s usual");
  done(root, train + "-s paper --block paper --decoder paper");
  const std::string weights = "saved/pretrain_base_tiny_20_120/paper.safetensors";
  CHECK(file_text(root / weights).find("transformer.norm0.gamma") != std::string::npos);
  for (const std::string name : {"usual", "paper"}) {
    done(root, "embedding v1 tiny 20_120 --quiet -f " + name);
    done(root, "evaluate base_v1 tiny 20_120 --quiet -f " + name);
  }
  CHECK(file_text(root / "embed/embed_paper_tiny_20_120.json").find("\"block\": \"paper\"") !=
        std::string::npos);
  CHECK((file_text(root / "embed/embed_paper_tiny_20_120.npy") !=
         file_text(root / "embed/embed_usual_tiny_20_120.npy")));
  done(root,
       "classifier_bert v1_v2 tiny 20_120 -l activity --label-rate 0.3 --epochs 1 --quiet -s joint -f paper");
  done(root, "evaluate v1_v2 tiny 20_120 -l activity --quiet -f joint");
  CHECK(run_tool(root, split("pretrain v1 tiny 20_120 -s x --decoder papers")).code == 2);
}

TEST_CASE("bad input of tpn and evaluate ends in one line", "[cli][bad_input][evaluate]") {
  const TempFolder folder;
  const fs::path& root = folder.path();
  make_data(root);
  done(root, "pretrain v1 tiny 20_120 -s limu --epochs 1 --batch 16 --quiet");
  const std::string encoder = "./saved/pretrain_base_tiny_20_120/limu.safetensors";
  const std::vector<Case> cases = {
      {"no label for tpn", split("tpn v1 tiny 20_120"), 2, "-l is missing"},
      {"unknown version of tpn", split("tpn v9 tiny 20_120 -l 0"), 2, "v9"},
      {"unknown set for tpn", split("tpn v1 tinny 20_120 -l 0"), 2, "did you mean 'tiny'"},
      {"unknown recipe", split("tpn v1 tiny 20_120 -l 0 --recipe repaired"), 2, "published, corrected"},
      {"unknown transforms", split("tpn v1 tiny 20_120 -l 0 --transforms seven"), 2, "published, original"},
      {"unknown option of tpn", split("tpn v1 tiny 20_120 -l 0 --transform original"), 2,
       "did you mean '--transforms'"},
      {"trunk is missing", split("tpn v1 tiny 20_120 -l 0 -f nobody"), 1, "nobody"},
      {"trunk is an encoder",
       {"tpn", "v1", "tiny", "20_120", "-l", "0", "-s", "x", "-f", encoder},
       1,
       "none of its"},
      {"tpn without labels", split("tpn v1 tiny 20_120 -l 0 -s x --label-rate 0.0001"), 1, "label rate"},
      {"accelerometer and one axis more", split("tpn v1 narrow 20_120 -l 0"), 1, "4 channels",
       [](const fs::path& r) {
         fs::create_directories(r / "dataset/narrow");
         io::write_npy(r / "dataset/narrow/data_20_120.npy", std::vector<float>(20 * 120 * 4, 1.0F),
                       {20, 120, 4});
         io::write_npy(r / "dataset/narrow/label_20_120.npy", std::vector<float>(20 * 120, 0.0F),
                       {20, 120, 1});
       }},
      {"no such model", split("evaluate grru_v2 tiny 20_120 -f limu -l 0"), 2, "did you mean 'gru_v2'"},
      {"no such encoder", split("evaluate base_v77 tiny 20_120 -f limu"), 2, "v77"},
      {"no such part", split("evaluate base_v1 tiny 20_120 -f limu --part tests"), 2,
       "test, validation, train, all"},
      {"no such weights", split("evaluate base_v1 tiny 20_120 -f limo"), 1, "did you mean 'limu'"},
      {"weights of another kind",
       {"evaluate", "gru_v2", "tiny", "20_120", "-l", "0", "-f", encoder},
       1,
       "holds a LIMU-BERT encoder"},
      {"weights of another version", split("evaluate base_v4 tiny 20_120 -f limu"), 1, "limu"},
      {"fold without folds", split("evaluate base_v1 tiny 20_120 -f limu --fold 2"), 2, "--split kfold"},
      {"event file is there", split("tpn v1 tiny 20_120 -l 0 -s y --tensorboard events"), 1, "--force",
       file("events/bench_tpn_pre_tiny_20_120/y/events.out.tfevents.gyrograd", "precious")},
      {"event folder is a file",
       split("tpn v1 tiny 20_120 -l 0 -s y --label-rate 0.3 --tensorboard occupied --quiet"), 1, "occupied",
       file("occupied", "a file")},
      {"evaluation is there", split("evaluate base_v1 tiny 20_120 -f limu"), 1, "--force",
       file("saved/evaluate_base_v1_tiny_20_120/limu.report.json", "precious")},
  };
  for (const Case& one : cases) check(root, one);
}
