// SPDX-License-Identifier: MIT
#include "gyrograd/nn/encoder_layer.hpp"

#include "gyrograd/autograd/gradcheck.hpp"
#include "gyrograd/losses/masked_mse.hpp"
#include "support/reference.hpp"
#include "support/tolerance.hpp"

using namespace gyrograd;
using namespace gyrograd::testing;

namespace {

struct Model {
  ParameterStore<double> values;
  nn::EncoderLayer<double> layer{4, 6, 2};
  Model() {
    values.bind(*this);
    Mt19937 g(7);
    layer.initialise(g);
  }
  ParameterStore<double>& store() { return values; }
  template <class F>
  void visit(F&& f) {
    layer.visit(f);
  }
};

}  // namespace

TEST_CASE("encoder layer: names of torch.nn.TransformerEncoderLayer") {
  Model model;
  std::vector<std::string> names;
  model.visit([&](std::string_view name, Parameter<double>& p) {
    names.push_back(std::string(name) + p.shape.text());
  });
  CHECK(names == std::vector<std::string>{"self_attn.in_proj_weight(12, 4)", "self_attn.in_proj_bias(12)",
                                          "self_attn.out_proj.weight(4, 4)", "self_attn.out_proj.bias(4)",
                                          "linear1.weight(6, 4)", "linear1.bias(6)", "linear2.weight(4, 6)",
                                          "linear2.bias(4)", "norm1.weight(4)", "norm1.bias(4)",
                                          "norm2.weight(4)", "norm2.bias(4)"});
}

TEST_CASE("encoder layer: without weights only the norms of the input remain") {
  Model model;
  model.visit([](std::string_view name, Parameter<double>& p) {
    if (!name.starts_with("norm")) std::fill_n(p.value, p.size(), 0.0);
  });
  const std::vector<double> x = random_values<double>(2 * 3 * 4, 1);
  const std::vector<double> ones(4, 1.0), zeros(4, 0.0);
  const auto once = layer_norm_reference(x, ones, zeros, 6, 4, 1e-5);
  Tape<double> tape;
  tape.set_recording(false);
  const auto y = model.layer(tape, tape.constant(Tensor<const double, dyn, dyn, dyn>(x.data(), 2, 3, 4)));
  check_close<double>(y.value, layer_norm_reference(once, ones, zeros, 6, 4, 1e-5), 4);
}

TEST_CASE("encoder layer: gradients") {
  Model model;
  const std::vector<double> x = random_values<double>(2 * 3 * 4, 1), target = random_values<double>(24, 2);
  const auto loss = [&](Tape<double>& tape) {
    const auto y = model.layer(tape, tape.constant(Tensor<const double, dyn, dyn, dyn>(x.data(), 2, 3, 4)));
    return losses::masked_mse(tape, y, target.data(), 0.3);
  };
  GradcheckOptions options;
  options.step = 1e-5;  // short: ReLU has corners
  const GradcheckResult r = gradcheck_model(model, loss, 20, options);
  INFO(r.text());
  CHECK(r.norm_error <= 1e-7);
  CHECK(r.analytic_norm > 1e-3);
}
