// SPDX-License-Identifier: MIT
#include "gyrograd/autograd/ops/gather.hpp"

#include "support/op_case.hpp"

using namespace gyrograd;
using namespace gyrograd::testing;

TEST_CASE("gather: value and gradient with repeated positions") {
  const auto x = random_values<double>(2 * 4 * 3, 1);
  const std::vector<std::int32_t> positions{3, 0, 3, 1, 1, 2};
  const auto gather = [&](auto& tape, const auto& v) {
    return ops::gather(tape, v[0].template reshape<dyn, dyn, dyn>(2, 4, 3), positions.data(), 3);
  };
  check_op({x}, gather);
  const OpResult r = run_op<double>({x}, gather);
  CHECK(r.value[0 + 2 * (2 + 3 * 1)] == x[0 + 2 * (3 + 4 * 1)]);
  CHECK(r.value[1 + 2 * (2 + 3 * 2)] == x[1 + 2 * (2 + 4 * 2)]);
  // Rows that were not taken get no gradient.
  for (Index c = 0; c < 3; ++c) CHECK(r.gradients[0][static_cast<std::size_t>(0 + 2 * (2 + 4 * c))] == 0);
}

TEST_CASE("gather refuses positions outside of the window") {
  Tape<float> tape;
  std::vector<float> m(24);
  const auto x = tape.input(Tensor<float, dyn, dyn, dyn>(m.data(), 2, 4, 3));
  const std::int32_t high[] = {0, 4}, low[] = {-1, 0};
  CHECK_THROWS_WITH(ops::gather(tape, x, high, 1), "gather: position 4 is outside of 4 steps");
  CHECK_THROWS_AS(ops::gather(tape, x, low, 1), ShapeError);
}
