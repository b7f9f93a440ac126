// SPDX-License-Identifier: MIT
// DCNN baseline of LIMU-BERT: three convolutions over time, shared by all channels, and two dense layers.
//
// Names, shapes and behaviour follow the authors' released BenchmarkDCNN (LIMU-BERT sheet §3.6): bn3 is
// stored and never applied, the local response normalisation does nothing. Two steps are done in another
// order with the same result: pooling before the activation (both rise), and the sum over the 20 maps before
// lin1 (it is linear), which saves half of the activations and 19 of 20 products.
#pragma once

#include <array>
#include <cstdint>

#include "gyrograd/autograd/ops/mean_last.hpp"
#include "gyrograd/autograd/ops/permute.hpp"
#include "gyrograd/autograd/ops/pooled_stage.hpp"
#include "gyrograd/autograd/ops/relu_tanh.hpp"
#include "gyrograd/autograd/ops/scale.hpp"
#include "gyrograd/core/error.hpp"
#include "gyrograd/nn/batch_norm.hpp"
#include "gyrograd/nn/conv2d.hpp"
#include "gyrograd/nn/linear.hpp"

namespace gyrograd::models {

/// Sizes chosen at run time (dcnn_v1 .. dcnn_v5 of config/classifier.json).
struct DcnnConfig {
  Index input = 6;  ///< channels of a window
  Index classes = 6;
  Index seq_len = 20;    ///< window in steps: 20, 40, 60 or 120 in the published files
  Index flat = 1;        ///< flat_num: rows left after conv3
  bool dropout = false;  ///< always false: the published model has none

  /// The published window lengths with their flat_num: 20: 1, 40: 5, 60: 10, 120: 25.
  static DcnnConfig of(Index seq_len, Index input = 6, Index classes = 6) {
    DcnnConfig c{input, classes, seq_len, 0, false};
    c.flat = c.rows();
    return c;
  }
  Index last_kernel() const { return seq_len <= 20 ? 2 : 3; }
  /// Rows after conv3: two convolutions of 5 with poolings of 2, then conv3.
  Index rows() const { return ((seq_len - 4) / 2 - 4) / 2 - last_kernel() + 1; }
};

/// Classifier on normalised raw windows. Its batch norms couple the samples of a training batch.
template <Scalar Real = float>
class Dcnn {
 public:
  /// A training step sees its batch in one piece.
  static constexpr bool couples_batch() { return true; }

  /// Throws ConfigError when sizes are not positive or `flat` does not fit seq_len.
  explicit Dcnn(DcnnConfig config = {})
      : config_(checked(config)),
        conv_{nn::Conv2d<Real>(1, 50, 5, 1), nn::Conv2d<Real>(50, 40, 5, 1),
              nn::Conv2d<Real>(40, 20, config.last_kernel(), 1)},
        norm_{nn::BatchNorm<Real>(50), nn::BatchNorm<Real>(40), nn::BatchNorm<Real>(20)},
        lin1_(config.flat * config.input, 400),
        lin2_(400, config.classes) {
    store_.bind(*this);
  }
  Dcnn(Dcnn&&) noexcept = default;
  Dcnn& operator=(Dcnn&&) noexcept = default;

  const DcnnConfig& config() const { return config_; }
  ParameterStore<Real>& store() { return store_; }
  const ParameterStore<Real>& store() const { return store_; }
  Index dropout_width() const { return 0; }

  /// Published names in the published order: conv1, bn1, conv2, bn2, conv3, bn3, lin1, lin2.
  template <class F>
  void visit(F&& f) {
    for (std::size_t i = 0; i < 3; ++i) {
      visit_prefixed("conv" + std::to_string(i + 1) + ".", conv_[i], f);
      visit_prefixed("bn" + std::to_string(i + 1) + ".", norm_[i], f);
    }
    visit_prefixed("lin1.", lin1_, f);
    visit_prefixed("lin2.", lin2_, f);
  }
  template <class F>
  void visit_buffers(F&& f) {
    for (std::size_t i = 0; i < 3; ++i)
      visit_buffers_prefixed("bn" + std::to_string(i + 1) + ".", norm_[i], f);
  }

