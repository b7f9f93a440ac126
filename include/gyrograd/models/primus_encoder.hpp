// SPDX-License-Identifier: MIT
// PRIMUS encoder of IMU windows with its two heads, and IMU2CLIP's original of it.
// Das, Tang, Kawsar, Malekzadeh, "PRIMUS: Pretraining IMU Encoders with Multimodal Self-Supervision", ICASSP
// 2025; Moon et al., "IMU2CLIP", 2022. Names, shapes and behaviour follow the released code (PRIMUS sheet
// §2), so that published weights load.
//
//   (B, T, 6) -> group norm -> conv 10 -> max 3 -> conv 5 -> max 3 -> conv 5 -> 32 bins -> group norm
//             -> GRU over the 32 channels, features are the 32 bins -> last state (B, 512) -> two heads
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>

#include "gyrograd/autograd/ops/adaptive_avg_pool1d.hpp"
#include "gyrograd/autograd/ops/conv_pool.hpp"
#include "gyrograd/core/error.hpp"
#include "gyrograd/nn/conv1d.hpp"
#include "gyrograd/nn/group_norm.hpp"
#include "gyrograd/nn/gru.hpp"
#include "gyrograd/nn/linear.hpp"

namespace gyrograd::models {

/// What follows the last state of the recurrence.
enum class PrimusHeads {
  multi,   ///< two dense layers: ssl_head for the self-supervised, mmcl_head for the multimodal losses
  single,  ///< nothing: the state serves all losses
};

/// How the third convolution becomes 32 bins.
enum class PrimusPool {
  adaptive,  ///< averages of nearly equal parts: PRIMUS, any window of 123 samples or more
  max,       ///< maxima of three: IMU2CLIP, windows of 978 to 1004 samples only
};

/// Sizes chosen at run time; defaults: PRIMUS as published.
struct PrimusConfig {
  Index width = 512;  ///< states of the GRU, and values of every embedding
  PrimusHeads heads = PrimusHeads::multi;
  PrimusPool pool = PrimusPool::adaptive;
  bool time_as_steps = false;  ///< true: the GRU reads bins of time as steps; not what was published

  /// The published multi-head encoder.
  static PrimusConfig published() { return {}; }
  /// One output for all losses, adaptive pooling.
  static PrimusConfig single() { return {512, PrimusHeads::single, PrimusPool::adaptive, false}; }
  /// IMU2CLIP's encoder.
  static PrimusConfig imu2clip() { return {512, PrimusHeads::single, PrimusPool::max, false}; }

  static constexpr Index channels = 6;  ///< of a window: accelerometer x y z, gyroscope x y z
  static constexpr Index maps = 32;     ///< channels of every convolution
  static constexpr Index bins = 32;     ///< positions behind the third block

  /// Positions behind the third convolution of a window of `steps` samples; 0 or less where none are left.
  static constexpr Index positions(Index steps) { return ((steps - 18) / 3 - 8) / 3 - 8; }
  /// Shortest and longest window that fits; longest 0: no limit.
  Index shortest() const { return pool == PrimusPool::adaptive ? 123 : 978; }
  Index longest() const { return pool == PrimusPool::adaptive ? 0 : 1004; }
};

/// Encoder and heads. One const model may serve many threads, each with its own tape.
///
///   models::PrimusEncoder<float> model;
///   model.initialise(3431);
///   auto h = model.embed(tape, x);               // x: (B, T, 6) -> (B, width)
///   auto s = model.ssl(tape, h);                 // (B, width): self-supervised losses
///   auto g = model.mmcl(tape, h);                // (B, width): multimodal losses
template <Scalar Real = float>
class PrimusEncoder {
 public:
  /// Windows to embed together where no gradient is wanted: as many lane groups of the recurrence, for which
  /// its weights are re-ordered once, as leave work for every thread, up to four. The numbers do not depend
  /// on it.
  static constexpr Index micro_batch_for(Index batch, int threads) {
    constexpr Index group = kernels::slab_vectors * kernels::lanes<Real>;
    const Index groups = (batch + group - 1) / group;
    return group * std::clamp<Index>((groups + threads - 1) / threads, 1, 4);
  }

