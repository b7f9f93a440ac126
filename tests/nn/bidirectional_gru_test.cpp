// SPDX-License-Identifier: MIT
#include "gyrograd/nn/bidirectional_gru.hpp"

#include "gyrograd/autograd/gradcheck.hpp"
#include "gyrograd/autograd/ops/add.hpp"
#include "gyrograd/losses/masked_mse.hpp"
#include "support/reference.hpp"
#include "support/tolerance.hpp"

using namespace gyrograd;
using namespace gyrograd::testing;

namespace {

struct Model {
  ParameterStore<double> values;
  nn::BidirectionalGru<double> gru{3, 2, 2};
  Model() {
    values.bind(*this);
    Mt19937 g(7);
    gru.initialise(g);
  }
  ParameterStore<double>& store() { return values; }
  template <class F>
  void visit(F&& f) {
    gru.visit(f);
  }
};

}  // namespace

TEST_CASE("bidirectional gru: PyTorch's names, order and shapes") {
  Model model;
  std::vector<std::string> names;
  model.visit([&](std::string_view name, Parameter<double>& p) {
    names.push_back(std::string(name) + p.shape.text());
  });
  CHECK(names == std::vector<std::string>{
                     "weight_ih_l0(6, 3)", "weight_hh_l0(6, 2)", "bias_ih_l0(6)", "bias_hh_l0(6)",
                     "weight_ih_l0_reverse(6, 3)", "weight_hh_l0_reverse(6, 2)", "bias_ih_l0_reverse(6)",
                     "bias_hh_l0_reverse(6)", "weight_ih_l1(6, 4)", "weight_hh_l1(6, 2)", "bias_ih_l1(6)",
                     "bias_hh_l1(6)", "weight_ih_l1_reverse(6, 4)", "weight_hh_l1_reverse(6, 2)",
                     "bias_ih_l1_reverse(6)", "bias_hh_l1_reverse(6)"});
}

TEST_CASE("bidirectional gru: turning the window exchanges the two directions of equal weights") {
  Model model;
  model.visit([&](std::string_view, Parameter<double>& p) {
    for (Index i = 0; i < p.size(); ++i) p.value[i] = 0.1 * static_cast<double>(i % 7) - 0.3;
  });
  const std::vector<double> x = random_values<double>(2 * 5 * 3, 1);
  Tape<double> tape;
  tape.set_recording(false);
  const auto window = tape.constant(Tensor<const double, dyn, dyn, dyn>(x.data(), 2, 5, 3));
  const auto plain = model.gru.last(tape, window, 0),
             turned = model.gru.last(tape, ops::reversed(tape, window), 0);
  check_close<double>(plain[0].value, turned[1].value);
  check_close<double>(plain[1].value, turned[0].value);
  CHECK(largest_gap(std::span<const double>(plain[0].value.data(), 4),
                    std::span<const double>(plain[1].value.data(), 4)) > 1e-3);
}

TEST_CASE("bidirectional gru: gradients through both layers") {
  Model model;
  const std::vector<double> x = random_values<double>(2 * 4 * 3, 1), target = random_values<double>(4, 2);
  const auto loss = [&](Tape<double>& tape) {
    const auto window = tape.constant(Tensor<const double, dyn, dyn, dyn>(x.data(), 2, 4, 3));
    const auto states = model.gru.last(tape, window, 1);
    return losses::masked_mse(tape, ops::add(tape, states[0], states[1]), target.data(), 1.0);
  };
  const GradcheckResult r = gradcheck_model(model, loss);
  INFO(r.text());
  CHECK(r.norm_error <= 1e-8);
  CHECK(r.analytic_norm > 1e-3);
}
