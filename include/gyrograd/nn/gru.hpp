// SPDX-License-Identifier: MIT
// GRU with named parameters: one or more layers, as torch.nn.GRU (batch first, one direction).
#pragma once

#include <cmath>
#include <span>
#include <string>
#include <vector>

#include "gyrograd/autograd/ops/gru.hpp"
#include "gyrograd/core/random.hpp"

namespace gyrograd::nn {

/// Stacked GRU layers. Per layer k: weight_ih_lk (3H, in), weight_hh_lk (3H, H), bias_ih_lk, bias_hh_lk (3H);
/// gate rows r, z, n.
template <Scalar Real>
class Gru {
 public:
  /// Parameters of one layer.
  struct Layer {
    Parameter<Real> weight_ih, weight_hh, bias_ih, bias_hh;
  };

  Gru(Index in, Index hidden, Index layers = 1) : hidden_(hidden) {
    for (Index k = 0; k < layers; ++k) {
      layers_.push_back(Layer{Parameter<Real>(Shape{3 * hidden, k == 0 ? in : hidden}),
                              Parameter<Real>(Shape{3 * hidden, hidden}), Parameter<Real>(Shape{3 * hidden}),
                              Parameter<Real>(Shape{3 * hidden})});
    }
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
  /// h0: (layers, B, hidden) as one (B, hidden) Var per layer, or empty for zeros.
  ops::Slabs<Real> states(Tape<Real>& tape, ops::Slabs<Real> x,
                          std::span<const Var<Real, dyn, dyn>> h0 = {}) const {
    check(h0);
    for (std::size_t k = 0; k < layers_.size(); ++k) x = ops::gru(tape, x, weights(tape, k), first(h0, k));
    return x;
  }
  /// State of the last layer after the last step.   x: (B, T, in) in slabs; returns (B, hidden).
  Var<Real, dyn, dyn> last(Tape<Real>& tape, ops::Slabs<Real> x,
                           std::span<const Var<Real, dyn, dyn>> h0 = {}) const {
    check(h0);
    const std::size_t end = layers_.size() - 1;
    for (std::size_t k = 0; k < end; ++k) x = ops::gru(tape, x, weights(tape, k), first(h0, k));
    return ops::gru_last(tape, x, weights(tape, end), first(h0, end));
  }
  /// State of layer `layer` after the last step; the layers above it are not computed.
  Var<Real, dyn, dyn> last_of(Tape<Real>& tape, ops::Slabs<Real> x, Index layer) const {
    for (std::size_t k = 0; k < static_cast<std::size_t>(layer); ++k) x = ops::gru(tape, x, weights(tape, k));
    return ops::gru_last(tape, x, weights(tape, static_cast<std::size_t>(layer)));
  }
  /// The same from and to activations.   x: (B, T, in); returns (B, T, hidden).
  template <Index B, Index T, Index C>
  auto operator()(Tape<Real>& tape, Var<Real, B, T, C> x,
                  std::span<const Var<Real, dyn, dyn>> h0 = {}) const {
    return ops::from_slabs(tape, states(tape, ops::to_slabs(tape, x), h0));
  }
  template <Index B, Index T, Index C>
  auto last(Tape<Real>& tape, Var<Real, B, T, C> x, std::span<const Var<Real, dyn, dyn>> h0 = {}) const {
    return last(tape, ops::to_slabs(tape, x), h0);
  }

 private:
  ops::GruWeights<Real> weights(Tape<Real>& tape, std::size_t k) const {
    const Layer& layer = layers_[k];
    return {tape.parameter(layer.weight_ih), tape.parameter(layer.weight_hh), tape.parameter(layer.bias_ih),
            tape.parameter(layer.bias_hh)};
  }
  static Var<Real, dyn, dyn> first(std::span<const Var<Real, dyn, dyn>> h0, std::size_t k) {
    return h0.empty() ? Var<Real, dyn, dyn>{} : h0[k];
  }
  void check(std::span<const Var<Real, dyn, dyn>> h0) const {
    if (!h0.empty() && h0.size() != layers_.size())
      fail<ShapeError>("gru: ", h0.size(), " first states for ", layers_.size(),
                       " layers, expected one per layer");
  }

  Index hidden_;
  std::vector<Layer> layers_;
};

}  // namespace gyrograd::nn
