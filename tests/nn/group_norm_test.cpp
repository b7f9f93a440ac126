// SPDX-License-Identifier: MIT
#include "gyrograd/nn/group_norm.hpp"

#include "support/reference.hpp"
#include "support/tolerance.hpp"

using namespace gyrograd;
using namespace gyrograd::testing;

TEST_CASE("group norm layer: names, start, PyTorch's eps") {
  nn::GroupNorm<double> layer(2, 6);
  CHECK(layer.eps == 1e-5);
  ParameterStore<double> store;
  store.bind(layer);
  std::vector<std::string> names;
  layer.visit([&](std::string_view name, Parameter<double>& p) {
    names.push_back(std::string(name) + p.shape.text());
  });
  CHECK(names == std::vector<std::string>{"weight(6)", "bias(6)"});
  layer.initialise();
  for (Index i = 0; i < 12; ++i) CHECK(store.data()[i] == (i < 6 ? 1.0 : 0.0));

  // Both groups of one sequence have mean 0 and variance 1 behind it.
  const std::vector<double> x = random_values<double>(40 * 6, 1, 3, 9);
  Tape<double> tape;
  const auto y = layer(tape, tape.constant(Tensor<const double, dyn, dyn, dyn>(x.data(), 1, 40, 6)));
  for (Index g = 0; g < 2; ++g) {
    double sum = 0, squares = 0;
    for (Index i = g * 120; i < (g + 1) * 120; ++i) {
      sum += y.value.data()[i];
      squares += y.value.data()[i] * y.value.data()[i];
    }
    CHECK(sum == Approx(0).margin(1e-10));
    CHECK(squares == Approx(120).epsilon(1e-4));
  }
}
