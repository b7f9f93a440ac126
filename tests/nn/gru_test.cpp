// SPDX-License-Identifier: MIT
#include "gyrograd/nn/gru.hpp"

#include "gyrograd/autograd/gradcheck.hpp"
#include "support/reference.hpp"
#include "support/tolerance.hpp"

using namespace gyrograd;
using namespace gyrograd::testing;

namespace {

template <class Real>
struct Model {
  ParameterStore<Real> parameters;
  nn::Gru<Real> gru;

  Model(Index in, Index hidden, Index layers) : gru(in, hidden, layers) {
    parameters.bind(gru);
    Mt19937 g(7);
    gru.initialise(g);
  }
  ParameterStore<Real>& store() { return parameters; }
  template <class F>
  void visit(F&& f) {
    gru.visit(f);
  }
};

}  // namespace

TEST_CASE("gru: published names, order and shapes") {
  Model<float> model(6, 4, 2);
  std::vector<std::string> names;
  std::vector<Shape> shapes;
  model.visit([&](std::string_view name, Parameter<float>& p) {
    names.emplace_back(name);
    shapes.push_back(p.shape);
  });
  CHECK(names == std::vector<std::string>{"weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0",
                                          "weight_ih_l1", "weight_hh_l1", "bias_ih_l1", "bias_hh_l1"});
  CHECK(shapes == std::vector<Shape>{{12, 6}, {12, 4}, {12}, {12}, {12, 4}, {12, 4}, {12}, {12}});
}

TEST_CASE("gru: initial values are the first draws, within 1/sqrt(hidden)") {
  Model<float> model(3, 4, 1);
  Mt19937 g(7);
  for (Index i = 0; i < model.store().size(); ++i) {
    const float value = model.store().data()[i];
    CHECK(value == uniform_float(g) * 1.0F - 0.5F);
    CHECK(std::fabs(value) <= 0.5F);
  }
}

TEMPLATE_TEST_CASE("gru: last is the last step of all states, first states enter", "", float, double) {
  using Real = TestType;
  const Index B = 5, T = 4, in = 3, H = 6;
  Model<Real> model(in, H, 2);
  std::vector<Real> x = random_values<Real>(B * T * in, 1), h = random_values<Real>(B * H, 2);
  Tape<Real> tape;
  tape.set_recording(false);
  const auto window = tape.constant(Tensor<Real, dyn, dyn, dyn>(x.data(), B, T, in));
  const auto first = tape.constant(Tensor<Real, dyn, dyn>(h.data(), B, H));
  const std::vector<Var<Real, dyn, dyn>> h0{first, first};
  for (bool given : {false, true}) {
    const auto states = std::span<const Var<Real, dyn, dyn>>(h0).first(given ? 2 : 0);
    const auto all = model.gru(tape, window, states);
    const auto last = model.gru.last(tape, window, states);
    for (Index b = 0; b < B; ++b)
      for (Index u = 0; u < H; ++u) CHECK(all.value(b, T - 1, u) == last.value(b, u));
  }
  // Continuing from the state after the first window equals one longer window.
  std::vector<Real> one(x.begin(), x.end()), twice(static_cast<std::size_t>(2 * B * T * in));
  for (Index c = 0; c < in; ++c)
    for (Index t = 0; t < 2 * T; ++t)
      for (Index b = 0; b < B; ++b)
        twice[static_cast<std::size_t>(b + B * (t + 2 * T * c))] =
            x[static_cast<std::size_t>(b + B * (t % T + T * c))];
  Model<Real> single(in, H, 1);
  const auto half = single.gru.last(tape, window);
  const std::vector<Var<Real, dyn, dyn>> carried{half};
  const auto joined = single.gru.last(tape, window, carried);
  const auto whole =
      single.gru.last(tape, tape.constant(Tensor<Real, dyn, dyn, dyn>(twice.data(), B, 2 * T, in)));
  check_close<Real>(joined.value, whole.value);
  CHECK_THROWS_AS(model.gru(tape, window, carried), ShapeError);
}

TEST_CASE("gru: gradients of all parameters") {
  Model<double> model(3, 4, 2);
  std::vector<double> x = random_values<double>(2 * 3 * 3, 1);
  const auto loss = [&](Tape<double>& tape) {
    const auto y = model.gru.last(tape, tape.constant(Tensor<double, dyn, dyn, dyn>(x.data(), 2, 3, 3)));
    const auto sum = tape.make<>();
    *sum.value.data() = 0;
    for (Index i = 0; i < y.value.size(); ++i)
      *sum.value.data() += y.value.data()[i] * (1.0 + 0.3 * static_cast<double>(i));
    tape.record(sum, [=] {
      const auto dy = y.grad();
      for (Index i = 0; i < dy.size(); ++i)
        dy.data()[i] += *sum.grad().data() * (1.0 + 0.3 * static_cast<double>(i));
    });
    return sum;
  };
  const GradcheckResult r = gradcheck_model(model, loss);
  INFO(r.text());
  CHECK(r.passed());
}
