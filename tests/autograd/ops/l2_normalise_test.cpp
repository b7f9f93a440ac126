// SPDX-License-Identifier: MIT
#include "gyrograd/autograd/ops/l2_normalise.hpp"

#include "support/op_case.hpp"

using namespace gyrograd;
using namespace gyrograd::testing;

TEST_CASE("L2 normalisation on the tape: gradients above and below the floor") {
  const auto f = [](double eps) {
    return [eps](auto& tape, const auto& v) {
      using Real = std::remove_cvref_t<decltype(*v[0].value.data())>;
      return ops::l2_normalise(tape, v[0].template reshape<dyn, dyn>(3, 5), static_cast<Real>(eps));
    };
  };
  check_op({random_values<double>(15, 1)}, f(1e-12));
  check_op({random_values<double>(15, 1)}, f(100));
}
