// SPDX-License-Identifier: MIT
// Multi-head attention core: softmax(q k^T / sqrt(w)) v per sequence and head, lanes along query positions.
//
// Queries come as f q with f = log2(e) / sqrt(w): scores then are exponents of 2. Gradients are those of q.
//
// Activations are (B, T, C) column-major; head j owns the channels j w .. (j + 1) w - 1, a block of memory.
// For B of 1, 2 or 4 the B sequences stay interleaved in the lanes and keys are broadcast in groups of B
// scalars; any other B is taken apart into single sequences first. Per block of query positions:
//
//   f q (block x w) --product with k--> exponents (block x T), their maximum
//       --2^(exponent - maximum), product with v--> e (block x T), o (block x w)
//
// e is kept unnormalised; 1 / sum is applied to the w output rows. The backward folds all factors
// (docs/kernels/ attention.md): g = do rsum scale, D = sum_c g o, dv = (e^T g) / scale, e <- e (g v^T - D),
// dq = e k, dk = e^T (f q) / f.
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>

#include "gyrograd/kernels/product.hpp"
#include "gyrograd/kernels/reduction.hpp"
#include "gyrograd/kernels/softmax_product.hpp"

namespace gyrograd::kernels {

/// Sizes of one attention call. `queries` may differ from `keys` (only masked positions are queried in a last
/// layer).
struct AttentionSizes {
  Index batch = 0;    ///< B sequences, interleaved: position b + B t
  Index queries = 0;  ///< query positions per sequence
  Index keys = 0;     ///< key positions per sequence
  Index heads = 0;
  Index width = 0;  ///< channels per head; all tensors have heads * width channels

