// SPDX-License-Identifier: MIT
#include "gyrograd/nn/lstm.hpp"

#include "gyrograd/autograd/gradcheck.hpp"
#include "support/reference.hpp"
#include "support/tolerance.hpp"

using namespace gyrograd;
using namespace gyrograd::testing;

namespace {

template <class Real>
struct Model {
  nn::Lstm<Real> lstm;
  ParameterStore<Real> parameters;
  Model(Index in, Index hidden, Index layers) : lstm(in, hidden, layers) {
    parameters.bind(*this);
    Mt19937 g(7);
    lstm.initialise(g);
  }
  ParameterStore<Real>& store() { return parameters; }
  template <class F>
  void visit(F&& f) {
    lstm.visit(f);
  }
};

}  // namespace

TEST_CASE("LSTM layer: PyTorch's names, shapes and range of initial values") {
  Model<float> model(6, 20, 2);
  std::vector<std::string> names, shapes;
  model.visit([&](std::string_view name, Parameter<float>& p) {
    names.emplace_back(name);
    shapes.push_back(p.shape.text());
    for (Index i = 0; i < p.size(); ++i) CHECK(std::fabs(p.value[i]) <= 1 / std::sqrt(20.0F));
  });
  CHECK(names == std::vector<std::string>{"weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0",
                                          "weight_ih_l1", "weight_hh_l1", "bias_ih_l1", "bias_hh_l1"});
  CHECK(shapes == std::vector<std::string>{"(80, 6)", "(80, 20)", "(80)", "(80)", "(80, 20)", "(80, 20)",
                                           "(80)", "(80)"});
}

TEST_CASE("LSTM layer: the last of all states is the last state, wrong number of first states") {
  Model<float> model(3, 5, 2);
  std::vector<float> x = random_values<float>(4 * 6 * 3, 1);
  Tape<float> tape;
  const auto window = tape.constant(Tensor<float, dyn, dyn, dyn>(x.data(), 4, 6, 3));
  const auto all = model.lstm(tape, window);
  const auto last = model.lstm.last(tape, ops::to_slabs(tape, window));
  for (Index u = 0; u < 5; ++u)
    for (Index b = 0; b < 4; ++b) CHECK(all.value(b, 5, u) == last.value(b, u));
  const std::vector<ops::LstmState<float>> one(1);
  CHECK_THROWS_AS(model.lstm(tape, window, one), ShapeError);
}
