// SPDX-License-Identifier: MIT
#include "gyrograd/nn/dense_head.hpp"

#include <array>

#include "gyrograd/autograd/parameter.hpp"
#include "support/reference.hpp"

using namespace gyrograd;
using namespace gyrograd::testing;

namespace {

/// 2 -> 2 -> 1, weights and biases as given, in the order of visit().
nn::DenseHead<float> small_head(ParameterStore<float>& store, nn::DenseRelu relu,
                                const std::array<float, 9>& values) {
  nn::DenseHead<float> head(2, std::array<Index, 1>{2}, 1, relu);
  store.bind(head);
  REQUIRE(store.size() == 9);
  std::copy(values.begin(), values.end(), store.data());
  return head;
}

}  // namespace

TEST_CASE("dense head: names and shapes, hidden layers before the logits") {
  nn::DenseHead<float> head(5, std::vector<Index>{4, 3}, 2, nn::DenseRelu::none);
  std::vector<std::string> names;
  std::vector<Shape> shapes;
  head.visit([&](std::string_view name, Parameter<float>& p) {
    names.emplace_back(name);
    shapes.push_back(p.shape);
  });
  CHECK(names == std::vector<std::string>{"lin0.weight", "lin0.bias", "lin1.weight", "lin1.bias",
                                          "lin2.weight", "lin2.bias"});
  CHECK(shapes == std::vector<Shape>{{4, 5}, {4}, {3, 4}, {3}, {2, 3}, {2}});
}

TEST_CASE("dense head: where ReLU stands, and dropout of the input") {
  // hidden = (x0 - x1, x1 - x0), logit = -h0 - h1 + 0.5
  const std::array<float, 9> values{1, -1, -1, 1, 0, 0, -1, -1, 0.5F};
  std::array<float, 2> x{3, 1};
  const std::array<float, 2> mask{2, 0};  // x becomes (6, 0)
  struct Case {
    nn::DenseRelu relu;
    float plain, dropped;
  };
  for (const Case& c : {Case{nn::DenseRelu::none, 0.5F, 0.5F}, Case{nn::DenseRelu::hidden, -1.5F, -5.5F},
                        Case{nn::DenseRelu::all, 0.0F, 0.0F}}) {
    ParameterStore<float> store;
    const nn::DenseHead<float> head = small_head(store, c.relu, values);
    Tape<float> tape;
    const auto input = tape.constant(Tensor<float, dyn, dyn>(x.data(), 1, 2));
    CHECK(head(tape, input).value(0, 0) == c.plain);
    CHECK(head(tape, input, mask.data()).value(0, 0) == c.dropped);
  }
}
