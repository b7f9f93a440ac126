// SPDX-License-Identifier: MIT
#include "gyrograd/data/readers/motion_sense_accelerometer.hpp"

#include <algorithm>
#include <cmath>
#include <filesystem>

#include "support/shared.hpp"
#include "support/temp_folder.hpp"

using namespace gyrograd;
using namespace gyrograd::testing;

namespace {

std::string trial(Index rows, double start) {
  std::string text = ",x,y,z\n";
  for (Index i = 0; i < rows; ++i)
    text += std::to_string(i) + "," + std::to_string(start + 0.25 * static_cast<double>(i)) + ",0.5,1\n";
  return text;
}

}  // namespace

TEST_CASE("trials are cut into overlapping windows of the accelerometer") {
  const TempFolder folder;
  std::filesystem::create_directories(folder / "B_Accelerometer_data/dws_1");
  std::filesystem::create_directories(folder / "B_Accelerometer_data/jog_9");
  folder.write("B_Accelerometer_data/dws_1/sub_1.csv", trial(11, 0));
  folder.write("B_Accelerometer_data/jog_9/sub_6.csv", trial(3, 100));
  folder.write("B_Accelerometer_data/jog_9/sub_7.csv", trial(4, 200));
  const data::DataSet set = data::read_motion_accelerometer(folder.path(), 4, 2);
  CHECK(set.windows.count == 5);
  CHECK(set.windows.channels == 3);
  CHECK(set.windows.window(1)[0] == Approx(0.5));
  CHECK(set.windows.window(4)[0] == Approx(200));
  CHECK(set.labels.at(4, 3, 0) == 5);
  CHECK(set.labels.at(4, 0, 1) == 6);
  CHECK(set.origins[3].start == 6);
  CHECK_THROWS_AS(data::read_motion_accelerometer(folder.path(), 40, 2), IoError);
  CHECK_THROWS_AS(data::read_motion_accelerometer(folder.path(), 4, 0), ConfigError);
}

TEST_CASE("channels are standardised by the chosen windows") {
  data::Windows w(3, 2, 2);
  w.values = {1, 5, 3, 5, 10, 5, 10, 5, 100, 7, 100, 7};
  const std::vector<Index> first{0};
  data::standardise_channels(w, first);
  CHECK(w.values[0] == Approx(-1));
  CHECK(w.values[2] == Approx(1));
  CHECK(w.values[4] == Approx(8));
  CHECK(w.values[1] == 0);
  CHECK(w.values[9] == 2);
}

TEST_CASE("the recordings give the windows of the publication") {
  const auto root = data_path("MotionSense");
  if (!root) return;
  const data::DataSet set = data::read_motion_accelerometer(*root);
  Index test = 0;
  for (Index i = 0; i < set.windows.count; ++i) {
    const auto user = static_cast<Index>(set.labels.at(i, 0, 1));
    test += std::count(data::simclr_test_users.begin(), data::simclr_test_users.end(), user) > 0 ? 1 : 0;
  }
  CHECK(set.windows.count - test == 4168 + 1043);
  CHECK(test == 1419);
}
