// SPDX-License-Identifier: MIT
// 2-D convolution with named parameters.
#pragma once

#include <cmath>
#include <span>

#include "gyrograd/autograd/ops/conv2d.hpp"
#include "gyrograd/core/random.hpp"

namespace gyrograd::nn {

/// Cross-correlation over (B, H, W, in).   weight: (out, in, kernel_h, kernel_w)  bias: (out)
template <Scalar Real>
struct Conv2d {
  Parameter<Real> weight, bias;
  ops::Stride along_h{}, along_w{};

  Conv2d(Index in, Index out, Index kernel_h, Index kernel_w, ops::Stride h = {}, ops::Stride w = {})
      : weight(Shape{out, in, kernel_h, kernel_w}), bias(Shape{out}), along_h(h), along_w(w) {}

  template <class F>
  void visit(F&& f) {
    f("weight", weight);
    f("bias", bias);
  }

  /// PyTorch's default: weight, then bias, uniform in +-1/sqrt(in kernel_h kernel_w).
  template <class Generator>
  void initialise(Generator& g) {
    const auto fan_in = static_cast<double>(weight.size() / weight.shape[0]);
    const auto bound = static_cast<float>(1.0 / std::sqrt(fan_in));
    for (Parameter<Real>* p : {&weight, &bias})
      torch_uniform(g, std::span<Real>(p->value, static_cast<std::size_t>(p->size())), -bound, bound);
  }

  /// x: (B, H, W, in); returns (B, H', W', out).
  template <Index... Dims>
  auto operator()(Tape<Real>& tape, Var<Real, Dims...> x) const {
    return ops::conv2d(tape, x, tape.parameter(weight), tape.parameter(bias), weight.shape[2],
                       weight.shape[3], along_h, along_w);
  }
};

}  // namespace gyrograd::nn
