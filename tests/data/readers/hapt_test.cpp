// SPDX-License-Identifier: MIT
#include "gyrograd/data/readers/hapt.hpp"

#include <cmath>
#include <string>

#include "gyrograd/data/windows_file.hpp"
#include "support/catch.hpp"
#include "support/shared.hpp"
#include "support/temp_folder.hpp"

using namespace gyrograd;
using namespace gyrograd::data;
using Catch::Matchers::Contains;

namespace {

std::string rows(int count, double level) {
  std::string text;
  for (int i = 0; i < count; ++i) text += std::to_string(level) + " 0.5 " + std::to_string(i) + "\n";
  return text;
}

const WindowRule as_published{Recipe::published, 20, 120, 0};

/// Two recordings of 700 rows; the labels give one window of walking and one of lying.
struct Raw {
  testing::TempFolder folder;
  Raw() {
    folder.write("acc_exp01_user02.txt", rows(700, 1.0));
    folder.write("gyro_exp01_user02.txt", rows(700, 0.25));
    folder.write("acc_exp02_user05.txt", rows(700, 1.0));
    folder.write("gyro_exp02_user05.txt", rows(700, 0.25));
    folder.write("labels.txt", "1 2 1 10 330\n1 2 7 330 700\n2 5 6 0 310\n1 2 4 100 200\n");
  }
  DataSet read() const {
    Findings findings;
    return read_hapt(folder.path(), as_published, findings);
  }
};

}  // namespace

TEST_CASE("segments become windows in file order with activity and user") {
  const Raw raw;
  const DataSet set = raw.read();
  REQUIRE(set.windows.count == 2);
  CHECK(set.windows.steps == 120);
  CHECK(set.windows.window(0)[0] == Approx(9.80665));
  CHECK(set.windows.window(0)[2] ==
        Approx(10.5 * 9.80665));  // mean of rows 10 and 11: start row as 0-based index
  CHECK(set.windows.window(0)[3] == 0.25f);
  CHECK(set.labels.at(0, 0, 0) == 0);
  CHECK(set.labels.at(1, 119, 0) == 5);
  CHECK(set.labels.at(0, 5, 1) == 0);
  CHECK(set.labels.at(1, 5, 1) == 3);
}

TEST_CASE("malformed HAPT folders end in one line that names file and row") {
  Raw raw;
  const auto broken = [&](const std::string& name, const std::string& text, const std::string& want) {
    const std::filesystem::path path = raw.folder / name;
    const std::filesystem::path kept = raw.folder / ("kept_" + name);
    std::filesystem::rename(path, kept);
    if (!text.empty()) raw.folder.write(name, text == "(empty)" ? "" : text);
    CHECK_THROWS_WITH(raw.read(), Contains(want) && !Contains("\n"));
    std::filesystem::rename(kept, path);
  };
  broken("gyro_exp01_user02.txt", "", "gyro_exp01_user02.txt: missing");
  broken("acc_exp01_user02.txt", "(empty)", "acc_exp01_user02.txt: is empty");
  broken("acc_exp01_user02.txt", rows(3, 1) + "1 2\n", "acc_exp01_user02.txt:4: 2 columns");
  broken("gyro_exp02_user05.txt", "1 nan 3\n", "gyro_exp02_user05.txt:1: column 2 is 'nan'");
  broken("gyro_exp02_user05.txt", rows(699, 1), "699 rows, the accelerometer file has 700");
  broken("labels.txt", "", "labels.txt");
  broken("labels.txt", "(empty)", "labels.txt: is empty");
  broken("labels.txt", "1 2 1 10 701\n", "labels.txt:1: end row 701 lies outside the recording");
  broken("labels.txt", "1 2 1 10 330\n\n2 5 6 310 310\n",
         "labels.txt:3: start row 310 is not before end row 310");
  broken("labels.txt", "1 2 13 10 330\n", "labels.txt:1: activity 13");
  broken("labels.txt", "1 2 0 10 330\n", "labels.txt:1: activity 0");
  broken("labels.txt", "1 2 1 10.5 330\n", "labels.txt:1: column 4 is 10.5");
  broken("labels.txt", "1 2 1 -10 330\n", "labels.txt:1: column 4 is -10");
  broken("labels.txt", "1 2 1 10\n", "labels.txt:1: 4 columns, expected 5");
  broken("labels.txt", "3 2 1 10 330\n", "labels.txt:1: no recording of experiment 3 by user 2");
  broken("labels.txt", "1 2 1 10 300\n", "no recording gives a window of 120 steps at 20 Hz (6 s)");
  CHECK(raw.read().windows.count == 2);
  raw.folder.write("acc_expXX_user02.txt", "1 2 3\n");
  CHECK_THROWS_WITH(raw.read(), Contains("acc_expXX_user02.txt: unexpected name"));
}

