// SPDX-License-Identifier: MIT
#include "gyrograd/data/readers/arrays.hpp"

#include <limits>

#include "support/catch.hpp"
#include "support/temp_folder.hpp"

using namespace gyrograd;
using namespace gyrograd::data;
using Catch::Matchers::Contains;

namespace {

/// Four windows of ten steps, acc in g.
std::vector<float> windows() {
  std::vector<float> v;
  for (int i = 0; i < 40; ++i)
    v.insert(v.end(), {0.01F * static_cast<float>(i % 3), 1, 0.02F * static_cast<float>(i % 7)});
  for (std::size_t i = 1; i < v.size(); i += 3) v[i] += 0.001F * static_cast<float>(i % 5);
  return v;
}

Card card() {
  Card c;
  c.source = "arrays", c.units = {"g", "g", "g"}, c.channels = {"x", "y", "z"};
  return c;
}

}  // namespace

TEST_CASE("arrays with labels of three forms become a set in our units") {
  const testing::TempFolder folder;
  io::write_npy(folder / "data_10_10.npy", windows(), {4, 10, 3});
  Findings findings;
  Card c = card();
  io::write_npy(folder / "label_10_10.npy", std::vector<double>{0, 1, 1, 2}, {4});
  const DataSet set = read_arrays(folder.path(), "10_10", c, findings);
  CHECK(set.windows.count == 4);
  CHECK(set.windows.window(2)[1] == Approx(9.80665).epsilon(0.01));
  CHECK(set.labels.at(3, 9, 0) == 2);
  CHECK(c.units[0] == "m/s2");
  CHECK(c.labels[0].name == "label0");
  c = card();
  io::write_npy(folder / "label_10_10.npy", std::vector<double>{0, 5, 1, 5, 1, 6, 2, 6}, {4, 2});
  CHECK(read_arrays(folder.path(), "10_10", c, findings).labels.at(2, 3, 1) == 6);
  c = card();
  io::write_npy(folder / "label_10_10.npy", std::vector<double>(80, 3.0), {4, 10, 2});
  CHECK(read_arrays(folder.path(), "10_10", c, findings).labels.at(0, 0, 1) == 3);
  CHECK(findings.total() == 0);
}

TEST_CASE("bad windows are left out and named, a set of them is refused") {
  const testing::TempFolder folder;
  std::vector<float> v = windows();
  v[0] = std::numeric_limits<float>::quiet_NaN();
  for (std::size_t i = 30; i < 60; i += 3) v[i] = 7;
  io::write_npy(folder / "data_v.npy", v, {4, 10, 3});
  io::write_npy(folder / "label_v.npy", std::vector<double>{0, 1, 2, 3}, {4});
  Findings findings;
  Card c = card();
  const DataSet set = read_arrays(folder.path(), "v", c, findings);
  CHECK(set.windows.count == 2);
  CHECK(set.labels.at(0, 0, 0) == 2);
  CHECK_THAT(findings.text(),
             Contains("data_v.npy window 0: missing value") && Contains("window 1: constant channel"));
  c = card();
  c.units = {"m/s2", "m/s2", "m/s2"};
  CHECK_THROWS_WITH(read_arrays(folder.path(), "v", c, findings),
                    Contains("2 of 4 windows contradict the card") && Contains("looks like g"));
}

TEST_CASE("arrays that do not fit each other or the card are refused") {
  const testing::TempFolder folder;
  Findings findings;
  const auto fails = [&](const std::string& want, Card c) {
    CHECK_THROWS_WITH(read_arrays(folder.path(), "v", c, findings), Contains(want));
  };
  fails("data_v.npy", card());
  io::write_npy(folder / "data_v.npy", windows(), {4, 10, 3});
  fails("label_v.npy", card());
  io::write_npy(folder / "label_v.npy", std::vector<double>{0, 1, 2}, {3});
  fails("(4, 10, columns), (4, columns) or (4)", card());
  io::write_npy(folder / "label_v.npy", std::vector<double>{0, 1, 2, 0.5}, {4});
  fails("window 3 label column 0 is 0.5", card());
  io::write_npy(folder / "label_v.npy", std::vector<double>{0, 1, 2, 3}, {4});
  Card c = card();
  c.steps = 20;
  fails("windows of 10 steps, the card says 20", c);
  c = card();
  c.labels = {{"a", {}}, {"b", {}}};
  fails("1 label columns, the card names 2", c);
  c.units.push_back("g");
  fails("3 channels, the card names 4", c);
}
