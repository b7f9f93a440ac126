// SPDX-License-Identifier: MIT
#include "gyrograd/nn/glorot.hpp"

#include <cmath>

#include "gyrograd/nn/conv1d.hpp"
#include "gyrograd/nn/linear.hpp"
#include "support/catch.hpp"

using namespace gyrograd;

namespace {

struct Model {
  nn::Conv1d<float> conv{3, 32, 24};
  nn::Linear<float> dense{96, 256};
  ParameterStore<float> values;
  Model() { values.bind(*this); }
  template <class F>
  void visit(F&& f) {
    conv.visit(f);
    dense.visit(f);
  }
};

/// Largest value and standard deviation.
std::pair<double, double> spread(const Parameter<float>& p) {
  double largest = 0, square = 0;
  for (Index i = 0; i < p.size(); ++i) {
    const auto v = static_cast<double>(p.value[i]);
    largest = std::max(largest, std::abs(v));
    square += v * v;
  }
  return {largest, std::sqrt(square / static_cast<double>(p.size()))};
}

}  // namespace

TEST_CASE("Glorot's rule: bounds of dense layers and convolutions, biases of 0, the seed decides") {
  Model model;
  nn::glorot_initialise<float>(model, 5);
  const double conv = std::sqrt(6.0 / (35 * 24)), dense = std::sqrt(6.0 / 352);
  CHECK(spread(model.conv.weight).first <= conv);
  CHECK(spread(model.conv.weight).second == Approx(conv / std::sqrt(3.0)).epsilon(0.05));
  CHECK(spread(model.dense.weight).first <= dense);
  CHECK(spread(model.dense.weight).second == Approx(dense / std::sqrt(3.0)).epsilon(0.02));
  CHECK(spread(model.conv.bias).first == 0);
  CHECK(spread(model.dense.bias).first == 0);
  const float first = model.conv.weight.value[0];
  nn::glorot_initialise<float>(model, 6);
  CHECK(model.conv.weight.value[0] != first);
}
