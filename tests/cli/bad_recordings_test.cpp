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

}  // namespace

TEST_CASE("bad recordings end in one clear line and write nothing", "[cli][bad_input]") {
  const Scratch scratch("bad_recordings");
  for (const Case& one : motion_cases()) check(scratch.path(), one);
}
