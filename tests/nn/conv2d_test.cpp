// SPDX-License-Identifier: MIT
#include "gyrograd/nn/conv2d.hpp"

#include "support/catch.hpp"

using namespace gyrograd;

namespace {

struct Model {
  nn::Conv2d<float> conv{3, 4, 5, 2};
  ParameterStore<float> store;
  Model() { store.bind(*this); }
  template <class F>
  void visit(F&& f) {
    conv.visit(f);
  }
};

}  // namespace

TEST_CASE("conv2d layer: PyTorch's names, shapes, bounds of initial values") {
  Model model;
  Mt19937 g(1);
  model.conv.initialise(g);
  CHECK(model.conv.weight.shape.text() == "(4, 3, 5, 2)");
  CHECK(model.conv.bias.shape.text() == "(4)");
  float largest = 0;
  for (Index i = 0; i < model.store.size(); ++i)
    largest = std::max(largest, std::fabs(model.store.data()[i]));
  CHECK(largest <= 1 / std::sqrt(30.0F));
  CHECK(largest > 0.9F / std::sqrt(30.0F));
  std::vector<float> x(2 * 6 * 4 * 3);
  Tape<float> tape;
  const auto y = model.conv(tape, tape.constant(Tensor<float, dyn, dyn, dyn, dyn>(x.data(), 2, 6, 4, 3)));
  CHECK(y.value.extents() == std::array<Index, 4>{2, 2, 3, 4});
  CHECK(y.value(1, 1, 2, 3) == model.conv.bias.value[3]);
}
