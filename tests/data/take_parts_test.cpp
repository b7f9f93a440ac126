// SPDX-License-Identifier: MIT
#include "gyrograd/data/take_parts.hpp"

#include <algorithm>
#include <numeric>

#include "support/catch.hpp"
#include "support/temp_folder.hpp"

using namespace gyrograd;
using namespace gyrograd::data;

TEST_CASE("takes of one user stay together") {
  const std::vector<Index> users{0, 1, 2, 3, 4, 0, 1, 2, 3, 4};
  const auto parts = group_parts(users, 5, 0.5, 0.25, "user", "probe_");
  for (std::size_t i = 0; i < 5; ++i) CHECK(parts[i] == parts[i + 5]);
  for (const char* part : {"probe_train", "probe_val", "probe_test"})
    CHECK(std::count(parts.begin(), parts.end(), part) > 0);
  CHECK(parts == group_parts(users, 5, 0.5, 0.25, "user", "probe_"));
  CHECK_THROWS_AS(group_parts(std::vector<Index>{0, 0, 1}, 5, 0.5, 0.25, "user"), ConfigError);
}

TEST_CASE("stratified parts hold the same shares of every class") {
  std::vector<Index> labels(100);
  for (std::size_t i = 0; i < 100; ++i) labels[i] = i < 60 ? 0 : i < 90 ? 1 : -1;
  const auto parts = stratified_parts(labels, 42, 0.8, 0.1);
  const auto count = [&](const char* part, Index label) {
    int n = 0;
    for (std::size_t i = 0; i < 100; ++i) n += parts[i] == part && labels[i] == label ? 1 : 0;
    return n;
  };
  CHECK(count("train", 0) == 48);
  CHECK(count("val", 0) == 6);
  CHECK(count("test", 0) == 6);
  CHECK(count("val", 1) == 3);
  CHECK(count("test", -1) == 1);
  CHECK(parts == stratified_parts(labels, 42, 0.8, 0.1));
  CHECK(parts != stratified_parts(labels, 43, 0.8, 0.1));
  CHECK_THROWS_AS(stratified_parts(labels, 42, 0.8, 0.3), ConfigError);
}

TEST_CASE("parts as a file lists them") {
  using Catch::Matchers::Contains;
  const testing::TempFolder folder;
  const auto parts = read_parts(folder.write("p.tsv", "part\ttake\ntrain\tA b\nval\tB\nprobe_test\tB\n"));
  CHECK(parts.at("A b") == std::vector<std::string>{"train"});
  CHECK(parts.at("B") == std::vector<std::string>{"val", "probe_test"});
  CHECK_THROWS_WITH(read_parts(folder.write("p.tsv", "")), Contains("p.tsv: is empty"));
  CHECK_THROWS_WITH(read_parts(folder.write("p.tsv", "part\ttake\n")), Contains("lists no takes"));
  CHECK_THROWS_WITH(read_parts(folder.write("p.tsv", "take\tpart\nA\ttrain\n")), Contains("p.tsv:1: header"));
  CHECK_THROWS_WITH(read_parts(folder.write("p.tsv", "part\ttake\ntrain\tA\ntrain\tA\n")),
                    Contains("p.tsv:3: take 'A' stands twice in part 'train'"));
}
