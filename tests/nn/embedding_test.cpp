// SPDX-License-Identifier: MIT
#include "gyrograd/nn/embedding.hpp"

#include "support/reference.hpp"

using namespace gyrograd;
using namespace gyrograd::testing;

TEST_CASE("position table: name, standard normal start, value") {
  nn::PositionTable<float> layer(20, 8);
  ParameterStore<float> store;
  store.bind(layer);
  layer.visit([](std::string_view name, Parameter<float>& p) {
    CHECK(name == "weight");
    CHECK(p.shape == Shape{20, 8});
  });
  Mt19937 g(3431), replay(3431);
  layer.initialise(g);
  std::vector<float> want(160);
  torch_normal(replay, std::span<float>(want));
  CHECK(std::equal(want.begin(), want.end(), store.data()));

  const std::vector<float> x = random_values<float>(2 * 5 * 8, 1);
  Tape<float> tape;
  tape.set_recording(false);
  const auto y = layer(tape, tape.constant(Tensor<const float, dyn, dyn, dyn>(x.data(), 2, 5, 8)));
  for (Index b = 0; b < 2; ++b)
    for (Index t = 0; t < 5; ++t)
      for (Index c = 0; c < 8; ++c)
        CHECK(y.value(b, t, c) ==
              x[static_cast<std::size_t>(b + 2 * (t + 5 * c))] + want[static_cast<std::size_t>(t * 8 + c)]);

  nn::LayerNorm<float> norm(8);
  ParameterStore<float> of_norm;
  of_norm.bind(norm);
  norm.initialise();
  const Tensor<const float, dyn, dyn, dyn> input(x.data(), 2, 5, 8);
  const auto both = layer(tape, norm, tape.constant(input), 3);
  const auto apart = layer(tape, norm(tape, tape.constant(input)), 3);
  CHECK(std::equal(both.value.begin(), both.value.end(), apart.value.begin()));
}
