// SPDX-License-Identifier: MIT
#include "gyrograd/losses/cross_entropy.hpp"

#include "support/op_case.hpp"

using namespace gyrograd;
using namespace gyrograd::testing;

TEST_CASE("cross-entropy: value and gradient") {
  for (Index n : sizes_around(kernels::lanes<float>)) {
    const auto x = doubles(random_values<float>(n * 6, 1, -3, 3));
    const auto labels = random_indices(n, 6, 2);
    double want = 0;
    const auto p = softmax_reference(x, n, 6, 1);
    for (Index i = 0; i < n; ++i)
      want -= std::log(p[static_cast<std::size_t>(i + n * labels[static_cast<std::size_t>(i)])]) / 4;
    check_op({x},
             [&](auto& tape, const auto& v) {
               using Real = std::remove_cvref_t<decltype(*v[0].value.data())>;
               return losses::cross_entropy(tape, v[0].template reshape<dyn, 6>(n, 6), labels.data(),
                                            Real(0.25));
             },
             {want});
  }
}

TEST_CASE("equal logits cost log(classes)") {
  const std::vector<double> x(5 * 7, 2.5);
  const std::vector<std::int32_t> labels{0, 6, 3, 2, 1};
  Tape<double> tape;
  tape.set_recording(false);
  const auto loss = losses::cross_entropy(tape, tape.constant(Tensor<const double, dyn, dyn>(x.data(), 5, 7)),
                                          labels.data(), 0.2);
  CHECK(*loss.value.data() == Approx(std::log(7.0)).epsilon(1e-14));
}

TEST_CASE("cross-entropy refuses labels that are no class") {
  Tape<float> tape;
  std::vector<float> x(6);
  const auto logits = tape.input(Tensor<float, dyn, dyn>(x.data(), 2, 3));
  const std::int32_t high[] = {0, 3}, low[] = {-1, 0};
  CHECK_THROWS_WITH(losses::cross_entropy(tape, logits, high, 1.0F),
                    "cross_entropy: label 3 of sample 1 is outside of 3 classes");
  CHECK_THROWS_AS(losses::cross_entropy(tape, logits, low, 1.0F), ShapeError);
}
