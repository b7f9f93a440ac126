// SPDX-License-Identifier: MIT
#include "gyrograd/metrics/classification.hpp"

#include "support/catch.hpp"

using namespace gyrograd;
using namespace gyrograd::metrics;

namespace {

Confusion count(std::vector<Index> truth, std::vector<Index> predicted, Index classes) {
  return Confusion(truth, predicted, classes);
}

}  // namespace

TEST_CASE("macro F1 over the union of labels equals the published examples") {
  CHECK(macro_f1(count({0, 0, 1}, {0, 0, 0}, 2)) == Approx(0.4));
  CHECK(macro_f1(count({0, 1}, {0, 2}, 3)) == Approx(1.0 / 3));
}

TEST_CASE("macro F1 over all classes counts absent classes as zero") {
  const Confusion c = count({0, 1}, {0, 1}, 4);
  CHECK(macro_f1(c) == 1.0);
  CHECK(macro_f1(c, Average::macro_all) == 0.5);
}

TEST_CASE("items counted at once are as many single ones") {
  Confusion c(2);
  c.add(0, 1, 5);
  c.add(0, 1);
  CHECK(c(0, 1) == 6);
  CHECK(c.total() == 6);
}

TEST_CASE("scores of a small confusion matrix worked out by hand") {
  // truth 0: 3 right, 1 as 1; truth 1: 2 right; truth 2: 1 as 0
  const Confusion c = count({0, 0, 0, 0, 1, 1, 2}, {0, 0, 0, 1, 1, 1, 0}, 3);
  CHECK(c(0, 1) == 1);
  CHECK(c(1, 0) == 0);
  CHECK(accuracy(c) == Approx(5.0 / 7));
  CHECK(class_score(c, 0).precision == Approx(0.75));
  CHECK(class_score(c, 1).precision == Approx(2.0 / 3));
  CHECK(class_score(c, 2).precision == 0.0);
  CHECK(balanced_accuracy(c) == Approx((0.75 + 1 + 0) / 3));
  CHECK(average_score(c, Average::weighted).recall == Approx(5.0 / 7));
  CHECK(average_score(c, Average::micro).f1 == Approx(5.0 / 7));
  CHECK(union_of_labels(c) == std::vector<Index>{0, 1, 2});
}

TEST_CASE("predictions take the first of equal maxima") {
  const std::vector<float> logits{0.25f, 0.25f, 0.1f, -1.0f, 2.0f, 2.0f};
  CHECK(predictions(std::span<const float>(logits), 3) == std::vector<Index>{0, 1});
  CHECK_THROWS_AS(predictions(std::span<const float>(logits), 4), ShapeError);
}

TEST_CASE("no items give zero scores, not NaN") {
  const Confusion c(3);
  CHECK(accuracy(c) == 0.0);
  CHECK(macro_f1(c) == 0.0);
  CHECK(balanced_accuracy(c) == 0.0);
  CHECK(union_of_labels(c).empty());
}

TEST_CASE("labels outside the classes and unequal lengths are refused") {
  CHECK_THROWS_AS(count({0, 3}, {0, 1}, 3), ConfigError);
  CHECK_THROWS_AS(count({0, 1}, {0, -1}, 3), ConfigError);
  CHECK_THROWS_AS(count({0, 1}, {0}, 3), ShapeError);
  CHECK_THROWS_AS(Confusion(0), ConfigError);
}
