// SPDX-License-Identifier: MIT
#include "gyrograd/nn/transformer.hpp"

#include "gyrograd/autograd/gradcheck.hpp"
#include "gyrograd/autograd/ops/gather.hpp"
#include "gyrograd/losses/masked_mse.hpp"
#include "support/reference.hpp"
#include "support/tolerance.hpp"

using namespace gyrograd;
using namespace gyrograd::testing;

namespace {

constexpr Index B = 2, T = 5, C = 6, FF = 10;

struct Model {
  nn::TransformerBlock<double> block;
  ParameterStore<double> values;
  explicit Model(nn::BlockResidual kind) : block(C, FF, 2, kind) {
    values.bind(*this);
    Mt19937 g(5);
    block.initialise(g);
    // Norms that do something.
    Philox p(3);
    std::vector<nn::LayerNorm<double>*> norms{&block.norm1, &block.norm2};
    if (kind == nn::BlockResidual::paper) norms.push_back(&block.norm0);
    for (nn::LayerNorm<double>* norm : norms)
      for (Parameter<double>* q : {&norm->gamma, &norm->beta})
        for (Index i = 0; i < C; ++i) q->value[i] += uniform(p, -0.3, 0.3);
  }
  ParameterStore<double>& store() { return values; }
  template <class F>
  void visit(F&& f) {
    block.visit(f);
  }
};

std::vector<double> weights(const Parameter<double>& p) {
  return {p.value, p.value + p.size()};
}
std::vector<double> dense(const nn::Linear<double>& l, const std::vector<double>& x) {
  return linear_reference(x, weights(l.weight), weights(l.bias), B * T, l.weight.shape[1], l.weight.shape[0]);
}
std::vector<double> norm(const nn::LayerNorm<double>& l, const std::vector<double>& x) {
  return layer_norm_reference(x, weights(l.gamma), weights(l.beta), B * T, C, 1e-12);
}
std::vector<double> plus(std::vector<double> a, const std::vector<double>& b) {
  for (std::size_t i = 0; i < a.size(); ++i) a[i] += b[i];
  return a;
}

/// The block of the fact sheet, section 3.3 or 11, in plain loops.
std::vector<double> reference(const Model& m, const std::vector<double>& h) {
  AttentionReference attention{B, T, T, 2, C / 2, {}, {}};
  attention.forward(dense(m.block.proj_q, h), dense(m.block.proj_k, h), dense(m.block.proj_v, h));
  std::vector<double> a = attention.o;
  if (m.block.kind == nn::BlockResidual::paper) a = norm(m.block.norm0, plus(a, h));
  const std::vector<double> base = m.block.kind == nn::BlockResidual::residual ? h : a;
  const auto u = norm(m.block.norm1, plus(dense(m.block.proj, a), base));
  auto f = dense(m.block.fc1, u);
  for (double& x : f) x *= 0.5 * std::erfc(-x / std::sqrt(2.0));
  return norm(m.block.norm2, plus(dense(m.block.fc2, f), u));
}

}  // namespace

TEST_CASE("transformer block: published names, in the published order") {
  Model model(nn::BlockResidual::published);
  std::vector<std::string> names;
  model.visit([&](std::string_view name, Parameter<double>&) { names.emplace_back(name); });
  CHECK(names == std::vector<std::string>{"attn.proj_q.weight", "attn.proj_q.bias", "attn.proj_k.weight",
                                          "attn.proj_k.bias", "attn.proj_v.weight", "attn.proj_v.bias",
                                          "proj.weight", "proj.bias", "norm1.gamma", "norm1.beta",
                                          "pwff.fc1.weight", "pwff.fc1.bias", "pwff.fc2.weight",
                                          "pwff.fc2.bias", "norm2.gamma", "norm2.beta"});
}

constexpr nn::BlockResidual kinds[] = {nn::BlockResidual::published, nn::BlockResidual::residual,
                                       nn::BlockResidual::paper};

TEST_CASE("transformer block: the paper's has a third norm") {
  Model model(nn::BlockResidual::paper);
  std::vector<std::string> norms;
  model.visit([&](std::string_view name, Parameter<double>&) {
    if (name.starts_with("norm")) norms.emplace_back(name);
  });
  CHECK(norms == std::vector<std::string>{"norm0.gamma", "norm0.beta", "norm1.gamma", "norm1.beta",
                                          "norm2.gamma", "norm2.beta"});
}

TEST_CASE("transformer block: value with every residual, at all rows and at some") {
  for (const nn::BlockResidual kind : kinds) {
    Model model(kind);
    const std::vector<double> h = random_values<double>(B * T * C, 1);
    const std::vector<double> want = reference(model, h);
    Tape<double> tape;
    tape.set_recording(false);
    const auto x = tape.constant(Tensor<const double, dyn, dyn, dyn>(h.data(), B, T, C));
    check_close<double>(model.block(tape, x, x).value, want, 10);
    const std::int32_t positions[] = {4, 1, 0, 2};
    const auto rows = model.block(tape, ops::gather(tape, x, positions, 2), x);
    std::vector<double> picked;
    for (Index c = 0; c < C; ++c)
      for (Index m = 0; m < 2; ++m)
        for (Index b = 0; b < B; ++b)
          picked.push_back(want[static_cast<std::size_t>(b + B * (positions[b * 2 + m] + T * c))]);
    check_close<double>(rows.value, picked, 10);
  }
}

TEST_CASE("transformer block: gradients of all parameters") {
  for (const nn::BlockResidual kind : kinds) {
    Model model(kind);
    const std::vector<double> h = random_values<double>(B * T * C, 1),
                              target = random_values<double>(B * T * C, 2);
    const GradcheckResult r = gradcheck_model(model, [&](Tape<double>& tape) {
      const auto x = tape.constant(Tensor<const double, dyn, dyn, dyn>(h.data(), B, T, C));
      return losses::masked_mse(tape, model.block(tape, x, x), target.data(), 1.0);
    });
    INFO(r.text());
    CHECK(r.norm_error <= 1e-8);
    CHECK(r.analytic_norm > 1e-6);
  }
}
