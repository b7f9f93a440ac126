// SPDX-License-Identifier: MIT
// Learned tables on the tape: look-up of rows, and the position table.
#pragma once

#include "gyrograd/autograd/ops/layer_norm.hpp"
#include "gyrograd/autograd/tape.hpp"
#include "gyrograd/core/error.hpp"
#include "gyrograd/kernels/embedding.hpp"

namespace gyrograd::ops {

/// y(i, c) = table(index[i], c).   table: (rows, C) row-major  index: (n), in [0, rows), outlives the
/// backward pass
template <class Real>
auto embedding(Tape<Real>& tape, Var<Real, dyn> table, const std::int32_t* index, Index n, Index channels) {
  const Index rows = table.value.size() / channels;
  for (Index i = 0; i < n; ++i)
    if (index[i] < 0 || index[i] >= rows)
      fail<ShapeError>("embedding: index ", index[i], " is outside of ", rows, " rows");
  auto y = tape.template make<dyn, dyn>(n, channels);
  kernels::embedding_forward(y.value.data(), table.value.data(), index, n, channels);
  tape.record(y, [=] {
    if (table.needs_gradient())
      kernels::embedding_backward(table.grad().data(), y.grad().data(), index, n, channels);
  });
  return y;
}

namespace detail {

/// Throws ShapeError unless the table has rows first .. first + steps - 1.
template <class Real>
void check_position_rows(const Var<Real, dyn>& table, Index first, Index steps, Index channels) {
  if (first < 0 || table.value.size() < (first + steps) * channels)
    fail<ShapeError>("position_add: steps ", first, " to ", first + steps - 1,
                     ", but the position table has ", table.value.size() / channels, " rows");
}

}  // namespace detail

/// y(b, t, c) = x(b, t, c) + table(first + t, c).   x, y: (B, T, C)  table: (rows, C) row-major, rows >=
/// first + T Throws ShapeError when the table has fewer rows.
template <class Real, Index B, Index T, Index C>
auto position_add(Tape<Real>& tape, Var<Real, B, T, C> x, Var<Real, dyn> table, Index first = 0) {
  const Index batch = x.extent(0), steps = x.extent(1), channels = x.extent(2);
  detail::check_position_rows(table, first, steps, channels);
  auto y = tape.like(x);
  kernels::position_add_forward(y.value.data(), x.value.data(), table.value.data() + first * channels, batch,
                                steps, channels);
  tape.record(y, [=] {
    if (table.needs_gradient())
      kernels::position_add_backward(table.grad().data() + first * channels, y.grad().data(), batch, steps,
                                     channels);
    Tape<Real>::pass_gradient(y, x);
  });
  return y;
}

/// position_add(layer_norm(x)) in one pass, with the bits of both.   Shapes as there. `kept`: the table is a
/// parameter, so that the micro-batches of a step share its rows as they are added to activations.
template <class Real, Index B, Index T, Index C>
auto layer_norm_position_add(Tape<Real>& tape, Var<Real, B, T, C> x, Var<Real, dyn> gamma,
                             Var<Real, dyn> beta, Real eps, Var<Real, dyn> table, Index first, bool kept) {
  const Index batch = x.extent(0), steps = x.extent(1), channels = x.extent(2);
  detail::check_layer_norm(channels, gamma, beta);
  detail::check_position_rows(table, first, steps, channels);
  const Real* rows = table.value.data() + first * channels;
  auto scratch = tape.workspace();
  const auto spread = [=](Real* to) { kernels::position_spread(to, rows, batch, steps, channels); };
  const Real* addend = tape.derived(scratch, Arrangement::position_rows, batch * steps * channels, spread,
                                    {rows, rows + steps * channels}, kept);
  const Index positions = batch * steps;
  auto y = tape.like(x);
  const auto mean = tape.template saved<dyn>(positions), rstd = tape.template saved<dyn>(positions);
  kernels::layer_norm_add_forward(
      y.value.data(), mean.data(), rstd.data(), static_cast<const Real*>(x.value.data()),
      static_cast<const Real*>(gamma.value.data()), static_cast<const Real*>(beta.value.data()), addend,
      positions, channels, eps);
  detail::record_layer_norm(tape, x, y, gamma, beta, mean.data(), rstd.data(), [=](const Real* dy) {
    if (table.needs_gradient())
      kernels::position_add_backward(table.grad().data() + first * channels, dy, batch, steps, channels);
  });
  return y;
}

}  // namespace gyrograd::ops
