// SPDX-License-Identifier: MIT
// TPN baseline: a convolutional trunk that learns to recognise transformations, then a classifier on top.
// Saeed, Ozcelebi, Lukkien, "Multi-task Self-Supervised Learning for Human Activity Detection", IMWUT 2019,
// in the form of LIMU-BERT's pre-release program (LIMU-BERT sheet §3.7, §9): names and shapes are its.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "gyrograd/autograd/ops/conv_max.hpp"
#include "gyrograd/autograd/ops/dropout.hpp"
#include "gyrograd/autograd/ops/max_over_time.hpp"
#include "gyrograd/autograd/ops/permute.hpp"
#include "gyrograd/autograd/ops/relu.hpp"
#include "gyrograd/autograd/ops/sigmoid.hpp"
#include "gyrograd/core/error.hpp"
#include "gyrograd/nn/conv1d.hpp"
#include "gyrograd/nn/linear.hpp"

namespace gyrograd::models {

/// What differs between the published TPN and a repaired one (LIMU-BERT sheet §13.32).
enum class TpnBehaviour {
  published,  ///< classifier: frozen trunk, ReLU on the logits
  corrected   ///< classifier: the whole network learns, plain logits
};

/// Sizes chosen at run time; defaults: tpn_v1 as published.
struct TpnConfig {
  Index input = 6;
  Index classes = 6;                      ///< of the classifier
  Index tasks = 5;                        ///< of self-training: one head per transformation, at most 8
  Index seq_len = 20;                     ///< steps of a window; longer ones are accepted
  std::array<Index, 3> kernels{6, 4, 2};  ///< original TPN: 24, 16, 8 for windows of 400
  std::array<Index, 3> channels{32, 64, 96};
  bool dropout = true;  ///< dropout of 0.1 after every convolution
  TpnBehaviour behaviour = TpnBehaviour::published;

  /// The original publication: eight transformations, longer kernels.
  static TpnConfig original(Index input = 3, Index seq_len = 400) {
    TpnConfig c;
    c.input = input;
    c.seq_len = seq_len;
    c.tasks = 8;
    c.kernels = {24, 16, 8};
    return c;
  }
};

/// Three convolutions over time with ReLU, then the maximum over time: (B, T, input) -> (B, channels[2]).
template <Scalar Real>
class TpnTrunk {
 public:
  /// Throws ConfigError when a size is not positive or the window is too short.
  explicit TpnTrunk(const TpnConfig& config) : config_(checked(config)) {
    Index in = config.input;
    for (std::size_t i = 0; i < 3; ++i) {
      conv_.emplace_back(in, config.channels[i], config.kernels[i]);
      in = config.channels[i];
    }
  }
  Index width() const { return config_.channels[2]; }

  template <class F>
  void visit(F&& f) {
    for (std::size_t i = 0; i < 3; ++i) visit_prefixed("conv" + std::to_string(i + 1) + ".", conv_[i], f);
  }
  template <WordGenerator Generator>
  void initialise(Generator& g) {
    for (auto& layer : conv_) layer.initialise(g);
  }
  /// From now on x is read as (x - mean) factor, channel by channel: the first layer does it. The
  /// convolutions have no padding, so the result is the same.
  void take_scales(std::span<const double> means, std::span<const double> factors) {
    nn::Conv1d<Real>& first = conv_[0];
    Real* w = first.weight.value;
    for (Index o = 0; o < config_.channels[0]; ++o) {
      double shift = 0;
      for (Index i = 0; i < config_.input; ++i) {
        const auto channel = static_cast<std::size_t>(i);
        for (Index k = 0; k < config_.kernels[0]; ++k, ++w) {
          const double scaled = static_cast<double>(*w) * factors[channel];
          shift += scaled * means[channel];
          *w = static_cast<Real>(scaled);
        }
      }
      first.bias.value[o] = static_cast<Real>(static_cast<double>(first.bias.value[o]) - shift);
    }
  }
  /// Dropout values of one window of seq_len steps: those of the three layers behind one another.
  Index dropout_width() const {
    Index width = 0, steps = config_.seq_len;
    for (std::size_t i = 0; i < 3; ++i) {
      steps -= config_.kernels[i] - 1;
      width += steps * config_.channels[i];
    }
    return width;
  }

