// SPDX-License-Identifier: MIT
// torch.nn.MultiheadAttention on the tape: projections, attention along one axis, projection.
#pragma once

#include <array>

#include "gyrograd/autograd/ops/attention.hpp"
#include "gyrograd/autograd/ops/linear.hpp"
#include "gyrograd/autograd/ops/permute.hpp"

namespace gyrograd::ops {

/// Parameters as PyTorch stores them: rows of q, k, v stacked (3E, E) and (3E), then (E, E) and (E).
template <Scalar Real>
struct MultiheadWeights {
  Var<Real, dyn> in_weight, in_bias, out_weight, out_bias;
};

/// Attention along axis 1 for every index of axis 0, with projections before and after.
/// query, key, value, result: (N, L, E). Throws ShapeError when the sizes do not fit.
template <class Real>
Var<Real, dyn, dyn, dyn> multihead_attention(Tape<Real>& tape, Var<Real, dyn, dyn, dyn> query,
                                             Var<Real, dyn, dyn, dyn> key, Var<Real, dyn, dyn, dyn> value,
                                             MultiheadWeights<Real> w, Index heads) {
  const Index width = query.extent(2), square = width * width;
  if (w.in_weight.value.size() != 3 * square || w.in_bias.value.size() != 3 * width)
    fail<ShapeError>("multihead_attention: x has ", width, " channels, but the projections have ",
                     w.in_weight.value.size(), " weights and ", w.in_bias.value.size(), " biases, expected ",
                     3 * square, " and ", 3 * width);
  const auto project = [&](const Var<Real, dyn, dyn, dyn>& x, Index third, Real factor) {
    const Dense<Real> layer{slice(tape, w.in_weight, third * square, square),
                            slice(tape, w.in_bias, third * width, width), factor};
    return linear(tape, x, std::array{layer})[0];
  };
  const ScaledQueries q{project(query, 0, detail::checked_query_factor<Real>(width, heads))};
  const auto k = project(key, 1, Real(1)), v = project(value, 2, Real(1));
  return linear(tape, attention(tape, q, k, v, heads), w.out_weight, w.out_bias);
}

}  // namespace gyrograd::ops
