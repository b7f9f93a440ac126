// SPDX-License-Identifier: MIT
// A recogniser on top of the PRIMUS encoder: one dense layer on an embedding, for fine-tuning and for
// training from scratch (PRIMUS sheet §13.4).
#pragma once

#include <algorithm>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include "gyrograd/core/error.hpp"
#include "gyrograd/models/primus_encoder.hpp"
#include "gyrograd/nn/linear.hpp"

namespace gyrograd::models {

/// Which output of the encoder is read.
enum class PrimusOutput {
  mmcl,  ///< head of the multimodal losses: as published
  ssl,   ///< head of the self-supervised losses
  emb    ///< state of the recurrence, before both heads
};

/// That output of a window.   h: (B, width) of embed()
template <Scalar Real>
Var<Real, dyn, dyn> primus_output(const PrimusEncoder<Real>& encoder, Tape<Real>& tape, Var<Real, dyn, dyn> h,
                                  PrimusOutput output) {
  if (output == PrimusOutput::emb) return h;
  return output == PrimusOutput::ssl ? encoder.ssl(tape, h) : encoder.mmcl(tape, h);
}

/// Sizes of the recogniser.
struct PrimusClassifierConfig {
  Index classes = 8;
  PrimusOutput output = PrimusOutput::mmcl;
};

/// Encoder and dense layer. The encoder's weights move in; initialise() draws those of the dense layer.
template <Scalar Real = float>
class PrimusClassifier {
 public:
  /// Throws ConfigError when there are no classes.
  PrimusClassifier(PrimusEncoder<Real> encoder, PrimusClassifierConfig config)
      : config_(checked(config)),
        encoder_(std::move(encoder)),
        head_(encoder_.config().width, config.classes) {
    store_.bind(*this);
  }
  PrimusClassifier(PrimusClassifier&&) noexcept = default;
  PrimusClassifier& operator=(PrimusClassifier&&) noexcept = default;

  const PrimusClassifierConfig& config() const { return config_; }
  const PrimusEncoder<Real>& encoder() const { return encoder_; }
  ParameterStore<Real>& store() { return store_; }
  const ParameterStore<Real>& store() const { return store_; }

  template <class F>
  void visit(F&& f) {
    visit_prefixed("imu_encoder.", encoder_, f);
    visit_prefixed("head.", head_, f);
  }
  /// PyTorch's default initial values of the dense layer.
  void initialise(std::uint32_t seed) {
    Mt19937 g(seed);
    head_.initialise(g);
  }

  /// Logits (B, classes) of x: (B, T, 6).
  template <Index B, Index T, Index C>
  Var<Real, dyn, dyn> logits(Tape<Real>& tape, Var<Real, B, T, C> x) const {
    return head_(tape, primus_output(encoder_, tape, encoder_.embed(tape, x), config_.output));
  }

 private:
  static const PrimusClassifierConfig& checked(const PrimusClassifierConfig& c) {
    if (c.classes < 1) fail<ConfigError>("PRIMUS classifier: ", c.classes, " classes, expected 1 or more");
    return c;
  }

  PrimusClassifierConfig config_;
  PrimusEncoder<Real> encoder_;
  nn::Linear<Real> head_;
  ParameterStore<Real> store_;
};

}  // namespace gyrograd::models
