// SPDX-License-Identifier: MIT
// Layer norm with named parameters.
#pragma once

#include <algorithm>

#include "gyrograd/autograd/ops/layer_norm.hpp"

namespace gyrograd::nn {

/// gamma (x - mean) / sqrt(var + eps) + beta over the last axis.   gamma, beta: (C)
/// The default eps is LIMU-BERT's: 1e-12 inside the root.
template <Scalar Real>
struct LayerNorm {
  Parameter<Real> gamma, beta;
  Real eps;

  explicit LayerNorm(Index channels, Real epsilon = Real(1e-12))
      : gamma(Shape{channels}), beta(Shape{channels}), eps(epsilon) {}

  template <class F>
  void visit(F&& f) {
    f("gamma", gamma);
    f("beta", beta);
  }

  /// gamma 1, beta 0; draws nothing.
  void initialise() {
    std::fill_n(gamma.value, gamma.size(), Real(1));
    std::fill_n(beta.value, beta.size(), Real(0));
  }

  template <Index... Dims>
  auto operator()(Tape<Real>& tape, Var<Real, Dims...> x) const {
    return ops::layer_norm(tape, x, tape.parameter(gamma), tape.parameter(beta), eps);
  }
  /// The result may take the memory of x, which must not be read again.
  template <Index... Dims>
  auto in_place(Tape<Real>& tape, Var<Real, Dims...> x) const {
    return ops::layer_norm_in_place(tape, x, tape.parameter(gamma), tape.parameter(beta), eps);
  }
};

}  // namespace gyrograd::nn
