// SPDX-License-Identifier: MIT
// Another order of axes, parts of a tensor and joined parts on the tape.
#pragma once

#include <array>
#include <cstring>
#include <span>
#include <utility>

#include "gyrograd/autograd/tape.hpp"
#include "gyrograd/core/error.hpp"
#include "gyrograd/kernels/elementwise.hpp"
#include "gyrograd/kernels/permute.hpp"

namespace gyrograd::ops {

namespace detail {

template <class Real, std::size_t... I>
auto make_dynamic(Tape<Real>& tape, const std::array<Index, sizeof...(I)>& sizes, std::index_sequence<I...>) {
  return tape.template make<((void)I, dyn)...>(sizes[I]...);
}

}  // namespace detail

/// Axis a of the result is axis order[a] of x: permute(tape, x, {0, 2, 1}) swaps the last two of three.
template <class Real, Index... Dims>
requires(sizeof...(Dims) <= 4) auto permute(Tape<Real>& tape, Var<Real, Dims...> x,
                                            const std::array<int, sizeof...(Dims)>& order) {
  const auto p = kernels::permutation_of(x.value.extents(), order);
  std::array<Index, sizeof...(Dims)> sizes;
  std::copy_n(p.sizes.begin(), sizes.size(), sizes.begin());
  auto y = detail::make_dynamic(tape, sizes, std::make_index_sequence<sizeof...(Dims)>{});
  kernels::permute_forward(y.value.data(), static_cast<const Real*>(x.value.data()), p);
  tape.record(y, [=] {
    if (!x.needs_gradient()) return;
    const auto dx = x.accumulator();
    kernels::permute_backward(dx.into.data(), dx.residual, static_cast<const Real*>(y.grad().data()), p);
  });
  return y;
}

/// Channels first .. first + count - 1 (last axis) as a tensor of their own; the values are not copied.
template <class Real, Index B, Index T, Index C>
Var<Real, dyn, dyn, dyn> channels(Tape<Real>& tape, Var<Real, B, T, C> x, Index first, Index count) {
  if (first < 0 || count < 1 || first + count > x.extent(2))
    fail<ShapeError>("channels: ", first, " to ", first + count - 1, " of ", x.extent(2), " channels");
  const Index block = x.extent(0) * x.extent(1), at = first * block;
  const Tensor<Real, dyn, dyn, dyn> part(x.value.data() + at, x.extent(0), x.extent(1), count);
  if (!x.needs_gradient()) return tape.constant(part);
  const auto y = tape.input(part);
  tape.record(y, [=] {
    Real* dx = x.grad().data() + at;
    kernels::add(dx, static_cast<const Real*>(dx), static_cast<const Real*>(y.grad().data()), count * block);
  });
  return y;
}

/// Values first .. first + count - 1 of a flat Var: some rows of a weight matrix, for example.
template <class Real>
Var<Real, dyn> slice(Tape<Real>& tape, Var<Real, dyn> x, Index first, Index count) {
  if (first < 0 || count < 1 || first + count > x.value.size())
    fail<ShapeError>("slice: values ", first, " to ", first + count - 1, " of ", x.value.size());
  const Tensor<Real, dyn> part(x.value.data() + first, count);
  if (!x.needs_gradient()) return tape.constant(part);
  const auto y = tape.input(part);
  tape.record(y, [=] {
    Real* dx = x.grad().data() + first;
    kernels::add(dx, static_cast<const Real*>(dx), static_cast<const Real*>(y.grad().data()), count);
  });
  return y;
}

/// Parts of equal size (B, n) behind one another: (B, n, parts).   At most 8 parts.
template <class Real>
Var<Real, dyn, dyn, dyn> stack(Tape<Real>& tape, std::span<const Var<Real, dyn, dyn>> parts) {
  std::array<Var<Real, dyn, dyn>, 8> all;
  if (parts.empty() || parts.size() > all.size())
    fail<ShapeError>("stack: ", parts.size(), " parts, expected 1 to ", all.size());
  std::copy(parts.begin(), parts.end(), all.begin());
  const Index batch = all[0].extent(0), width = all[0].extent(1), n = batch * width;
  const std::size_t count = parts.size();
  auto y = tape.template make<dyn, dyn, dyn>(batch, width, static_cast<Index>(count));
  for (std::size_t i = 0; i < count; ++i) {
    if (all[i].value.size() != n)
      fail<ShapeError>("stack: part ", i, " has ", all[i].value.size(), " values, expected ", n);
    std::copy_n(all[i].value.data(), n, y.value.data() + static_cast<Index>(i) * n);
  }
  tape.record(y, [=] {
    for (std::size_t i = 0; i < count; ++i) {
      if (!all[i].needs_gradient()) continue;
      const auto d = all[i].accumulator();
      kernels::add(d.into.data(), d.residual,
                   static_cast<const Real*>(y.grad().data() + static_cast<Index>(i) * n), n);
    }
  });
  return y;
}

}  // namespace gyrograd::ops
