// SPDX-License-Identifier: MIT
// From recordings with narrations to shards of paired windows, with the tool: Ego-Exo4D, Ego4D, RealWorld and
// manifests, and their wrong calls.
#include <algorithm>
#include <functional>
#include <string>
#include <vector>

#include "cli/bad_case.hpp"
#include "cli/good_run.hpp"
#include "cli/tool.hpp"
#include "gyrograd/data/paired_part.hpp"
#include "support/catch.hpp"
#include "support/deflate.hpp"
#include "support/imu_rows.hpp"

using namespace gyrograd::testing;
using namespace gyrograd;

namespace {

std::string number(int i) {
  return std::to_string(i);
}

/// An Ego-Exo4D export with `n` takes in each pool, 16 s at 200 Hz, users shared by two takes; the last take
/// of each pool has no sensor file, the first one records that are not valid.
void spill_ego_exo4d(const fs::path& raw, int n) {
  std::string takes;
  for (const std::string pool : {"train", "val"}) {
    std::string said;
    for (int i = 0; i < n; ++i) {
      const std::string uid = pool + number(i);
      takes += (takes.empty() ? "" : ",\n") + std::string("{\"take_uid\": \"") + uid +
               "\", \"take_name\": \"lab_cooking_" + uid +
               "\", \"duration_sec\": 16.0, \"participant_uid\": \"" + pool + number(i / 2) + "\"}";
      said += (i > 0 ? ",\n" : "") + std::string("\"") + uid +
              "\": [{\"rejected\": false, \"descriptions\": [" +
              "{\"text\": \"C opens the CPR kit.\", \"timestamp\": 1, \"subject\": \"C\"}," +
              "{\"text\": \"C stirs pot " + number(i) + "\", \"timestamp\": 7.3, \"unsure\": false}," +
              "{\"text\": \"C stirs again\", \"timestamp\": 7.3}," +
              "{\"text\": \"C guesses\", \"timestamp\": 9, \"unsure\": true}]}]";
      if (i + 1 < n)
        spill(raw / "imu" / ("lab_cooking_" + uid + ".csv"),
              aria_csv(200, 16, [&](int row) { return i == 0 && row >= 3000; }));
    }
    spill(raw / ("annotations/atomic_descriptions_" + pool + ".json"), "{\"annotations\": {" + said + "}}");
  }
  spill(raw / "takes.json", "[" + takes + "]");
}

const std::string manifest_head =
    R"({"rate_hz": 20, "window_s": 2, "time": "t", "columns": ["ax", "ay", "az", "gx", "gy", "gz"],
 "units": ["m/s2", "rad/s"], )";

std::string sensor_csv(double seconds) {
  return "t,ax,ay,az,gx,gy,gz\n" + imu_lines(50, seconds, [](int i) { return std::to_string(0.02 * i); });
}

}  // namespace

