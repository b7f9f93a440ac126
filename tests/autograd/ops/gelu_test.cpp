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

TEST_CASE("gelu in place: the same numbers in the memory of its argument") {
  const auto x = random_values<double>(21, 1, -4, 4);
  check_op({x}, [](auto& tape, const auto& v) { return ops::gelu_in_place(tape, ops::gelu(tape, v[0])); });
  for (const bool recording : {true, false}) {
    Tape<double> tape;
    tape.set_recording(recording);
    std::vector<double> values = x;
    const auto in = tape.input(Tensor<double, dyn>(values.data(), 21));
    const auto y = ops::gelu(tape, in);
    const auto z = ops::gelu_in_place(tape, in);
    CHECK(z.value.data() == values.data());
    CHECK(std::equal(values.begin(), values.end(), y.value.data()));
    if (!recording) continue;
    z.grad().fill(2.0);
    const double* memory = z.gradient->data;
    tape.backward();
    CHECK(in.gradient->data == memory);  // handed over, not copied
  }
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
