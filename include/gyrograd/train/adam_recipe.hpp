// SPDX-License-Identifier: MIT
// What recipes have in common that train a model by Adam: weights, and what a checkpoint must hold.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "gyrograd/optim/adam.hpp"
#include "gyrograd/train/checkpoint.hpp"
#include "gyrograd/train/loop.hpp"

namespace gyrograd::train {

/// Base of recipes; the model must outlive it.
template <Scalar Real, class Model>
class AdamRecipe {
 public:
  /// Everything in the model's store: parameters, then running estimates.
  std::span<Real> weights() {
    return {model_.store().data(), static_cast<std::size_t>(model_.store().size())};
  }
  /// What a checkpoint must hold besides the loop state.
  std::vector<NamedBuffer<Real>> buffers() {
    return {
        {"weights", weights()}, {"adam.first", adam_.first_moment()}, {"adam.second", adam_.second_moment()}};
  }
  /// To be called when the buffers and `state` were read from a checkpoint.
  void resume(const LoopState<Real>& state) { adam_.set_steps(static_cast<std::uint64_t>(state.step)); }

 protected:
  AdamRecipe(Model& model, const optim::AdamOptions& options)
      : model_(model), adam_(model.store().size(), options) {}

  Model& model_;
  optim::Adam<Real> adam_;
};

}  // namespace gyrograd::train
