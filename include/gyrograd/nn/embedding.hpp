// SPDX-License-Identifier: MIT
// Learned position table with a named parameter.
#pragma once

#include <span>

#include "gyrograd/autograd/ops/embedding.hpp"
#include "gyrograd/core/random.hpp"
#include "gyrograd/nn/layer_norm.hpp"

namespace gyrograd::nn {

/// y(b, t, c) = x(b, t, c) + weight(first + t, c).   weight: (rows, C)
template <Scalar Real>
struct PositionTable {
  Parameter<Real> weight;

  PositionTable(Index rows, Index channels) : weight(Shape{rows, channels}) {}

  template <class F>
  void visit(F&& f) {
    f("weight", weight);
  }

  /// PyTorch's default for embeddings: standard normal.
  template <class Generator>
  void initialise(Generator& g) {
    torch_normal(g, std::span<Real>(weight.value, static_cast<std::size_t>(weight.size())));
  }

  template <Index B, Index T, Index C>
  auto operator()(Tape<Real>& tape, Var<Real, B, T, C> x, Index first = 0) const {
    return ops::position_add(tape, x, tape.parameter(weight), first);
  }
  /// y = norm(x) + weight(first + t, c), in one pass.
  template <Index B, Index T, Index C>
  auto operator()(Tape<Real>& tape, const LayerNorm<Real>& norm, Var<Real, B, T, C> x,
                  Index first = 0) const {
    return ops::layer_norm_position_add(tape, x, tape.parameter(norm.gamma), tape.parameter(norm.beta),
                                        norm.eps, tape.parameter(weight), first, true);
  }
};

}  // namespace gyrograd::nn
