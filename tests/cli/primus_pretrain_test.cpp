// SPDX-License-Identifier: MIT
// `primus pretrain`: threads, kills and resumption change no bit; bad input ends in one line.
#include <chrono>
#include <cmath>
#include <csignal>
#include <functional>
#include <random>
#include <sstream>
#include <string>
#include <vector>

#include "cli/bad_case.hpp"
#include "cli/tool.hpp"
#include "support/catch.hpp"

using namespace gyrograd::testing;

namespace {

Words operator+(Words words, const Words& more) {
  words.insert(words.end(), more.begin(), more.end());
  return words;
}

void run_line(const fs::path& root, const std::string& line) {
  const Outcome outcome = run_tool(root, split(line));
  INFO(line << "\n" << outcome.err);
  REQUIRE(outcome.code == 0);
}

void make_set(const fs::path& root) {
  run_line(root, "primus synth dataset/p --users 5 --windows 90 --steps 123 --width 12 --quiet");
}

const Words train = split("primus pretrain p --epochs 2 --batch 8 --queue 24 --quiet");
const std::string weights = "saved/primus_p/primus.safetensors";

std::string npy(const std::string& shape, const std::vector<float>& values) {
  std::string header = "{'descr': '<f4', 'fortran_order': False, 'shape': " + shape + ", }";
  header.resize((header.size() + 10 + 1 + 63) / 64 * 64 - 10 - 1, ' ');
  header += '\n';
  std::string bytes("\x93NUMPY\x01\x00", 8);
  bytes += static_cast<char>(header.size() & 0xFF);
  bytes += static_cast<char>(header.size() >> 8);
  return bytes + header + std::string(reinterpret_cast<const char*>(values.data()), 4 * values.size());
}

/// A weight file with one tensor that no encoder has.
std::string safetensors() {
  std::string header = R"({"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}})";
  header.resize((header.size() + 7) / 8 * 8, ' ');
  std::string bytes(8, '\0');
  bytes[0] = static_cast<char>(header.size());
  return bytes + header + std::string(4, '\0');
}

/// A set of one part with one shard: `count` windows of `steps` samples, vectors of 4 values.
struct Shard {
  std::string set;
  int count = 24, steps = 123, text = 4, video = 4;
  float text_value = 1, video_value = 1;
  int text_rows = -1;
  std::string number = "0";

  void operator()(const fs::path& root) const {
    const fs::path folder = root / "dataset" / set / "train" / ("shard_000" + number);
    std::vector<float> x(static_cast<std::size_t>(count * steps * 6));
    for (std::size_t i = 0; i < x.size(); ++i) x[i] = std::sin(static_cast<float>(i));
    spill(folder / "windows.npy",
          npy("(" + std::to_string(count) + ", " + std::to_string(steps) + ", 6)", x));
    const auto vectors = [&](const char* name, int rows, int width, float last) {
      if (width == 0) return;
      std::vector<float> v(static_cast<std::size_t>(rows * width), 1.0F);
      std::fill(v.end() - width, v.end(), last);  // the last window's vector
      spill(folder / name, npy("(" + std::to_string(rows) + ", " + std::to_string(width) + ")", v));
    };
    vectors("text.npy", text_rows < 0 ? count : text_rows, text, text_value);
    vectors("video.npy", count, video, video_value);
  }
};

