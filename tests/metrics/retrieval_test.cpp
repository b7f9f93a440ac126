// SPDX-License-Identifier: MIT
// Against PyTorch-made scores in tests/golden; here ties, laws and refusals.
#include "gyrograd/metrics/retrieval.hpp"

#include <cmath>
#include <limits>

#include "support/catch.hpp"

using namespace gyrograd;
using namespace gyrograd::metrics;

namespace {

std::vector<double> circle(Index n, double turn = 0) {
  std::vector<double> rows;
  for (Index i = 0; i < n; ++i) {
    const double angle = turn + 0.01 * static_cast<double>(i);
    rows.insert(rows.end(), {(1.0 + static_cast<double>(i)) * std::cos(angle),
                             (1.0 + static_cast<double>(i)) * std::sin(angle)});
  }
  return rows;
}

RetrievalRanks ranks(const std::vector<double>& source, const std::vector<double>& target, Index width = 2) {
  return retrieval_ranks(std::span<const double>(source), std::span<const double>(target), width);
}

}  // namespace

TEST_CASE("a set finds itself, whatever the lengths of its rows and how many there are") {
  for (const Index n : {1, 2, 3, 33, 511, 512, 513, 1025}) {
    std::vector<double> scaled = circle(n);
    for (double& v : scaled) v *= 7;
    const RetrievalScore score = retrieval_score(ranks(circle(n), scaled));
    INFO(n);
    CHECK(score.accuracy == Approx(1));
    CHECK(score.mrr == Approx(1));
    CHECK(score.recall_1 == Approx(1));
    CHECK(score.median_rank == 1);
    CHECK(score.tied == 0);
    CHECK(score.candidates == n);
    CHECK(score.queries == n);
  }
}

TEST_CASE("ranks count the candidates that are nearer") {
  // Query 0 points east; its partner is the third nearest.
  const std::vector<double> source{1, 0, 0, 1, -1, 0}, target{0, 1, 1, 0.1, 1, -0.2};
  const RetrievalRanks r = ranks(source, target);
  CHECK(r.above == std::vector<Index>{2, 1, 1});
  const RetrievalScore score = retrieval_score(r);
  CHECK(score.mrr == Approx((1.0 / 3 + 1.0 / 2 + 1.0 / 2) / 3));
  CHECK(score.recall_1 == 0);
  CHECK(score.recall_10 == Approx(1));
  CHECK(score.median_rank == 2);
}

TEST_CASE("ties are counted, and the policy decides what they cost") {
  const std::vector<double> same{1, 0, 1, 0, 1, 0, 1, 0};
  const RetrievalRanks r = ranks(same, same);
  const RetrievalScore worst = retrieval_score(r, Ties::pessimistic),
                       best = retrieval_score(r, Ties::optimistic);
  CHECK(worst.tied == 4);
  CHECK(worst.mrr == Approx(0.25));
  CHECK(worst.recall_1 == 0);
  CHECK(best.mrr == Approx(1));
  CHECK(best.recall_1 == Approx(1));
  CHECK(worst.accuracy == Approx(0.25));  // as arg max: the first of equals
  CHECK(best.accuracy == Approx(0.25));
}

TEST_CASE("rows without direction and sides that do not fit are refused") {
  CHECK_THROWS_WITH(ranks({1, 0, 0, 0}, {1, 0, 1, 1}), Catch::Contains("source row 1 is zero or not finite"));
  CHECK_THROWS_WITH(ranks({1, 0, 2, 0}, {1, std::numeric_limits<double>::quiet_NaN(), 1, 1}),
                    Catch::Contains("target row 0"));
  CHECK_THROWS_AS(ranks({1, 0}, {1, 0, 1, 0}), ShapeError);
  CHECK_THROWS_AS(ranks({1, 0, 1}, {1, 0, 1}), ShapeError);
  CHECK_THROWS_AS(ranks({}, {}), ShapeError);
}