  /// Throws ConfigError when the width is not positive.
  explicit PrimusEncoder(PrimusConfig config = {})
      : config_(checked(config)),
        norm_in_(2, PrimusConfig::channels),
        conv1_(PrimusConfig::channels, PrimusConfig::maps, 10, dilated, false),
        conv2_(PrimusConfig::maps, PrimusConfig::maps, 5, dilated, false),
        conv3_(PrimusConfig::maps, PrimusConfig::maps, 5, dilated, false),
        norm_out_(4, PrimusConfig::maps),
        gru_(PrimusConfig::bins, config.width),
        ssl_head_(config.width, config.width),
        mmcl_head_(config.width, config.width) {
    store_.bind(*this);
  }
  PrimusEncoder(PrimusEncoder&&) noexcept = default;
  PrimusEncoder& operator=(PrimusEncoder&&) noexcept = default;

  const PrimusConfig& config() const { return config_; }
  ParameterStore<Real>& store() { return store_; }
  const ParameterStore<Real>& store() const { return store_; }
  bool multi_head() const { return config_.heads == PrimusHeads::multi; }
  const nn::Gru<Real>& gru() const { return gru_; }
  const nn::Linear<Real>& ssl_head() const { return ssl_head_; }
  const nn::Linear<Real>& mmcl_head() const { return mmcl_head_; }

  /// Published names in the published order: backbone.0.weight, ..., mmcl_head.bias; single head: net.0....
  template <class F>
  void visit(F&& f) {
    const std::string trunk = multi_head() ? "backbone." : "net.";
    visit_prefixed(trunk + "0.", norm_in_, f);
    visit_prefixed(trunk + "1.net.0.", conv1_, f);
    visit_prefixed(trunk + "2.net.0.", conv2_, f);
    visit_prefixed(trunk + "3.net.0.", conv3_, f);
    visit_prefixed(trunk + "4.", norm_out_, f);
    visit_prefixed(trunk + "5.", gru_, f);
    if (!multi_head()) return;
    visit_prefixed("ssl_head.", ssl_head_, f);
    visit_prefixed("mmcl_head.", mmcl_head_, f);
  }

  /// PyTorch's default initial values in the published order of drawing.
  void initialise(std::uint32_t seed) {
    Mt19937 g(seed);
    initialise(g);
  }
  template <WordGenerator Generator>
  void initialise(Generator& g) {
    norm_in_.initialise();
    for (nn::Conv1d<Real>* layer : {&conv1_, &conv2_, &conv3_}) layer->initialise(g);
    norm_out_.initialise();
    gru_.initialise(g);
    if (!multi_head()) return;
    ssl_head_.initialise(g);
    mmcl_head_.initialise(g);
  }

  /// Positions in 32 bins in front of the recurrence.   x: (B, T, 6); returns (B, 32 bins, 32 maps).
  /// Throws ShapeError when the window does not fit.
  template <Index B, Index T, Index C>
  Var<Real, dyn, dyn, dyn> features(Tape<Real>& tape, Var<Real, B, T, C> x) const {
    check(x.extent(1), x.extent(2));
    const auto window = x.template reshape<dyn, dyn, dyn>(x.extent(0), x.extent(1), x.extent(2));
    auto h = convolved(tape, norm_in_(tape, window), conv1_);
    h = convolved(tape, h, conv2_);
    if (config_.pool == PrimusPool::max) {
      h = convolved(tape, h, conv3_);
    } else {
      h = replaced(tape, h, conv3_);
      const auto wide = h;
      h = ops::adaptive_avg_pool1d(tape, wide, PrimusConfig::bins);
      tape.release(wide);
    }
    return replaced(tape, h, norm_out_);
  }