TEST_CASE("Ego-Exo4D: shards, lists to embed, then the same windows with vectors", "[cli][prepare]") {
  const TempFolder scratch;
  const fs::path& root = scratch.path();
  spill_ego_exo4d(root / "raw", 5);
  CHECK(has(run(root, "prepare ego-exo4d raw --dry-run").out, "train: "));
  CHECK_FALSE(fs::exists(root / "dataset"));
  const Outcome made = run(root, "prepare ego-exo4d raw --shard-rows 3");
  CHECK(has(made.out, "probe_train: 4 windows of 250 steps, 2 takes"));
  CHECK(has(made.err, "2 x missing file, first raw/annotations/atomic_descriptions_train.json: take train4"));
  CHECK(has(made.err, "embed texts.txt and clips.txt"));
  const fs::path set = root / "dataset/ego-exo4d";
  CHECK(has(file_text(set / "card.json"), "\"recipe\": \"corrected\""));
  CHECK(has(file_text(set / "set.json"), "\"probe_test\""));
  CHECK(has(file_text(set / "texts.txt"), "opens the cpr kit\nstirs pot 0\n"));
  CHECK(has(file_text(set / "findings.txt"), "the annotator is unsure"));
  const data::PairedWindows bare = data::load_paired_shard(set / "train/shard_0000");
  CHECK(bare.windows.steps == 250);
  CHECK(data::load_paired_part(set / "train").count() >
        bare.count());  // several shards, as pre-training reads them
  CHECK(bare.text_width == 0);
  CHECK(bare.imu_only(0));
  CHECK(bare.windows.window(0)[2] == Approx(9.81).margin(0.02));  // no droop of gravity at the edge
  CHECK(bare.labels[0] == 5);
  CHECK(run_tool(root, split("prepare ego-exo4d raw")).code == 1);  // never replaced silently

  // As if embedded elsewhere: one row for each line.
  for (const char* list : {"texts", "clips"}) {
    const std::string lines = file_text(set / (std::string(list) + ".txt"));
    const auto rows = static_cast<std::size_t>(std::count(lines.begin(), lines.end(), '\n'));
    std::vector<float> values(rows * 4);
    for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(i + 1);
    spill(root / (std::string(list) + ".txt"), lines);
    io::write_npy(root / (std::string(list) + ".npy"), values, {rows, 4});
  }
  const Outcome paired =
      run(root, "prepare ego-exo4d raw --text-vectors texts --video-vectors clips.npy --force");
  CHECK(has(paired.out, "without text vector 0, without video vector 0"));
  const data::PairedWindows whole = data::load_paired_shard(set / "train/shard_0000");
  CHECK(whole.text_width == 4);
  CHECK(whole.flags[0] == 0);
  CHECK(whole.texts[0] == "opens the cpr kit");
  CHECK(whole.text[0] == 1);                          // the first line of the list
  CHECK_FALSE(fs::exists(set / "train/shard_0001"));  // the old shards are gone
}

TEST_CASE("Ego-Exo4D as published: official parts, repeated windows, edges that fade", "[cli][prepare]") {
  const TempFolder scratch;
  const fs::path& root = scratch.path();
  spill_ego_exo4d(root / "raw", 4);
  spill(root / "raw/bad_imu.txt", "train0_0_5\n");
  const Outcome made = run(root, "prepare ego-exo4d raw --published -o out");
  CHECK(has(made.out, "train: 11 windows"));  // 3 takes of 4 narrations, one in the bad list
  CHECK(has(made.out, "val: 12 windows"));
  CHECK(has(made.err, "train0_0_5 is in the list of bad windows"));
  const data::PairedWindows p = data::load_paired_shard(root / "out/train/shard_0000");
  CHECK(p.windows.window(0)[2] == Approx(6.13).margin(0.02));  // 9.81 (1 + .99 / 4) / 2
  CHECK(p.starts[0] == 4000);
  CHECK(has(file_text(root / "out/texts.txt"), "opens the pr kit"));
}

TEST_CASE("the same seed gives the same parts, users stay together on request", "[cli][prepare]") {
  const TempFolder scratch;
  const fs::path& root = scratch.path();
  spill_ego_exo4d(root / "raw", 9);
  run(root, "prepare ego-exo4d raw -o a --quiet --split-by user");
  run(root, "prepare ego-exo4d raw -o b --quiet --split-by user");
  const bool same = snapshot(root / "a") == snapshot(root / "b");
  CHECK(same);
  CHECK(has(file_text(root / "a/set.json"), "\"leaks\": []"));
  const Outcome by_take = run(root, "prepare ego-exo4d raw -o c --seed 2");
  CHECK(has(by_take.err, "users are in both"));
  run(root,
      "prepare ego-exo4d raw -o d --seed 7 --parts c/parts.tsv");  // another preparation, the same parts
  CHECK(file_text(root / "d/parts.tsv") == file_text(root / "c/parts.tsv"));
  CHECK(file_text(root / "d/train/shard_0000/starts.npy") ==
        file_text(root / "c/train/shard_0000/starts.npy"));
  spill(root / "few.tsv", "part\ttake\ntrain\ttrain3\nval\tval2\n");
  const Outcome few = run(root, "prepare ego-exo4d raw -o e --parts few.tsv");
  CHECK(has(few.out, "train: 2 windows of 250 steps, 1 takes"));
  CHECK(has(file_text(root / "e/findings.txt"), "few.tsv: annotation: lists no part of take train0"));
}

