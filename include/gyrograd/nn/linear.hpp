// SPDX-License-Identifier: MIT
// Dense layer with named parameters.
#pragma once

#include <cmath>
#include <span>

#include "gyrograd/autograd/ops/linear.hpp"
#include "gyrograd/core/random.hpp"

namespace gyrograd::nn {

/// y = x W^T + b.   weight: (out, in)  bias: (out), if there is one
template <Scalar Real>
struct Linear {
  Parameter<Real> weight, bias;

  Linear(Index in, Index out, bool with_bias = true)
      : weight(Shape{out, in}), bias(Shape{with_bias ? out : 0}) {}

  template <class F>
  void visit(F&& f) {
    f("weight", weight);
    if (bias.size() > 0) f("bias", bias);
  }

  /// PyTorch's default: weight, then bias, uniform in +-1/sqrt(in).
  template <class Generator>
  void initialise(Generator& g) {
    const float bound = 1.0F / std::sqrt(static_cast<float>(weight.shape[1]));
    for (Parameter<Real>* p : {&weight, &bias})
      torch_uniform(g, std::span<Real>(p->value, static_cast<std::size_t>(p->size())), -bound, bound);
  }

  /// x: (..., in), optional residual: (..., out); returns (..., out).
  template <Index... Dims, class... Residual>
  auto operator()(Tape<Real>& tape, Var<Real, Dims...> x, Residual... residual) const {
    return ops::linear(tape, x, tape.parameter(weight),
                       bias.size() > 0 ? tape.parameter(bias) : Var<Real, dyn>{}, residual...);
  }
};

}  // namespace gyrograd::nn
