// SPDX-License-Identifier: MIT
// Multi-head attention with the parameters of torch.nn.MultiheadAttention.
#pragma once

#include <algorithm>
#include <cmath>
#include <span>

#include "gyrograd/autograd/ops/multihead_attention.hpp"
#include "gyrograd/core/random.hpp"
#include "gyrograd/nn/linear.hpp"

namespace gyrograd::nn {

/// in_proj_weight: (3E, E), rows of q, k, v  in_proj_bias: (3E)  out_proj.weight: (E, E)  out_proj.bias: (E)
template <Scalar Real>
struct MultiheadAttention {
  Parameter<Real> in_proj_weight, in_proj_bias;
  Linear<Real> out_proj;
  Index heads;

  MultiheadAttention(Index width, Index head_count)
      : in_proj_weight(Shape{3 * width, width}),
        in_proj_bias(Shape{3 * width}),
        out_proj(width, width),
        heads(head_count) {}

  template <class F>
  void visit(F&& f) {
    f("in_proj_weight", in_proj_weight);
    f("in_proj_bias", in_proj_bias);
    visit_prefixed("out_proj.", out_proj, f);
  }

  /// PyTorch's default in its order of drawing: out_proj as a dense layer, then the projections uniform in
  /// +-sqrt(6 / 4E) (Glorot); both biases 0.
  template <class Generator>
  void initialise(Generator& g) {
    out_proj.initialise(g);
    const auto width = static_cast<double>(in_proj_weight.shape[1]);
    const auto bound = static_cast<float>(std::sqrt(6.0 / (4.0 * width)));
    torch_uniform(g, std::span<Real>(in_proj_weight.value, static_cast<std::size_t>(in_proj_weight.size())),
                  -bound, bound);
    std::fill_n(in_proj_bias.value, in_proj_bias.size(), Real(0));
    std::fill_n(out_proj.bias.value, out_proj.bias.size(), Real(0));
  }

  /// Attention along axis 1.   query, key, value, result: (N, L, E)
  Var<Real, dyn, dyn, dyn> operator()(Tape<Real>& tape, Var<Real, dyn, dyn, dyn> query,
                                      Var<Real, dyn, dyn, dyn> key, Var<Real, dyn, dyn, dyn> value) const {
    return ops::multihead_attention(tape, query, key, value,
                                    {tape.parameter(in_proj_weight), tape.parameter(in_proj_bias),
                                     tape.parameter(out_proj.weight), tape.parameter(out_proj.bias)},
                                    heads);
  }
};

}  // namespace gyrograd::nn
