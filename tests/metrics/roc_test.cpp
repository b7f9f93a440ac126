// SPDX-License-Identifier: MIT
// ROC curves against counting of pairs and against curves worked out by hand.
#include "gyrograd/metrics/roc.hpp"

#include <cmath>
#include <vector>

#include "gyrograd/core/random.hpp"
#include "support/catch.hpp"

using namespace gyrograd;
using namespace gyrograd::metrics;

namespace {

/// Probability that a positive item has the higher score, ties counted one half (Hanley and McNeil 1982).
double pair_share(const std::vector<double>& score, const std::vector<bool>& positive) {
  double wins = 0, pairs = 0;
  for (std::size_t i = 0; i < score.size(); ++i)
    for (std::size_t j = 0; j < score.size(); ++j) {
      if (!positive[i] || positive[j]) continue;
      wins += score[i] > score[j] ? 1 : score[i] == score[j] ? 0.5 : 0;
      pairs += 1;
    }
  return wins / pairs;
}

}  // namespace

TEST_CASE("a curve worked out by hand", "[roc]") {
  const std::vector<double> score{0.9, 0.8, 0.8, 0.3, 0.1};
  const RocCurve curve = roc_curve(std::span<const double>(score), {true, true, false, false, true});
  CHECK(curve.false_rate == std::vector<double>{0, 0, 0.5, 1, 1});
  CHECK(curve.true_rate == std::vector<double>{0, 1.0 / 3, 2.0 / 3, 2.0 / 3, 1});
  CHECK(curve.area == Approx(0.5 * (1.0 / 3 + 2.0 / 3) / 2 + 0.5 * 2.0 / 3));
  CHECK(true_rate_at(curve, 0) == Approx(1.0 / 3));
  CHECK(true_rate_at(curve, 0.25) == Approx(0.5));
  CHECK(true_rate_at(curve, 1) == 1);
}

TEST_CASE("the area is the share of pairs in the right order", "[roc]") {
  Philox g(3);
  for (int round = 0; round < 20; ++round) {
    std::vector<double> score;
    std::vector<bool> positive;
    for (int i = 0; i < 60; ++i) {
      positive.push_back(g() % 3 == 0);
      score.push_back(static_cast<double>(g() % 10) + (positive.back() ? 2 : 0));  // with ties
    }
    CHECK(roc_curve(std::span<const double>(score), positive).area ==
          Approx(pair_share(score, positive)).epsilon(1e-12));
  }
}

TEST_CASE("a perfect, a reversed and an empty curve", "[roc]") {
  const std::vector<float> score{4, 3, 2, 1};
  CHECK(roc_curve(std::span<const float>(score), {true, true, false, false}).area == 1);
  CHECK(roc_curve(std::span<const float>(score), {false, false, true, true}).area == 0);
  const RocCurve alone = roc_curve(std::span<const float>(score), {true, true, true, true});
  CHECK(std::isnan(alone.area));
  CHECK(alone.false_rate.empty());
}

TEST_CASE("one against the rest reads probabilities, the mean leaves absent classes out", "[roc]") {
  // Class 2 never occurs. Item 0 has the larger logit of class 0, but the smaller probability.
  const std::vector<double> logits{5, 5, 0, 3, -3, 0, 0, 1, 0};
  const std::vector<Index> labels{1, 0, 1};
  const RocReport report = one_vs_rest(std::span<const double>(logits), std::span<const Index>(labels), 3);
  REQUIRE(report.classes.size() == 3);
  CHECK(report.classes[0].area == 1);
  CHECK(report.classes[1].area == 1);
  CHECK(std::isnan(report.classes[2].area));
  CHECK(report.macro.area == 1);
  CHECK(report.macro.true_rate.back() == 1);
  CHECK(report.macro.false_rate.front() == 0);
  CHECK(report.macro.false_rate.back() == 1);
}

TEST_CASE("huge logits make no ties", "[roc]") {
  const std::vector<double> logits{900, 0, 800, 0, 60, 0, 61, 0};
  const std::vector<Index> labels{0, 1, 1, 0};
  const RocReport report = one_vs_rest(std::span<const double>(logits), std::span<const Index>(labels), 2);
  CHECK(report.classes[1].area == 0.75);  // order of class 1: items 2, 3, 1, 0
}

TEST_CASE("sizes and values that make no curve are refused", "[roc]") {
  const std::vector<double> score{1, 2};
  CHECK_THROWS_AS(roc_curve(std::span<const double>(score), {true}), ShapeError);
  const std::vector<double> odd{1, std::nan("")};
  CHECK_THROWS_AS(roc_curve(std::span<const double>(odd), {true, false}), ConfigError);
  const std::vector<Index> labels{0, 1};
  CHECK_THROWS_AS(one_vs_rest(std::span<const double>(score), std::span<const Index>(labels), 2), ShapeError);
}
