// SPDX-License-Identifier: MIT
// An encoder together with the two temperatures that its contrastive losses train.
#pragma once

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>
#include <vector>

#include "gyrograd/autograd/parameter.hpp"

namespace gyrograd::train {

/// Parameters imu_encoder.*, mmcl_loss.temperature, ssl_loss.temperature: the names of published checkpoints.
/// The encoder's parameters move into the store of this object.
template <Scalar Real, class Encoder>
class ContrastiveModel {
 public:
  /// temperature: what is stored at first, see losses::stored_temperature(); both are trained when
  /// `train_temperature`.
  explicit ContrastiveModel(Encoder encoder, double temperature = 0.1, bool train_temperature = true)
      : encoder_(std::move(encoder)) {
    store_.bind(*this);
    for (Parameter<Real>* p : temperatures()) {
      *p->value = static_cast<Real>(temperature);
      p->trainable = train_temperature;
    }
  }
  ContrastiveModel(ContrastiveModel&&) noexcept = default;
  ContrastiveModel& operator=(ContrastiveModel&&) noexcept = default;

  Encoder& encoder() { return encoder_; }
  const Encoder& encoder() const { return encoder_; }
  /// Of the multimodal losses, and of the self-supervised ones.
  Parameter<Real>& tau_mm() { return tau_mm_; }
  Parameter<Real>& tau_ss() { return tau_ss_; }
  std::array<Parameter<Real>*, 2> temperatures() { return {&tau_mm_, &tau_ss_}; }
  ParameterStore<Real>& store() { return store_; }
  const ParameterStore<Real>& store() const { return store_; }

  template <class F>
  void visit(F&& f) {
    visit_prefixed("imu_encoder.", encoder_, f);
    f("mmcl_loss.temperature", tau_mm_);
    f("ssl_loss.temperature", tau_ss_);
  }

 private:
  Encoder encoder_;
  Parameter<Real> tau_mm_{Shape{}}, tau_ss_{Shape{}};
  ParameterStore<Real> store_;
};

}  // namespace gyrograd::train
