// SPDX-License-Identifier: MIT
// Multi-head attention core on the tape.
#pragma once

#include "gyrograd/autograd/tape.hpp"
#include "gyrograd/core/error.hpp"
#include "gyrograd/kernels/attention.hpp"
#include "gyrograd/kernels/elementwise.hpp"

namespace gyrograd::ops {

/// Queries as the kernels read them: the value is q times kernels::attention_query_factor(C / heads), the
/// gradient is that of q. A projection gives them at no cost (ops::Dense::factor).   (B, Tq, C)
template <class Real, Index B, Index T, Index C>
struct ScaledQueries {
  Var<Real, B, T, C> value;
};
template <class Real, Index B, Index T, Index C>
ScaledQueries(Var<Real, B, T, C>) -> ScaledQueries<Real, B, T, C>;  // clang 14 has none of its own

namespace detail {

/// Factor of queries with C channels. Throws ShapeError.
template <class Real>
Real checked_query_factor(Index C, Index heads) {
  if (heads <= 0 || C % heads != 0)
    fail<ShapeError>("attention: ", C, " channels do not divide into ", heads, " heads");
  return kernels::attention_query_factor<Real>(C / heads);
}

}  // namespace detail

/// o = softmax(q k^T / sqrt(C / heads)) v per sequence and head.
/// queries, o: (B, Tq, C)  k, v: (B, T, C); head j owns channels j C / heads and following.
/// The attention weights are consumed by the backward pass, so it can run once only.
/// Throws ShapeError when heads or sizes do not fit.
template <class Real, Index QB, Index QT, Index QC, Index KB, Index KT, Index KC, Index VB, Index VT,
          Index VC>
auto attention(Tape<Real>& tape, ScaledQueries<Real, QB, QT, QC> queries, Var<Real, KB, KT, KC> k,
               Var<Real, VB, VT, VC> v, Index heads) {
  const auto q = queries.value;
  const Index C = channel_count(q.value);
  detail::checked_query_factor<Real>(C, heads);
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
    const auto first = [](const auto& x) { return !x.needs_gradient() || !x.gradient->written; };
    const bool overwrite =
        first(k) && first(v) && k.gradient != v.gradient;  // the usual case: nobody else has added to them
    const auto target = [&](const auto& x) {
      if (!x.needs_gradient()) {
        Real* unused = scratch(x.value.size());
        if (!overwrite) std::fill_n(unused, x.value.size(), Real(0));
        return unused;
      }
      return overwrite ? x.accumulator().into.data() : x.grad().data();
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
                                q.value.data(), k.value.data(), v.value.data(), s, !overwrite,
                                scratch(kernels::attention_backward_scratch<Real>(s)));
  });
  return o;
}
/// The same for queries as they are, of which it makes a scaled copy.
template <class Real, Index QB, Index QT, Index QC, class Keys, class Values>
auto attention(Tape<Real>& tape, Var<Real, QB, QT, QC> q, Keys k, Values v, Index heads) {
  const Real factor = detail::checked_query_factor<Real>(channel_count(q.value), heads);
  auto scratch = tape.workspace();
  ScaledQueries<Real, QB, QT, QC> scaled{q};
  Real* values = tape.recording() ? tape.saved_like(q).data() : scratch(q.value.size());
  kernels::scale_add(values, static_cast<const Real*>(nullptr), factor,
                     static_cast<const Real*>(q.value.data()), q.value.size());
  scaled.value.value = Tensor<Real, QB, QT, QC>(values, q.value.extents());
  return attention(tape, scaled, k, v, heads);
}

}  // namespace gyrograd::ops
