// SPDX-License-Identifier: MIT
// LSTM with named parameters: one or more layers, as torch.nn.LSTM (batch first, one direction).
#pragma once

#include "gyrograd/autograd/ops/lstm.hpp"
#include "gyrograd/nn/recurrent.hpp"

namespace gyrograd::nn {

/// Gate rows i, f, g, o. First state and cell: (B, H) each.
template <Scalar Real>
struct LstmCell {
  using Value = Real;
  using State = ops::LstmState<Real>;
  using Weights = ops::LstmWeights<Real>;
  static constexpr Index gates = 4;
  static constexpr const char* name = "lstm";

  static ops::Slabs<Real> states(Tape<Real>& tape, ops::Slabs<Real> x, Weights w, State first) {
    return ops::lstm(tape, x, w, first);
  }
  static Var<Real, dyn, dyn> last(Tape<Real>& tape, ops::Slabs<Real> x, Weights w, State first) {
    return ops::lstm_last(tape, x, w, first);
  }
};

/// Stacked LSTM layers: weight_ih_lk (4H, in), weight_hh_lk (4H, H), bias_ih_lk, bias_hh_lk (4H).
template <Scalar Real>
using Lstm = Recurrent<LstmCell<Real>>;

}  // namespace gyrograd::nn
