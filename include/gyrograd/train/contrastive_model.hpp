// SPDX-License-Identifier: MIT
// An encoder together with what its contrastive losses train: temperatures, and projections where text or
// video vectors have a width of their own.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "gyrograd/autograd/parameter.hpp"
#include "gyrograd/core/random.hpp"
#include "gyrograd/nn/linear.hpp"

namespace gyrograd::train {

/// Dense layers behind the multimodal output, each for vectors of a width of their own; 0: none.
struct ProjectionWidths {
  Index text = 0, video = 0;
  std::uint32_t seed = 3431;  ///< of their first values
};

/// Parameters imu_encoder.*, mmcl_loss.temperature, ssl_loss.temperature: the names of published checkpoints;
/// text_head.*, video_head.* in front of the temperatures where there are projections. The encoder's
/// parameters move into the store of this object.
template <Scalar Real, class Encoder>
class ContrastiveModel {
 public:
  /// temperature: what is stored at first, see losses::stored_temperature(); both are trained when
  /// `train_temperature`.
  explicit ContrastiveModel(Encoder encoder, double temperature = 0.1, bool train_temperature = true,
                            const ProjectionWidths& projections = {})
      : encoder_(std::move(encoder)) {
    if (projections.text > 0) text_head_.emplace(width(), projections.text);
    if (projections.video > 0) video_head_.emplace(width(), projections.video);
    store_.bind(*this);
    Mt19937 g(projections.seed);
    for (auto* head : {&text_head_, &video_head_})
      if (*head) (*head)->initialise(g);
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
  /// Values that the multimodal output has for text and for video.
  Index text_width() const { return text_head_ ? text_head_->bias.size() : width(); }
  Index video_width() const { return video_head_ ? video_head_->bias.size() : width(); }
  /// The multimodal output as it is compared with text and with video; empty: as it is.   g: (B, width)
  Var<Real, dyn, dyn> text(Tape<Real>& tape, Var<Real, dyn, dyn> g) const {
    return text_head_ ? (*text_head_)(tape, g) : Var<Real, dyn, dyn>{};
  }
  Var<Real, dyn, dyn> video(Tape<Real>& tape, Var<Real, dyn, dyn> g) const {
    return video_head_ ? (*video_head_)(tape, g) : Var<Real, dyn, dyn>{};
  }
  /// Parameters that the loss on the whole batch uses itself: temperatures and projections.
  std::vector<Parameter<Real>*> direct() {
    std::vector<Parameter<Real>*> list{&tau_mm_, &tau_ss_};
    for (auto* head : {&text_head_, &video_head_})
      if (*head) list.insert(list.end(), {&(*head)->weight, &(*head)->bias});
    return list;
  }
  ParameterStore<Real>& store() { return store_; }
  const ParameterStore<Real>& store() const { return store_; }

  template <class F>
  void visit(F&& f) {
    visit_prefixed("imu_encoder.", encoder_, f);
    visit_heads(f);
    f("mmcl_loss.temperature", tau_mm_);
    f("ssl_loss.temperature", tau_ss_);
  }
  /// The projections alone.
  template <class F>
  void visit_heads(F&& f) {
    if (text_head_) visit_prefixed("text_head.", *text_head_, f);
    if (video_head_) visit_prefixed("video_head.", *video_head_, f);
  }

 private:
  /// Values of the encoder's outputs; 0 where it does not say.
  Index width() const {
    if constexpr (requires { encoder_.config().width; })
      return encoder_.config().width;
    else
      return 0;
  }

  Encoder encoder_;
  std::optional<nn::Linear<Real>> text_head_, video_head_;
  Parameter<Real> tau_mm_{Shape{}}, tau_ss_{Shape{}};
  ParameterStore<Real> store_;
};

}  // namespace gyrograd::train