TEST_CASE("Ego4D: videos of one scenario, parts class by class", "[cli][prepare]") {
  const TempFolder scratch;
  const fs::path& root = scratch.path();
  std::string videos, said;
  for (int i = 0; i < 10; ++i) {
    const std::string comma = i > 0 ? "," : "";
    videos += comma + "{\"video_uid\": \"v" + number(i) + "\", \"duration_sec\": 12, \"scenarios\": [\"" +
              (i % 2 == 0 ? "Cooking" : "Farmer") + "\"]}";
    said += comma + "\"v" + number(i) +
            "\": {\"narration_pass_1\": {\"narrations\": [{\"timestamp_sec\": 6, \"narration_text\": \"#C C "
            "sits\"}]}}";
    spill(root / "raw/imu" / ("v" + number(i) + ".csv"),
          "canonical_timestamp_ms,accl_x,accl_y,accl_z,gyro_x,gyro_y,gyro_z\n" +
              imu_lines(100, 12, [](int row) { return number(10 * row); }));
  }
  spill(root / "raw/ego4d.json", "{\"videos\": [" + videos + "]}");
  spill(root / "raw/narration.json", "{" + said + "}");
  const Outcome made = run(root, "prepare ego4d raw");
  CHECK(has(made.out, "train: "));
  CHECK(has(made.out, "classes: carpenter, cleaning, cooking"));
  run(root, "prepare ego4d raw --published -o p");
  CHECK(has(file_text(root / "p/card.json"), "\"recipe\": \"published\""));
}

#ifdef GYROGRAD_HAVE_ZLIB
TEST_CASE("RealWorld: users in fixed lists, moved on by folds", "[cli][prepare]") {
  const TempFolder scratch;
  const fs::path& root = scratch.path();
  for (const int user : {1, 11, 13}) {
    const auto csv = [](int first) {
      std::string text = "id,attr_time,attr_x,attr_y,attr_z\n";
      for (int i = 0; i < 600; ++i)
        text += number(i) + ',' + number(20 * i) + imu_fields(0.02 * i, first, 3) + '\n';
      return text;
    };
    const fs::path data = root / "raw" / ("proband" + number(user)) / "data";
    spill(data / "acc_walking_csv.zip", zip_of({deflated("acc_walking_head.csv", csv(0))}));
    spill(
        data / "gyr_walking_csv.zip",
        zip_of({deflated("gyr_walking_csv.zip", zip_of({deflated("Gyroscope_walking_head.csv", csv(3))}))}));
  }
  const Outcome made = run(root, "prepare realworld raw");
  CHECK(has(made.out, "train: 2 windows of 250 steps, 1 takes, 1 users"));
  CHECK(has(made.out, "test: 2 windows"));
  const data::PairedWindows p = data::load_paired_shard(root / "dataset/realworld/val/shard_0000");
  CHECK(p.labels == std::vector<Index>{7, 7});
  CHECK(p.starts == std::vector<Index>{0, 5000});
  CHECK(has(file_text(root / "dataset/realworld/set.json"), "\"test_users\": [\n"));
  const Outcome moved =
      run(root, "prepare realworld raw --fold 1 -o f");  // 1, 2 and 3 test, 14 and 15 validate
  CHECK(has(moved.out, "test: 2 windows"));
  CHECK(has(moved.out, "train: 4 windows"));
  CHECK(
      has(run(root, "prepare realworld raw --test-users 1 --val-users 13 --published -o g").out, "test: 2"));
}
#endif

TEST_CASE("labelled sets as shards without vectors, parts by user", "[cli][prepare]") {
  const TempFolder scratch;
  const fs::path& root = scratch.path();
  for (const char* user : {"anna", "bert", "carl", "dora"})
    spill(root / "raw" / user / "walk.csv", sensor_csv(13));
  const std::string line =
      "prepare csv raw --columns ax,ay,az,gx,gy,gz --units m/s2,rad/s --time t --labels "
      "activity=file,user=folder "
      "--rate 50 --window 250 --paired";
  CHECK(has(run(root, line + " --dry-run").out, "train: 4 windows of 250 steps, 2 takes, 2 users"));
  CHECK_FALSE(fs::exists(root / "dataset"));
  run(root, line);
  const data::PairedWindows p = data::load_paired_part(root / "dataset/csv_paired/test");
  CHECK(p.count() == 2);
  CHECK(p.imu_only(0));
  CHECK(p.starts == std::vector<Index>{0, 5000});
  CHECK(p.labels == std::vector<Index>{0, 0});
  CHECK(has(file_text(root / "dataset/csv_paired/set.json"), "\"leaks\": []"));
  CHECK(run_tool(root, split(line)).code == 1);  // never replaced silently
}

