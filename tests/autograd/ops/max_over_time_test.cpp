// SPDX-License-Identifier: MIT
#include "gyrograd/autograd/ops/max_over_time.hpp"

#include "support/op_case.hpp"

using namespace gyrograd;
using namespace gyrograd::testing;

TEST_CASE("max_over_time on the tape: value and gradient") {
  check_op({{1, 5, 2, 3, 7, -1, -2, -3, 4, 4.5, 2, 1}},
           [](auto& tape, const auto& v) {
             return ops::max_over_time(tape, v[0].template reshape<dyn, dyn, dyn>(2, 3, 2));
           },
           {7, 5, 4, 4.5});
  Tape<float> tape;
  float none = 0;
  CHECK_THROWS_AS(ops::max_over_time(tape, tape.constant(Tensor<float, dyn, dyn, dyn>(&none, 1, 0, 1))),
                  ShapeError);
}
