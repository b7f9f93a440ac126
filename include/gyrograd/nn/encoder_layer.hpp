// SPDX-License-Identifier: MIT
// Transformer encoder layer with the parameters and the order of torch.nn.TransformerEncoderLayer's defaults.
#pragma once

#include "gyrograd/autograd/ops/add.hpp"
#include "gyrograd/autograd/ops/relu.hpp"
#include "gyrograd/nn/layer_norm.hpp"
#include "gyrograd/nn/linear.hpp"
#include "gyrograd/nn/multihead_attention.hpp"

namespace gyrograd::nn {

/// u = norm1(x + self_attn(x)), y = norm2(u + linear2(relu(linear1(u)))); eps 1e-5. Without dropout.
template <Scalar Real>
struct EncoderLayer {
  MultiheadAttention<Real> self_attn;
  Linear<Real> linear1, linear2;
  LayerNorm<Real> norm1, norm2;

  EncoderLayer(Index width, Index ff, Index heads)
      : self_attn(width, heads),
        linear1(width, ff),
        linear2(ff, width),
        norm1(width, Real(1e-5)),
        norm2(width, Real(1e-5)) {}

  /// Published names: self_attn, linear1, linear2, norm1.weight, norm1.bias, ...
  template <class F>
  void visit(F&& f) {
    visit_prefixed("self_attn.", self_attn, f);
    visit_prefixed("linear1.", linear1, f);
    visit_prefixed("linear2.", linear2, f);
    f("norm1.weight", norm1.gamma);
    f("norm1.bias", norm1.beta);
    f("norm2.weight", norm2.gamma);
    f("norm2.bias", norm2.beta);
  }
  /// PyTorch's default in its order of drawing.
  template <class Generator>
  void initialise(Generator& g) {
    self_attn.initialise(g);
    linear1.initialise(g);
    linear2.initialise(g);
    norm1.initialise();
    norm2.initialise();
  }

  /// x: (B, T, width); returns the same shape.
  Var<Real, dyn, dyn, dyn> operator()(Tape<Real>& tape, Var<Real, dyn, dyn, dyn> x) const {
    const auto u = norm1(tape, ops::add(tape, self_attn(tape, x, x, x), x));
    return norm2(tape, linear2(tape, ops::relu(tape, linear1(tape, u)), u));
  }
};

}  // namespace gyrograd::nn
