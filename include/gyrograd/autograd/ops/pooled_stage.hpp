// SPDX-License-Identifier: MIT
// Convolution, max pooling, ReLU of tanh and batch norm as one op on the tape, a few channels at a time.
//
// A batch norm needs all positions of a channel, but no other channel: a block of output channels goes
// through all four steps while it is in the second-level cache, and the large result of the convolution is
// never stored. Values and gradients are those of the four ops one after the other.
#pragma once

#include "gyrograd/autograd/ops/batch_norm.hpp"
#include "gyrograd/autograd/ops/conv2d.hpp"
#include "gyrograd/autograd/ops/max_pool2d.hpp"
#include "gyrograd/kernels/relu_tanh.hpp"

namespace gyrograd::ops {

/// Parameters of a stage on the tape: of the convolution, then of the norm, and its running estimates.
template <Scalar Real>
struct StageWeights {
  Var<Real, dyn> weight, bias, gamma, beta;
  RunningStatistics<Real> running;
};

namespace detail {

/// What a stage keeps for its backward pass.
template <Scalar Real>
struct StageRecord {
  Var<Real, dyn, dyn, dyn, dyn> x, y;
  StageWeights<Real> w;
  kernels::ConvSizes conv;
  kernels::Window pool;
  Real *active = nullptr, *winner = nullptr;  // (B, H'', W'', out): after ReLU of tanh; winning taps
  Real *mean = nullptr, *rstd = nullptr;      // (out)
  bool current = true;