  /// PyTorch's default initial values in the published order of drawing.
  void initialise(std::uint32_t seed) {
    Mt19937 g(seed);
    initialise(g);
  }
  template <WordGenerator Generator>
  void initialise(Generator& g) {
    for (std::size_t i = 0; i < 3; ++i) {
      conv_[i].initialise(g);
      norm_[i].initialise();
    }
    lin1_.initialise(g);
    lin2_.initialise(g);
  }

  /// Logits (B, classes) of x: (B, seq_len, input). Training passes Statistics::batch_and_store, from one
  /// thread at a time. Throws ShapeError when x does not fit, ConfigError for a dropout mask.
  template <Index B, Index T, Index C>
  Var<Real, dyn, dyn> logits(Tape<Real>& tape, Var<Real, B, T, C> x, const Real* mask = nullptr,
                             nn::Statistics statistics = nn::Statistics::stored) const {
    check(x.extent(1), x.extent(2), mask);
    const Index batch = x.extent(0);
    Var<Real, dyn, dyn, dyn, dyn> h =
        x.template reshape<dyn, dyn, dyn, dyn>(batch, config_.seq_len, config_.input, 1);
    for (std::size_t i = 0; i < 2; ++i) h = stage(tape, h, i, statistics);
    h = ops::relu_tanh(tape, conv_[2](tape, h));
    if (config_.flat > 1)
      h = ops::permute(tape, h, {0, 2, 1, 3});  // the published order: rows, then channels
    const auto maps = h.template reshape<dyn, dyn, dyn>(batch, config_.flat * config_.input, 20);
    const auto z =
        ops::scale(tape, lin1_(tape, ops::mean_last(tape, maps)), Real(20));  // bias counts 20 times
    return lin2_(tape, ops::relu_tanh(tape, z));
  }

 private:
  /// Convolution i, pooling, activation, norm.
  auto stage(Tape<Real>& tape, Var<Real, dyn, dyn, dyn, dyn> h, std::size_t i,
             nn::Statistics statistics) const {
    const nn::Conv2d<Real>& conv = conv_[i];
    const nn::BatchNorm<Real>& norm = norm_[i];
    norm.count(statistics);
    const ops::StageWeights<Real> w{tape.parameter(conv.weight), tape.parameter(conv.bias),
                                    tape.parameter(norm.weight), tape.parameter(norm.bias), norm.running()};
    return ops::pooled_stage(tape, h, w, conv.weight.shape[2], 1, 2, statistics);
  }
  void check(Index steps, Index channels, const Real* mask) const {
    if (steps != config_.seq_len || channels != config_.input)
      fail<ShapeError>("DCNN: the window is ", steps, " x ", channels, ", the model expects ",
                       config_.seq_len, " x ", config_.input);
    if (mask != nullptr) fail<ConfigError>("DCNN: a dropout mask, but the model has no dropout; pass none");
  }
  static DcnnConfig checked(DcnnConfig c) {
    if (c.input < 1 || c.classes < 1 || c.rows() < 1)
      fail<ConfigError>("DCNN: input ", c.input, ", classes ", c.classes, ", seq_len ", c.seq_len,
                        "; expected positive numbers and a window of 20 steps or more");
    if (c.flat != c.rows())
      fail<ConfigError>("DCNN: flat_num is ", c.flat, ", but a window of ", c.seq_len, " steps leaves ",
                        c.rows(), " rows; use that");
    return c;
  }

  DcnnConfig config_;
  ParameterStore<Real> store_;
  std::array<nn::Conv2d<Real>, 3> conv_;
  std::array<nn::BatchNorm<Real>, 3> norm_;
  nn::Linear<Real> lin1_, lin2_;
};

}  // namespace gyrograd::models
