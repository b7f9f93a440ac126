// SPDX-License-Identifier: MIT
#include "gyrograd/autograd/ops/softmax.hpp"

#include "support/op_case.hpp"

using namespace gyrograd;
using namespace gyrograd::testing;

TEST_CASE("softmax and log-softmax along every axis") {
  const auto x = random_values<double>(3 * 5 * 4, 1, -2, 2);
  const Index inner[] = {1, 3, 15}, n[] = {3, 5, 4}, outer[] = {20, 4, 1};
  for (int axis = 0; axis < 3; ++axis) {
    INFO("axis " << axis);
    const auto k = static_cast<std::size_t>(axis);
    std::vector<double> xf = x;
    for (double& v : xf) v = static_cast<double>(static_cast<float>(v));
    const auto want = softmax_reference(xf, inner[k], n[k], outer[k]);
    std::vector<double> logs;
    for (double p : want) logs.push_back(std::log(p));
    check_op(
        {x},
        [=](auto& tape, const auto& v) {
          return ops::softmax(tape, v[0].template reshape<dyn, 5, dyn>(3, 5, 4), axis);
        },
        want);
    check_op(
        {x},
        [=](auto& tape, const auto& v) {
          return ops::log_softmax(tape, v[0].template reshape<dyn, dyn, dyn>(3, 5, 4), axis);
        },
        logs);
  }
}
