// SPDX-License-Identifier: MIT
// The other encoders of IMU2CLIP: attention-pooled, time-distributed, patch transformer, patch GRU.
// Moon et al., "IMU2CLIP: Language-grounded Motion Sensor Translation with Multimodal Contrastive Learning",
// 2022; names, shapes and behaviour follow the released code (PRIMUS sheet §3). Its convolutional encoder is
// PrimusEncoder with PrimusConfig::imu2clip(). Dropout of the patch transformer is not offered.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "gyrograd/autograd/ops/adaptive_avg_pool1d.hpp"
#include "gyrograd/autograd/ops/leaky_relu.hpp"
#include "gyrograd/autograd/ops/mean_last.hpp"
#include "gyrograd/autograd/ops/permute.hpp"
#include "gyrograd/autograd/ops/relu.hpp"
#include "gyrograd/autograd/ops/softmax.hpp"
#include "gyrograd/autograd/ops/weighted_sum.hpp"
#include "gyrograd/core/error.hpp"
#include "gyrograd/nn/bidirectional_gru.hpp"
#include "gyrograd/nn/conv1d.hpp"
#include "gyrograd/nn/encoder_layer.hpp"
#include "gyrograd/nn/group_norm.hpp"

namespace gyrograd::models {

namespace detail {

inline constexpr Index imu2clip_channels = 6;

/// x as a run-time shape. Throws ShapeError unless it has six channels and at least `least` samples.
template <class Real, Index B, Index T, Index C>
Var<Real, dyn, dyn, dyn> imu2clip_window(const char* model, Var<Real, B, T, C> x, Index least) {
  if (x.extent(2) != imu2clip_channels || x.extent(1) < least)
    fail<ShapeError>(model, ": the window is ", x.extent(1), " x ", x.extent(2), ", the model expects ",
                     least, " or more samples of ", imu2clip_channels, " channels");
  return x.template reshape<dyn, dyn, dyn>(x.extent(0), x.extent(1), x.extent(2));
}

inline void imu2clip_sizes(const char* model, std::initializer_list<Index> sizes) {
  if (std::min(sizes) < 1) fail<ConfigError>(model, ": a size is 0 or less; all must be positive");
}

/// Normal values cut off at two, times `deviation`: of four draws for each value the first within the limits.
template <class Real, WordGenerator Generator>
void truncated_normal(Generator& g, Parameter<Real>& p, Real deviation) {
  std::vector<Real> drawn(static_cast<std::size_t>(std::max<Index>(16, 4 * p.size())));
  torch_normal(g, std::span<Real>(drawn));
  for (Index i = 0; i < p.size(); ++i) {
    const auto first = drawn.begin() + 4 * i;
    const auto valid = std::find_if(first, first + 4, [](Real v) { return v > Real(-2) && v < Real(2); });
    p.value[i] = deviation * (valid == first + 4 ? *first : *valid);
  }
}

}  // namespace detail

/// Group norm, dilated convolution, pooling over time by attention, dense: AttentionPooledIMUEncoder.
template <Scalar Real = float>
class AttentionPooledEncoder {
 public:
  static constexpr Index maps = 24;

  explicit AttentionPooledEncoder(Index width = 512)
      : norm_(2, detail::imu2clip_channels),
        conv_(detail::imu2clip_channels, maps, 10, {1, 0, 2}),
        attention_(maps, 1, 1),
        dense_(maps, width) {
    detail::imu2clip_sizes("attention-pooled encoder", {width});
    store_.bind(*this);
  }
  AttentionPooledEncoder(AttentionPooledEncoder&&) noexcept = default;
  AttentionPooledEncoder& operator=(AttentionPooledEncoder&&) noexcept = default;

  ParameterStore<Real>& store() { return store_; }
  const ParameterStore<Real>& store() const { return store_; }

  template <class F>
  void visit(F&& f) {
    visit_prefixed("encoder.0.", norm_, f);
    visit_prefixed("encoder.1.", conv_, f);
    visit_prefixed("encoder.3.weight.", attention_, f);
    visit_prefixed("encoder.5.", dense_, f);
  }
  /// Truncated normal: deviation 0.02 for the convolutions, 0.1 for the dense layer, whose bias is 0.
  void initialise(std::uint32_t seed) {
    Mt19937 g(seed);
    norm_.initialise();
    for (Parameter<Real>* p : {&conv_.weight, &conv_.bias, &attention_.weight, &attention_.bias})
      detail::truncated_normal(g, *p, Real(0.02));
    detail::truncated_normal(g, dense_.weight, Real(0.1));
    std::fill_n(dense_.bias.value, dense_.bias.size(), Real(0));
  }