  /// Embedding: state of the GRU after its last step.   x: (B, T, 6); returns (B, width).
  /// Throws ShapeError when the window does not fit.
  template <Index B, Index T, Index C>
  Var<Real, dyn, dyn> embed(Tape<Real>& tape, Var<Real, B, T, C> x) const {
    const auto h = features(tape, x);
    const Index positions = PrimusConfig::positions(x.extent(1));
    if (config_.pool == PrimusPool::adaptive && !config_.time_as_steps && 2 * positions <= PrimusConfig::bins)
      return embed_positions(tape, h, positions);
    const auto axis = config_.time_as_steps ? ops::StepAxis::time : ops::StepAxis::channels;
    return gru_.last(tape, ops::to_slabs(tape, h, axis));
  }

  /// Outputs for the self-supervised and for the multimodal losses; the embedding itself with a single head.
  /// h: (B, width) of embed(); returns (B, width).
  Var<Real, dyn, dyn> ssl(Tape<Real>& tape, Var<Real, dyn, dyn> h) const {
    return multi_head() ? ssl_head_(tape, h) : h;
  }
  Var<Real, dyn, dyn> mmcl(Tape<Real>& tape, Var<Real, dyn, dyn> h) const {
    return multi_head() ? mmcl_head_(tape, h) : h;
  }

 private:
  static constexpr ops::Stride dilated{1, 0, 2};

  static const PrimusConfig& checked(const PrimusConfig& c) {
    if (c.width < 1) fail<ConfigError>("PRIMUS encoder: width ", c.width, ", expected 1 or more");
    return c;
  }
  void check(Index steps, Index channels) const {
    if (channels != PrimusConfig::channels)
      fail<ShapeError>("PRIMUS encoder: the window has ", channels, " channels, the model expects ",
                       PrimusConfig::channels);
    if (config_.pool == PrimusPool::max && (steps < config_.shortest() || steps > config_.longest()))
      fail<ShapeError>("IMU2CLIP encoder: the window has ", steps, " samples, the model expects ",
                       config_.shortest(), " to ", config_.longest(),
                       "; 5 s at 200 Hz, or choose the adaptive pooling of PRIMUS");
    if (steps < config_.shortest())
      fail<ShapeError>("PRIMUS encoder: the window has ", steps, " samples, the model expects ",
                       config_.shortest(), " or more; 5 s at 50 Hz are 250");
  }

  /// layer(h), after which h is not read any more.
  template <class Hidden, class Layer>
  static Hidden replaced(Tape<Real>& tape, const Hidden& h, const Layer& layer) {
    const Hidden next = layer(tape, h);
    tape.release(h);
    return next;
  }
  /// Convolution and maxima of three positions, after which h is not read any more.
  static Var<Real, dyn, dyn, dyn> convolved(Tape<Real>& tape, Var<Real, dyn, dyn, dyn> h,
                                            const nn::Conv1d<Real>& layer) {
    const auto y = ops::conv_pool(tape, h, tape.parameter(layer.weight), {}, layer.weight.shape[2],
                                  layer.along_time.dilation);
    tape.release(h);
    return y;
  }
  /// Recurrence over channels whose 32 bins repeat at most 16 positions (windows of up to 266 samples): the
  /// bins are read as those positions, half as many inputs.
  Var<Real, dyn, dyn> embed_positions(Tape<Real>& tape, Var<Real, dyn, dyn, dyn> h, Index positions) const {
    constexpr Index bins = PrimusConfig::bins, half = bins / 2;
    const auto& layer = gru_.layers().front();
    const ops::GruWeights<Real> w{
        ops::fold_bins(tape, tape.parameter(layer.weight_ih), positions, bins, half),
        tape.parameter(layer.weight_hh), tape.parameter(layer.bias_ih), tape.parameter(layer.bias_hh)};
    return ops::gru_last(
        tape, ops::to_slabs(tape, ops::own_bins(tape, h, positions, half), ops::StepAxis::channels), w);
  }

  PrimusConfig config_;
  ParameterStore<Real> store_;
  nn::GroupNorm<Real> norm_in_;
  nn::Conv1d<Real> conv1_, conv2_, conv3_;
  nn::GroupNorm<Real> norm_out_;
  nn::Gru<Real> gru_;
  nn::Linear<Real> ssl_head_, mmcl_head_;  // unused with a single head
};

}  // namespace gyrograd::models
