// SPDX-License-Identifier: MIT
// 1-D convolution with named parameters.
#pragma once

#include <cmath>
#include <span>

#include "gyrograd/autograd/ops/conv1d.hpp"
#include "gyrograd/core/random.hpp"

namespace gyrograd::nn {

/// Cross-correlation over time of (B, T, in).   weight: (out, in, kernel)  bias: (out), if there is one
template <Scalar Real>
struct Conv1d {
  Parameter<Real> weight, bias;
  ops::Stride along_time{};

  Conv1d(Index in, Index out, Index kernel, ops::Stride time = {}, bool with_bias = true)
      : weight(Shape{out, in, kernel}), bias(Shape{with_bias ? out : 0}), along_time(time) {}

  template <class F>
  void visit(F&& f) {
    f("weight", weight);
    if (bias.size() > 0) f("bias", bias);
  }

  /// PyTorch's default: weight, then bias, uniform in +-1/sqrt(in kernel).
  template <class Generator>
  void initialise(Generator& g) {
    const auto fan_in = static_cast<double>(weight.size() / weight.shape[0]);
    const auto bound = static_cast<float>(1.0 / std::sqrt(fan_in));
    for (Parameter<Real>* p : {&weight, &bias})
      torch_uniform(g, std::span<Real>(p->value, static_cast<std::size_t>(p->size())), -bound, bound);
  }

  /// x: (B, T, in); returns (B, T', out).
  template <Index... Dims>
  auto operator()(Tape<Real>& tape, Var<Real, Dims...> x) const {
    return ops::conv1d(tape, x, tape.parameter(weight),
                       bias.size() > 0 ? tape.parameter(bias) : Var<Real, dyn>{}, weight.shape[2],
                       along_time);
  }
};

}  // namespace gyrograd::nn
