// SPDX-License-Identifier: MIT
#include "gyrograd/nn/multihead_attention.hpp"

#include "support/catch.hpp"

using namespace gyrograd;

namespace {

struct Model {
  nn::MultiheadAttention<float> attn{36, 4};
  ParameterStore<float> store;
  Model() { store.bind(*this); }
  template <class F>
  void visit(F&& f) {
    attn.visit(f);
  }
};

}  // namespace

TEST_CASE("multi-head attention layer: PyTorch's names, shapes and initial values") {
  Model model;
  Mt19937 g(1);
  model.attn.initialise(g);
  std::vector<std::string> names;
  model.visit([&](std::string_view name, Parameter<float>& p) {
    names.push_back(std::string(name) + p.shape.text());
  });
  CHECK(names == std::vector<std::string>{"in_proj_weight(108, 36)", "in_proj_bias(108)",
                                          "out_proj.weight(36, 36)", "out_proj.bias(36)"});
  float largest = 0;
  for (Index i = 0; i < 108 * 36; ++i)
    largest = std::max(largest, std::fabs(model.attn.in_proj_weight.value[i]));
  CHECK(largest <= std::sqrt(6.0F / 144));
  CHECK(largest > 0.99F * std::sqrt(6.0F / 144));
  CHECK(model.attn.in_proj_bias.value[50] == 0);
  CHECK(model.attn.out_proj.bias.value[5] == 0);
  CHECK(std::fabs(model.attn.out_proj.weight.value[5]) <= 1.0F / 6);
}
