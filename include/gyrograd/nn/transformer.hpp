// SPDX-License-Identifier: MIT
// LIMU-BERT's transformer block: attention, projection, feed-forward, two norms or three.
#pragma once

#include <array>
#include <tuple>
#include <utility>

#include "gyrograd/autograd/ops/add.hpp"
#include "gyrograd/autograd/ops/attention.hpp"
#include "gyrograd/autograd/ops/gelu_linear.hpp"
#include "gyrograd/kernels/transformer_tail.hpp"
#include "gyrograd/nn/layer_norm.hpp"
#include "gyrograd/nn/linear.hpp"

namespace gyrograd::nn {

/// What the residual around attention and projection is.
enum class BlockResidual {
  published,  ///< around the projection only: no identity path, as in the published code and weights
  residual,   ///< around both, from the block's input, as in BERT
  paper,      ///< one around each, with a norm of its own (norm0) for the first, as the paper writes
};

/// u = norm1(r + proj(a)), y = norm2(u + fc2(gelu(fc1(u)))) with a = attention(h), r = a (published) or h
/// (residual); paper: a = r = norm0(attention(h) + h).
template <Scalar Real>
struct TransformerBlock {
  Index heads;
  BlockResidual kind;
  Linear<Real> proj_q, proj_k, proj_v, proj, fc1, fc2;
  LayerNorm<Real> norm0, norm1, norm2;  ///< norm0: of BlockResidual::paper only

  TransformerBlock(Index width, Index ff, Index head_count, BlockResidual residual)
      : heads(head_count),
        kind(residual),
        proj_q(width, width),
        proj_k(width, width),
        proj_v(width, width),
        proj(width, width),
        fc1(width, ff),
        fc2(ff, width),
        norm0(width),
        norm1(width),
        norm2(width) {}

  template <class F>
  void visit(F&& f) {
    visit_prefixed("attn.proj_q.", proj_q, f);
    visit_prefixed("attn.proj_k.", proj_k, f);
    visit_prefixed("attn.proj_v.", proj_v, f);
    if (kind == BlockResidual::paper) visit_prefixed("norm0.", norm0, f);
    visit_prefixed("proj.", proj, f);
    visit_prefixed("norm1.", norm1, f);
    visit_prefixed("pwff.fc1.", fc1, f);
    visit_prefixed("pwff.fc2.", fc2, f);
    visit_prefixed("norm2.", norm2, f);
  }

  template <class Generator>
  void initialise(Generator& g) {
    for (Linear<Real>* layer : {&proj_q, &proj_k, &proj_v, &proj, &fc1, &fc2}) layer->initialise(g);
    if (kind == BlockResidual::paper) norm0.initialise();
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
    const auto [q, k, v] = project(tape, queries, h);
    const auto [all_k, all_v] = exchange(k, v);
    auto a = ops::attention(tape, q, all_k, all_v, heads);
    tape.release(q.value), tape.release(k), tape.release(v);
    if (kind == BlockResidual::paper) a = normalised_sum(tape, a, queries);
    const bool around_both = kind == BlockResidual::residual;
    if (!tape.recording())
      return without_gradients(tape, a, around_both ? queries.value.data() : a.value.data());
    const auto p = around_both ? proj(tape, a, queries) : proj(tape, a, a);
    const auto u = norm1.in_place(tape, p);
    const auto f = fc1(tape, u);
    const auto g = ops::gelu_linear(tape, f, tape.parameter(fc2.weight), tape.parameter(fc2.bias), u);
    return norm2.in_place(tape, g);
  }

 private:
  /// Queries, scaled by their layer, keys and values.
  template <Index B, Index Tq, Index C, Index T>
  auto project(Tape<Real>& tape, Var<Real, B, Tq, C> queries, Var<Real, B, T, C> h) const {
    const auto dense = [&](const Linear<Real>& layer, Real factor = Real(1)) {
      return ops::Dense<Real>{tape.parameter(layer.weight), tape.parameter(layer.bias), factor};
    };
    const auto to_q = dense(proj_q, kernels::attention_query_factor<Real>(h.extent(2) / heads));
    if constexpr (Tq == T) {
      if (queries.value.data() == h.value.data()) {
        const auto y = ops::linear(tape, h, std::array{to_q, dense(proj_k), dense(proj_v)});
        return std::tuple(ops::ScaledQueries{y[0]}, y[1], y[2]);
      }
    }
    const auto q = ops::linear(tape, queries, std::array{to_q});
    const auto y = ops::linear(tape, h, std::array{dense(proj_k), dense(proj_v)});
    return std::tuple(ops::ScaledQueries{q[0]}, y[0], y[1]);
  }

  /// norm0(a + h). Releases a.
  template <Index B, Index Tq, Index C>
  auto normalised_sum(Tape<Real>& tape, Var<Real, B, Tq, C> a, Var<Real, B, Tq, C> h) const {
    const auto sum = ops::add(tape, a, h);
    tape.release(a);
    const auto y = norm0(tape, sum);
    tape.release(sum);
    return y;
  }

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
