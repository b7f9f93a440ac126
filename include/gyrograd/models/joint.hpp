// SPDX-License-Identifier: MIT
// Joint model of LIMU-BERT: encoder and classifier in one, on raw windows (BERTClassifier of the published
// code).
#pragma once

#include <cmath>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "gyrograd/core/error.hpp"
#include "gyrograd/models/limu_bert.hpp"

namespace gyrograd::models {

/// Encoder (keys transformer.*) and classifier (keys classifier.*) with one parameter buffer.
/// Head: any classifier of this folder for windows of `hidden` channels.
///
///   models::JointClassifier<models::GruClassifier<>> model(config, models::GruClassifier<>(head));
///   model.initialise(3431);
///   nn::load_matching<float>(model, file);        // a pre-training file supplies transformer.*
///   auto y = model.logits(tape, x);               // x: (B, T, F) -> (B, classes)
template <class Head, Scalar Real = float, class EncoderConfig = LimuBertConfig>
class JointClassifier {
 public:
  /// frozen: the encoder gets no gradient (frozen_bert). Throws ConfigError when the head does not take the
  /// encoder's output.
  JointClassifier(EncoderConfig config, Head head, bool frozen = false)
      : bert_(config), head_(std::move(head)), frozen_(frozen) {
    if (head_.config().input != bert_.config().hidden)
      fail<ConfigError>("joint model: the classifier expects ", head_.config().input,
                        " channels, the encoder gives ", bert_.config().hidden);
    store_.bind(*this);
    encoder().visit([&](std::string_view, Parameter<Real>& p) { p.trainable = !frozen_; });
  }
  JointClassifier(JointClassifier&&) noexcept = default;
  JointClassifier& operator=(JointClassifier&&) noexcept = default;

  /// The encoder's parameters under their names here and in pre-training files.
  struct Encoder {
    LimuBert<EncoderConfig, Real>& bert;
    template <class F>
    void visit(F&& f) {
      bert.visit([&](std::string_view name, Parameter<Real>& p) {
        if (name.starts_with("transformer.")) f(name, p);
      });
    }
  };
  Encoder encoder() { return {bert_}; }

  const auto& config() const { return head_.config(); }
  const EncoderConfig& encoder_config() const { return bert_.config(); }
  const Head& head() const { return head_; }
  bool frozen() const { return frozen_; }
  ParameterStore<Real>& store() { return store_; }
  const ParameterStore<Real>& store() const { return store_; }
  Index dropout_width() const { return head_.dropout_width(); }
  /// True when a training step must see its batch in one piece.
  bool couples_batch() const {
    if constexpr (requires { head_.couples_batch(); }) return head_.couples_batch();
    return false;
  }
  /// True when logits depend on the other samples of the batch in evaluation, too.
  bool couples_evaluation() const {
    if constexpr (requires { head_.couples_evaluation(); }) return head_.couples_evaluation();
    return false;
  }
  /// Probability with which the published head drops a value.
  double dropout_rate() const {
    if constexpr (requires { head_.dropout_rate(); }) return head_.dropout_rate();
    return 0.5;
  }

  /// Published names in the published order: transformer.embed.lin.weight, ..., classifier.lin0.bias.
  template <class F>
  void visit(F&& f) {
    encoder().visit(f);
    visit_prefixed("classifier.", head_, f);
  }
  template <class F>
  void visit_buffers(F&& f) requires HasBuffers<Head, Real> {
    visit_buffers_prefixed("classifier.", head_, f);
  }

  /// PyTorch's default initial values. The published program makes the classifier first, then the encoder.
  void initialise(std::uint32_t seed) {
    Mt19937 g(seed);
    initialise(g);
  }
  template <WordGenerator Generator>
  void initialise(Generator& g) {
    head_.initialise(g);
    float bound = 0;  // of the last dense layer: its bias follows its weight
    encoder().visit([&](std::string_view name, Parameter<Real>& p) {
      const std::span<Real> values(p.value, static_cast<std::size_t>(p.size()));
      if (name.ends_with("gamma") || name.ends_with("beta")) {
        std::fill(values.begin(), values.end(), name.ends_with("gamma") ? Real(1) : Real(0));
      } else if (name.ends_with("pos_embed.weight")) {
        torch_normal(g, values);
      } else {
        if (p.shape.rank == 2) bound = 1.0F / std::sqrt(static_cast<float>(p.shape[1]));
        torch_uniform(g, values, -bound, bound);
      }
    });
  }

  /// Logits (B, classes) of x: (B, T, F); the further arguments are those of the head's logits(): a dropout
  /// mask, statistics. Throws what encoder and head throw.
  template <Index B, Index T, Index F, class... More>
  Var<Real, dyn, dyn> logits(Tape<Real>& tape, Var<Real, B, T, F> x, More... more) const requires
      requires(const LimuBert<EncoderConfig, Real>& bert, const Head& head) {
    head.logits(tape, bert.encode(tape, x), more...);
  }
  {
    const bool recording = tape.recording();
    if (frozen_) tape.set_recording(false);  // no gradient goes further down: nothing is kept for it
    const auto h = bert_.encode(tape, x);
    tape.set_recording(recording);
    return head_.logits(tape, h, more...);
  }

 private:
  LimuBert<EncoderConfig, Real> bert_;
  Head head_;
  bool frozen_;
  ParameterStore<Real> store_;
};

}  // namespace gyrograd::models
