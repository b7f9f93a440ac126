// SPDX-License-Identifier: MIT
// Bad recordings handed to `gyrograd prepare`: one line that names file and row, exit code 1, nothing
// written.
#include <functional>
#include <string>
#include <vector>

#include "cli/bad_case.hpp"
#include "cli/tool.hpp"
#include "support/catch.hpp"

using namespace gyrograd::testing;

namespace {

/// Puts both files of one MotionSense trial below `raw`.
std::function<void(const fs::path&)> motion(const std::string& raw, const std::string& acc,
                                            const std::string& gyro,
                                            const std::string& trial = "wlk_7/sub_1.csv") {
  return [=](const fs::path& root) {
    spill(root / raw / "B_Accelerometer_data" / trial, acc);
    spill(root / raw / "C_Gyroscope_data" / trial, gyro);
  };
}

/// Rows with a header, `fields` behind a row number.
std::string csv(const std::string& header, int rows, const std::function<std::string(int)>& fields) {
  std::string text = header + "\n";
  for (int i = 0; i < rows; ++i) text += fields(i) + "\n";
  return text;
}

std::string motion_csv(int rows, const std::string& level) {
  return csv(",x,y,z", rows, [&](int i) {
    return std::to_string(i) + ',' + level + std::to_string(i % 5) + ",0.0" + std::to_string(i % 3) + ",0.0" +
           std::to_string(i % 4);
  });
}

std::vector<Case> motion_cases() {
  const std::string acc = motion_csv(700, "1.00"), gyro = motion_csv(700, "0.10");
  return {
      {"not the folder of MotionSense", split("prepare motion m0"), 1, "B_Accelerometer_data",
       [](const fs::path& root) { fs::create_directories(root / "m0"); }},
      {"a trial in an unknown folder", split("prepare motion m1"), 1, "run_7: unexpected name",
       motion("m1", acc, gyro, "run_7/sub_1.csv")},
      {"a subject that does not exist", split("prepare motion m2"), 1, "sub_99.csv: unexpected name",
       motion("m2", acc, gyro, "wlk_7/sub_99.csv")},
      {"a trial with another header", split("prepare motion m3"), 1, "sub_1.csv:1: header",
       motion("m3", "a,b,c\n", gyro)},
      {"a trial with an empty cell", split("prepare motion m4"), 1, "sub_1.csv:2: column 3",
       motion("m4", ",x,y,z\n0,1,,3\n", gyro)},
      {"a trial with NaN", split("prepare motion m5 --published"), 1, "sub_1.csv:2: column 4 is 'nan'",
       motion("m5", ",x,y,z\n0,1,2,nan\n", gyro)},
      {"a trial cut in the last row", split("prepare motion m6"), 1, "sub_1.csv:702: 2 columns, expected 4",
       motion("m6", acc + "700,1", gyro)},
      {"trials shorter than a window", split("prepare motion m7"), 1,
       "no recording gives a window of 120 steps",
       motion("m7", motion_csv(200, "1.00"), motion_csv(200, "0.10"))},
      {"accelerations in m/s2", split("prepare motion m8"), 1, "looks like m/s2 taken for g",
       motion("m8", motion_csv(700, "9.80"), gyro)},
      {"accelerations without gravity", split("prepare motion m9"), 1, "gravity seems to be removed",
       motion("m9", motion_csv(700, "0.00"), gyro)},
      {"rotation in deg/s", split("prepare motion m10"), 1, "deg/s taken for rad/s",
       motion("m10", acc, motion_csv(700, "90.0"))},
      {"a channel that never changes", split("prepare motion m11"), 1, "constant channel: channel gyro x",
       motion("m11", acc,
              csv(",x,y,z", 700,
                  [](int i) {
                    return std::to_string(i) + ",0," + std::to_string(i % 3) + ',' + std::to_string(i % 2);
                  }))},
      {"one sensor much shorter", split("prepare motion m12"), 1, "a sensor without its pair",
       motion("m12", acc, motion_csv(400, "0.10"))},
      {"a published recipe at another rate", split("prepare motion m13 --published --rate 25"), 1,
       "leave out --published", motion("m13", acc, gyro)},
  };
}

/// Rows for csv: t, three axes in g, a word.
std::string sensor_rows(int rows, const std::string& level = "1.0") {
  return csv("t,x,y,z,what", rows, [&](int i) {
    return std::to_string(20 * i) + ",0.0" + std::to_string(i % 7) + ',' + level + std::to_string(i % 5) +
           ",0.1" + std::to_string(i % 3) + ",walk";
  });
}

std::vector<Case> csv_cases() {
  const std::string line =
      "prepare csv f.csv --columns x,y,z --units g --time t --time-unit ms --labels activity=what";
  const auto with = [&](const std::string& more) { return split(line + ' ' + more); };
  const auto put = [](const std::string& text) { return file("f.csv", text); };
  const auto described = [](const std::string& json) {
    return [=](const fs::path& root) {
      spill(root / "f.csv", sensor_rows(700));
      spill(root / "d.json", json);
    };
  };
  const Words by_file = split("prepare csv f.csv --describe d.json");
  return {
      {"no such recording", split("prepare csv nowhere.csv --columns x --units g --source-rate 50"), 1,
       "nowhere.csv"},
      {"no columns", split("prepare csv f.csv --units g"), 2, "no sensor columns are named"},
      {"neither rate nor time", split("prepare csv f.csv --columns x --units g"), 2, "neither a rate"},
      {"unknown unit", with("--units gee"), 2, "given twice"},
      {"a unit that does not exist", split("prepare csv f.csv --columns x --units gg --source-rate 50"), 2,
       "unknown unit 'gg'"},
      {"an empty column name", split("prepare csv f.csv --columns x,,z --units g --source-rate 50"), 2,
       "--columns"},
      {"a label without column",
       split("prepare csv f.csv --columns x --units g --source-rate 50 --labels activity"), 2, "NAME=COLUMN"},
      {"an unknown separator", with("--separator ::"), 2, "expected comma"},
      {"an unknown time unit", split("prepare csv f.csv --columns x --units g --time t --time-unit min"), 2,
       "expected s, ms, us or ns"},
      {"a name with a slash", with("--name ../x"), 2, "--name"},
      {"csv as published", with("--published"), 2, "no published recipe is known"},
      {"an empty file", with(""), 1, "f.csv: is empty", put("")},
      {"a header alone", with(""), 1, "f.csv: holds no usable rows", put("t,x,y,z,what\n")},
      {"another separator", with("--separator semicolon"), 1, "the header has no column 'x'",
       put(sensor_rows(700))},
      {"a misspelt column", split("prepare csv f.csv --columns x,y,zz --units g --source-rate 50"), 1,
       "did you mean 'z'", put(sensor_rows(700))},
      {"a row without its last column", with(""), 1, "f.csv:3: 4 columns, expected 5",
       put("t,x,y,z,what\n0,0,1,0,walk\n20,0,1,0\n")},
      {"a word for a number", with(""), 1, "f.csv:2: column 3 is 'one'",
       put("t,x,y,z,what\n0,0,one,0,walk\n")},
      {"a number that is too large", with(""), 1, "f.csv:2: column 3 is '1e999'",
       put("t,x,y,z,what\n0,0,1e999,0,walk\n")},
      {"time that is no number", with(""), 1, "f.csv:2: column 1 is 'noon'",
       put("t,x,y,z,what\nnoon,0,1,0,walk\n")},
      {"nothing but missing values", with(""), 1, "holds no usable rows", put("t,x,y,z,what\n0,,1,0,walk\n")},
      {"nothing but unlabelled rows", with(""), 1, "no recording gives a window",
       put("t,x,y,z,what\n0,0,1,0,\n20,0,1,0,\n")},
      {"acceleration in another unit", with(""), 1, "looks like m/s2 taken for g",
       put(sensor_rows(700, "9.8"))},
      {"time in another unit", with("--source-rate 50000"), 1, "is the time unit right?",
       put(sensor_rows(700))},
      {"a short recording", with(""), 1, "short recording: 2 s, a window is 6 s", put(sensor_rows(100))},
      {"an unknown key", by_file, 1, "did you mean 'columns'", described(R"({"colunms": ["x"]})")},
      {"a class that was not named", by_file, 1,
       "f.csv:2: activity is 'walk', expected one of the 1 classes named",
       described(R"({"columns": ["x", "y", "z"], "units": ["g"], "time": "t", "time_unit": "ms",
                     "labels": [{"name": "activity", "column": "what", "classes": ["walks"]}]})")},
      {"a description that is a list", by_file, 1, "d.json: expected an object", described("[]")},
  };
}

/// One window of a prepared set with its card.
void spill_set(const fs::path& root, const std::string& name, const std::string& card) {
  const auto npy = [](const std::string& shape, std::size_t values) {
    std::string header = "{'descr': '<f4', 'fortran_order': False, 'shape': " + shape + ", }";
    header.resize(117, ' ');
    return std::string("\x93NUMPY\x01\x00\x76\x00", 10) + header + '\n' + std::string(4 * values, '\0');
  };
  spill(root / "dataset" / name / "data_20_120.npy", npy("(1, 120, 6)", 720));
  spill(root / "dataset" / name / "label_20_120.npy", npy("(1, 120, 1)", 120));
  spill(root / "dataset" / name / "card.json", card);
}

std::vector<Case> other_cases() {
  const auto sp = [](const std::string& name, const std::string& text) {
    return [=](const fs::path& root) { spill(root / "sp/DATA" / name, text); };
  };
  const std::string header = "x_acc,y_acc,z_acc,x_gyro,y_gyro,z_gyro,timestamp,label\n";
  const Words sp_sw = split("prepare sp-sw-har sp");
  return {
      {"sp-sw-har from nowhere", sp_sw, 1, "no such folder of recordings"},
      {"sp-sw-har with another name", sp_sw, 1, "s01_01_xx.csv: unexpected name",
       sp("s01/s01_01_xx.csv", header)},
      {"sp-sw-har with an unknown activity", sp_sw, 1, "s01_01_sp.csv:2: column 8 is 'SITTED'",
       [=](const fs::path& root) {
         fs::remove_all(root / "sp");
         spill(root / "sp/DATA/s01/s01_01_sp.csv", header + "0,9.8,0,0,0,0,1657533977813,SITTED\n");
       }},
      {"hhar without files", split("prepare hhar h0"), 1, "Phones_accelerometer.csv",
       [](const fs::path& root) { fs::create_directories(root / "h0"); }},
      {"hhar with another header", split("prepare hhar h1 --published"), 1,
       "Phones_accelerometer.csv:1: header", file("h1/Phones_accelerometer.csv", "t,x,y,z\n")},
      {"shoaib without participants", split("prepare shoaib s0"), 1, "holds no Participant_1.csv",
       [](const fs::path& root) { fs::create_directories(root / "s0"); }},
      {"shoaib with too few columns", split("prepare shoaib s1"), 1,
       "Participant_1.csv:1: 2 columns, expected 70", file("s1/Participant_1.csv", "a,b\n")},
      {"wisdm without its file", split("prepare wisdm w0"), 1, "WISDM_ar_v1.1_raw.txt",
       [](const fs::path& root) { fs::create_directories(root / "w0"); }},
      {"wisdm with an unknown activity", split("prepare wisdm w1"), 1, "did you mean 'Walking'",
       file("w1/WISDM_ar_v1.1_raw.txt", "33,Wlking,49105962326000,-0.6,12.6,0.5;\n")},
      {"wisdm as published", split("prepare wisdm w2 --published"), 2, "no published recipe is known"},
      {"huawei without users", split("prepare huawei u0"), 1, "holds no User1/220617",
       [](const fs::path& root) { fs::create_directories(root / "u0"); }},
      {"huawei without labels", split("prepare huawei u1"), 1, "Label.txt",
       file("u1/User1/220617/Bag_Motion.txt", "1 2 3\n")},
      {"merging a set that is not there", split("prepare merge uci,motion"), 1, "gyrograd prepare uci"},
      {"merging a set with itself", split("prepare merge one,one"), 2, "named twice",
       [](const fs::path& root) {
         spill_set(root, "one", "{\"labels\": [{\"name\": \"activity\", \"classes\": [\"a\"]}]}");
       }},
      {"merging one set", split("prepare merge one"), 1, "1 sets, expected at least 2"},
      {"merging sets of other rates", split("prepare merge one,two"), 1, "prepare both alike",
       [](const fs::path& root) {
         spill_set(root, "two",
                   "{\"rate_hz\": 50, \"labels\": [{\"name\": \"activity\", \"classes\": [\"a\"]}]}");
       }},
      {"merging sets without activities", split("prepare merge one,three"), 1, "no label column 'activity'",
       [](const fs::path& root) { spill_set(root, "three", "{\"rate_hz\": 20}"); }},
      {"merging nothing", split("prepare merge one,"), 2, "expected words between the commas"},
      {"arrays without labels", split("prepare arrays a0"), 1, "data_20_120.npy",
       [](const fs::path& root) { fs::create_directories(root / "a0"); }},
      {"arrays whose card is no card", split("prepare arrays a1"), 1, "did you mean 'rate_hz'",
       file("a1/card.json", "{\"rate_h\": 20}")},
      {"arrays whose card has another rate", split("prepare arrays a2 --rate 10"), 1, "rate_hz is 20",
       file("a2/card.json", "{\"rate_hz\": 20}")},
      {"arrays without their entry", split("prepare arrays a3 --name elemme --card a3/data_config.json"), 1,
       "no entry 'elemme_20_120'; did you mean 'eleme_20_120'?",
       file("a3/data_config.json", "{\"eleme_20_120\": {\"dimension\": 6}}")},
  };
}

}  // namespace

TEST_CASE("bad recordings end in one clear line and write nothing", "[cli][bad_input]") {
  const TempFolder scratch;
  for (const auto& table : {motion_cases(), csv_cases(), other_cases()}) {
    for (const Case& one : table) check(scratch.path(), one);
  }
}
