// SPDX-License-Identifier: MIT
#include "gyrograd/autograd/ops/gelu.hpp"

#include "support/op_case.hpp"

using namespace gyrograd;
using namespace gyrograd::testing;

TEST_CASE("gelu: value and gradient, also added to another contribution") {
  for (Index n : sizes_around(kernels::lanes<float>)) {
    const auto x = random_values<double>(n, 1, -4, 4);
    check_op({x}, [](auto& tape, const auto& v) { return ops::gelu(tape, v[0]); });
    check_op({x}, [](auto& tape, const auto& v) { return ops::gelu(tape, ops::gelu(tape, v[0])); });
  }
}

TEST_CASE("gelu: the gradient is multiplied where it lies") {
  std::vector<double> values = random_values<double>(21, 1, -4, 4);
  Tape<double> tape;
  const auto in = tape.input(Tensor<double, dyn>(values.data(), 21));
  const auto y = ops::gelu(tape, in);
  y.grad().fill(2.0);
  const double* memory = y.gradient->data;
  tape.backward();
  CHECK(in.gradient->data == memory);  // handed over, not copied
}

TEST_CASE("gelu gives the same values, to rounding, with and without recording") {
  std::vector<float> x = random_values<float>(50, 1, -4, 4);
  Tape<float> tape, inference;
  inference.set_recording(false);
  const auto a = ops::gelu(tape, tape.input(Tensor<float, 5, 10>(x.data(), 5, 10)));
  const auto b = ops::gelu(inference, inference.input(Tensor<float, 5, 10>(x.data(), 5, 10)));
  for (Index i = 0; i < a.value.size(); ++i)
    CHECK(std::abs(a.value.data()[i] - b.value.data()[i]) < 6e-7F);  // the two formulas and their limits
}
