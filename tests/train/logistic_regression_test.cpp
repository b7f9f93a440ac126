// SPDX-License-Identifier: MIT
// Against scikit-learn's solution in tests/golden; here laws, missing classes and refusals.
#include "gyrograd/train/logistic_regression.hpp"

#include <cmath>
#include <numeric>

#include "support/reference.hpp"

using namespace gyrograd;
using namespace gyrograd::testing;
using namespace gyrograd::train;

namespace {

/// Three clouds in the plane, `n` points each in turn.
struct Clouds {
  std::vector<float> values;
  std::vector<Index> labels, all;

  explicit Clouds(Index n, double spread = 0.3) {
    const std::vector<float> noise = random_values<float>(2 * n, 5);
    for (Index i = 0; i < n; ++i) {
      const double angle = 2.1 * static_cast<double>(i % 3);
      values.push_back(static_cast<float>(std::cos(angle)) +
                       static_cast<float>(spread) * noise[static_cast<std::size_t>(2 * i)]);
      values.push_back(static_cast<float>(std::sin(angle)) +
                       static_cast<float>(spread) * noise[static_cast<std::size_t>(2 * i + 1)]);
      labels.push_back(i % 3);
      all.push_back(i);
    }
  }
  FeatureRows<float> rows() const { return {values, 2}; }
};

}  // namespace

TEST_CASE("the probe separates clouds, with the same bits for every number of threads") {
  const Clouds clouds(400);
  ThreadPool one(1), three(3);
  const LogisticModel a = fit_logistic(clouds.rows(), clouds.all, clouds.labels, 3, {}, one);
  const LogisticModel b = fit_logistic(clouds.rows(), clouds.all, clouds.labels, 3, {}, three);
  CHECK(a.solver.converged);
  CHECK(a.weight == b.weight);
  CHECK(a.bias == b.bias);
  const std::vector<double> z = logits(a, clouds.rows(), {}, one);
  Index right = 0;
  for (std::size_t i = 0; i < clouds.labels.size(); ++i) {
    const auto row = z.begin() + static_cast<std::ptrdiff_t>(3 * i);
    right += std::max_element(row, row + 3) - row == clouds.labels[i] ? 1 : 0;
  }
  CHECK(right > 390);
}

TEST_CASE("standardised features make the probe blind to units") {
  const Clouds clouds(90);
  std::vector<float> scaled = clouds.values;
  for (std::size_t i = 0; i < scaled.size(); ++i) scaled[i] = i % 2 == 0 ? 1000 * scaled[i] : 5 + scaled[i];
  ThreadPool pool(1);
  const LogisticModel a = fit_logistic(clouds.rows(), clouds.all, clouds.labels, 3, {}, pool);
  const LogisticModel b = fit_logistic(FeatureRows<float>{scaled, 2}, clouds.all, clouds.labels, 3, {}, pool);
  CHECK(b.solver.value == Approx(a.solver.value).epsilon(1e-5));
}

TEST_CASE("a class without training samples is never predicted, the others are not disturbed") {
  const Clouds clouds(90);
  std::vector<Index> without, chosen;
  for (const Index i : clouds.all)
    if (clouds.labels[static_cast<std::size_t>(i)] != 1) chosen.push_back(i);
  ThreadPool pool(1);
  const LogisticModel model = fit_logistic(clouds.rows(), chosen, clouds.labels, 3, {}, pool);
  CHECK(model.present == std::vector<Index>{0, 2});
  CHECK(model.rows() == 1);
  const std::vector<double> z = logits(model, clouds.rows(), chosen, pool);
  Index right = 0;
  for (std::size_t i = 0; i < chosen.size(); ++i) {
    CHECK(std::isinf(z[3 * i + 1]));
    const bool last = z[3 * i + 2] > z[3 * i];
    right += last == (clouds.labels[static_cast<std::size_t>(chosen[i])] == 2) ? 1 : 0;
  }
  CHECK(right == static_cast<Index>(chosen.size()));
}

TEST_CASE("a stronger penalty gives smaller weights") {
  const Clouds clouds(60);
  ThreadPool pool(1);
  const auto size = [&](double c) {
    LogisticOptions options;
    options.c = c;
    const LogisticModel m = fit_logistic(clouds.rows(), clouds.all, clouds.labels, 3, options, pool);
    return std::inner_product(m.weight.begin(), m.weight.end(), m.weight.begin(), 0.0);
  };
  CHECK(size(0.01) < size(1));
  CHECK(size(1) < size(100));
}

TEST_CASE("what no probe can learn from is refused") {
  const Clouds clouds(9);
  ThreadPool pool(1);
  const std::vector<Index> same{0, 3, 6}, labels{0, 1, 2, 0, 7, 2, 0, 1, 2};
  CHECK_THROWS_WITH(fit_logistic(clouds.rows(), same, clouds.labels, 3, {}, pool),
                    "logistic regression: the training samples hold 1 of the 3 classes, expected at least 2; "
                    "give more shots");
  CHECK_THROWS_WITH(fit_logistic(clouds.rows(), clouds.all, labels, 3, {}, pool),
                    "logistic regression: label 7 of row 4, expected 0 to 2");
  LogisticOptions negative;
  negative.c = -1;
  CHECK_THROWS_AS(fit_logistic(clouds.rows(), clouds.all, clouds.labels, 3, negative, pool), ConfigError);
  const LogisticModel model = fit_logistic(clouds.rows(), clouds.all, clouds.labels, 3, {}, pool);
  CHECK_THROWS_AS(logits(model, FeatureRows<float>{clouds.values, 3}, {}, pool), ShapeError);
}
