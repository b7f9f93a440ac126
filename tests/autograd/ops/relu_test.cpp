// SPDX-License-Identifier: MIT
#include "gyrograd/autograd/ops/relu.hpp"

#include "support/op_case.hpp"

using namespace gyrograd;
using namespace gyrograd::testing;

TEST_CASE("relu on the tape") {
  std::vector<double> x = random_values<double>(37, 1), want;
  for (double& v : x) v += v < 0 ? -0.1 : 0.1;  // away from the corner, where differences fail
  for (double v : x) want.push_back(static_cast<double>(static_cast<float>(std::max(v, 0.0))));
  check_op(
      {x}, [](auto& tape, const auto& v) { return ops::relu(tape, v[0]); }, want);
}
