// SPDX-License-Identifier: MIT
#include "gyrograd/data/configs.hpp"

#include "support/catch.hpp"

using namespace gyrograd;
using namespace gyrograd::data;

TEST_CASE("published data sets are found by name") {
  REQUIRE(find_data_set("uci") != nullptr);
  CHECK(find_data_set("uci")->windows == 2088);
  CHECK(find_data_set("shoaib")->channels == 9);
  CHECK(find_data_set("UCI") == nullptr);
}

TEST_CASE("class names agree with class counts and windows with the published arrays") {
  for (const DataSetConfig& set : published_data_sets) {
    CHECK(set.steps == (set.name == "huawei" ? 300 : 120));
    CHECK(find_data_set(set.name) == &set);
    for (const LabelColumn& column : set.labels) {
      CHECK((column.class_names.empty() || static_cast<Index>(column.class_names.size()) == column.classes));
    }
  }
  CHECK(find_data_set("uci")->labels[0].class_names[5] == "lying");
  CHECK(find_data_set("hhar")->labels[2].class_names[0] == "bike");
  CHECK(find_data_set("wisdm")->labels[1].class_names[1] == "jogging");
  CHECK(find_data_set("sp-sw-har")->labels[2].class_names[1] == "watch");
}

TEST_CASE("label columns are chosen by name or number, and a slip is suggested") {
  const DataSetConfig& hhar = *find_data_set("hhar");
  CHECK(find_label_column(hhar, "activity") == 2);
  CHECK(find_label_column(hhar, "2") == 2);
  CHECK_THROWS_WITH(find_label_column(hhar, "activty"), Catch::Matchers::Contains("activity"));
  CHECK_THROWS_AS(find_label_column(hhar, "3"), ConfigError);
  CHECK_THROWS_AS(find_label_column(hhar, "-1"), ConfigError);
}
