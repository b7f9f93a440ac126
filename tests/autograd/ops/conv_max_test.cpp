// SPDX-License-Identifier: MIT
#include "gyrograd/autograd/ops/conv_max.hpp"

#include "gyrograd/autograd/ops/max_over_time.hpp"
#include "gyrograd/autograd/ops/relu.hpp"
#include "support/op_case.hpp"

using namespace gyrograd;
using namespace gyrograd::testing;

TEST_CASE("conv_max on the tape: value and gradient of convolution, ReLU and maximum over time") {
  const std::vector<std::vector<double>> inputs{doubles(random_values<float>(3 * 9 * 2, 1)),
                                                doubles(random_values<float>(4 * 2 * 3, 2)),
                                                doubles(random_values<float>(4, 3))};
  const auto shaped = [](const auto& v) { return v.template reshape<dyn, dyn, dyn>(3, 9, 2); };
  const OpResult want = run_op<double>(inputs, [&](auto& tape, const auto& v) {
    return ops::max_over_time(tape, ops::relu(tape, ops::conv1d(tape, shaped(v[0]), v[1], v[2], 3)));
  });
  const auto f = [&](auto& tape, const auto& v) { return ops::conv_max(tape, shaped(v[0]), v[1], v[2], 3); };
  check_op(inputs, f, want.value);
  const OpResult got = run_op<double>(inputs, f);
  for (std::size_t k = 0; k < 3; ++k) check_close<double>(got.gradients[k], want.gradients[k]);
}

TEST_CASE("conv_max refuses a kernel longer than the window and weights of another size") {
  Tape<float> tape;
  std::vector<float> values(24);
  const auto x = tape.constant(Tensor<float, dyn, dyn, dyn>(values.data(), 1, 4, 2));
  const auto flat = [&](Index n) { return tape.constant(Tensor<float, dyn>(values.data(), n)); };
  CHECK_THROWS_AS(ops::conv_max(tape, x, flat(10), flat(1), 5), ShapeError);
  CHECK_THROWS_AS(ops::conv_max(tape, x, flat(13), flat(2), 3), ShapeError);
  CHECK_THROWS_AS(ops::conv_max(tape, x, flat(12), flat(3), 3), ShapeError);
  CHECK_NOTHROW(ops::conv_max(tape, x, flat(12), flat(2), 3));
}
