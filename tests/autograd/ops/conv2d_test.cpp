// SPDX-License-Identifier: MIT
#include "gyrograd/autograd/ops/conv2d.hpp"

#include "support/alloc_counter.hpp"
#include "support/op_case.hpp"
#include "support/window_reference.hpp"

using namespace gyrograd;
using namespace gyrograd::testing;

TEST_CASE("conv2d on the tape: value and gradients of every input") {
  const kernels::Window plain{3, {6, 3, 1, 0, 1}, {4, 2, 1, 0, 1}}, odd{2, {7, 3, 2, 1, 1}, {5, 2, 1, 1, 2}};
  for (const kernels::Window& w : {plain, odd}) {
    const ConvReference n(w, 2, 3);
    check_op(
        {n.x, n.weight, n.bias},
        [&](auto& tape, const auto& v) {
          const auto x = v[0].template reshape<dyn, dyn, dyn, dyn>(w.batch, w.height.size, w.width.size, 2);
          return ops::conv2d(tape, x, v[1], v[2], w.height.kernel, w.width.kernel,
                             {w.height.stride, w.height.padding, w.height.dilation},
                             {w.width.stride, w.width.padding, w.width.dilation});
        },
        n.y);
  }
}

TEST_CASE("conv2d refuses sizes that do not fit") {
  Tape<float> tape;
  std::vector<float> memory(400);
  const auto flat = [&](Index size) { return tape.input(Tensor<float, dyn>(memory.data(), size)); };
  const auto x = tape.input(Tensor<float, dyn, dyn, dyn, dyn>(memory.data(), 2, 5, 4, 3));
  CHECK_NOTHROW(ops::conv2d(tape, x, flat(24), flat(2), 2, 2));
  CHECK_THROWS_AS(ops::conv2d(tape, x, flat(25), flat(2), 2, 2), ShapeError);
  CHECK_THROWS_AS(ops::conv2d(tape, x, flat(24), flat(3), 2, 2), ShapeError);
  CHECK_THROWS_AS(ops::conv2d(tape, x, flat(72), flat(2), 6, 2), ShapeError);
  CHECK_THROWS_AS(ops::conv2d(tape, x, flat(24), flat(2), 2, 2, {0, 0, 1}), ShapeError);
}

TEST_CASE("conv2d: no heap use when warm") {
  Tape<float> tape;
  std::vector<float> memory(400, 1.0F);
  const auto step = [&] {
    tape.clear();
    const auto flat = [&](Index size) { return tape.input(Tensor<float, dyn>(memory.data(), size)); };
    const auto y = ops::conv2d(tape, tape.input(Tensor<float, dyn, dyn, dyn, dyn>(memory.data(), 2, 5, 4, 3)),
                               flat(24), flat(2), 2, 2);
    y.grad().fill(1.0F);
    tape.backward();
  };
  step();
  step();
  const AllocationScope scope;
  step();
  CHECK(scope.count() == 0);
}
