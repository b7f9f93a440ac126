// SPDX-License-Identifier: MIT
#include "gyrograd/data/windows_file.hpp"

#include <limits>

#include "support/catch.hpp"
#include "support/temp_folder.hpp"

using namespace gyrograd;
using namespace gyrograd::data;
using Catch::Matchers::Contains;

namespace {

DataSet small() {
  DataSet set{Windows(2, 3, 2), Labels(2, 3, 1)};
  for (std::size_t i = 0; i < set.windows.values.size(); ++i)
    set.windows.values[i] = 0.1f * static_cast<float>(i);
  set.labels.at(1, 2, 0) = 4;
  return set;
}

}  // namespace

TEST_CASE("a data set comes back as it was written, in the published format") {
  const testing::TempFolder folder;
  const DataSet set = small();
  save_data_set(folder.path(), "20_3", set);
  const DataSet back = load_data_set(folder.path(), "20_3");
  CHECK(back.windows.values == set.windows.values);
  CHECK(back.windows.steps == 3);
  CHECK(back.windows.channels == 2);
  CHECK(back.labels.values == set.labels.values);
  CHECK(io::read_npy(windows_path(folder.path(), "20_3")).dtype() == io::Dtype::f64);
  CHECK(std::filesystem::file_size(labels_path(folder.path(), "20_3")) == 128 + 2 * 3 * 1 * 8);
}

TEST_CASE("float32 and Fortran-ordered windows are read, too") {
  const testing::TempFolder folder;
  const std::vector<float> values{1, 2, 3, 4, 5, 6};
  io::write_npy(folder / "data_a.npy", values, {1, 3, 2});
  CHECK(load_windows(folder / "data_a.npy").values == AlignedVector<float>{1, 2, 3, 4, 5, 6});
}

TEST_CASE("arrays of another rank, empty axes and missing files are one clear line") {
  const testing::TempFolder folder;
  const std::vector<double> values{1, 2, 3, 4}, none;
  io::write_npy(folder / "flat.npy", values, {2, 2});
  io::write_npy(folder / "none.npy", none, {0, 3, 2});
  CHECK_THROWS_WITH(load_windows(folder / "flat.npy"),
                    Contains("flat.npy") && Contains("(2, 2)") && Contains("(windows, steps, channels)"));
  CHECK_THROWS_WITH(load_labels(folder / "none.npy"), Contains("(0, 3, 2)"));
  CHECK_THROWS_AS(load_windows(folder / "absent.npy"), IoError);
}

TEST_CASE("NaN and infinity in windows are located") {
  const testing::TempFolder folder;
  DataSet set = small();
  set.windows.values[9] = std::numeric_limits<float>::quiet_NaN();
  save_windows(folder / "w.npy", set.windows);
  CHECK_THROWS_WITH(load_windows(folder / "w.npy"), Contains("window 1 step 1 channel 1"));
}

TEST_CASE("labels must be whole numbers") {
  const testing::TempFolder folder;
  DataSet set = small();
  set.labels.at(1, 0, 0) = 0.5;
  save_labels(folder / "l.npy", set.labels);
  CHECK_THROWS_WITH(load_labels(folder / "l.npy"), Contains("window 1 label column 0 is 0.5"));
}

TEST_CASE("data and labels of different preparations are refused") {
  const testing::TempFolder folder;
  DataSet set = small();
  save_windows(folder / "data_v.npy", set.windows);
  save_labels(folder / "label_v.npy", Labels(3, 3, 1));
  CHECK_THROWS_AS(load_data_set(folder.path(), "v"), ShapeError);
  set.labels = Labels(2, 4, 1);
  CHECK_THROWS_AS(save_data_set(folder.path(), "v", set), ShapeError);
  set.windows.count = 7;
  CHECK_THROWS_AS(save_windows(folder / "data_v.npy", set.windows), ShapeError);
}

TEST_CASE("origins travel with their set and only with it") {
  const testing::TempFolder folder;
  DataSet set = small();
  set.origins = {{3, 120}, {4, 0}};
  save_data_set(folder.path(), "v", set);
  CHECK(load_data_set(folder.path(), "v").origins == set.origins);
  CHECK_THROWS_WITH(load_origins(origins_path(folder.path(), "v"), 3), Contains("expected (3, 2)"));
  set.origins.clear();
  save_data_set(folder.path(), "v", set);
  CHECK(load_data_set(folder.path(), "v").origins.empty());
}
