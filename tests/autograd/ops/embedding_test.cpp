// SPDX-License-Identifier: MIT
#include "gyrograd/autograd/ops/embedding.hpp"

#include "support/op_case.hpp"

using namespace gyrograd;
using namespace gyrograd::testing;

TEST_CASE("embedding: value and gradient with repeated rows") {
  const auto table = random_values<double>(4 * 3, 1);
  const std::vector<std::int32_t> index{2, 0, 2, 2, 3};
  const auto look_up = [&](auto& tape, const auto& v) {
    return ops::embedding(tape, v[0], index.data(), 5, 3);
  };
  check_op({table}, look_up);
  const OpResult r = run_op<double>({table}, look_up);
  CHECK(r.value[1 + 5 * 2] == table[2]);
  CHECK(r.value[4 + 5 * 1] == table[3 * 3 + 1]);
}

TEST_CASE("position_add: value and gradients, windows shorter than the table") {
  const auto x = random_values<double>(2 * 3 * 4, 1), table = random_values<double>(5 * 4, 2);
  check_op({x, table}, [](auto& tape, const auto& v) {
    return ops::position_add(tape, v[0].template reshape<dyn, dyn, 4>(2, 3, 4), v[1]);
  });
  // Used twice: the gradient of x is handed on and added to.
  check_op({x, table}, [](auto& tape, const auto& v) {
    const auto once = ops::position_add(tape, v[0].template reshape<dyn, dyn, dyn>(2, 3, 4), v[1]);
    return ops::position_add(tape, once, v[1]);
  });
}

TEST_CASE("tables refuse indices and windows that they do not hold") {
  Tape<float> tape;
  std::vector<float> m(60);
  const auto table = tape.input(Tensor<float, dyn>(m.data(), 12));
  const std::int32_t negative[] = {0, -1}, above[] = {4};
  CHECK_THROWS_WITH(ops::embedding(tape, table, negative, 2, 3), "embedding: index -1 is outside of 4 rows");
  CHECK_THROWS_AS(ops::embedding(tape, table, above, 1, 3), ShapeError);
  const auto x = tape.input(Tensor<float, dyn, dyn, dyn>(m.data(), 2, 5, 3));
  CHECK_THROWS_WITH(ops::position_add(tape, x, table),
                    "position_add: steps 0 to 4, but the position table has 4 rows");
}
