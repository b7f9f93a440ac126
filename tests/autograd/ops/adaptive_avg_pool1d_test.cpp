// SPDX-License-Identifier: MIT
#include "gyrograd/autograd/ops/adaptive_avg_pool1d.hpp"

#include "support/op_case.hpp"

using namespace gyrograd;
using namespace gyrograd::testing;

TEST_CASE("adaptive average pooling on the tape: gradients, up and down") {
  for (const auto& [inputs, outputs] : {std::pair<Index, Index>{3, 8}, {9, 4}})
    check_op({random_values<double>(2 * inputs * 3, 1)},
             [n = inputs, m = outputs](auto& tape, const auto& v) {
               return ops::adaptive_avg_pool1d(tape, v[0].template reshape<dyn, dyn, dyn>(2, n, 3), m);
             });
}

TEST_CASE("adaptive average pooling refuses empty windows") {
  Tape<float> tape;
  std::vector<float> memory(4);
  const auto x = tape.input(Tensor<float, dyn, dyn, dyn>(memory.data(), 2, 0, 2));
  CHECK_THROWS_WITH(ops::adaptive_avg_pool1d(tape, x, 4),
                    "adaptive_avg_pool1d: 0 inputs to 4 outputs, expected at least 1 of each");
}
