// SPDX-License-Identifier: MIT
#include "gyrograd/autograd/ops/gelu_linear.hpp"

#include "gyrograd/autograd/ops/add.hpp"
#include "gyrograd/autograd/ops/gelu.hpp"
#include "support/op_case.hpp"

using namespace gyrograd;
using namespace gyrograd::testing;

namespace {

constexpr Index in = 4, out = 3;

/// Values that float holds exactly.
std::vector<double> exact(Index n, int stream, double low = -1, double high = 1) {
  return doubles(random_values<float>(n, stream, low, high));
}

std::vector<std::vector<double>> inputs(Index positions) {
  return {exact(positions * in, 1, -4, 4), exact(out * in, 2), exact(out, 3), exact(positions * out, 4)};
}

/// gelu(x + x) W^T + b + residual: the sum is what gelu_linear may write over.
template <class V>
auto fused(auto& tape, const V& v, Index positions) {
  const auto x = v[0].template reshape<dyn, dyn>(positions, in);
  const auto residual = v[3].template reshape<dyn, dyn>(positions, out);
  return ops::gelu_linear(tape, ops::add(tape, x, x), v[1], v[2], residual);
}
template <class V>
auto apart(auto& tape, const V& v, Index positions) {
  const auto x = v[0].template reshape<dyn, dyn>(positions, in);
  const auto residual = v[3].template reshape<dyn, dyn>(positions, out);
  return ops::linear(tape, ops::gelu(tape, ops::add(tape, x, x)), v[1], v[2], residual);
}

}  // namespace

TEST_CASE("gelu and the layer behind it as one: value and all gradients are those of the two") {
  for (const Index positions : sizes_around(kernels::lanes<float>)) {
    INFO("positions " << positions);
    const auto values = inputs(positions);
    const auto want =
        run_op<double>(values, [=](auto& tape, const auto& v) { return apart(tape, v, positions); });
    check_op(
        values, [=](auto& tape, const auto& v) { return fused(tape, v, positions); }, want.value);
    const auto got =
        run_op<double>(values, [=](auto& tape, const auto& v) { return fused(tape, v, positions); });
    for (std::size_t k = 0; k < values.size(); ++k) check_close<double>(got.gradients[k], want.gradients[k]);
  }
}

TEST_CASE("gelu_linear: the slope becomes the gradient, or is added to one that is there") {
  const Index positions = 5;
  for (const bool other : {false, true}) {
    auto values = inputs(positions);
    const std::vector<double> x = values[0];
    Tape<double> tape;
    const auto v = tape.input(Tensor<double, dyn, dyn>(values[0].data(), positions, in));
    const auto parameter = [&](std::size_t i) {
      return tape.input(Tensor<double, dyn>(values[i].data(), static_cast<Index>(values[i].size())));
    };
    const auto residual = tape.input(Tensor<double, dyn, dyn>(values[3].data(), positions, out));
    const auto y = ops::gelu_linear(tape, v, parameter(1), parameter(2), residual);
    CHECK(v.value.data() == values[0].data());
    CHECK(values[0] != x);  // gelu(x) stands there
    if (other) v.grad().fill(10.0);
    y.grad().fill(1.0);
    tape.backward();
    for (Index p = 0; p < positions; ++p)
      for (Index i = 0; i < in; ++i) {
        double sum = 0;
        for (Index o = 0; o < out; ++o) sum += values[1][static_cast<std::size_t>(o * in + i)];
        const double z = x[static_cast<std::size_t>(p + positions * i)];
        const double slope =
            0.5 * std::erfc(-z / std::sqrt(2.0)) + z * std::exp(-z * z / 2) * 0.39894228040143268;
        CHECK(v.gradient->data[p + positions * i] == Approx(sum * slope + (other ? 10.0 : 0.0)));
      }
  }
}

TEST_CASE("gelu_linear without recording, and a residual that does not fit") {
  auto values = inputs(5);
  Tape<double> tape, inference;
  inference.set_recording(false);
  const auto run = [&](Tape<double>& t, std::vector<double>& x, Index channels) {
    const auto flat = [&](std::size_t i) {
      return t.input(Tensor<double, dyn>(values[i].data(), static_cast<Index>(values[i].size())));
    };
    return ops::gelu_linear(t, t.input(Tensor<double, dyn, dyn>(x.data(), 5, in)), flat(1), flat(2),
                            t.input(Tensor<double, dyn, dyn>(values[3].data(), 5, channels)));
  };
  std::vector<double> x = values[0], again = values[0];
  const auto a = run(tape, x, out), b = run(inference, again, out);
  check_close<double>(std::span<const double>(b.value.data(), 15),
                      std::vector<double>(a.value.data(), a.value.data() + 15));
  CHECK_THROWS_AS(run(tape, x, out - 1), ShapeError);
}