TEST_CASE("manifest: vectors by row, parts by name, windows without annotations", "[cli][prepare]") {
  const TempFolder scratch;
  const fs::path& root = scratch.path();
  spill(root / "m/a.csv", sensor_csv(8));
  spill(root / "m/b.csv", sensor_csv(8));
  io::write_npy(root / "m/text.npy", std::vector<float>{1, 2, 3, 4}, {2, 2});
  spill(root / "m/manifest.json", manifest_head + R"("text_vectors": "text.npy",
    "recordings": [{"file": "a.csv", "split": "train", "user": "u", "label": "sit"},
                   {"file": "b.csv", "split": "val", "user": "w"}],
    "annotations": [{"take": "a", "time": 4, "text": "C sits", "text_row": 1}, {"take": "a", "time": 6}]})");
  const Outcome made = run(root, "prepare manifest m --name mine");
  CHECK(has(made.out, "train: 2 windows of 40 steps, 1 takes, 1 users, without text vector 1"));
  CHECK(has(made.out, "val: 4 windows"));  // side by side
  const data::PairedWindows p = data::load_paired_shard(root / "dataset/mine/train/shard_0000");
  CHECK(p.text == std::vector<float>{3, 4, 0, 0});
  CHECK(p.imu_only(1));
  CHECK(has(run(root, "prepare manifest m --rate 10 --window 1 -o r").out, "of 10 steps"));
}

TEST_CASE("each of these sets has a help text of its own", "[cli][help]") {
  const TempFolder scratch;
  for (const char* word : {"ego-exo4d", "ego4d", "realworld", "manifest"}) {
    const Outcome told = run(scratch.path(), std::string("prepare ") + word + " --help");
    CHECK(has(told.out, "--text-vectors"));
    std::size_t longest = 0;
    for (std::size_t at = 0; at < told.out.size();) {
      const std::size_t end = std::min(told.out.find('\n', at), told.out.size());
      longest = std::max(longest, end - at);
      at = end + 1;
    }
    CHECK(longest <= 79);
  }
}

