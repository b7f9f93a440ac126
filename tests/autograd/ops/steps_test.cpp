// SPDX-License-Identifier: MIT
#include "gyrograd/autograd/ops/steps.hpp"

#include "support/op_case.hpp"

using namespace gyrograd;
using namespace gyrograd::testing;

namespace {

/// 0, 1, 2, ...
std::vector<double> counted(Index n) {
  std::vector<double> v;
  for (Index i = 0; i < n; ++i) v.push_back(static_cast<double>(i));
  return v;
}

}  // namespace

TEST_CASE("reversed steps: value and gradient, twice is the identity") {
  check_op({counted(12)},
           [](auto& tape, const auto& v) {
             return ops::reversed(tape, v[0].template reshape<dyn, dyn, dyn>(2, 3, 2));
           },
           {4, 5, 2, 3, 0, 1, 10, 11, 8, 9, 6, 7});
  check_op(
      {counted(12)},
      [](auto& tape, const auto& v) {
        const auto x = v[0].template reshape<dyn, dyn, dyn>(2, 3, 2);
        return ops::reversed(tape, ops::reversed(tape, x));
      },
      counted(12));
}

TEST_CASE("patches: channel-major values of neighbouring steps, the rest dropped") {
  // One sequence, five steps, two channels: steps 0 1 | 2 3 | (4).
  check_op({counted(10)},
           [](auto& tape, const auto& v) {
             return ops::patches(tape, v[0].template reshape<dyn, dyn, dyn>(1, 5, 2), 2);
           },
           {0, 2, 1, 3, 5, 7, 6, 8});
  Tape<float> tape;
  std::vector<float> memory(6);
  const auto x = tape.input(Tensor<float, dyn, dyn, dyn>(memory.data(), 1, 3, 2));
  CHECK_THROWS_WITH(ops::patches(tape, x, 4), "patches: x has 3 steps, too few for a patch of 4");
}

TEST_CASE("prepend: the same step in front of every sequence") {
  check_op({{100, 200}, counted(8)},
           [](auto& tape, const auto& v) {
             return ops::prepend(tape, v[0], v[1].template reshape<dyn, dyn, dyn>(2, 2, 2));
           },
           {100, 100, 0, 1, 2, 3, 200, 200, 4, 5, 6, 7});
  Tape<float> tape;
  std::vector<float> memory(6);
  const auto x = tape.input(Tensor<float, dyn, dyn, dyn>(memory.data(), 1, 3, 2));
  CHECK_THROWS_WITH(ops::prepend(tape, tape.input(Tensor<float, dyn>(memory.data(), 3)), x),
                    "prepend: the step has 3 channels, x 2");
}
