// SPDX-License-Identifier: MIT
#include "gyrograd/autograd/ops/add.hpp"

#include "support/op_case.hpp"

using namespace gyrograd;
using namespace gyrograd::testing;

TEST_CASE("add: value and gradients") {
  const auto a = random_values<double>(23, 1), b = random_values<double>(23, 2);
  check_op({a, b}, [](auto& tape, const auto& v) { return ops::add(tape, v[0], v[1]); });
  // The same input twice: gradient handed over and added.
  check_op({a}, [](auto& tape, const auto& v) { return ops::add(tape, v[0], v[0]); });
  check_op({a, b}, [](auto& tape, const auto& v) {
    const auto s = ops::add(tape, v[0], v[1]);
    return ops::add(tape, s, ops::add(tape, s, v[0]));
  });
}

TEST_CASE("add refuses sizes that differ") {
  Tape<float> tape;
  std::vector<float> x(6);
  const auto a = tape.input(Tensor<float, dyn>(x.data(), 6)), b = tape.input(Tensor<float, dyn>(x.data(), 5));
  CHECK_THROWS_WITH(ops::add(tape, a, b), "add: 6 values against 5");
}
