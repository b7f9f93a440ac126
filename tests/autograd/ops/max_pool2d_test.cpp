// SPDX-License-Identifier: MIT
#include "gyrograd/autograd/ops/max_pool2d.hpp"

#include "support/op_case.hpp"
#include "support/window_reference.hpp"

using namespace gyrograd;
using namespace gyrograd::testing;

TEST_CASE("max_pool2d on the tape: value and gradient") {
  for (const Index padding : {0, 1}) {
    const kernels::Window w{2, {6, 3, 1, padding, 1}, {5, 2, 2, 0, 1}};
    const std::vector<double> x = random_values<double>(w.input_plane() * 2, 1, -5, 5);
    std::vector<double> exact;
    for (const double v : x) exact.push_back(static_cast<double>(static_cast<float>(v)));
    check_op(
        {exact},
        [&](auto& tape, const auto& v) {
          return ops::max_pool2d(tape, v[0].template reshape<dyn, dyn, dyn, dyn>(2, 6, 5, 2), 3, 2,
                                 {1, padding, 1}, {2, 0, 1});
        },
        PoolReference(w, 2, exact).y);
  }
  Tape<float> tape;
  std::vector<float> memory(60);
  const auto v = tape.constant(Tensor<float, dyn, dyn, dyn, dyn>(memory.data(), 2, 6, 5, 1));
  CHECK_THROWS_AS(ops::max_pool2d(tape, v, 7, 1, {}, {}), ShapeError);
  CHECK_THROWS_AS(ops::max_pool2d(tape, v, 2, 1, {1, 2, 1}, {}), ShapeError);
}
