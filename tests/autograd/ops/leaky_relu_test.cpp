// SPDX-License-Identifier: MIT
#include "gyrograd/autograd/ops/leaky_relu.hpp"

#include "support/op_case.hpp"

using namespace gyrograd;
using namespace gyrograd::testing;

TEST_CASE("leaky relu on the tape") {
  std::vector<double> x = random_values<double>(37, 1);
  for (double& v : x) v += v < 0 ? -0.1 : 0.1;  // away from the corner, where differences fail
  check_op({x}, [](auto& tape, const auto& v) { return ops::leaky_relu(tape, v[0]); });
}
