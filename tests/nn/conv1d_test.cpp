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