std::vector<Case> cases() {
  const std::string run = "primus pretrain ", end = " --epochs 1 --batch 4 --queue 8";
  std::vector<Case> list = {
      {"no set", split(run + "nowhere"), 2, "no folder"},
      {"a folder that is no set", split(run + "empty"), 1, "has no part train",
       [](const fs::path& root) { fs::create_directories(root / "dataset/empty"); }},
      {"a part without shards", split(run + "bare"), 1, "shard_0000",
       [](const fs::path& root) { fs::create_directories(root / "dataset/bare/train"); }},
      {"windows too short", split(run + "short" + end), 1, "the encoder takes 123 or more",
       Shard{"short", 24, 122}},
      {"windows of another rate for IMU2CLIP", split(run + "p -s x --encoder imu2clip"), 1, "978 to 1004"},
      {"a vector of zeros", split(run + "zero" + end), 1, "window 23: its text vector has length",
       Shard{"zero", 24, 123, 4, 4, 0.0F}},
      {"a vector that is not a number", split(run + "nan" + end), 1, "is not a finite number",
       Shard{"nan", 24, 123, 4, 4, 1.0F, std::nanf("")}},
      {"vectors for other windows", split(run + "rows" + end), 1, "one vector for each window",
       Shard{"rows", 24, 123, 4, 4, 1, 1, 23}},
      {"labels that are not there", split(run + "unlabelled --method standard"), 2, "learns from labels",
       Shard{"unlabelled"}},
      {"an option of another method", split(run + "p --method multitask --queue 9"), 2,
       "--queue means nothing with --method multitask"},
      {"a network of another method", split(run + "p --method standard --encoder tpn"), 2,
       "goes with --method simclr"},
      {"heads without tasks", split(run + "p --heads pooled"), 2, "--heads means nothing"},
      {"shards that do not fit together", split(run + "mixed" + end), 1, "shard_0001: window steps 130",
       [](const fs::path& root) {
         Shard{"mixed"}(root);
         Shard{"mixed", 24, 130, 4, 4, 1, 1, -1, "1"}(root);
       }},
      {"neither text nor video", split(run + "alone --method mm" + end), 1, "choose the method ss",
       Shard{"alone", 24, 123, 0, 0}},
      {"a queue larger than the data", split(run + "p -s x --queue 5000"), 1, "a window would find itself"},
      {"a queue smaller than a batch", split(run + "p -s x --batch 16 --queue 8"), 1,
       "a longer queue or a smaller batch"},
      {"a batch of one", split(run + "p -s x --batch 1"), 1, "expected at least 2"},
      {"too few windows", split(run + "few --batch 4 --queue 1"), 1, "expected at least two of each",
       Shard{"few", 3}},
      {"unknown method", split(run + "p --method primos"), 2, "did you mean 'primus'"},
      {"unknown rival", split(run + "p --method multitasks"), 2, "did you mean 'multitask'"},
      {"unknown transformation", split(run + "p --augment scaling,flip"), 2, "unknown transformation 'flip'"},
      {"weights in two forms", split(run + "p --ssl-coeff 0.5 --alpha 1"), 2, "exclude each other"},
      {"a split where a part decides", split(run + "p -s x --split user"), 2, "leave out --split"},
      {"unknown users", split(run + "plain --split user" + end), 2, "does not say who recorded",
       Shard{"plain"}},
      {"weights that are not there", split(run + "p -f nothing -s x"), 1, "nothing"},
      {"weights of another model", split(run + "p -f other.safetensors -s x"), 1,
       "other.safetensors: the weights", file("other.safetensors", safetensors())},
      {"results that exist", split(run + "p"), 1, "give --force"},
      {"a checkpoint of other options",
       split(run + "p -s half --resume --batch 8 --queue 24 --quiet --lr 0.5"), 1,
       "belongs to a run with --lr"},
      {"a checkpoint of another encoder",
       split(run + "p -s half --resume --batch 8 --queue 24 --quiet --encoder single"), 1,
       "belongs to a run with --encoder"},
      {"no subcommand", split("primus"), 2, "no command given"},
      {"synth: fewer windows than people", split("primus synth out --users 30 --windows 60"), 2,
       "one recording of"},
      {"synth: results that exist", split("primus synth dataset/p"), 1, "give --force"},
  };
  return list;
}

}  // namespace