TEST_CASE("bad paired data end in one clear line and write nothing", "[cli][bad_input]") {
  const TempFolder scratch;
  const fs::path& root = scratch.path();
  spill_ego_exo4d(root / "e", 4);
  spill(root / "m/a.csv", sensor_csv(8));
  const auto manifest = [](const std::string& rest) { return file("m/manifest.json", manifest_head + rest); };
  const std::string one = R"("recordings": [{"file": "a.csv", "split": "train"}])";
  const Words prepare_m = split("prepare manifest m");
  const auto vectors = [](std::size_t width) {
    return [=](const fs::path& at) {
      for (const std::string base : {"t", "v"}) {
        const std::size_t columns = base == "t" ? 4 : width;
        io::write_npy(at / (base + ".npy"), std::vector<float>(columns), {1, columns});
        spill(at / (base + ".txt"), "x\n");
      }
    };
  };
  const std::vector<Case> cases{
      {"a misspelt set", split("prepare ego-exo4 e"), 2, "did you mean 'ego-exo4d'"},
      {"an option before the set", split("prepare --quiet ego-exo4d e"), 2,
       "must stand right behind prepare"},
      {"no folder", split("prepare ego-exo4d nowhere"), 1, "no such folder"},
      {"published at another rate", split("prepare ego-exo4d e --published --rate 25"), 2,
       "exclude each other"},
      {"an unknown option", split("prepare ego4d e --stride 5"), 2, "--stride"},
      {"a wrong split", split("prepare ego4d e --split-by window"), 2, "--split-by"},
      {"shards of parts of a second",
       split("prepare csv m --columns ax,ay,az,gx,gy,gz --units m/s2,rad/s --time t "
             "--window 130 --paired"),
       2, "expected whole seconds"},
      {"shards of an accelerometer", split("prepare csv m --columns ax,ay,az --units m/s2 --time t --paired"),
       2, "has no accelerometer and gyroscope"},
      {"parts that are no list", split("prepare ego-exo4d e --parts e/takes.json"), 1,
       "takes.json:1: header"},
      {"parts that are paths", split("prepare ego-exo4d e --parts p.tsv"), 2, "part of take train0 is '../x'",
       file("p.tsv", "part\ttake\n../x\ttrain0\n")},
      {"Ego4D without its lists", split("prepare ego4d e"), 1, "e/ego4d.json: cannot be opened"},
      {"RealWorld without users", split("prepare realworld e"), 1, "holds no folder proband1"},
      {"users that do not exist", split("prepare realworld e --test-users 16"), 2, "expected users such as"},
      {"a user twice", split("prepare realworld e --test-users 3 --val-users 2,3"), 2, "user 3 stands in"},
      {"vectors without keys", split("prepare ego-exo4d e --text-vectors t"), 1, "t.txt: cannot be opened",
       [](const fs::path& at) {
         io::write_npy(at / "t.npy", std::vector<float>(4), {1, 4});
       }},
      {"vectors of two models", split("prepare ego-exo4d e --text-vectors t --video-vectors v"), 1,
       "v.npy: vectors of width 3, those of t.npy have 4; both must come from the same model", vectors(3)},
      {"a folder of something else", split("prepare ego-exo4d e -o m --force"), 1,
       "holds other files and no set.json"},
      {"damaged annotations", split("prepare ego-exo4d e"), 1, "atomic_descriptions_val.json:1, byte 17",
       file("e/annotations/atomic_descriptions_val.json", "{\"annotations\": {")},
      {"a take that is cut short", split("prepare ego-exo4d e"), 1, "lab_cooking_train0.csv:3: 3 columns",
       [](const fs::path& at) {
         spill(at / "e/annotations/atomic_descriptions_val.json", "{\"annotations\": {}}");
         spill(at / "e/imu/lab_cooking_train0.csv", aria_csv(200, 0.005) + "7005000000,1,2\n");
       }},
      {"no take with sensor rows", split("prepare ego-exo4d e"), 1, "no window is left",
       [](const fs::path& at) {
         fs::remove_all(at / "e/imu");
         spill(at / "e/annotations/atomic_descriptions_val.json", "{\"annotations\": {}}");
         spill(at / "e/annotations/atomic_descriptions_train.json", "{\"annotations\": {}}");
       }},
      {"a manifest as published", split("prepare manifest m --published"), 2, "no published recipe",
       manifest(one + "}")},
      {"a manifest with an unknown key", prepare_m, 1, "did you mean 'annotations'",
       manifest(one + ", \"annotation\": []}")},
      {"a window of a fraction", prepare_m, 1, "window_s is 2.5",
       file("m/manifest.json",
            R"({"window_s": 2.5, "columns": ["ax","ay","az","gx","gy","gz"], "units": ["m/s2", "rad/s"], )" +
                one + "}")},
      {"a split for some recordings", prepare_m, 1, "1 of 2 recordings name their split",
       manifest(R"("recordings": [{"file": "a.csv", "split": "train"}, {"file": "b.csv"}]})")},
      {"a split that is a path", prepare_m, 2, "split of take a is '../x'",
       manifest(R"("recordings": [{"file": "a.csv", "split": "../x"}]})")},
      {"too few takes to split", prepare_m, 1, "1 takes, expected at least 3",
       manifest(R"("recordings": [{"file": "a.csv"}]})")},
      {"a row beyond the vectors", prepare_m, 1, "t.npy: row 5 is asked for, it has 1",
       manifest(
           one +
           R"(, "text_vectors": "../t.npy", "annotations": [{"take": "a", "time": 4, "text_row": 5}]})")},
      {"sensor rows in another unit", prepare_m, 1, "it looks like g",
       [&](const fs::path& at) {
         manifest(one + "}")(at);
         std::string rows = "t,ax,ay,az,gx,gy,gz\n";
         for (int i = 0; i < 400; ++i)
           rows += std::to_string(0.02 * i) + ",0.0" + number(i % 7) + ",0.1" + number(i % 3) + ",1.0" +
                   number(i % 5) + ",0.1" + number(i % 6) + ",0." + number(i % 3) + ",0.0" + number(i % 4) +
                   "\n";
         spill(at / "m/a.csv", rows);
       }},
  };
  for (const Case& each : cases) check(root, each);
}