  Index channels() const { return heads * width; }
  Index query_positions() const { return batch * queries; }
  Index key_positions() const { return batch * keys; }
  /// Values of `weights` that the backward needs.
  Index weight_count() const { return heads * query_positions() * keys; }
  /// Values of `rsum` (1 / sum of every softmax row).
  Index rsum_count() const { return heads * query_positions(); }
};

/// Factor f that the kernels expect in queries: e^(q k / sqrt(width)) = 2^(f q k).
template <class Real>
Real attention_query_factor(Index width) {
  return Real(1.4426950408889634074) / std::sqrt(static_cast<Real>(width));
}

namespace detail {

/// True where the sequences can stay interleaved.
template <class Real>
constexpr bool attention_interleaves(Index batch) {
  return (batch == 1 || batch == 2 || batch == 4) && batch <= lanes<Real>;
}

/// One head of a group of interleaved sequences. With keep_weights e has column stride P, else it is one
/// block.
template <int Group, class Real>
void attention_head_forward(Real* o, Real* e, Real* rsum, const Real* q, const Real* k, const Real* v,
                            const AttentionSizes& s, bool keep_weights) {
  const Index P = s.query_positions(), block = block_vectors * lanes<Real>;
  const Index lde = keep_weights ? P : block;
  for (Index p = 0; p < P; p += block) {
    const Index count = std::min(block, P - p);
    Real* eb = keep_weights ? e + p : e;
    Product<Real> scores;
    scores.y = eb;
    scores.ldy = lde;
    scores.x = q + p;
    scores.ldx = P;
    scores.w = k;
    scores.w_row = s.batch;
    scores.w_step = s.key_positions();
    scores.positions = count;
    scores.rows = s.keys;
    scores.depth = s.width;
    scores.lane_top = rsum + p;  // first the largest exponent, in the end 1 / sum
    std::fill_n(scores.lane_top, count, -std::numeric_limits<Real>::infinity());
    product<Group>(scores);
    Product<Real> output;
    output.y = o + p;
    output.ldy = P;
    output.ldx = lde;
    output.w = v;
    output.w_row = s.key_positions();
    output.w_step = s.batch;
    output.positions = count;
    output.rows = s.width;
    output.depth = s.keys;
    softmax_product<Group>(output, eb, rsum + p, rsum + p);
  }
}

/// g = do rsum scale and minus_d = -sum_c g o for one head.
template <class Real>
void attention_scale_gradient(Real* g, Real* minus_d, const Real* dout, const Real* o, const Real* rsum,
                              Index P, Index width, Real scale) {
  for_blocks<Real>(P, [&]<int Vectors, bool Tail>(std::integral_constant<int, Vectors>,
                                                  std::bool_constant<Tail>, Index p, Index tail) {
    using V = Batch<Real>;
    V r[Vectors], d[Vectors];
    GYROGRAD_UNROLL
    for (int v = 0; v < Vectors; ++v) {
      r[v] = load_block<Vectors, Tail>(rsum + p, v, tail) * V(scale);
      d[v] = V(Real(0));
    }
    for (Index c = 0; c < width; ++c) {
      GYROGRAD_UNROLL
      for (int v = 0; v < Vectors; ++v) {
        const V gc = load_block<Vectors, Tail>(dout + p + c * P, v, tail) * r[v];
        store_block<Vectors, Tail>(g + p + c * P, gc, v, tail);
        d[v] = fnma(gc, load_block<Vectors, Tail>(o + p + c * P, v, tail), d[v]);
      }
    }
    GYROGRAD_UNROLL
    for (int v = 0; v < Vectors; ++v) store_block<Vectors, Tail>(minus_d + p, d[v], v, tail);
  });
}

/// Keys taken together in the backward: their columns of e (16 KB) stay in the first-level cache from the sum
/// of dv to that of dk. Whole tiles of reductions and products.
template <class Real>
constexpr Index attention_key_chunk(Index positions) {
  constexpr Index values = 16384 / static_cast<Index>(sizeof(Real)), tile = 2 * reduction_columns;
  return std::max<Index>(values / std::max<Index>(positions, 1) / tile, 1) * tile;
}

/// Backward of one head; e is overwritten by the gradient of the scores.
template <int Group, class Real>
void attention_head_backward(Real* dq, const Real* dq_residual, Real* dk, Real* dv, const Real* dout,
                             const Real* o, Real* e, const Real* rsum, const Real* q, const Real* k,
                             const Real* v, const AttentionSizes& s, bool accumulate, Real* scratch) {
  const Index P = s.query_positions(), K = s.key_positions();
  const Real scale = Real(1) / std::sqrt(static_cast<Real>(s.width));
  Real* g = scratch;
  Real* minus_d = scratch + s.width * P;
  attention_scale_gradient(g, minus_d, dout, o, rsum, P, s.width, scale);

  Reduction<Real> sum;  // dv(c, key) += e^T g / scale, dk(c, key) += e^T q / f, as q comes times f
  sum.accumulate = accumulate;
  sum.c_row = K;
  sum.lda = P;
  sum.ldb = P;
  sum.positions = P;
  sum.rows = s.width;
  Product<Real> ds;  // e <- e (g v^T - D)
  ds.ldy = P;
  ds.x = g;
  ds.ldx = P;
  ds.w_row = s.batch;
  ds.w_step = K;
  ds.positions = P;
  ds.depth = s.width;
  ds.lane_start = minus_d;
  const Index chunk = attention_key_chunk<Real>(P);
  for (Index key = 0; key < s.keys; key += chunk) {
    const Index at = key * s.batch;
    sum.columns = ds.rows = std::min(chunk, s.keys - key);
    sum.b = ds.y = e + key * P;
    sum.ahead = e + (key + chunk) * P;  // in the end those of the next head
    sum.a = g;
    sum.c = dv + at;
    sum.scale = Real(1) / scale;
    reduction<Group>(sum);
    ds.w = v + at;
    product<Group, Epilogue::multiply>(ds);
    sum.ahead += 3 * P;
    sum.a = q;
    sum.c = dk + at;
    sum.scale = Real(1) / attention_query_factor<Real>(s.width);
    reduction<Group>(sum);
  }

  Product<Real> dquery;
  dquery.y = dq;
  dquery.ldy = P;
  dquery.x = e;
  dquery.ldx = P;
  dquery.w = k;
  dquery.w_row = K;
  dquery.w_step = s.batch;
  dquery.positions = P;
  dquery.rows = s.width;
  dquery.depth = s.keys;
  dquery.residual = dq_residual;
  dquery.ld_residual = P;
  product<Group>(dquery);
}

/// Calls f(integral_constant<int, Group>) for the group size of `batch`.
template <class Real, class F>
void with_attention_group(Index batch, F&& f) {
  if (batch == 1) f(std::integral_constant<int, 1>{});
  if constexpr (lanes<Real> >= 2) {
    if (batch == 2) f(std::integral_constant<int, 2>{});
  }
  if constexpr (lanes<Real> >= 4) {
    if (batch == 4) f(std::integral_constant<int, 4>{});
  }
}

/// to(t, c) = from(b + B t, c): sequence b of an interleaved activation; `spread` is the inverse.
template <class Real>
void take_sequence(Real* to, const Real* from, Index b, Index batch, Index steps, Index channels) {
  for (Index c = 0; c < channels; ++c)
    for (Index t = 0; t < steps; ++t) to[t + steps * c] = from[b + batch * (t + steps * c)];
}
template <class Real>
void spread_sequence(Real* to, const Real* from, Index b, Index batch, Index steps, Index channels,
                     bool accumulate) {
  for (Index c = 0; c < channels; ++c)
    for (Index t = 0; t < steps; ++t) {
      Real& target = to[b + batch * (t + steps * c)];
      target = accumulate ? target + from[t + steps * c] : from[t + steps * c];
    }
}

}  // namespace detail

/// Scratch values that attention_forward needs.
template <class Real>
Index attention_forward_scratch(const AttentionSizes& s, bool keep_weights) {
  constexpr Index block = block_vectors * lanes<Real>;
  const Index weights = keep_weights ? 0 : block * s.keys + s.query_positions();
  return weights +
         (detail::attention_interleaves<Real>(s.batch) ? 0 : s.channels() * 2 * (s.queries + s.keys));
}

/// o = softmax(q k^T / sqrt(width)) v for every sequence and head.
/// o: (B, queries, C)  q: (B, queries, C), times attention_query_factor()  k, v: (B, keys, C)
/// weights: weight_count() values, rsum: rsum_count() values for the backward; both null for inference
/// scratch: attention_forward_scratch() values
template <class Real>
void attention_forward(Real* o, Real* weights, Real* rsum, const Real* q, const Real* k, const Real* v,
                       const AttentionSizes& s, Real* scratch) {
  const bool keep_weights = weights != nullptr;
  constexpr Index block = block_vectors * lanes<Real>;
  if (!keep_weights) {
    weights = scratch;
    rsum = scratch + block * s.keys;
    scratch = rsum + s.query_positions();
  }
  const Index P = s.query_positions();
  if (detail::attention_interleaves<Real>(s.batch)) {
    for (Index h = 0; h < s.heads; ++h) {
      const Index at_q = h * s.width * P, at_k = h * s.width * s.key_positions();
      Real* e = keep_weights ? weights + h * P * s.keys : weights;
      detail::with_attention_group<Real>(s.batch, [&]<int Group>(std::integral_constant<int, Group>) {
        detail::attention_head_forward<Group>(o + at_q, e, keep_weights ? rsum + h * P : rsum, q + at_q,
                                              k + at_k, v + at_k, s, keep_weights);
      });
    }
    return;
  }
  AttentionSizes one = s;
  one.batch = 1;
  const Index C = s.channels();
  Real* q1 = scratch;
  Real* o1 = q1 + s.queries * C;
  Real* k1 = o1 + s.queries * C;
  Real* v1 = k1 + s.keys * C;
  for (Index b = 0; b < s.batch; ++b) {
    detail::take_sequence(q1, q, b, s.batch, s.queries, C);
    detail::take_sequence(k1, k, b, s.batch, s.keys, C);
    detail::take_sequence(v1, v, b, s.batch, s.keys, C);
    for (Index h = 0; h < s.heads; ++h) {
      const Index at_q = h * s.width * s.queries, at_k = h * s.width * s.keys;
      Real* e = keep_weights ? weights + b * one.weight_count() + h * s.queries * s.keys : weights;
      detail::attention_head_forward<1>(o1 + at_q, e,
                                        keep_weights ? rsum + b * one.rsum_count() + h * s.queries : rsum,
                                        q1 + at_q, k1 + at_k, v1 + at_k, one, keep_weights);
    }
    detail::spread_sequence(o, o1, b, s.batch, s.queries, C, false);
  }
}

/// Scratch values that attention_backward needs.
template <class Real>
Index attention_backward_scratch(const AttentionSizes& s) {
  if (detail::attention_interleaves<Real>(s.batch)) return (s.width + 1) * s.query_positions();
  return (s.width + 1) * s.queries + s.channels() * 4 * (s.queries + s.keys);
}

namespace detail {

/// Backward of attention over one key: its weight is 1 whatever q and k are, so they get exactly no gradient.
template <class Real>
void single_key_backward(Real* dq, const Real* dq_residual, Real* dv, const Real* dout,
                         const AttentionSizes& s) {
  const Index n = s.query_positions() * s.channels();
  if (dq_residual == nullptr)
    std::fill_n(dq, n, Real(0));
  else if (dq_residual != dq)
    std::copy_n(dq_residual, n, dq);
  for (Index c = 0; c < s.channels(); ++c)
    for (Index t = 0; t < s.queries; ++t)
      for (Index b = 0; b < s.batch; ++b) dv[b + s.batch * c] += dout[b + s.batch * (t + s.queries * c)];
}

}  // namespace detail

/// Gradients of attention_forward. dk, dv: added to, or with `accumulate` false overwritten.
/// dq = contribution + dq_residual (null: 0; may be dq).
/// dq, dout, o, q: (B, queries, C), q times attention_query_factor(), dq of q without it
/// dk, dv, k, v: (B, keys, C)  weights, rsum: of the forward; weights are overwritten
/// scratch: attention_backward_scratch() values
template <class Real>
void attention_backward(Real* dq, const Real* dq_residual, Real* dk, Real* dv, const Real* dout,
                        const Real* o, Real* weights, const Real* rsum, const Real* q, const Real* k,
                        const Real* v, const AttentionSizes& s, bool accumulate, Real* scratch) {
  if (s.keys == 1) {
    for (Real* d : {dk, dv})
      if (!accumulate) std::fill_n(d, s.key_positions() * s.channels(), Real(0));
    return detail::single_key_backward(dq, dq_residual, dv, dout, s);
  }
  const Index P = s.query_positions();
  if (detail::attention_interleaves<Real>(s.batch)) {
    for (Index h = 0; h < s.heads; ++h) {
      const Index at_q = h * s.width * P, at_k = h * s.width * s.key_positions();
      detail::with_attention_group<Real>(s.batch, [&]<int Group>(std::integral_constant<int, Group>) {
        detail::attention_head_backward<Group>(
            dq + at_q, dq_residual == nullptr ? nullptr : dq_residual + at_q, dk + at_k, dv + at_k,
            dout + at_q, o + at_q, weights + h * P * s.keys, rsum + h * P, q + at_q, k + at_k, v + at_k, s,
            accumulate, scratch);
      });
    }
    return;
  }
  if (dq_residual != nullptr && dq_residual != dq)
    std::copy_n(dq_residual, s.query_positions() * s.channels(), dq);
  AttentionSizes one = s;
  one.batch = 1;
  const Index C = s.channels(), nq = s.queries * C, nk = s.keys * C;
  Real* q1 = scratch + (s.width + 1) * s.queries;
  Real* o1 = q1 + nq;
  Real* dout1 = o1 + nq;
  Real* dq1 = dout1 + nq;
  Real* k1 = dq1 + nq;
  Real* v1 = k1 + nk;
  Real* dk1 = v1 + nk;
  Real* dv1 = dk1 + nk;
  for (Index b = 0; b < s.batch; ++b) {
    detail::take_sequence(q1, q, b, s.batch, s.queries, C);
    detail::take_sequence(o1, o, b, s.batch, s.queries, C);
    detail::take_sequence(dout1, dout, b, s.batch, s.queries, C);
    detail::take_sequence(k1, k, b, s.batch, s.keys, C);
    detail::take_sequence(v1, v, b, s.batch, s.keys, C);
    for (Index h = 0; h < s.heads; ++h) {
      const Index at_q = h * s.width * s.queries, at_k = h * s.width * s.keys;
      detail::attention_head_backward<1>(
          dq1 + at_q, static_cast<const Real*>(nullptr), dk1 + at_k, dv1 + at_k, dout1 + at_q, o1 + at_q,
          weights + b * one.weight_count() + h * s.queries * s.keys,
          rsum + b * one.rsum_count() + h * s.queries, q1 + at_q, k1 + at_k, v1 + at_k, one, false, scratch);
    }
    detail::spread_sequence(dq, dq1, b, s.batch, s.queries, C, dq_residual != nullptr);
    detail::spread_sequence(dk, dk1, b, s.batch, s.keys, C, accumulate);
    detail::spread_sequence(dv, dv1, b, s.batch, s.keys, C, accumulate);
  }
}

}  // namespace gyrograd::kernels
