// SPDX-License-Identifier: MIT
// Batch norm with named parameters and stored estimates, as torch.nn.BatchNorm1d and BatchNorm2d.
#pragma once

#include <algorithm>

#include "gyrograd/autograd/ops/batch_norm.hpp"

namespace gyrograd::nn {

using ops::Statistics;

/// Parameters weight and bias (C), which are trained, and the estimates running_mean, running_var (C) and
/// num_batches_tracked (), which are not: visit_buffers() shows them.
template <Scalar Real>
struct BatchNorm {
  Parameter<Real> weight, bias, running_mean, running_var, num_batches_tracked;

  explicit BatchNorm(Index channels)
      : weight(Shape{channels}),
        bias(Shape{channels}),
        running_mean(Shape{channels}),
        running_var(Shape{channels}),
        num_batches_tracked(Shape{}) {
    running_mean.trainable = running_var.trainable = num_batches_tracked.trainable = false;
  }

  template <class F>
  void visit(F&& f) {
    f("weight", weight);
    f("bias", bias);
  }
  /// Stored estimates: parts of a state dict that no gradient reaches.
  template <class F>
  void visit_buffers(F&& f) {
    f("running_mean", running_mean);
    f("running_var", running_var);
    f("num_batches_tracked", num_batches_tracked);
  }

  /// Weight 1, bias 0, running mean 0, running variance 1. Draws nothing.
  void initialise() {
    std::fill_n(weight.value, weight.size(), Real(1));
    std::fill_n(bias.value, bias.size(), Real(0));
    std::fill_n(running_mean.value, running_mean.size(), Real(0));
    std::fill_n(running_var.value, running_var.size(), Real(1));
    *num_batches_tracked.value = Real(0);
  }

  /// Counts a batch whose statistics are stored.
  void count(Statistics statistics) const {
    if (statistics == Statistics::batch_and_store) *num_batches_tracked.value += Real(1);
  }
  ops::RunningStatistics<Real> running() const { return {running_mean.value, running_var.value}; }

  /// x: (..., C); returns the same shape. With Statistics::batch_and_store the estimates change: one call at
  /// a time.
  template <Index... Dims>
  auto operator()(Tape<Real>& tape, Var<Real, Dims...> x, Statistics statistics) const {
    count(statistics);
    return ops::batch_norm(tape, x, tape.parameter(weight), tape.parameter(bias), running(), statistics);
  }
};

}  // namespace gyrograd::nn