  /// mask: (B, dropout_width()), 0 or 1 / (1 - p), or null. Throws ShapeError when x does not fit.
  template <Index B, Index T, Index C>
  Var<Real, dyn, dyn> operator()(Tape<Real>& tape, Var<Real, B, T, C> x, const Real* mask) const {
    if (x.extent(2) != config_.input || x.extent(1) < config_.seq_len ||
        (mask != nullptr && x.extent(1) != config_.seq_len))
      fail<ShapeError>("TPN: the window is ", x.extent(1), " x ", x.extent(2), ", the model expects ",
                       config_.seq_len, " x ", config_.input);
    if (mask != nullptr && !config_.dropout)
      fail<ConfigError>("TPN: a dropout mask, but the configuration has dropout false; pass none");
    Var<Real, dyn, dyn, dyn> h = x.template reshape<dyn, dyn, dyn>(x.extent(0), x.extent(1), x.extent(2));
    if (mask == nullptr) {
      for (std::size_t i = 0; i < 2; ++i) h = ops::relu(tape, conv_[i](tape, h));
      const nn::Conv1d<Real>& last = conv_[2];
      return ops::conv_max(tape, h, tape.parameter(last.weight), tape.parameter(last.bias),
                           config_.kernels[2]);
    }
    for (const auto& layer : conv_) {
      h = ops::dropout(tape, ops::relu(tape, layer(tape, h)), mask);
      mask += h.value.size();
    }
    return ops::max_over_time(tape, h);
  }

 private:
  static const TpnConfig& checked(const TpnConfig& c) {
    Index steps = c.seq_len, least = std::min({c.input, c.classes, c.tasks});
    for (std::size_t i = 0; i < 3; ++i) {
      steps -= c.kernels[i] - 1;
      least = std::min({least, c.kernels[i], c.channels[i]});
    }
    if (least < 1 || c.tasks > 8 || steps < 1)
      fail<ConfigError>("TPN: input ", c.input, ", classes ", c.classes, ", tasks ", c.tasks, ", seq_len ",
                        c.seq_len, ", kernels ", c.kernels[0], " ", c.kernels[1], " ", c.kernels[2],
                        "; expected positive numbers, at most 8 tasks and a window longer than the kernels");
    return c;
  }

  TpnConfig config_;
  std::vector<nn::Conv1d<Real>> conv_;
};

/// Self-training: one head per transformation says whether it was applied.
template <Scalar Real = float>
class TpnPretrain {
 public:
  static constexpr double dropout_rate = 0.1;

  explicit TpnPretrain(TpnConfig config = {}) : config_(config), trunk_(config) {
    for (Index i = 0; i < config.tasks; ++i) {
      inner_.emplace_back(trunk_.width(), 256);
      outer_.emplace_back(256, 1);
    }
    store_.bind(*this);
  }
  TpnPretrain(TpnPretrain&&) noexcept = default;
  TpnPretrain& operator=(TpnPretrain&&) noexcept = default;

  const TpnConfig& config() const { return config_; }
  ParameterStore<Real>& store() { return store_; }
  const ParameterStore<Real>& store() const { return store_; }
  Index dropout_width() const { return trunk_.dropout_width(); }

  /// Published names in the published order: conv1 .. conv3, slin0_1, slin0_2, slin1_1, ...
  template <class F>
  void visit(F&& f) {
    trunk_.visit(f);
    for (std::size_t i = 0; i < inner_.size(); ++i) {
      visit_prefixed("slin" + std::to_string(i) + "_1.", inner_[i], f);
      visit_prefixed("slin" + std::to_string(i) + "_2.", outer_[i], f);
    }
  }
  /// PyTorch's default initial values in the published order of drawing.
  void initialise(std::uint32_t seed) {
    Mt19937 g(seed);
    trunk_.initialise(g);
    for (std::size_t i = 0; i < inner_.size(); ++i) {
      inner_[i].initialise(g);
      outer_[i].initialise(g);
    }
  }

