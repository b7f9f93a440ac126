// SPDX-License-Identifier: MIT
// LSTM with named parameters: one or more layers, as torch.nn.LSTM (batch first, one direction).
#pragma once

#include <cmath>
#include <span>
#include <string>
#include <vector>

#include "gyrograd/autograd/ops/lstm.hpp"
#include "gyrograd/core/random.hpp"

namespace gyrograd::nn {

/// Stacked LSTM layers. Per layer k: weight_ih_lk (4H, in), weight_hh_lk (4H, H), bias_ih_lk, bias_hh_lk
/// (4H); gate rows i, f, g, o.
template <Scalar Real>
class Lstm {
 public:
  /// Parameters of one layer.
  struct Layer {
    Parameter<Real> weight_ih, weight_hh, bias_ih, bias_hh;
  };

  Lstm(Index in, Index hidden, Index layers = 1) : hidden_(hidden) {
    for (Index k = 0; k < layers; ++k) {
      layers_.push_back(Layer{Parameter<Real>(Shape{4 * hidden, k == 0 ? in : hidden}),
                              Parameter<Real>(Shape{4 * hidden, hidden}), Parameter<Real>(Shape{4 * hidden}),
                              Parameter<Real>(Shape{4 * hidden})});
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
  /// first: state and cell of each layer before the first step, or empty for zeros.
  ops::Slabs<Real> states(Tape<Real>& tape, ops::Slabs<Real> x,
                          std::span<const ops::LstmState<Real>> first = {}) const {
    check(first);
    for (std::size_t k = 0; k < layers_.size(); ++k) x = ops::lstm(tape, x, weights(tape, k), at(first, k));
    return x;
  }
  /// State of the last layer after the last step.   x: (B, T, in) in slabs; returns (B, hidden).
  Var<Real, dyn, dyn> last(Tape<Real>& tape, ops::Slabs<Real> x,
                           std::span<const ops::LstmState<Real>> first = {}) const {
    check(first);
    const std::size_t end = layers_.size() - 1;
    for (std::size_t k = 0; k < end; ++k) x = ops::lstm(tape, x, weights(tape, k), at(first, k));
    return ops::lstm_last(tape, x, weights(tape, end), at(first, end));
  }
  /// From and to activations.   x: (B, T, in); returns (B, T, hidden).
  template <Index B, Index T, Index C>
  auto operator()(Tape<Real>& tape, Var<Real, B, T, C> x,
                  std::span<const ops::LstmState<Real>> first = {}) const {
    return ops::from_slabs(tape, states(tape, ops::to_slabs(tape, x), first));
  }

 private:
  ops::LstmWeights<Real> weights(Tape<Real>& tape, std::size_t k) const {
    const Layer& layer = layers_[k];
    return {tape.parameter(layer.weight_ih), tape.parameter(layer.weight_hh), tape.parameter(layer.bias_ih),
            tape.parameter(layer.bias_hh)};
  }
  static ops::LstmState<Real> at(std::span<const ops::LstmState<Real>> first, std::size_t k) {
    return first.empty() ? ops::LstmState<Real>{} : first[k];
  }
  void check(std::span<const ops::LstmState<Real>> first) const {
    if (!first.empty() && first.size() != layers_.size())
      fail<ShapeError>("lstm: ", first.size(), " first states for ", layers_.size(),
                       " layers, expected one per layer");
  }

  Index hidden_;
  std::vector<Layer> layers_;
};

}  // namespace gyrograd::nn