  Index image() const { return conv.window.output_plane(); }
  Index pooled() const { return pool.output_plane(); }
  /// Channels per block: tiles of eight. All of them where a gradient of x adds up over them.
  Index block() const { return x.needs_gradient() ? conv.out : std::min<Index>(8, conv.out); }
  /// The convolution of `count` channels.
  kernels::ConvSizes part(Index count) const { return {conv.window, conv.in, count}; }
};

template <Scalar Real>
void stage_forward(const StageRecord<Real>& r, Real* variance, Statistics statistics, Real eps, Real momentum,
                   Real* scratch) {
  const Index per_channel = r.conv.in * r.conv.window.taps(), P = r.pooled();
  for (Index first = 0; first < r.conv.out; first += r.block()) {
    const Index count = std::min(r.block(), r.conv.out - first);
    Real* active = r.active + first * P;
    kernels::conv2d_forward(scratch, static_cast<const Real*>(r.x.value.data()),
                            static_cast<const Real*>(r.w.weight.value.data() + first * per_channel),
                            static_cast<const Real*>(r.w.bias.value.data() + first), r.part(count));
    kernels::max_pool2d_forward(active, r.winner == nullptr ? nullptr : r.winner + first * P,
                                static_cast<const Real*>(scratch), r.pool, count);
    kernels::relu_tanh_forward(active, static_cast<const Real*>(active), count * P);
    Real *mean = r.mean + first, *var = variance + first;
    if (r.current) {
      kernels::batch_statistics(mean, var, static_cast<const Real*>(active), P, count);
      if (statistics == Statistics::batch_and_store)
        kernels::update_running_statistics(r.w.running.mean + first, r.w.running.variance + first,
                                           static_cast<const Real*>(mean), static_cast<const Real*>(var), P,
                                           count, momentum);
    }
    kernels::batch_norm_forward(r.y.value.data() + first * P, r.rstd + first,
                                static_cast<const Real*>(active), static_cast<const Real*>(mean),
                                static_cast<const Real*>(var),
                                static_cast<const Real*>(r.w.gamma.value.data() + first),
                                static_cast<const Real*>(r.w.beta.value.data() + first), P, count, eps);
  }
}

template <Scalar Real>
void stage_backward(Tape<Real>& tape, const StageRecord<Real>& r) {
  const Index per_channel = r.conv.in * r.conv.window.taps(), P = r.pooled();
  auto scratch = tape.workspace();
  Real *d = scratch(r.block() * P), *dz = scratch(r.block() * r.image());
  const auto gradient = [](const Var<Real, dyn>& v) {
    return v.needs_gradient() ? v.grad().data() : nullptr;
  };
  Real *dweight = gradient(r.w.weight), *dbias = gradient(r.w.bias), *dgamma = gradient(r.w.gamma),
       *dbeta = gradient(r.w.beta);
  for (Index first = 0; first < r.conv.out; first += r.block()) {
    const Index count = std::min(r.block(), r.conv.out - first);
    kernels::BatchNormBackward<Real> norm;
    norm.dx = d;
    norm.dgamma = dgamma == nullptr ? nullptr : dgamma + first;
    norm.dbeta = dbeta == nullptr ? nullptr : dbeta + first;
    norm.dy = r.y.grad().data() + first * P;
    norm.x = r.active + first * P;
    norm.mean = r.mean + first;
    norm.rstd = r.rstd + first;
    norm.gamma = r.w.gamma.value.data() + first;
    norm.positions = P;
    norm.channels = count;
    norm.current = r.current;
    kernels::batch_norm_backward(norm);
    const Real* none = nullptr;
    kernels::relu_tanh_backward(d, none, static_cast<const Real*>(d), norm.x, count * P);
    kernels::max_pool2d_backward(dz, none, static_cast<const Real*>(d),
                                 static_cast<const Real*>(r.winner + first * P), r.pool, count);
    const Real *x = r.x.value.data(), *weight = r.w.weight.value.data() + first * per_channel;
    if (dweight != nullptr)
      kernels::conv2d_backward_weight(dweight + first * per_channel, static_cast<const Real*>(dz), x,
                                      r.part(count));
    if (dbias != nullptr)
      kernels::conv2d_backward_bias(dbias + first, static_cast<const Real*>(dz), r.image(), count);
    if (r.x.needs_gradient()) {
      const auto dx = r.x.accumulator();
      kernels::conv2d_backward_data(dx.into.data(), dx.residual, static_cast<const Real*>(dz), weight,
                                    r.part(count));
    }
  }
}

}  // namespace detail

/// y = batch_norm(relu_tanh(max_pool(conv(x)))): convolution of stride 1 without padding, pooling of
/// non-overlapping windows of pool_h x 1.
/// x: (B, H, W, in)  weight: (out, in, kernel_h, kernel_w) row-major  bias, gamma, beta: (out)
/// returns (B, H'', W', out). Throws ShapeError when the sizes do not fit.
template <class Real>
Var<Real, dyn, dyn, dyn, dyn> pooled_stage(Tape<Real>& tape, Var<Real, dyn, dyn, dyn, dyn> x,
                                           StageWeights<Real> w, Index kernel_h, Index kernel_w, Index pool_h,
                                           Statistics statistics, Real eps = Real(1e-5),
                                           Real momentum = Real(0.1)) {
  detail::StageRecord<Real> r;
  r.x = x;
  r.w = w;
  r.conv.window.batch = r.pool.batch = x.extent(0);
  r.conv.window.height = detail::window_axis("pooled_stage", "axis H", x.extent(1), kernel_h, {});
  r.conv.window.width = detail::window_axis("pooled_stage", "axis W", x.extent(2), kernel_w, {});
  r.conv.in = x.extent(3);
  r.conv.out = w.bias.value.size();
  detail::check_conv("pooled_stage", w.weight, w.bias, r.conv);
  r.pool.height = detail::window_axis("pooled_stage", "pooled axis H", r.conv.window.height.outputs(), pool_h,
                                      {pool_h, 0, 1});
  r.pool.width = detail::window_axis("pooled_stage", "pooled axis W", r.conv.window.width.outputs(), 1, {});
  const Index out = r.conv.out, P = r.pooled();
  r.current = statistics != Statistics::stored;
  if (w.gamma.value.size() != out || w.beta.value.size() != out || (r.current && P < 2))
    fail<ShapeError>("pooled_stage: ", out, " channels of ", P, " values, but gamma has ",
                     w.gamma.value.size(), " and beta ", w.beta.value.size(),
                     "; batch statistics need 2 values or more");
  r.y = tape.template make<dyn, dyn, dyn, dyn>(x.extent(0), r.pool.height.outputs(), r.pool.width.outputs(),
                                               out);
  r.active = tape.template saved<dyn>(out * P).data();
  r.winner = tape.recording() ? tape.template saved<dyn>(out * P).data() : nullptr;
  r.rstd = tape.template saved<dyn>(out).data();
  r.mean = r.current ? tape.template saved<dyn>(out).data() : w.running.mean;
  Real* variance = r.current ? tape.template saved<dyn>(out).data() : w.running.variance;
  {
    auto scratch = tape.workspace();
    detail::stage_forward(r, variance, statistics, eps, momentum, scratch(r.block() * r.image()));
  }
  tape.record(r.y, [r, memory = &tape] { detail::stage_backward(*memory, r); });
  return r.y;
}

}  // namespace gyrograd::ops
