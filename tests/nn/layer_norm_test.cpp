// SPDX-License-Identifier: MIT
#include "gyrograd/nn/layer_norm.hpp"

#include "support/reference.hpp"
#include "support/tolerance.hpp"

using namespace gyrograd;
using namespace gyrograd::testing;

TEMPLATE_TEST_CASE("layer norm: names, start, value with its own eps", "", float, double) {
  using Real = TestType;
  nn::LayerNorm<Real> layer(6), wide(6, Real(0.5));
  CHECK(layer.eps == Real(1e-12));
  ParameterStore<Real> store, other;
  store.bind(layer);
  other.bind(wide);
  std::vector<std::string> names;
  layer.visit([&](std::string_view name, Parameter<Real>& p) {
    names.push_back(std::string(name) + p.shape.text());
  });
  CHECK(names == std::vector<std::string>{"gamma(6)", "beta(6)"});
  layer.initialise();
  wide.initialise();
  for (Index i = 0; i < 12; ++i) CHECK(store.data()[i] == (i < 6 ? Real(1) : Real(0)));

  const std::vector<Real> x = random_values<Real>(2 * 5 * 6, 1);
  Tape<Real> tape;
  tape.set_recording(false);
  const auto input = tape.constant(Tensor<const Real, dyn, dyn, dyn>(x.data(), 2, 5, 6));
  const std::vector<double> ones(6, 1.0), zeros(6, 0.0);
  check_close<Real>(layer(tape, input).value, layer_norm_reference(doubles(x), ones, zeros, 10, 6, 1e-12), 4);
  check_close<Real>(wide(tape, input).value, layer_norm_reference(doubles(x), ones, zeros, 10, 6, 0.5), 4);
}
