// SPDX-License-Identifier: MIT
#include "gyrograd/nn/recurrent.hpp"

#include "gyrograd/autograd/parameter.hpp"
#include "gyrograd/nn/gru.hpp"
#include "gyrograd/nn/lstm.hpp"
#include "support/reference.hpp"

using namespace gyrograd;
using namespace gyrograd::testing;

TEMPLATE_TEST_CASE("recurrent: lower layers are the layers of a shallower stack", "", nn::GruCell<float>,
                   nn::LstmCell<float>) {
  using Stack = nn::Recurrent<TestType>;
  const Index B = 3, T = 5, in = 4, H = 6;
  Stack two(in, H, 2), one(in, H, 1);
  ParameterStore<float> two_store, one_store;
  two_store.bind(two);
  one_store.bind(one);
  Mt19937 g(5), same(5);
  two.initialise(g);
  one.initialise(same);
  CHECK(two.layers()[1].weight_ih.shape == Shape{TestType::gates * H, H});

  std::vector<float> x = random_values<float>(B * T * in, 1);
  Tape<float> tape;
  const auto s = ops::to_slabs(tape, tape.constant(Tensor<float, dyn, dyn, dyn>(x.data(), B, T, in)));
  const auto lower = two.last_of(tape, s, 0), alone = one.last(tape, s);
  const auto upper = two.last_of(tape, s, 1), top = two.last(tape, s);
  for (Index b = 0; b < B; ++b)
    for (Index u = 0; u < H; ++u) {
      CHECK(lower.value(b, u) == alone.value(b, u));
      CHECK(upper.value(b, u) == top.value(b, u));
      CHECK(lower.value(b, u) != top.value(b, u));
    }
}

TEMPLATE_TEST_CASE("recurrent: first states for another number of layers are refused with both numbers", "",
                   nn::GruCell<float>, nn::LstmCell<float>) {
  nn::Recurrent<TestType> stack(3, 4, 2);
  ParameterStore<float> store;
  store.bind(stack);
  std::vector<float> x = random_values<float>(3, 1);
  Tape<float> tape;
  const auto s = ops::to_slabs(tape, tape.constant(Tensor<float, dyn, dyn, dyn>(x.data(), 1, 1, 3)));
  const std::vector<typename TestType::State> first(3);
  CHECK_THROWS_WITH(stack.last(tape, s, first), std::string(TestType::name) +
                                                    ": 3 first states for 2 layers, "
                                                    "expected one per layer");
}
