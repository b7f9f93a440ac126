// SPDX-License-Identifier: MIT
// SimCLR inside the PRIMUS encoder: its state is the representation, its self-supervised head the projection
// (PRIMUS sheet §14.1).
#pragma once

#include <cstdint>
#include <utility>

#include "gyrograd/models/primus_encoder.hpp"

namespace gyrograd::models {

/// The encoder under the names that train::SimclrPretraining asks for. The multimodal head gets no gradient.
template <Scalar Real = float>
class SimclrPrimus {
 public:
  explicit SimclrPrimus(PrimusEncoder<Real> encoder) : encoder_(std::move(encoder)) {}

  PrimusEncoder<Real>& encoder() { return encoder_; }
  const PrimusEncoder<Real>& encoder() const { return encoder_; }
  ParameterStore<Real>& store() { return encoder_.store(); }
  const ParameterStore<Real>& store() const { return encoder_.store(); }
  Index projection_width() const { return encoder_.config().width; }

  template <class F>
  void visit(F&& f) {
    encoder_.visit(f);
  }
  void initialise(std::uint32_t seed) { encoder_.initialise(seed); }

  /// x: (B, T, 6); returns (B, width).
  template <Index B, Index T, Index C>
  Var<Real, dyn, dyn> trunk(Tape<Real>& tape, Var<Real, B, T, C> x) const {
    return encoder_.embed(tape, x);
  }
  /// What the contrastive loss compares.   h: (B, width) of trunk()
  Var<Real, dyn, dyn> project(Tape<Real>& tape, Var<Real, dyn, dyn> h) const { return encoder_.ssl(tape, h); }

 private:
  PrimusEncoder<Real> encoder_;
};

}  // namespace gyrograd::models
