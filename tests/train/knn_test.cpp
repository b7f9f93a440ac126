// SPDX-License-Identifier: MIT
#include "gyrograd/train/knn.hpp"

#include <cmath>
#include <numeric>

#include "support/reference.hpp"

using namespace gyrograd;
using namespace gyrograd::testing;
using namespace gyrograd::train;

namespace {

std::vector<Index> count_up(Index n) {
  std::vector<Index> out(static_cast<std::size_t>(n));
  std::iota(out.begin(), out.end(), Index{0});
  return out;
}

}  // namespace

TEST_CASE("the nearest neighbour of a training row is itself") {
  const std::vector<float> x = random_values<float>(300 * 5, 1);
  const std::vector<Index> all = count_up(300);
  std::vector<Index> labels;
  for (const Index i : all) labels.push_back(i * 7 % 4);
  const FeatureRows<float> rows{x, 5};
  for (const int threads : {1, 3}) {
    ThreadPool pool(threads);
    CHECK(knn_predictions(rows, all, labels, 4, rows, {}, {1}, pool) == labels);
  }
}

TEST_CASE("votes are counted, equal votes go to the nearer side, then to the lower class") {
  const std::vector<float> known{1, 0, 1, 0.1F, 1, 0.2F, 0, 1, 0.1F, 1};
  const std::vector<Index> labels{2, 1, 1, 0, 0}, all = count_up(5);
  const std::vector<float> query{1, 0, 0, 1, 5, 5};
  const FeatureRows<float> rows{known, 2}, asked{query, 2};
  ThreadPool pool(1);
  CHECK(knn_predictions(rows, all, labels, 3, asked, {}, {1}, pool)[0] == 2);
  CHECK(knn_predictions(rows, all, labels, 3, asked, {}, {3}, pool)[0] == 1);
  CHECK(knn_predictions(rows, all, labels, 3, asked, {}, {2}, pool)[0] == 2);  // one each: the nearer
  CHECK(knn_predictions(rows, all, labels, 3, asked, {}, {99}, pool)[1] == 0);
  const std::vector<float> twins{1, 0, 1, 0};
  const std::vector<Index> both{0, 1}, classes{1, 0};
  CHECK(knn_predictions(FeatureRows<float>{twins, 2}, both, classes, 2, asked, {}, {2}, pool)[0] == 0);
}

TEST_CASE("neighbours of nothing, and of another space, are refused") {
  const std::vector<float> x(6, 1.0F);
  const std::vector<Index> labels{0, 1, 0}, all = count_up(3);
  const FeatureRows<float> rows{x, 2}, wide{x, 3};
  ThreadPool pool(1);
  CHECK_THROWS_AS(knn_predictions(rows, {}, labels, 2, rows, {}, {}, pool), ConfigError);
  CHECK_THROWS_AS(knn_predictions(rows, all, labels, 1, rows, {}, {}, pool), ConfigError);
  CHECK_THROWS_AS(knn_predictions(rows, all, labels, 2, wide, {}, {}, pool), ShapeError);
}
