// SPDX-License-Identifier: MIT
// LIMU-BERT's transformer block: attention, projection, feed-forward, two norms.
#pragma once

#include <utility>

#include "gyrograd/autograd/ops/attention.hpp"
#include "gyrograd/autograd/ops/gelu.hpp"
#include "gyrograd/kernels/transformer_tail.hpp"
#include "gyrograd/nn/layer_norm.hpp"
#include "gyrograd/nn/linear.hpp"

namespace gyrograd::nn {

/// What the first residual of a block adds to proj(a), a the attention output.
enum class BlockResidual {
  published,  ///< a itself: no identity path through the block, as in the published code and weights
  residual,   ///< the block's input, as in BERT
};

/// u = norm1(r + proj(a)), y = norm2(u + fc2(gelu(fc1(u)))) with a = attention(h) and r by BlockResidual.
template <Scalar Real>
struct TransformerBlock {
  Index heads;
  BlockResidual kind;
  Linear<Real> proj_q, proj_k, proj_v, proj, fc1, fc2;
  LayerNorm<Real> norm1, norm2;

  TransformerBlock(Index width, Index ff, Index head_count, BlockResidual residual)
      : heads(head_count),
        kind(residual),
        proj_q(width, width),
        proj_k(width, width),
        proj_v(width, width),
        proj(width, width),
        fc1(width, ff),
        fc2(ff, width),
        norm1(width),
        norm2(width) {}

  template <class F>
  void visit(F&& f) {
    visit_prefixed("attn.proj_q.", proj_q, f);
    visit_prefixed("attn.proj_k.", proj_k, f);
    visit_prefixed("attn.proj_v.", proj_v, f);
    visit_prefixed("proj.", proj, f);
    visit_prefixed("norm1.", norm1, f);
    visit_prefixed("pwff.fc1.", fc1, f);
    visit_prefixed("pwff.fc2.", fc2, f);
    visit_prefixed("norm2.", norm2, f);
  }

  template <class Generator>
  void initialise(Generator& g) {
    for (Linear<Real>* layer : {&proj_q, &proj_k, &proj_v, &proj, &fc1, &fc2}) layer->initialise(g);
    norm1.initialise();
    norm2.initialise();
  }

  /// Output rows for `queries` (B, Tq, C), attending over `h` (B, T, C); queries are h or some of its rows.
  template <Index B, Index Tq, Index C, Index T>
  auto operator()(Tape<Real>& tape, Var<Real, B, Tq, C> queries, Var<Real, B, T, C> h) const {
    return (*this)(tape, queries, h, [](auto k, auto v) { return std::pair(k, v); });
  }

  /// The same where h are only some of the steps that are attended over: exchange(k, v) takes their keys and
  /// values and returns those of all steps.
  template <Index B, Index Tq, Index C, Index T, class Exchange>
  auto operator()(Tape<Real>& tape, Var<Real, B, Tq, C> queries, Var<Real, B, T, C> h,
                  Exchange&& exchange) const {
    const auto q = proj_q(tape, queries);
    const auto k = proj_k(tape, h), v = proj_v(tape, h);
    const auto [all_k, all_v] = exchange(k, v);
    const auto a = ops::attention(tape, q, all_k, all_v, heads);
    tape.release(q), tape.release(k), tape.release(v);
    if (!tape.recording()) {
      return without_gradients(tape, a,
                               kind == BlockResidual::published ? a.value.data() : queries.value.data());
    }
    const auto p = kind == BlockResidual::published ? proj(tape, a, a) : proj(tape, a, queries);
    const auto u = norm1(tape, p);
    const auto f = fc1(tape, u);
    const auto g = ops::gelu_in_place(tape, f);
    return norm2(tape, fc2(tape, g, u));
  }

 private:
  /// What follows the attention, in one pass over the positions. Releases a.
  template <Index B, Index Tq, Index C>
  auto without_gradients(Tape<Real>& tape, Var<Real, B, Tq, C> a, const Real* residual) const {
    const Index width = a.extent(2), ff = fc1.bias.size();
    const auto y = tape.like(a);
    auto scratch = tape.workspace();
    kernels::transformer_tail(y.value.data(), a.value.data(), residual,
                              {.width = width,
                               .ff = ff,
                               .proj = {proj.weight.value, proj.bias.value},
                               .fc1 = {fc1.weight.value, fc1.bias.value},
                               .fc2 = {fc2.weight.value, fc2.bias.value},
                               .norm1 = {norm1.gamma.value, norm1.beta.value, norm1.eps},
                               .norm2 = {norm2.gamma.value, norm2.beta.value, norm2.eps}},
                              a.extent(0) * a.extent(1),
                              scratch(kernels::transformer_tail_scratch<Real>(width, ff)));
    tape.release(a);
    return y;
  }
};

}  // namespace gyrograd::nn
