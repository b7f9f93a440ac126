// SPDX-License-Identifier: MIT
#include "gyrograd/autograd/ops/conv1d.hpp"

#include "support/op_case.hpp"
#include "support/window_reference.hpp"

using namespace gyrograd;
using namespace gyrograd::testing;

TEST_CASE("conv1d on the tape: value and gradients of every input") {
  const kernels::Window w{2, {9, 3, 2, 1, 2}, {}};
  const ConvReference n(w, 3, 2);
  check_op(
      {n.x, n.weight, n.bias},
      [&](auto& tape, const auto& v) {
        const auto x = v[0].template reshape<dyn, dyn, dyn>(2, 9, 3);
        return ops::conv1d(tape, x, v[1], v[2], 3, {2, 1, 2});
      },
      n.y);
  check_op({n.x, n.weight}, [&](auto& tape, const auto& v) {
    auto none = v[1];
    none = {};
    return ops::conv1d(tape, v[0].template reshape<dyn, dyn, dyn>(2, 9, 3), v[1], none, 3);
  });
}

TEST_CASE("conv1d refuses kernels longer than the window and too many taps") {
  Tape<float> tape;
  std::vector<float> memory(400);
  const auto x = tape.input(Tensor<float, dyn, dyn, dyn>(memory.data(), 2, 80, 1));
  const auto w = tape.input(Tensor<float, dyn>(memory.data(), 70)), none = Var<float, dyn>{};
  CHECK_THROWS_AS(ops::conv1d(tape, x, w, none, 70), ShapeError);
  CHECK_THROWS_AS(ops::conv1d(tape, x, w, none, 81), ShapeError);
}
