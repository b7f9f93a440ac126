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

TEST_CASE("layer norm with positions is what both are after one another") {
  const Index batch = 2, steps = 3, C = 6, first = 1;
  const std::vector<std::vector<double>> in{random_values<double>(batch * steps * C, 1, -2, 2),
                                            random_values<double>(C, 2, 0.5, 1.5),
                                            random_values<double>(C, 3), random_values<double>(5 * C, 4)};
  const auto x = [=](const auto& v) { return v[0].template reshape<dyn, dyn, dyn>(batch, steps, C); };
  const auto fused = [=](auto& tape, const auto& v) {
    return ops::layer_norm_position_add(tape, x(v), v[1], v[2], {}, v[3], first, false);
  };
  check_op(in, fused);
  const OpResult one = run_op<float>(in, fused),
                 two = run_op<float>(in, [=](auto&tape, const auto&v) {
                   return ops::position_add(tape, ops::layer_norm(tape, x(v), v[1], v[2], {}), v[3], first);
                 });
  CHECK(one.value == two.value);
  CHECK(one.gradients == two.gradients);
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
  const auto three = tape.input(Tensor<float, dyn>(m.data(), 3));
  CHECK_THROWS_WITH(ops::layer_norm_position_add(tape, x, three, three, 1e-5F, table, 0, false),
                    "position_add: steps 0 to 4, but the position table has 4 rows");
  CHECK_THROWS_AS(ops::layer_norm_position_add(tape, x, three, table, 1e-5F, table, 0, false), ShapeError);
}
