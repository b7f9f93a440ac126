// SPDX-License-Identifier: MIT
#include "gyrograd/autograd/ops/group_norm.hpp"

#include "support/op_case.hpp"

using namespace gyrograd;
using namespace gyrograd::testing;

TEST_CASE("group norm on the tape: all gradients") {
  for (const Index batch : {1, 3})
    for (const Index groups : {1, 2, 4}) {
      const auto x = random_values<double>(batch * 5 * 4, 1, -2, 2),
                 gamma = random_values<double>(4, 2, 0.5, 2), beta = random_values<double>(4, 3);
      check_op({x, gamma, beta}, [=](auto& tape, const auto& v) {
        return ops::group_norm(tape, v[0].template reshape<dyn, dyn, dyn>(batch, 5, 4), groups, v[1], v[2],
                               {});
      });
    }
}

TEST_CASE("group norm refuses groups and parameters that do not fit") {
  Tape<float> tape;
  std::vector<float> memory(24);
  const auto x = tape.input(Tensor<float, dyn, dyn, dyn>(memory.data(), 2, 2, 6));
  const auto six = tape.input(Tensor<float, dyn>(memory.data(), 6)),
             five = tape.input(Tensor<float, dyn>(memory.data(), 5));
  CHECK_THROWS_WITH(ops::group_norm(tape, x, 4, six, six, 1e-5F),
                    "group_norm: x has 2 steps and 6 channels, expected 1 or more steps and a multiple of 4 "
                    "channels");
  CHECK_THROWS_WITH(ops::group_norm(tape, x, 2, six, five, 1e-5F),
                    "group_norm: x has 6 channels, gamma 6, beta 5");
}