TEST_CASE("folders that are no HAPT folder are refused") {
  const testing::TempFolder folder;
  Findings findings;
  CHECK_THROWS_WITH(read_hapt(folder.path(), as_published, findings),
                    Contains("holds no acc_expNN_userNN.txt"));
  CHECK_THROWS_WITH(read_hapt(folder / "absent", as_published, findings), Contains("cannot be listed"));
}

TEST_CASE("the real recordings give exactly the published uci set") {
  const auto raw = testing::data_path("HAPT/RawData");
  const auto published = testing::data_path("uci_label_20_120.npy");
  if (!raw || !published) return;
  Findings findings;
  const DataSet set = read_hapt(*raw, as_published, findings);
  REQUIRE(set.windows.count == 2088);
  CHECK(findings.total() == 0);
  const bool same_labels =
      set.labels.values == load_labels(*published).values;  // half a million: not printed
  CHECK(same_labels);
  const std::vector<double> mean{7.9072, 0.2236, 0.8544, 0.0107, -0.0029, -0.0075};
  const std::vector<double> deviation{4.0213, 3.9024, 3.3818, 0.3803, 0.3547, 0.2412};
  const auto n = static_cast<double>(set.windows.count * 120);
  for (std::size_t c = 0; c < 6; ++c) {
    double sum = 0, square = 0;
    for (std::size_t i = c; i < set.windows.values.size(); i += 6)
      sum += static_cast<double>(set.windows.values[i]);
    for (std::size_t i = c; i < set.windows.values.size(); i += 6) {
      square += std::pow(static_cast<double>(set.windows.values[i]) - sum / n, 2);
    }
    CHECK(sum / n == Approx(mean[c]).margin(6e-5));
    CHECK(std::sqrt(square / n) == Approx(deviation[c]).margin(6e-5));
  }
}

TEST_CASE(
    "corrected: rows counted from 1, a recording of exactly one window counts, short ones are reported") {
  testing::TempFolder folder;
  std::string acc, gyro;
  for (int i = 1; i <= 700; ++i) {
    acc += std::to_string(0.001 * i) + " 1 0." + std::to_string(i % 7) + "\n";
    gyro += "0.1 0." + std::to_string(i % 5) + " 0." + std::to_string(i % 3) + "\n";
  }
  // the second channel never changes: 1 2 4 below shares it
  folder.write("acc_exp01_user02.txt", acc);
  folder.write("gyro_exp01_user02.txt", gyro);
  folder.write("labels.txt", "1 2 1 1 300\n");
  Findings findings;
  const auto read = [&] { return read_hapt(folder.path(), {}, findings); };
  CHECK_THROWS_WITH(read(), Contains("no recording gives a window") && Contains("constant channel"));
  CHECK(findings.count(FindingKind::constant) == 1);

  acc.clear(), gyro.clear();
  for (int i = 1; i <= 700; ++i) {
    acc += std::to_string(0.001 * i) + " 1.0" + std::to_string(i % 2) + " 0." + std::to_string(i % 7) + "\n";
    gyro +=
        "0.1" + std::to_string(i % 2) + " 0." + std::to_string(i % 5) + " 0." + std::to_string(i % 3) + "\n";
  }
  folder.write("acc_exp01_user02.txt", acc);
  folder.write("gyro_exp01_user02.txt", gyro);
  folder.write("labels.txt", "1 2 1 1 300\n1 2 2 301 500\n1 2 8 501 700\n");
  Findings second;
  const DataSet set = read_hapt(folder.path(), {}, second);
  REQUIRE(set.windows.count == 1);
  CHECK(second.count(FindingKind::short_recording) == 1);
  CHECK_THAT(second.list()[0].where, Contains("acc_exp01_user02.txt:301"));
  CHECK(set.labels.at(0, 0, 1) == 0);
  CHECK(set.origins == std::vector<Origin>{{1, 0}});
  // a ramp of .001 g a row stays that ramp at 20 Hz, but for the ends
  for (Index t = 10; t < 110; ++t)
    CHECK(set.windows.window(0)[static_cast<std::size_t>(t * 6)] ==
          Approx(0.001 * (1 + 2.5 * static_cast<double>(t)) * 9.80665).margin(2e-4));
  folder.write("labels.txt", "1 2 1 0 300\n");
  CHECK_THROWS_WITH(read_hapt(folder.path(), {}, second), Contains("start row 0 lies outside"));
}

TEST_CASE("corrected windows of the real recordings") {
  const auto raw = testing::data_path("HAPT/RawData");
  if (!raw) return;
  Findings findings;
  const DataSet set = read_hapt(*raw, {}, findings);
  CHECK(set.windows.count == 2099);  // sum of floor(ceil(rows * 2 / 5) / 120) over the label file
  CHECK(findings.total() == findings.count(FindingKind::short_recording));
  CHECK_THROWS_WITH(read_hapt(*raw, {Recipe::published, 25, 120, 0}, findings),
                    Contains("leave out --published"));
}