TEST_CASE("help of primus pretrain and synth fits 79 columns", "[cli][help]") {
  const TempFolder root;
  for (const char* line : {"primus pretrain --help", "primus synth -h"}) {
    const Outcome outcome = run_tool(root.path(), split(line));
    CHECK(outcome.code == 0);
    std::istringstream lines(outcome.out);
    for (std::string text; std::getline(lines, text);) CHECK(text.size() <= 79);
  }
}

TEST_CASE("primus pretrain: bad input ends in one line and changes nothing", "[cli]") {
  const TempFolder root;
  make_set(root.path());
  REQUIRE(run_tool(root.path(), train).code == 0);
  ToolProcess half(root.path(),
                   split("primus pretrain p -s half --epochs 100000 --batch 8 --queue 24 --quiet"));
  REQUIRE(half.signal_after(std::chrono::milliseconds(1500), SIGTERM).code == 1);
  REQUIRE(fs::exists(root.path() / "saved/primus_p/half.checkpoint"));
  for (const Case& one : cases()) check(root.path(), one);
}

TEST_CASE("primus pretrain: threads and kills change no bit", "[cli][resume]") {
  const TempFolder root;
  make_set(root.path());
  const auto run = [&](const Words& more) {
    const Outcome outcome = run_tool(root.path(), train + more);
    INFO(outcome.err);
    REQUIRE(outcome.code == 0);
    return file_text(root.path() / weights);
  };
  const auto start = std::chrono::steady_clock::now();
  const std::string one = run({"--threads", "1", "--log-json", "log.jsonl"});
  const auto whole =
      std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - start);
  REQUIRE(one.size() > 50000);
  for (const char* file : {"saved/primus_p/primus.report.json", "saved/primus_p/primus.html", "log.jsonl"})
    CHECK(fs::exists(root.path() / file));
  CHECK(file_text(root.path() / "log.jsonl").find("temperature_mm") != std::string::npos);
  CHECK((run({"--threads", "2", "--force"}) == one));
  CHECK((run({"--threads", "3", "--force"}) == one));
  CHECK((run({"--seed", "7", "--force"}) != one));

  for (const char* ending : {".safetensors", ".report.json", ".html"})
    fs::remove(root.path() / ("saved/primus_p/primus" + std::string(ending)));
  std::mt19937 random(1);
  // Of the time that a whole run takes here, so that a fast machine is interrupted and a slow one gets ahead.
  std::uniform_int_distribution<int> pause(static_cast<int>(whole.count()) / 8,
                                           static_cast<int>(whole.count()) / 2);
  int kills = 0;
  for (bool ended = false; !ended && kills < 60; kills += ended ? 0 : 1) {
    ToolProcess process(root.path(), train + Words{"--save-every", "0", "--resume"});
    const Outcome outcome = process.signal_after(std::chrono::milliseconds(pause(random)), SIGKILL);
    INFO("after " << kills << " kills: " << outcome.err);
    ended = outcome.code == 0;
    REQUIRE((ended || outcome.code == 128 + SIGKILL));
  }
  if (kills == 60) REQUIRE(run_tool(root.path(), train + Words{"--resume"}).code == 0);
  CHECK(kills > 0);
  CHECK((file_text(root.path() / weights) == one));
}

TEST_CASE("primus pretrain: every method and encoder runs, from given weights, too", "[cli]") {
  const TempFolder root;
  make_set(root.path());
  const std::string run = "primus pretrain p --epochs 1 --batch 8 --queue 24 --quiet ";
  for (const char* method : {"primus", "mm", "ss", "ss+mm", "mm+nn", "ss+nn"})
    run_line(root.path(), run + "--method " + method);
  run_line(root.path(), run + "-s single --encoder single");
  run_line(root.path(), run + "-s again -f saved/primus_p/ss_mm.safetensors --published --augment-both");
  run_line(root.path(),
           run + "-s log --temperature-form log --direction one-way --mask-duplicates --augment time_warp");
  CHECK(fs::exists(root.path() / "saved/primus_p/ss_nn.safetensors"));
  const std::string page = file_text(root.path() / "saved/primus_p/primus.html");
  CHECK(page.find("<svg") != std::string::npos);
  CHECK(page.find("http://") == page.find("http://www.w3.org"));
}

