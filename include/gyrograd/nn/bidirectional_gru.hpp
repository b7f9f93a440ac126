// SPDX-License-Identifier: MIT
// Stacked GRU layers in both directions, as torch.nn.GRU with bidirectional=True.
#pragma once

#include <array>
#include <string>
#include <vector>

#include "gyrograd/autograd/ops/permute.hpp"
#include "gyrograd/autograd/ops/steps.hpp"
#include "gyrograd/nn/gru.hpp"

namespace gyrograd::nn {

/// Layer k reads both directions of layer k - 1. Names as nn::Gru, the backward direction ends in _reverse.
template <Scalar Real>
class BidirectionalGru {
 public:
  BidirectionalGru(Index in, Index hidden, Index layers = 1) {
    for (Index k = 0; k < layers; ++k) {
      const Index width = k == 0 ? in : 2 * hidden;
      layers_.push_back({Gru<Real>(width, hidden), Gru<Real>(width, hidden)});
    }
  }
  Index layers() const { return static_cast<Index>(layers_.size()); }

  template <class F>
  void visit(F&& f) {
    for (std::size_t k = 0; k < layers_.size(); ++k)
      for (std::size_t direction = 0; direction < 2; ++direction)
        layers_[k][direction].visit([&](std::string_view name, Parameter<Real>& p) {
          const std::string stem(name.substr(0, name.size() - 1));  // "weight_ih_l"
          f(stem + std::to_string(k) + (direction == 0 ? "" : "_reverse"), p);
        });
  }
  /// PyTorch's default in the order of visit().
  template <WordGenerator Generator>
  void initialise(Generator& g) {
    for (auto& layer : layers_)
      for (Gru<Real>& direction : layer) direction.initialise(g);
  }

  /// Last states of both directions of layer `layer`; the layers above it are not computed.
  /// x: (B, T, in); returns two (B, hidden).
  std::array<Var<Real, dyn, dyn>, 2> last(Tape<Real>& tape, Var<Real, dyn, dyn, dyn> x, Index layer) const {
    for (Index k = 0; k < layer; ++k) x = both(tape, x, layers_[static_cast<std::size_t>(k)]);
    const auto& top = layers_[static_cast<std::size_t>(layer)];
    return {top[0].last(tape, x), top[1].last(tape, ops::reversed(tape, x))};
  }

 private:
  using Layer = std::array<Gru<Real>, 2>;

  /// All states of one layer.   x: (B, T, in); returns (B, T, 2 hidden), the forward direction first.
  static Var<Real, dyn, dyn, dyn> both(Tape<Real>& tape, Var<Real, dyn, dyn, dyn> x, const Layer& layer) {
    const Index batch = x.extent(0), steps = x.extent(1), hidden = layer[0].hidden();
    const auto flat = [&](Var<Real, dyn, dyn, dyn> y) {
      return y.template reshape<dyn, dyn>(batch, steps * hidden);
    };
    const std::array<Var<Real, dyn, dyn>, 2> parts{
        flat(layer[0](tape, x)), flat(ops::reversed(tape, layer[1](tape, ops::reversed(tape, x))))};
    return ops::stack(tape, std::span<const Var<Real, dyn, dyn>>(parts))
        .template reshape<dyn, dyn, dyn>(batch, steps, 2 * hidden);
  }

  std::vector<Layer> layers_;
};

}  // namespace gyrograd::nn
