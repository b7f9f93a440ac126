// SPDX-License-Identifier: MIT
#include "gyrograd/nn/linear.hpp"

#include "gyrograd/autograd/gradcheck.hpp"
#include "support/reference.hpp"
#include "support/tolerance.hpp"

using namespace gyrograd;
using namespace gyrograd::testing;

namespace {

/// One layer with its store: what gradcheck_model() takes for a model.
struct Model {
  nn::Linear<double> layer{3, 4};
  ParameterStore<double> values;
  Model() { values.bind(*this); }
  ParameterStore<double>& store() { return values; }
  template <class F>
  void visit(F&& f) {
    layer.visit(f);
  }
};

}  // namespace

TEST_CASE("dense layer: names, shapes, initial values") {
  Model model;
  std::vector<std::string> names;
  model.visit([&](std::string_view name, Parameter<double>& p) {
    names.push_back(std::string(name) + p.shape.text());
  });
  CHECK(names == std::vector<std::string>{"weight(4, 3)", "bias(4)"});
  Mt19937 g(7), replay(7);
  model.layer.initialise(g);
  const float bound = 1.0F / std::sqrt(3.0F);
  for (Index i = 0; i < 16; ++i) {
    CHECK(model.values.data()[i] ==
          Approx(static_cast<double>(uniform_float(replay) * 2 * bound - bound)).margin(1e-7));
    CHECK(std::fabs(model.values.data()[i]) <= static_cast<double>(bound));
  }
  CHECK(g.position() == 16);
}

TEST_CASE("dense layer computes x W^T + b (+ residual) and its gradients") {
  Model model;
  Mt19937 g(1);
  model.layer.initialise(g);
  std::vector<double> x = random_values<double>(5 * 3, 1), r = random_values<double>(5 * 4, 2);
  const Tensor<const double, dyn, dyn> xt(x.data(), 5, 3), rt(r.data(), 5, 4);
  Tape<double> tape;
  tape.set_recording(false);
  const double* w = model.values.data();
  std::vector<double> want = linear_reference(x, {w, w + 12}, {w + 12, w + 16}, 5, 3, 4);
  check_close<double>(model.layer(tape, tape.constant(xt)).value, want);
  for (std::size_t i = 0; i < 20; ++i) want[i] += r[i];
  check_close<double>(model.layer(tape, tape.constant(xt), tape.constant(rt)).value, want);

  const GradcheckResult check = gradcheck_model(model, [&](Tape<double>& t) {
    const auto y = model.layer(t, t.constant(xt), t.constant(rt));
    const auto sum = t.template make<>();
    *sum.value.data() = 0;
    for (double v : y.value) *sum.value.data() += v * v;
    t.record(sum, [=] {
      const auto dy = y.grad();
      for (Index i = 0; i < dy.size(); ++i) dy.data()[i] += 2 * y.value.data()[i] * *sum.grad().data();
    });
    return sum;
  });
  INFO(check.text());
  CHECK(check.passed());
}

TEST_CASE("dense layer without bias: one parameter, and no gradient elsewhere") {
  nn::Linear<float> layer(2, 1, false);
  ParameterStore<float> store;
  store.bind(layer);
  CHECK(store.size() == 2);
  store.data()[0] = 2;
  store.data()[1] = 3;
  std::vector<float> x{1, 2, 4, 8}, gradients(2);
  Tape<float> tape;
  tape.bind_gradients(gradients.data());
  const auto y = layer(tape, tape.constant(Tensor<float, dyn, dyn>(x.data(), 2, 2)));
  CHECK(std::vector<float>(y.value.begin(), y.value.end()) == std::vector<float>{14, 28});
  y.grad().fill(1);
  tape.backward();
  CHECK(gradients == std::vector<float>{3, 12});
}
