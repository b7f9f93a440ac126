// SPDX-License-Identifier: MIT
#include "gyrograd/autograd/ops/dropout.hpp"

#include "support/op_case.hpp"

using namespace gyrograd;
using namespace gyrograd::testing;

TEST_CASE("dropout: value and gradient follow the mask") {
  const auto x = random_values<double>(11, 1);
  const auto dropped = [](auto& tape, const auto& v) {
    using Real = std::remove_cvref_t<decltype(*v[0].value.data())>;
    static const std::vector<Real> mask{0, 2, 2, 0, 2, 0, 0, 2, 2, 2, 0};
    return ops::dropout(tape, v[0], mask.data());
  };
  check_op({x}, dropped);
  const OpResult r = run_op<double>({x}, dropped);
  for (std::size_t i : {0u, 3u, 10u}) {
    CHECK(r.value[i] == 0);
    CHECK(r.gradients[0][i] == 0);
  }
  CHECK(r.value[1] == 2 * x[1]);
}
