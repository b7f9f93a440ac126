// SPDX-License-Identifier: MIT
// Group norm with named parameters.
#pragma once

#include <algorithm>

#include "gyrograd/autograd/ops/group_norm.hpp"

namespace gyrograd::nn {

/// weight (x - mean) / sqrt(var + eps) + bias per sequence and group of channels.   weight, bias: (C)
/// The default eps is PyTorch's: 1e-5 inside the root.
template <Scalar Real>
struct GroupNorm {
  Parameter<Real> weight, bias;
  Index groups;
  Real eps;

  GroupNorm(Index group_count, Index channels, Real epsilon = Real(1e-5))
      : weight(Shape{channels}), bias(Shape{channels}), groups(group_count), eps(epsilon) {}

  template <class F>
  void visit(F&& f) {
    f("weight", weight);
    f("bias", bias);
  }

  /// weight 1, bias 0; draws nothing.
  void initialise() {
    std::fill_n(weight.value, weight.size(), Real(1));
    std::fill_n(bias.value, bias.size(), Real(0));
  }

  /// x: (B, T, C); returns the same shape.
  template <Index... Dims>
  auto operator()(Tape<Real>& tape, Var<Real, Dims...> x) const {
    return ops::group_norm(tape, x, groups, tape.parameter(weight), tape.parameter(bias), eps);
  }
};

}  // namespace gyrograd::nn
