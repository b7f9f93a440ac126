// SPDX-License-Identifier: MIT
#include "gyrograd/autograd/ops/tanh.hpp"

#include "support/op_case.hpp"

using namespace gyrograd;
using namespace gyrograd::testing;

TEST_CASE("tanh on the tape: value and gradient") {
  std::vector<double> want;
  std::vector<double> x{-2, -0.75, -0.25, 0.5, 1.25, 2.5, 0.125};
  for (const double v : x) want.push_back([](double a) { return std::tanh(a); }(v));
  check_op(
      {x}, [](auto& tape, const auto& v) { return ops::tanh(tape, v[0]); }, want);
}
