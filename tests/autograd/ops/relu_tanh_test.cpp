// SPDX-License-Identifier: MIT
#include "gyrograd/autograd/ops/relu_tanh.hpp"

#include "support/op_case.hpp"

using namespace gyrograd;
using namespace gyrograd::testing;

TEST_CASE("relu_tanh on the tape: value and gradient") {
  std::vector<double> want;
  std::vector<double> x{-2, -0.75, -0.25, 0.5, 1.25, 2.5, 0.125};
  for (const double v : x) want.push_back([](double a) { return std::max(std::tanh(a), 0.0); }(v));
  check_op(
      {x}, [](auto& tape, const auto& v) { return ops::relu_tanh(tape, v[0]); }, want);
}
