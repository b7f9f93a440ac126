// SPDX-License-Identifier: MIT
// Multi-head attention core on the tape.
#pragma once

#include "gyrograd/autograd/tape.hpp"
#include "gyrograd/core/error.hpp"
#include "gyrograd/kernels/attention.hpp"

namespace gyrograd::ops {

/// o = softmax(q k^T / sqrt(C / heads)) v per sequence and head.
/// q, o: (B, Tq, C)  k, v: (B, T, C); head j owns channels j C / heads and following.
/// The attention weights are consumed by the backward pass, so it can run once only.
template <class Real, Index QB, Index QT, Index QC, Index KB, Index KT, Index KC, Index VB, Index VT,
          Index VC>
auto attention(Tape<Real>& tape, Var<Real, QB, QT, QC> q, Var<Real, KB, KT, KC> k, Var<Real, VB, VT, VC> v,
               Index heads) {
  const Index C = channel_count(q.value);
  if (heads <= 0 || C % heads != 0)
    fail<ShapeError>("attention: ", C, " channels do not divide into ", heads, " heads");
  if (k.value.extents() != v.value.extents() || channel_count(k.value) != C || k.extent(0) != q.extent(0))
    fail<ShapeError>("attention: queries (", q.extent(0), ", ", q.extent(1), ", ", C, ") do not fit keys (",
                     k.extent(0), ", ", k.extent(1), ", ", k.extent(2), ") and values (", v.extent(0), ", ",
                     v.extent(1), ", ", v.extent(2), ")");
  const kernels::AttentionSizes s{q.extent(0), q.extent(1), k.extent(1), heads, C / heads};
  auto o = tape.like(q);
  const bool keep = tape.recording();
  Real* weights = keep ? tape.template saved<dyn>(s.weight_count()).data() : nullptr;
  Real* rsum = keep ? tape.template saved<dyn>(s.rsum_count()).data() : nullptr;
  {
    auto scratch = tape.workspace();
    kernels::attention_forward(o.value.data(), weights, rsum, q.value.data(), k.value.data(), v.value.data(),
                               s, scratch(kernels::attention_forward_scratch<Real>(s, keep)));
  }
  tape.record(o, [=, tape = &tape] {
    auto scratch = tape->workspace();
    // Where no gradient is wanted it still has a place to go; such calls are rare (frozen projections).
    const auto target = [&](const auto& x) {
      if (x.needs_gradient()) return x.grad().data();
      Real* unused = scratch(x.value.size());
      std::fill_n(unused, x.value.size(), Real(0));
      return unused;
    };
    Real* dk = target(k);
    Real* dv = target(v);
    Real* dq;
    const Real* residual = nullptr;
    if (q.needs_gradient()) {
      const auto a = q.accumulator();
      dq = a.into.data();
      residual = a.residual;
    } else {
      dq = scratch(q.value.size());
    }
    kernels::attention_backward(dq, residual, dk, dv, o.grad().data(), o.value.data(), weights, rsum,
                                q.value.data(), k.value.data(), v.value.data(), s,
                                scratch(kernels::attention_backward_scratch<Real>(s)));
  });
  return o;
}

}  // namespace gyrograd::ops
