// SPDX-License-Identifier: MIT
// The calls that the guards watch: batch-1 inference of both models and a small training step of each.
#pragma once

#include <cstdint>
#include <vector>

#include "gyrograd/core/random.hpp"
#include "gyrograd/losses/cross_entropy.hpp"
#include "gyrograd/losses/masked_mse.hpp"
#include "gyrograd/models/gru_inference.hpp"
#include "gyrograd/models/limu_bert.hpp"
#include "gyrograd/optim/adam.hpp"
#include "gyrograd/train/slots.hpp"

namespace gyrograd::testing {

inline AlignedVector<float> guard_values(Index n) {
  Philox g(22, 0, 0, Purpose::user);
  AlignedVector<float> v(static_cast<std::size_t>(n));
  for (float& x : v) x = static_cast<float>(uniform(g, -1.0, 1.0));
  return v;
}

/// LIMU-BERT base_v1: one window to embeddings, and steps on `batch` windows with 18 masked rows each.
class EncoderCalls {
 public:
  explicit EncoderCalls(Index batch = 1)
      : batch_(batch),
        x_(guard_values(batch * 120 * 6)),
        slots_(pool_, model_.store().size()),
        adam_(model_.store().size()) {
    model_.initialise(3431);
    tape_.set_recording(false);
    for (Index b = 0; b < batch; ++b)
      for (std::int32_t m = 0; m < 18; ++m) positions_.push_back(6 * m + 3);
  }
  float embed() {
    const auto h = model_.encode(tape_, tape_.constant(Tensor<float, 1, 120, 6>(x_.data(), 1, 120, 6)));
    const float first = *h.value.data();
    tape_.clear();
    return first;
  }
  float train() {
    return slots_.step(model_, adam_, batch_, 1, [this](Tape<float>& tape, Index i, Index, int) {
      const auto x = tape.constant(Tensor<float, 1, 120, 6>(x_.data() + i * 720, 1, 120, 6));
      const auto y = model_.reconstruct(tape, x, positions_.data() + i * 18, 18);
      return losses::masked_mse(tape, y, x_.data() + i * 720, 1 / static_cast<float>(batch_ * 18 * 6));
    });
  }

 private:
  Index batch_;
  models::LimuBert<models::LimuBertV1> model_;
  AlignedVector<float> x_;
  std::vector<std::int32_t> positions_;
  Tape<float> tape_;
  ThreadPool pool_{1};
  train::Slots<float> slots_;
  optim::Adam<float> adam_;
};

/// LIMU-GRU on 20 x 72 embeddings: logits of one window, and steps on `batch` of them.
class ClassifierCalls {
 public:
  explicit ClassifierCalls(Index batch = 1)
      : batch_(batch),
        x_(guard_values(batch * 20 * 72)),
        labels_(static_cast<std::size_t>(batch), 2),
        inference_(started(model_)),
        slots_(pool_, model_.store().size()),
        adam_(model_.store().size()) {}
  float infer() {
    inference_.logits(logits_, x_.data(), 1, 20);
    return logits_[0];
  }
  float train() {
    return slots_.step(model_, adam_, batch_, batch_, [this](Tape<float>& tape, Index, Index, int) {
      const auto x = tape.constant(Tensor<float, dyn, 20, 72>(x_.data(), batch_, 20, 72));
      return losses::cross_entropy(tape, model_.logits(tape, x), labels_.data(),
                                   1 / static_cast<float>(batch_));
    });
  }

 private:
  using Model = models::GruClassifier<models::GruV1<72, 6>>;
  static Model& started(Model& model) {
    model.initialise(3431);
    return model;
  }

  Index batch_;
  Model model_;
  AlignedVector<float> x_;
  std::vector<std::int32_t> labels_;
  models::GruInference<float> inference_;
  ThreadPool pool_{1};
  train::Slots<float> slots_;
  optim::Adam<float> adam_;
  float logits_[6] = {};
};

}  // namespace gyrograd::testing
