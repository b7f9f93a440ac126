// SPDX-License-Identifier: MIT
#include "gyrograd/losses/focal.hpp"

#include "support/op_case.hpp"

using namespace gyrograd;
using namespace gyrograd::testing;

TEST_CASE("focal loss: value and gradient") {
  const Index n = 5;
  const auto x = doubles(random_values<float>(n * 6, 1, -3, 3));
  const auto labels = random_indices(n, 6, 2);
  const std::vector<double> weights{0.5, 1, 2, 1.5, 0.25, 1};
  const auto p = softmax_reference(x, n, 6, 1);
  for (const double gamma : {0.0, 2.0}) {
    double want = 0;
    for (Index i = 0; i < n; ++i) {
      const auto y = static_cast<std::size_t>(labels[static_cast<std::size_t>(i)]);
      const double own = p[static_cast<std::size_t>(i) + static_cast<std::size_t>(n) * y];
      want -= weights[y] * std::pow(1 - own, gamma) * std::log(own) / 4;
    }
    check_op({x},
             [&](auto& tape, const auto& v) {
               using Real = std::remove_cvref_t<decltype(*v[0].value.data())>;
               const std::vector<Real> w(weights.begin(), weights.end());
               return losses::focal(tape, v[0].template reshape<dyn, 6>(n, 6), labels.data(), w.data(),
                                    static_cast<Real>(gamma), Real(0.25));
             },
             {want});
  }
}

TEST_CASE("balanced weights give every class the same share") {
  const std::vector<Index> labels{0, 0, 0, 2};
  const std::vector<double> w = losses::balanced_class_weights(labels, 4);
  CHECK(w == std::vector<double>{4.0 / 6, 0, 2, 0});
  double mean = 0;
  for (const Index label : labels) mean += w[static_cast<std::size_t>(label)] / 4;
  CHECK(mean == Approx(1));
  CHECK_THROWS_WITH(losses::balanced_class_weights(labels, 2), "class weights: label 2, expected 0 to 1");
}

TEST_CASE("focal loss refuses labels that are no class and a negative exponent") {
  Tape<float> tape;
  std::vector<float> x(6);
  const auto logits = tape.input(Tensor<float, dyn, dyn>(x.data(), 2, 3));
  const std::int32_t high[] = {0, 3}, good[] = {0, 2};
  const float* none = nullptr;
  CHECK_THROWS_WITH(losses::focal(tape, logits, high, none, 2.0F, 1.0F),
                    "focal loss: label 3 of sample 1 is outside of 3 classes");
  CHECK_THROWS_AS(losses::focal(tape, logits, good, none, -1.0F, 1.0F), ConfigError);
}
