// SPDX-License-Identifier: MIT
// The dense end of a classifier: hidden layers and logits, with optional ReLU.
#pragma once

#include <string>
#include <vector>

#include "gyrograd/autograd/ops/dropout.hpp"
#include "gyrograd/autograd/ops/relu.hpp"
#include "gyrograd/nn/linear.hpp"

namespace gyrograd::nn {

/// Where ReLU stands: nowhere, after hidden layers, or after all layers, logits included (as the published
/// LIMU-BERT classifiers do with `activ`; classes whose logit is negative then get no gradient).
enum class DenseRelu { none, hidden, all };

/// Dense layers lin0, lin1, ...: in -> widths -> classes.
template <Scalar Real>
class DenseHead {
 public:
  /// `widths`: of the hidden layers, any range of Index; empty: logits only.
  template <class Widths>
  DenseHead(Index in, const Widths& widths, Index classes, DenseRelu relu) : relu_(relu) {
    for (const Index out : widths) {
      layers_.emplace_back(in, out);
      in = out;
    }
    layers_.emplace_back(in, classes);
  }

  const std::vector<Linear<Real>>& layers() const { return layers_; }

  template <class F>
  void visit(F&& f) {
    for (std::size_t i = 0; i < layers_.size(); ++i)
      visit_prefixed("lin" + std::to_string(i) + ".", layers_[i], f);
  }
  template <class Generator>
  void initialise(Generator& g) {
    for (Linear<Real>& layer : layers_) layer.initialise(g);
  }

  /// x: (B, in); mask: dropout of x, (B, in) in activation layout, 0 or 1 / (1 - p), or null for none; it
  /// must outlive the backward pass. Returns (B, classes).
  Var<Real, dyn, dyn> operator()(Tape<Real>& tape, Var<Real, dyn, dyn> x, const Real* mask = nullptr) const {
    if (mask != nullptr) x = ops::dropout(tape, x, mask);
    for (std::size_t i = 0; i < layers_.size(); ++i) {
      x = layers_[i](tape, x);
      const bool logits = i + 1 == layers_.size();
      if (relu_ == DenseRelu::all || (relu_ == DenseRelu::hidden && !logits)) x = ops::relu(tape, x);
    }
    return x;
  }

 private:
  std::vector<Linear<Real>> layers_;
  DenseRelu relu_;
};

}  // namespace gyrograd::nn