TEST_CASE("primus pretrain: rivals train, continue, and are embedded", "[cli]") {
  const TempFolder root;
  make_set(root.path());
  const std::string run = "primus pretrain p --epochs 2 --batch 16 --quiet ";
  const auto embed = [&](const std::string& name, const std::string& more) {
    run_line(root.path(), "primus embed saved/primus_p/" + name + ".safetensors dataset/p/test out_" + name +
                              " --quiet " + more);
    return file_text(root.path() / ("out_" + name + "/embeddings.npy"));
  };
  run_line(root.path(), run + "--method simclr --decay-steps 20");
  CHECK(embed("simclr", "").find(", 96)") != std::string::npos);
  run_line(root.path(), run + "--method simclr --encoder single --width 14 -s inside");
  CHECK(embed("inside", "--output ssl").find(", 14)") != std::string::npos);
  run_line(root.path(), run + "--method multitask --heads pooled --width 14");
  CHECK(embed("multitask", "--output emb").find(", 14)") != std::string::npos);
  run_line(root.path(), run + "--method standard --width 14");
  CHECK(file_text(root.path() / "saved/primus_p/standard.safetensors").find("head.weight") !=
        std::string::npos);
  run_line(root.path(), run + "--method standard --width 14 -s tuned -f standard");
  run_line(root.path(), run + "--method imu2clip");
  CHECK(file_text(root.path() / "saved/primus_p/imu2clip.safetensors").find("net.0.weight") !=
        std::string::npos);
  CHECK((embed("tuned", "") != embed("standard", "")));

  for (const std::string method : {"simclr", "multitask", "standard"}) {
    INFO(method);
    const std::string line = "primus pretrain p --epochs 30 --batch 16 --quiet --method " + method + " -s ";
    run_line(root.path(), line + "whole");
    ToolProcess process(root.path(), split(line + "half --save-every 0"));
    const Outcome killed = process.signal_after(std::chrono::milliseconds(400), SIGKILL);
    REQUIRE((killed.code == 0 || killed.code == 128 + SIGKILL));
    run_line(root.path(), line + "half --resume");
    CHECK((file_text(root.path() / "saved/primus_p/half.safetensors") ==
           file_text(root.path() / "saved/primus_p/whole.safetensors")));
    for (const char* name : {"whole", "half"})
      for (const char* ending : {".safetensors", ".report.json", ".html"})
        fs::remove(root.path() / ("saved/primus_p/" + std::string(name) + ending));
  }
}

TEST_CASE("primus pretrain: text and video vectors of any width", "[cli]") {
  const TempFolder root;
  run_line(root.path(),
           "primus synth dataset/p --users 5 --windows 90 --steps 123 --width 12 --video-width 20 "
           "--quiet");
  run_line(root.path(), "primus pretrain p --epochs 2 --batch 8 --queue 24 --width 16 --quiet");
  const auto embed = [&](const std::string& output) {
    run_line(root.path(),
             "primus embed " + weights + " dataset/p/test out_" + output + " --quiet --output " + output);
    return file_text(root.path() / ("out_" + output + "/embeddings.npy"));
  };
  CHECK(embed("mmcl").find(", 16)") != std::string::npos);
  CHECK(embed("text").find(", 12)") != std::string::npos);
  CHECK(embed("video").find(", 20)") != std::string::npos);
  const std::string one = file_text(root.path() / weights);
  run_line(root.path(),
           "primus pretrain p --epochs 2 --batch 8 --queue 24 --width 16 --quiet --force "
           "--max-memory 16 --threads 2");
  CHECK((file_text(root.path() / weights) == one));  // mapped shards give the same
  run_line(root.path(),
           "primus pretrain p --epochs 1 --batch 8 --queue 24 --width 16 --quiet -s on -f primus");
}
