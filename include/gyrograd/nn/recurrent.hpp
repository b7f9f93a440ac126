// SPDX-License-Identifier: MIT
// Stacked recurrent layers of one kind with named parameters; nn/gru.hpp and nn/lstm.hpp name the kinds.
#pragma once

#include <cmath>
#include <span>
#include <string>
#include <vector>

#include "gyrograd/autograd/ops/gru.hpp"
#include "gyrograd/core/random.hpp"

namespace gyrograd::nn {

/// Layers one above the other, one direction, batch first, as torch.nn.GRU and torch.nn.LSTM. Per layer k,
/// with G gates: weight_ih_lk (G H, in), weight_hh_lk (G H, H), bias_ih_lk (G H), bias_hh_lk (G H).
///
/// `Cell` gives the scalar type `Value`, the number of `gates`, the `name` in errors, the types `Weights`
/// (four parameters on the tape) and `State` (what enters a layer before its first step; a default one stands
/// for zeros), and one layer on slabs: `states` (all steps) and `last` (last step).
template <class Cell>
class Recurrent {
 public:
  using Real = typename Cell::Value;
  using State = typename Cell::State;

  /// Parameters of one layer.
  struct Layer {
    Parameter<Real> weight_ih, weight_hh, bias_ih, bias_hh;
  };

  Recurrent(Index in, Index hidden, Index layers = 1) : hidden_(hidden) {
    const Index rows = Cell::gates * hidden;
    for (Index k = 0; k < layers; ++k)
      layers_.push_back(Layer{Parameter<Real>(Shape{rows, k == 0 ? in : hidden}),
                              Parameter<Real>(Shape{rows, hidden}), Parameter<Real>(Shape{rows}),
                              Parameter<Real>(Shape{rows})});
  }

  Index hidden() const { return hidden_; }
  const std::vector<Layer>& layers() const { return layers_; }

  template <class F>
  void visit(F&& f) {
    for (std::size_t k = 0; k < layers_.size(); ++k) {
      const std::string end = "_l" + std::to_string(k);
      f("weight_ih" + end, layers_[k].weight_ih);
      f("weight_hh" + end, layers_[k].weight_hh);
      f("bias_ih" + end, layers_[k].bias_ih);
      f("bias_hh" + end, layers_[k].bias_hh);
    }
  }

  /// PyTorch's default: every value uniform in +-1/sqrt(hidden), in the order of visit().
  template <WordGenerator Generator>
  void initialise(Generator& g) {
    const auto bound = static_cast<float>(1.0 / std::sqrt(static_cast<double>(hidden_)));
    visit([&](std::string_view, Parameter<Real>& p) {
      torch_uniform(g, std::span<Real>(p.value, static_cast<std::size_t>(p.size())), -bound, bound);
    });
  }

  /// All states of the last layer.   x: (B, T, in) in slabs; returns (B, T, hidden) in slabs.
  /// first: what enters each layer before the first step, (B, hidden), or empty for zeros.
  /// Throws ShapeError when their number is not that of the layers.
  ops::Slabs<Real> states(Tape<Real>& tape, ops::Slabs<Real> x, std::span<const State> first = {}) const {
    check(first);
    return below(tape, x, layers_.size(), first);
  }
  /// State of the last layer after the last step.   x: (B, T, in) in slabs; returns (B, hidden).
  Var<Real, dyn, dyn> last(Tape<Real>& tape, ops::Slabs<Real> x, std::span<const State> first = {}) const {
    check(first);
    const std::size_t top = layers_.size() - 1;
    return Cell::last(tape, below(tape, x, top, first), weights(tape, top), at(first, top));
  }
  /// State of layer `layer` after the last step; the layers above it are not computed.
  Var<Real, dyn, dyn> last_of(Tape<Real>& tape, ops::Slabs<Real> x, Index layer) const {
    const auto k = static_cast<std::size_t>(layer);
    return Cell::last(tape, below(tape, x, k, {}), weights(tape, k), State{});
  }
  /// The same from and to activations.   x: (B, T, in); returns (B, T, hidden).
  template <Index B, Index T, Index C>
  auto operator()(Tape<Real>& tape, Var<Real, B, T, C> x, std::span<const State> first = {}) const {
    return ops::from_slabs(tape, states(tape, slabs(tape, x), first));
  }
  template <Index B, Index T, Index C>
  auto last(Tape<Real>& tape, Var<Real, B, T, C> x, std::span<const State> first = {}) const {
    return last(tape, slabs(tape, x), first);
  }
  /// x for the layers of this kind, and no other reader.   x: (B, T, in)
  template <Index B, Index T, Index C>
  static ops::Slabs<Real> slabs(Tape<Real>& tape, Var<Real, B, T, C> x) {
    if constexpr (requires { Cell::slabs(tape, x); })
      return Cell::slabs(tape, x);
    else
      return ops::to_slabs(tape, x);
  }

 private:
  /// All states of layer end - 1, or x for end = 0.
  ops::Slabs<Real> below(Tape<Real>& tape, ops::Slabs<Real> x, std::size_t end,
                         std::span<const State> first) const {
    for (std::size_t k = 0; k < end; ++k) x = Cell::states(tape, x, weights(tape, k), at(first, k));
    return x;
  }
  typename Cell::Weights weights(Tape<Real>& tape, std::size_t k) const {
    const Layer& layer = layers_[k];
    return {tape.parameter(layer.weight_ih), tape.parameter(layer.weight_hh), tape.parameter(layer.bias_ih),
            tape.parameter(layer.bias_hh)};
  }
  static State at(std::span<const State> first, std::size_t k) { return first.empty() ? State{} : first[k]; }
  void check(std::span<const State> first) const {
    if (!first.empty() && first.size() != layers_.size())
      fail<ShapeError>(Cell::name, ": ", first.size(), " first states for ", layers_.size(),
                       " layers, expected one per layer");
  }

  Index hidden_;
  std::vector<Layer> layers_;
};

}  // namespace gyrograd::nn
