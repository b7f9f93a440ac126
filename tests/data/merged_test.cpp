// SPDX-License-Identifier: MIT
#include "gyrograd/data/merged.hpp"

#include <set>

#include "support/catch.hpp"

using namespace gyrograd;
using namespace gyrograd::data;
using Catch::Matchers::Contains;

namespace {

/// `count` windows of two steps whose every value is base + window number.
MergePart part(const std::string& name, Index count, Index channels, float base,
               const std::vector<std::string>& activities) {
  MergePart p{name, {Windows(count, 2, channels), Labels(count, 2, 2)}, {}};
  set_channels(p.card, channels);
  p.card.labels = {{"user", {}}, {"activity", activities}};
  for (Index i = 0; i < count; ++i) {
    for (float& v : p.set.windows.window(i)) v = base + static_cast<float>(i);
    for (Index t = 0; t < 2; ++t) {
      p.set.labels.at(i, t, 0) = static_cast<double>(1 + i % 3);
      p.set.labels.at(i, t, 1) = static_cast<double>(i % static_cast<Index>(activities.size()));
    }
    p.set.origins.push_back({i % 4, i});
  }
  return p;
}

std::set<float> values(const DataSet& set, const std::vector<Index>& windows) {
  std::set<float> out;
  for (const Index i : windows) out.insert(set.windows.window(i)[0]);
  return out;
}

}  // namespace

TEST_CASE("published: splitting the merged set finds the parts of each set again, but for rounding") {
  const std::vector<MergePart> parts{
      part("hhar", 9166, 6, 0, {"a", "b"}), part("uci", 2088, 6, 20000, {"a", "b"}),
      part("motion", 4534, 6, 40000, {"a"}), part("shoaib", 10500, 9, 60000, {"a"})};
  const DataSet set = merge_published(parts, 3431);
  REQUIRE(set.windows.count == 26288);
  CHECK(set.windows.channels == 6);
  CHECK(set.labels.columns == 1);
  const Split split = random_split(26288, 3431);
  CHECK(split.train.size() == 21030);
  CHECK(split.validation.size() == 2628);
  CHECK(split.test.size() == 2630);
  std::set<float> train, validation, test;
  for (const MergePart& p : parts) {
    const Split own = random_split(p.set.windows.count, 3431);
    for (const float v : values(p.set, own.train)) train.insert(v);
    for (const float v : values(p.set, own.validation)) validation.insert(v);
    for (const float v : values(p.set, own.test)) test.insert(v);
  }
  Index strangers = 0, from_test = 0;
  for (const float v : values(set, split.train)) strangers += train.count(v) == 0 ? 1 : 0;
  for (const float v : values(set, split.validation)) from_test += test.count(v) == 1 ? 1 : 0;
  CHECK(strangers == 1);  // one validation window trains, two test windows validate
  CHECK(from_test == 2);
  for (const float v : values(set, split.test)) CHECK(test.count(v) == 1);
  const float first = set.windows.window(7)[0];
  if (first < 20000) CHECK(set.labels.at(7, 0, 0) == static_cast<double>(static_cast<Index>(first) % 2));
}

TEST_CASE("corrected: common class names, users of their own, sessions of their own") {
  const std::vector<MergePart> parts{part("hhar", 6, 6, 0, {"bike", "sit"}),
                                     part("shoaib", 6, 9, 100, {"walking", "sitting", "biking"})};
  Card card;
  const DataSet set = merge_by_name(parts, card);
  REQUIRE(set.windows.count == 12);
  CHECK(card.labels[0].classes == std::vector<std::string>{"biking", "sitting", "walking"});
  CHECK(card.labels[2].classes == std::vector<std::string>{"hhar", "shoaib"});
  CHECK(card.channels.size() == 6);
  CHECK(set.labels.at(1, 0, 0) == 1);
  CHECK(set.labels.at(6, 0, 0) == 2);
  CHECK(set.labels.at(8, 1, 0) == 0);
  CHECK(set.labels.at(0, 0, 1) == 0);
  CHECK(set.labels.at(6, 0, 1) == 3);
  CHECK(set.labels.at(6, 0, 2) == 1);
  CHECK(set.windows.window(7)[11] == 101.0F);
  CHECK(set.origins[6].session == 4);
}

TEST_CASE("sets that do not fit together are refused") {
  std::vector<MergePart> parts{part("a", 4, 6, 0, {"x"})};
  Card card;
  CHECK_THROWS_WITH(merge_by_name(parts, card), Contains("1 sets, expected at least 2"));
  parts.push_back(part("b", 4, 6, 0, {"x"}));
  parts[1].card.rate = 50;
  CHECK_THROWS_WITH(merge_by_name(parts, card),
                    Contains("set b has windows of 2 steps at 50") && Contains("prepare both alike"));
  parts[1].card.rate = 20;
  parts[1].card.units[0] = "g";
  CHECK_THROWS_WITH(merge_published(parts, 1), Contains("channel 0 of set b is in g"));
  parts[1].card.units[0] = "m/s2";
  parts[1].card.labels[1].name = "what";
  CHECK_THROWS_WITH(merge_by_name(parts, card), Contains("no label column 'activity'"));
  parts[1].card.labels[1] = {"activity", {}};
  CHECK_THROWS_WITH(merge_by_name(parts, card), Contains("its card names 0"));
}