  /// Log-odds (B, tasks) that transformation j was applied to x: (B, T, input).
  /// mask: (B, dropout_width()), 0 or 1 / (1 - p), must outlive the backward pass; null: no dropout.
  template <Index B, Index T, Index C>
  Var<Real, dyn, dyn> logits(Tape<Real>& tape, Var<Real, B, T, C> x, const Real* mask = nullptr) const {
    const auto h = trunk_(tape, x, mask);
    std::array<Var<Real, dyn, dyn>, 8> heads;
    for (std::size_t i = 0; i < inner_.size(); ++i)
      heads[i] = outer_[i](tape, ops::relu(tape, inner_[i](tape, h)));
    const auto all = ops::stack(tape, std::span<const Var<Real, dyn, dyn>>(heads.data(), inner_.size()));
    return all.template reshape<dyn, dyn>(x.extent(0), config_.tasks);
  }
  /// The same as probabilities: sigmoid of the log-odds.
  template <Index B, Index T, Index C>
  Var<Real, dyn, dyn> probabilities(Tape<Real>& tape, Var<Real, B, T, C> x,
                                    const Real* mask = nullptr) const {
    return ops::sigmoid(tape, logits(tape, x, mask));
  }

 private:
  TpnConfig config_;
  TpnTrunk<Real> trunk_;
  std::vector<nn::Linear<Real>> inner_, outer_;
  ParameterStore<Real> store_;
};

/// Recognition: two dense layers on the transferred trunk.
template <Scalar Real = float>
class TpnClassifier {
 public:
  static constexpr double dropout_rate = 0.1;

  explicit TpnClassifier(TpnConfig config = {})
      : config_(config), trunk_(config), fc1_(trunk_.width(), 1024), fc2_(1024, config.classes) {
    store_.bind(*this);
    trunk_.visit([&](std::string_view, Parameter<Real>& p) { p.trainable = !frozen(); });
  }
  TpnClassifier(TpnClassifier&&) noexcept = default;
  TpnClassifier& operator=(TpnClassifier&&) noexcept = default;

  const TpnConfig& config() const { return config_; }
  ParameterStore<Real>& store() { return store_; }
  const ParameterStore<Real>& store() const { return store_; }
  Index dropout_width() const { return trunk_.dropout_width(); }

  /// Published names in the published order: conv1 .. conv3, fc1, fc2.
  template <class F>
  void visit(F&& f) {
    trunk_.visit(f);
    visit_prefixed("fc1.", fc1_, f);
    visit_prefixed("fc2.", fc2_, f);
  }
  /// PyTorch's default initial values in the published order of drawing.
  void initialise(std::uint32_t seed) {
    Mt19937 g(seed);
    initialise(g);
  }
  template <WordGenerator Generator>
  void initialise(Generator& g) {
    trunk_.initialise(g);
    fc1_.initialise(g);
    fc2_.initialise(g);
  }

  /// Logits (B, classes) of x: (B, T, input).
  /// mask: (B, dropout_width()), 0 or 1 / (1 - p), must outlive the backward pass; null: no dropout.
  template <Index B, Index T, Index C>
  Var<Real, dyn, dyn> logits(Tape<Real>& tape, Var<Real, B, T, C> x, const Real* mask = nullptr) const {
    const bool recording = tape.recording();
    if (frozen()) tape.set_recording(false);  // no gradient goes further down: nothing is kept for it
    const auto h = trunk_(tape, x, mask);
    tape.set_recording(recording);
    const auto y = fc2_(tape, ops::relu(tape, fc1_(tape, h)));
    return config_.behaviour == TpnBehaviour::published ? ops::relu(tape, y) : y;
  }

 private:
  bool frozen() const { return config_.behaviour == TpnBehaviour::published; }

  TpnConfig config_;
  TpnTrunk<Real> trunk_;
  nn::Linear<Real> fc1_, fc2_;
  ParameterStore<Real> store_;
};

}  // namespace gyrograd::models
