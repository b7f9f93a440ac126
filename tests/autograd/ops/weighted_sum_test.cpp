// SPDX-License-Identifier: MIT
#include "gyrograd/autograd/ops/weighted_sum.hpp"

#include "support/op_case.hpp"

using namespace gyrograd;
using namespace gyrograd::testing;

TEST_CASE("weighted sum over time on the tape: both gradients") {
  check_op({random_values<double>(3 * 4, 1), random_values<double>(3 * 4 * 2, 2)},
           [](auto& tape, const auto& v) {
             return ops::weighted_sum(tape, v[0], v[1].template reshape<dyn, dyn, dyn>(3, 4, 2));
           });
}

TEST_CASE("weighted sum refuses weights of another length") {
  Tape<float> tape;
  std::vector<float> memory(24);
  const auto x = tape.input(Tensor<float, dyn, dyn, dyn>(memory.data(), 3, 4, 2));
  const auto w = tape.input(Tensor<float, dyn>(memory.data(), 11));
  CHECK_THROWS_WITH(ops::weighted_sum(tape, w, x), "weighted_sum: 11 weights for 3 sequences of 4 steps");
}
