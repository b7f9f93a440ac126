// SPDX-License-Identifier: MIT
// Batch norm on the tape: statistics of the batch, or stored estimates.
#pragma once

#include "gyrograd/autograd/tape.hpp"
#include "gyrograd/core/error.hpp"
#include "gyrograd/kernels/batch_norm.hpp"

namespace gyrograd::ops {

/// Where batch norm takes mean and variance from.
enum class Statistics {
  stored,          ///< running estimates: evaluation
  batch,           ///< the batch itself; estimates stay as they are
  batch_and_store  ///< the batch itself, and the running estimates move towards it: training
};

/// Running estimates of one norm: (C) each, changed by Statistics::batch_and_store.
template <Scalar Real>
struct RunningStatistics {
  Real *mean = nullptr, *variance = nullptr;
};

/// y = gamma (x - mean) / sqrt(variance + eps) + beta per channel (last axis).   x, y: (..., C)
/// gamma, beta: (C). Throws ShapeError when the sizes do not fit, or for batch statistics of one value.
template <class Real, Index... Dims>
auto batch_norm(Tape<Real>& tape, Var<Real, Dims...> x, Var<Real, dyn> gamma, Var<Real, dyn> beta,
                RunningStatistics<Real> running, Statistics statistics, Real eps = Real(1e-5),
                Real momentum = Real(0.1)) {
  const Index P = position_count(x.value), C = channel_count(x.value);
  const bool current = statistics != Statistics::stored;
  if (gamma.value.size() != C || beta.value.size() != C)
    fail<ShapeError>("batch_norm: x has ", C, " channels, but gamma has ", gamma.value.size(), " and beta ",
                     beta.value.size(), " values");
  if (current && P < 2)
    fail<ShapeError>("batch_norm: one value per channel has no variance; expected a batch of 2 or more");
  const auto y = tape.like(x);
  Real *mean = running.mean, *variance = running.variance;
  Real* rstd = tape.template saved<dyn>(C).data();
  if (current) {
    mean = tape.template saved<dyn>(C).data();
    variance = tape.template saved<dyn>(C).data();
    kernels::batch_statistics(mean, variance, static_cast<const Real*>(x.value.data()), P, C);
    if (statistics == Statistics::batch_and_store)
      kernels::update_running_statistics(running.mean, running.variance, static_cast<const Real*>(mean),
                                         static_cast<const Real*>(variance), P, C, momentum);
  }
  kernels::batch_norm_forward(y.value.data(), rstd, static_cast<const Real*>(x.value.data()),
                              static_cast<const Real*>(mean), static_cast<const Real*>(variance),
                              static_cast<const Real*>(gamma.value.data()),
                              static_cast<const Real*>(beta.value.data()), P, C, eps);
  tape.record(y, [=] {
    kernels::BatchNormBackward<Real> a;
    if (x.needs_gradient()) {
      const auto dx = x.accumulator();
      a.dx = dx.into.data();
      a.residual = dx.residual;
    }
    a.dgamma = gamma.needs_gradient() ? gamma.grad().data() : nullptr;
    a.dbeta = beta.needs_gradient() ? beta.grad().data() : nullptr;
    a.dy = y.grad().data();
    a.x = x.value.data();
    a.mean = mean;
    a.rstd = rstd;
    a.gamma = gamma.value.data();
    a.positions = P;
    a.channels = C;
    a.current = current;
    kernels::batch_norm_backward(a);
  });
  return y;
}

}  // namespace gyrograd::ops
