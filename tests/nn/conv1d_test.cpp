// SPDX-License-Identifier: MIT
#include "gyrograd/nn/conv1d.hpp"

#include "support/catch.hpp"

using namespace gyrograd;

namespace {

struct Model {
  nn::Conv1d<float> conv{6, 32, 6};
  ParameterStore<float> store;
  Model() { store.bind(*this); }
  template <class F>
  void visit(F&& f) {
    conv.visit(f);
  }
};

}  // namespace

TEST_CASE("conv1d layer: PyTorch's names, shapes, bounds of initial values") {
  Model model;
  Mt19937 g(1);
  model.conv.initialise(g);
  CHECK(model.conv.weight.shape.text() == "(32, 6, 6)");
  for (Index i = 0; i < model.store.size(); ++i) CHECK(std::fabs(model.store.data()[i]) <= 1 / 6.0F);
  std::vector<float> x(2 * 20 * 6);
  Tape<float> tape;
  const auto y = model.conv(tape, tape.constant(Tensor<float, dyn, dyn, dyn>(x.data(), 2, 20, 6)));
  CHECK(y.value.extents() == std::array<Index, 3>{2, 15, 32});
  CHECK(y.value(0, 14, 31) == model.conv.bias.value[31]);
}

TEST_CASE("conv1d layer without bias: one parameter, and no gradient elsewhere") {
  nn::Conv1d<float> conv(1, 1, 2, {1, 0, 2}, false);
  ParameterStore<float> store;
  store.bind(conv);
  CHECK(store.size() == 2);
  store.data()[0] = 1;
  store.data()[1] = -3;
  std::vector<float> x{1, 2, 4, 8}, gradients(2);
  Tape<float> tape;
  tape.bind_gradients(gradients.data());
  const auto y = conv(tape, tape.constant(Tensor<float, dyn, dyn, dyn>(x.data(), 1, 4, 1)));
  CHECK(std::vector<float>(y.value.begin(), y.value.end()) == std::vector<float>{1 - 12, 2 - 24});
  y.grad().fill(1);
  tape.backward();
  CHECK(gradients == std::vector<float>{3, 12});
}
