// SPDX-License-Identifier: MIT
#include "gyrograd/autograd/ops/multihead_attention.hpp"

#include "support/op_case.hpp"

using namespace gyrograd;
using namespace gyrograd::testing;

TEST_CASE("multihead_attention on the tape: gradients of inputs and parameters") {
  const Index N = 2, L = 3, E = 4;
  std::vector<std::vector<double>> inputs;
  for (int i = 0; i < 3; ++i) inputs.push_back(random_values<double>(N * L * E, i));
  inputs.push_back(random_values<double>(3 * E * E, 3));
  inputs.push_back(random_values<double>(2 * E, 4));  // the biases of keys cancel: they are left out
  inputs.push_back(random_values<double>(E * E, 5));
  inputs.push_back(random_values<double>(E, 6));
  check_op(inputs, [=](auto& tape, const auto& v) {
    using Real = typename std::remove_cvref_t<decltype(v[0].value)>::Value;
    const auto x = [&](std::size_t i) { return v[i].template reshape<dyn, dyn, dyn>(N, L, E); };
    const auto q = ops::slice(tape, v[4], 0, E), values = ops::slice(tape, v[4], E, E);
    using Row = decltype(q.template reshape<dyn, dyn>(1, E));
    const std::array<Row, 3> rows{q.template reshape<dyn, dyn>(1, E), q.template reshape<dyn, dyn>(1, E),
                                  values.template reshape<dyn, dyn>(1, E)};
    const auto bias = ops::stack(tape, std::span<const Row>(rows)).template reshape<dyn>(3 * E);
    return ops::multihead_attention(tape, x(0), x(1), x(2),
                                    ops::MultiheadWeights<Real>{v[3], bias, v[5], v[6]}, 2);
  });
}

TEST_CASE("multihead_attention refuses sizes that do not fit") {
  Tape<float> tape;
  std::vector<float> memory(200);
  const auto flat = [&](Index n) { return tape.constant(Tensor<float, dyn>(memory.data(), n)); };
  const auto x = tape.constant(Tensor<float, dyn, dyn, dyn>(memory.data(), 2, 3, 4));
  CHECK_THROWS_AS(ops::multihead_attention(tape, x, x, x, {flat(48), flat(8), flat(16), flat(4)}, 2),
                  ShapeError);
  CHECK_THROWS_AS(ops::multihead_attention(tape, x, x, x, {flat(48), flat(12), flat(16), flat(4)}, 3),
                  ShapeError);
}
