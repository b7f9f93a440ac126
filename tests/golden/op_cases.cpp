// SPDX-License-Identifier: MIT
// Golden cases of single operations: values and gradients of every input and parameter.
#include <array>
#include <cstdint>

#include "golden/registry.hpp"
#include "golden/tape_case.hpp"
#include "gyrograd/autograd/ops/attention.hpp"
#include "gyrograd/autograd/ops/dropout.hpp"
#include "gyrograd/autograd/ops/embedding.hpp"
#include "gyrograd/autograd/ops/gather.hpp"
#include "gyrograd/autograd/ops/gelu.hpp"
#include "gyrograd/autograd/ops/layer_norm.hpp"
#include "gyrograd/autograd/ops/linear.hpp"
#include "gyrograd/autograd/ops/relu.hpp"
#include "gyrograd/autograd/ops/softmax.hpp"

using namespace gyrograd;
using namespace gyrograd::golden;

namespace {

template <class Real>
void check_linear(const Case& c) {
  TapeCase<Real> run(c);
  const auto x = run.positions("x");
  const auto weight = run.parameter("weight");
  const auto bias = c.flag("bias") ? run.parameter("bias") : Var<Real, dyn>{};
  const auto y = ops::linear(run.tape, x, weight, bias);
  run.check_output("y", y);
  run.check_gradients();
}

template <class Real>
void check_layer_norm(const Case& c) {
  TapeCase<Real> run(c);
  const auto x = run.positions("x");
  const auto y = ops::layer_norm(run.tape, x, run.parameter("gamma"), run.parameter("beta"),
                                 static_cast<Real>(c.number("eps")));
  run.check_output("y", y);
  run.check_gradients();
}

template <class Real>
void check_gelu(const Case& c) {
  TapeCase<Real> run(c);
  const auto y = ops::gelu(run.tape, run.flat("x"));
  run.check_output("y", y);
  run.check_gradients();
}

template <class Real>
void check_relu(const Case& c) {
  TapeCase<Real> run(c);
  run.check_output("y", ops::relu(run.tape, run.flat("x")));
  run.check_gradients();
}

/// The axis of softmax, seen as (axes before, axis, axes after): the layout of any rank.
template <class Real>
Var<Real, dyn, dyn, dyn> around_axis(TapeCase<Real>& run, const Case& c) {
  const Array& x = c.at("input.x");
  std::array<Index, 3> sizes{1, 1, 1};
  const auto axis = static_cast<std::size_t>(c.integer("axis"));
  for (std::size_t i = 0; i < x.shape.size(); ++i) sizes[i < axis ? 0u : i == axis ? 1u : 2u] *= x.shape[i];
  return run.flat("x").template reshape<dyn, dyn, dyn>(sizes[0], sizes[1], sizes[2]);
}

template <class Real>
void check_softmax(const Case& c) {
  TapeCase<Real> run(c);
  run.check_output("y", ops::softmax(run.tape, around_axis(run, c), 1));
  run.check_gradients();
}

template <class Real>
void check_log_softmax(const Case& c) {
  TapeCase<Real> run(c);
  run.check_output("y", ops::log_softmax(run.tape, around_axis(run, c), 1));
  run.check_gradients();
}

/// output.weights (batch, head, query, key): the kernel keeps them unnormalised, with 1 / sum apart. One
/// sequence at a time, whose weights lie as (query, key) column-major.
template <class Real>
void check_attention_weights(const Case& c) {
  const Array& shape = c.at("input.q");
  const Index B = shape.extent(0), T = shape.extent(1), C = shape.extent(2), heads = c.integer("heads");
  const kernels::AttentionSizes one{1, T, T, heads, C / heads};
  std::vector<Real> got;
  for (Index b = 0; b < B; ++b) {
    const auto sequence = [&](const std::string& key) {
      const std::vector<Real> all = c.columns<Real>(key);
      std::vector<Real> out;
      for (Index i = 0; i < T * C; ++i) out.push_back(all[static_cast<std::size_t>(b + B * i)]);
      return out;
    };
    std::vector<Real> q = sequence("input.q"), k = sequence("input.k"), v = sequence("input.v");
    for (Real& value : q) value *= kernels::attention_query_factor<Real>(one.width);
    const auto make = [](Index n) { return std::vector<Real>(static_cast<std::size_t>(n)); };
    std::vector<Real> o = make(T * C), e = make(one.weight_count()), rsum = make(one.rsum_count());
    std::vector<Real> scratch = make(kernels::attention_forward_scratch<Real>(one, true));
    kernels::attention_forward(o.data(), e.data(), rsum.data(), q.data(), k.data(), v.data(), one,
                               scratch.data());
    for (Index h = 0; h < heads; ++h)
      for (Index i = 0; i < T; ++i)
        for (Index j = 0; j < T; ++j)
          got.push_back(e[static_cast<std::size_t>(h * T * T + i + T * j)] *
                        rsum[static_cast<std::size_t>(h * T + i)]);
  }
  expect_rows(c, "output.weights", got, c.tolerance<Real>());
}

template <class Real>
void check_attention(const Case& c) {
  TapeCase<Real> run(c);
  const auto q = run.activation("q"), k = run.activation("k"), v = run.activation("v");
  run.check_output("y", ops::attention(run.tape, q, k, v, c.integer("heads")));
  run.check_gradients();
  check_attention_weights<Real>(c);
}

template <class Real>
void check_dropout(const Case& c) {
  TapeCase<Real> run(c);
  std::vector<Real> mask = c.columns<Real>("input.mask");
  for (Real& m : mask) m /= static_cast<Real>(1 - c.number("p"));
  run.check_output("y", ops::dropout(run.tape, run.flat("x"), mask.data()));
  run.check_gradients();
}

template <class Real>
void check_position_add(const Case& c) {
  TapeCase<Real> run(c);
  run.check_output("y", ops::position_add(run.tape, run.activation("x"), run.parameter("table")));
  run.check_gradients();
}

template <class Real>
void check_embedding(const Case& c) {
  TapeCase<Real> run(c);
  const std::vector<std::int32_t> index = c.values<std::int32_t>("input.index");
  run.check_output("y", ops::embedding(run.tape, run.parameter("table"), index.data(),
                                       static_cast<Index>(index.size()), c.at("param.table").extent(1)));
  run.check_gradients();
}

template <class Real>
void check_gather(const Case& c) {
  TapeCase<Real> run(c);
  const std::vector<std::int32_t> positions = c.values<std::int32_t>("input.positions");
  run.check_output(
      "y", ops::gather(run.tape, run.activation("x"), positions.data(), c.at("input.positions").extent(1)));
  run.check_gradients();
}

const Register registered[] = {
    {"op_linear", check_linear<double>, check_linear<float>},
    {"op_layer_norm", check_layer_norm<double>, check_layer_norm<float>},
    {"op_gelu", check_gelu<double>, check_gelu<float>},
    {"op_relu", check_relu<double>, check_relu<float>},
    {"op_softmax", check_softmax<double>, check_softmax<float>},
    {"op_log_softmax", check_log_softmax<double>, check_log_softmax<float>},
    {"op_attention", check_attention<double>, check_attention<float>},
    {"op_dropout", check_dropout<double>, check_dropout<float>},
    {"op_position_add", check_position_add<double>, check_position_add<float>},
    {"op_embedding", check_embedding<double>, check_embedding<float>},
    {"op_gather_rows", check_gather<double>, check_gather<float>},
};

}  // namespace
