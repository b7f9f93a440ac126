// SPDX-License-Identifier: MIT
// GRU with named parameters: one or more layers, as torch.nn.GRU (batch first, one direction).
#pragma once

#include "gyrograd/nn/recurrent.hpp"

namespace gyrograd::nn {

/// Gate rows r, z, n. First state: (B, H).
template <Scalar Real>
struct GruCell {
  using Value = Real;
  using State = Var<Real, dyn, dyn>;
  using Weights = ops::GruWeights<Real>;
  static constexpr Index gates = 3;
  static constexpr const char* name = "gru";

  /// Slabs of activations for its first layer.
  template <Index B, Index T, Index C>
  static ops::Slabs<Real> slabs(Tape<Real>& tape, Var<Real, B, T, C> x) {
    return ops::defer_slabs(tape, x);
  }
  static ops::Slabs<Real> states(Tape<Real>& tape, ops::Slabs<Real> x, Weights w, State first) {
    return ops::gru(tape, x, w, first);
  }
  static Var<Real, dyn, dyn> last(Tape<Real>& tape, ops::Slabs<Real> x, Weights w, State first) {
    return ops::gru_last(tape, x, w, first);
  }
};

/// Stacked GRU layers: weight_ih_lk (3H, in), weight_hh_lk (3H, H), bias_ih_lk, bias_hh_lk (3H).
template <Scalar Real>
using Gru = Recurrent<GruCell<Real>>;

}  // namespace gyrograd::nn