  /// x: (B, T, 6), T >= 19; returns (B, width). Throws ShapeError when the window does not fit.
  template <Index B, Index T, Index C>
  Var<Real, dyn, dyn> embed(Tape<Real>& tape, Var<Real, B, T, C> x) const {
    const auto window = detail::imu2clip_window("attention-pooled encoder", x, 19);
    const auto h = ops::leaky_relu(tape, conv_(tape, norm_(tape, window)));
    const auto weights = ops::softmax(tape, attention_(tape, h), 1);
    return dense_(tape, ops::leaky_relu(tape, ops::weighted_sum(tape, weights, h)));
  }

 private:
  ParameterStore<Real> store_;
  nn::GroupNorm<Real> norm_;
  nn::Conv1d<Real> conv_, attention_;
  nn::Linear<Real> dense_;
};

/// Sizes of the time-distributed encoder.
struct TimeDistributedConfig {
  Index frames = 10, frame_steps = 128, width = 512;
};

/// Two convolutions to one signal, that in frames through a GRU, dense: TimeDistributedIMUEncoder.
template <Scalar Real = float>
class TimeDistributedEncoder {
 public:
  explicit TimeDistributedEncoder(TimeDistributedConfig config = {})
      : config_(config),
        conv1_(detail::imu2clip_channels, detail::imu2clip_channels, 50),
        conv2_(detail::imu2clip_channels, 1, 10),
        gru_(config.frame_steps, config.width),
        dense_(config.width, config.width) {
    detail::imu2clip_sizes("time-distributed encoder", {config.frames, config.frame_steps, config.width});
    store_.bind(*this);
  }
  TimeDistributedEncoder(TimeDistributedEncoder&&) noexcept = default;
  TimeDistributedEncoder& operator=(TimeDistributedEncoder&&) noexcept = default;

  ParameterStore<Real>& store() { return store_; }
  const ParameterStore<Real>& store() const { return store_; }

  template <class F>
  void visit(F&& f) {
    visit_prefixed("time_distributed_signal_encoder.conv1.", conv1_, f);
    visit_prefixed("time_distributed_signal_encoder.conv2.", conv2_, f);
    visit_prefixed("rnn.gru.", gru_, f);
    visit_prefixed("classifier.linear.", dense_, f);
  }
  /// PyTorch's default initial values in the order of visit().
  void initialise(std::uint32_t seed) {
    Mt19937 g(seed);
    conv1_.initialise(g);
    conv2_.initialise(g);
    gru_.initialise(g);
    dense_.initialise(g);
  }

  /// x: (B, T, 6), T >= 59; returns (B, width). Throws ShapeError when the window does not fit.
  template <Index B, Index T, Index C>
  Var<Real, dyn, dyn> embed(Tape<Real>& tape, Var<Real, B, T, C> x) const {
    const auto window = detail::imu2clip_window("time-distributed encoder", x, 59);
    auto h = ops::relu(tape, conv1_(tape, window));
    h = ops::relu(tape, conv2_(tape, h));
    h = ops::adaptive_avg_pool1d(tape, h, config_.frames * config_.frame_steps);
    // Frame by frame: the samples of a frame are the channels of one step.
    const auto frames = h.template reshape<dyn, dyn, dyn>(x.extent(0), config_.frame_steps, config_.frames);
    return dense_(tape, gru_.last(tape, ops::to_slabs(tape, frames, ops::StepAxis::channels)));
  }

 private:
  TimeDistributedConfig config_;
  ParameterStore<Real> store_;
  nn::Conv1d<Real> conv1_, conv2_;
  nn::Gru<Real> gru_;
  nn::Linear<Real> dense_;
};

/// Sizes of the patch transformer.
struct PatchTransformerConfig {
  Index patch = 1, width = 128, heads = 1, ff = 128, layers = 1;
  bool cls = true;  ///< the output is that of a learned token in front; false: the mean over all patches
};

/// Patches of samples as tokens of a transformer encoder without positions: PatchTransformer.
template <Scalar Real = float>
class PatchTransformer {
 public:
  /// Throws ConfigError when a size is not positive or the heads do not divide the width.
  explicit PatchTransformer(PatchTransformerConfig config = {})
      : config_(config),
        cls_(Shape{1, 1, config.width}),
        embed_(detail::imu2clip_channels * config.patch, config.width, false) {
    detail::imu2clip_sizes("patch transformer",
                           {config.patch, config.width, config.heads, config.ff, config.layers});
    if (config.width % config.heads != 0)
      fail<ConfigError>("patch transformer: ", config.heads, " heads do not divide the width ", config.width);
    for (Index k = 0; k < config.layers; ++k) layers_.emplace_back(config.width, config.ff, config.heads);
    store_.bind(*this);
  }
  PatchTransformer(PatchTransformer&&) noexcept = default;
  PatchTransformer& operator=(PatchTransformer&&) noexcept = default;

  const PatchTransformerConfig& config() const { return config_; }
  ParameterStore<Real>& store() { return store_; }
  const ParameterStore<Real>& store() const { return store_; }

