// SPDX-License-Identifier: MIT
#include "gyrograd/autograd/ops/max_pool1d.hpp"

#include "support/op_case.hpp"

using namespace gyrograd;
using namespace gyrograd::testing;

TEST_CASE("max_pool1d on the tape: value and gradient") {
  check_op({{1, 4, 2, 9, 3, 5, -1, -8, -2, -3}},
           [](auto& tape, const auto& v) {
             return ops::max_pool1d(tape, v[0].template reshape<dyn, dyn, dyn>(1, 5, 2), 3, {1, 0, 1});
           },
           {4, 9, 9, 5, -1, -2});
}
