// SPDX-License-Identifier: MIT
#include "gyrograd/autograd/ops/mean_last.hpp"

#include "support/op_case.hpp"

using namespace gyrograd;
using namespace gyrograd::testing;

TEST_CASE("mean_last on the tape: value and gradient") {
  check_op({{1, 2, 3, 4, 5, 6, 7, 9}},
           [](auto& tape, const auto& v) {
             return ops::mean_last(tape, v[0].template reshape<dyn, dyn, dyn>(2, 1, 4));
           },
           {4, 5.25});
  Tape<float> tape;
  float none = 0;
  CHECK_THROWS_AS(ops::mean_last(tape, tape.constant(Tensor<float, dyn, dyn, dyn>(&none, 1, 1, 0))),
                  ShapeError);
}