  /// The token is part of the file even where it is not used.
  template <class F>
  void visit(F&& f) {
    f("cls", cls_);
    visit_prefixed("imu_token_embed.", embed_, f);
    for (std::size_t k = 0; k < layers_.size(); ++k)
      visit_prefixed("model.layers." + std::to_string(k) + ".", layers_[k], f);
  }
  /// PyTorch's default; all layers start as copies of the first, the token as zeros.
  void initialise(std::uint32_t seed) {
    Mt19937 g(seed);
    embed_.initialise(g);
    const Mt19937 start = g;
    for (auto& layer : layers_) {
      g = start;
      layer.initialise(g);
    }
    std::fill_n(cls_.value, cls_.size(), Real(0));
  }

  /// x: (B, T, 6), T >= patch; returns (B, width). Throws ShapeError when the window does not fit.
  template <Index B, Index T, Index C>
  Var<Real, dyn, dyn> embed(Tape<Real>& tape, Var<Real, B, T, C> x) const {
    const auto window = detail::imu2clip_window("patch transformer", x, config_.patch);
    auto h = embed_(tape, ops::patches(tape, window, config_.patch));
    if (config_.cls) h = ops::prepend(tape, tape.parameter(cls_), h);
    for (const auto& layer : layers_) h = layer(tape, h);
    const auto tokens = ops::permute(tape, h, {0, 2, 1});  // (B, width, tokens)
    if (!config_.cls) return ops::mean_last(tape, tokens);
    return ops::channels(tape, tokens, 0, 1).template reshape<dyn, dyn>(x.extent(0), config_.width);
  }

 private:
  PatchTransformerConfig config_;
  ParameterStore<Real> store_;
  Parameter<Real> cls_;
  nn::Linear<Real> embed_;
  std::vector<nn::EncoderLayer<Real>> layers_;
};

/// What differs between the published patch GRU and a repaired one: which layer the output is.
enum class PatchRnnBehaviour {
  published,  ///< the first layer, however many there are
  corrected   ///< the last layer
};

/// Sizes of the patch GRU.
struct PatchRnnConfig {
  Index patch = 1, width = 128, layers = 1;  ///< width: half of it for each direction
  bool bidirectional = true;
  PatchRnnBehaviour behaviour = PatchRnnBehaviour::published;
};

/// Patches of samples as steps of a GRU: PatchRNN.
template <Scalar Real = float>
class PatchRnn {
 public:
  /// Throws ConfigError when a size is not positive.
  explicit PatchRnn(PatchRnnConfig config = {})
      : config_(config),
        embed_(detail::imu2clip_channels * config.patch, hidden(), false),
        both_(hidden(), hidden(), config.bidirectional ? config.layers : 0),
        one_(hidden(), hidden(), config.bidirectional ? 0 : config.layers) {
    detail::imu2clip_sizes("patch GRU", {config.patch, hidden(), config.layers});
    store_.bind(*this);
  }
  PatchRnn(PatchRnn&&) noexcept = default;
  PatchRnn& operator=(PatchRnn&&) noexcept = default;

  const PatchRnnConfig& config() const { return config_; }
  ParameterStore<Real>& store() { return store_; }
  const ParameterStore<Real>& store() const { return store_; }
  /// Values of an embedding: an odd width loses one to the two directions.
  Index output() const { return config_.bidirectional ? 2 * hidden() : hidden(); }

  template <class F>
  void visit(F&& f) {
    visit_prefixed("imu_token_embed.", embed_, f);
    if (config_.bidirectional)
      visit_prefixed("gru.", both_, f);
    else
      visit_prefixed("gru.", one_, f);
  }
  /// PyTorch's default initial values in the order of visit().
  void initialise(std::uint32_t seed) {
    Mt19937 g(seed);
    embed_.initialise(g);
    both_.initialise(g);
    one_.initialise(g);
  }

  /// x: (B, T, 6), T >= patch; returns (B, output()). Throws ShapeError when the window does not fit.
  template <Index B, Index T, Index C>
  Var<Real, dyn, dyn> embed(Tape<Real>& tape, Var<Real, B, T, C> x) const {
    const auto window = detail::imu2clip_window("patch GRU", x, config_.patch);
    const auto tokens = embed_(tape, ops::patches(tape, window, config_.patch));
    const Index layer = config_.behaviour == PatchRnnBehaviour::published ? 0 : config_.layers - 1;
    if (!config_.bidirectional) return one_.last_of(tape, ops::to_slabs(tape, tokens), layer);
    const auto states = both_.last(tape, tokens, layer);
    return ops::stack(tape, std::span<const Var<Real, dyn, dyn>>(states))
        .template reshape<dyn, dyn>(x.extent(0), output());
  }

 private:
  Index hidden() const { return config_.bidirectional ? config_.width / 2 : config_.width; }

  PatchRnnConfig config_;
  ParameterStore<Real> store_;
  nn::Linear<Real> embed_;
  nn::BidirectionalGru<Real> both_;
  nn::Gru<Real> one_;
};

}  // namespace gyrograd::models
