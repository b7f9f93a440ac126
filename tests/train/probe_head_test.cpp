// SPDX-License-Identifier: MIT
#include "gyrograd/train/probe_head.hpp"

#include <cmath>
#include <numeric>

#include "gyrograd/optim/sgd.hpp"
#include "support/reference.hpp"

using namespace gyrograd;
using namespace gyrograd::testing;
using namespace gyrograd::train;

TEST_CASE("one step of plain descent follows the gradient of the mean cross-entropy") {
  const std::vector<double> x{1, 2, -1, 0.5, 3, 1}, start{0.1, -0.2, 0.3, 0.4};
  const std::vector<Index> labels{0, 1, 1}, all{0, 1, 2}, order{2, 0, 1};
  ProbeBatch<double> batch(FeatureScale::raw);
  batch.gather(FeatureRows<double>{x, 2}, all, labels, order);
  ProbeHead<double, optim::Sgd<double>> head(std::span<const double>(start), 2, 2,
                                             optim::SgdOptions{.learning_rate = 1});
  double want = 0;
  std::vector<double> w = start, b{0, 0}, dw(4), db(2);
  for (std::size_t i = 0; i < 3; ++i) {
    double z[2];
    for (std::size_t k = 0; k < 2; ++k) z[k] = w[2 * k] * x[2 * i] + w[2 * k + 1] * x[2 * i + 1];
    const double sum = std::exp(z[0]) + std::exp(z[1]);
    want -= std::log(std::exp(z[static_cast<std::size_t>(labels[i])]) / sum) / 3;
    for (std::size_t k = 0; k < 2; ++k) {
      const double d = (std::exp(z[k]) / sum - (static_cast<Index>(k) == labels[i] ? 1 : 0)) / 3;
      dw[2 * k] += d * x[2 * i], dw[2 * k + 1] += d * x[2 * i + 1], db[k] += d;
    }
  }
  CHECK(head.loss(batch) == Approx(want).epsilon(1e-12));
  CHECK(head.step(batch, 0.5) == Approx(want).epsilon(1e-12));
  for (std::size_t i = 0; i < 4; ++i) CHECK(head.weight()[i] == Approx(w[i] - 0.5 * dw[i]).epsilon(1e-10));
  for (std::size_t k = 0; k < 2; ++k) CHECK(head.bias()[k] == Approx(-0.5 * db[k]).epsilon(1e-10));
}

TEST_CASE("a batch of unit rows forgets their lengths") {
  const std::vector<float> x{3, 4, 6, 8};
  const std::vector<Index> labels{0, 1}, all{0, 1};
  ProbeBatch<float> batch(FeatureScale::unit);
  batch.gather(FeatureRows<float>{x, 2}, all, labels, all);
  CHECK(batch.x()[0] == batch.x()[1]);
  CHECK(batch.x()[2] == Approx(0.8));
  CHECK(batch.labels()[1] == 1);
}

TEST_CASE("start values of another size are refused") {
  const std::vector<float> start(5, 0.0F);
  using Head = ProbeHead<float, optim::Sgd<float>>;
  CHECK_THROWS_AS(Head(std::span<const float>(start), 2, 3, optim::SgdOptions{}), ShapeError);
}
