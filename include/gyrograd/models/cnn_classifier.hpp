// SPDX-License-Identifier: MIT
// CNN classifiers of LIMU-BERT: one over features (CNN1D) and one over time and features (CNN2D).
//
// Names, shapes and behaviour follow the authors' released ClassifierCNN1D and ClassifierCNN2D (LIMU-BERT
// sheet §3.5). CNN1D takes the time steps as channels, runs along the features, stores norms bn<i> that it
// never applies, and has ReLU on the logits; CNN2D normalises after each pooling.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "gyrograd/autograd/ops/max_pool1d.hpp"
#include "gyrograd/autograd/ops/permute.hpp"
#include "gyrograd/autograd/ops/relu.hpp"
#include "gyrograd/core/error.hpp"
#include "gyrograd/nn/batch_norm.hpp"
#include "gyrograd/nn/conv1d.hpp"
#include "gyrograd/nn/conv2d.hpp"
#include "gyrograd/nn/dense_head.hpp"

namespace gyrograd::models {

/// Whether ReLU follows the last dense layer where `activ` is set. Published: yes; classes whose logit is
/// negative then get no gradient (LIMU-BERT sheet §13.5).
enum class LogitActivation { published, corrected };

/// One convolution: channels out, kernel, padding (conv_io of config/classifier.json).
struct ConvLayer {
  Index out = 0, kernel = 0, padding = 0;
};
/// Window of the max pooling along time and along features (CNN1D: along features).
struct PoolLayer {
  Index kernel_h = 3, kernel_w = 3, stride_h = 1, stride_w = 1, padding_h = 0, padding_w = 0;
};

/// Sizes chosen at run time: keys of config/classifier.json (LIMU-BERT sheet §2.2).
struct CnnClassifierConfig {
  bool two_dimensional = true;  ///< CNN2D, else CNN1D
  Index input = 72;             ///< features per step
  Index classes = 6;
  Index seq_len = 20;  ///< steps of a window
  std::vector<ConvLayer> conv{{16, 3, 0}, {8, 3, 0}, {4, 3, 0}};
  PoolLayer pool{3, 3, 1, 2, 0, 0};
  Index flat = 192;              ///< flat_num: width after the last pooling
  std::vector<Index> dense{12};  ///< widths of dense layers before the last one
  bool activ = false;            ///< ReLU after every convolution and dense layer
  bool dropout = true;           ///< dropout of 0.5 before the dense part
  LogitActivation logits = LogitActivation::published;
};

/// cnn2_v1 and cnn1_v1 of classifier.json, cnn2_v1 of the pre-release files (for 6 channels).
inline CnnClassifierConfig cnn2_v1(Index input = 72, Index classes = 6) {
  CnnClassifierConfig c;
  c.input = input;
  c.classes = classes;
  return c;
}
inline CnnClassifierConfig cnn1_v1(Index input = 72, Index classes = 6) {
  CnnClassifierConfig c = cnn2_v1(input, classes);
  c.two_dimensional = false;
  c.conv[0].kernel = 5;
  c.pool = {1, 3, 1, 1, 0, 0};
  c.flat = 232;
  c.activ = true;
  return c;
}
inline CnnClassifierConfig cnn2_v1_prerelease(Index input = 6, Index classes = 6) {
  CnnClassifierConfig c = cnn2_v1(input, classes);
  c.conv[0].padding = c.conv[1].padding = 1;
  c.pool = {3, 3, 1, 1, 1, 1};
  c.flat = 288;
  return c;
}

/// Classifier of both kinds.
template <Scalar Real = float>
class CnnClassifier {
 public:
  /// Throws ConfigError when a size is not positive or `flat` does not fit the other sizes.
  explicit CnnClassifier(CnnClassifierConfig config = {})
      : config_(checked(std::move(config))),
        head_(config_.flat, config_.dense, config_.classes, dense_relu(config_)) {
    Index in = config_.two_dimensional ? 1 : config_.seq_len;
    for (const ConvLayer& c : config_.conv) {
      const ops::Stride s{1, c.padding, 1};
      if (config_.two_dimensional)
        conv2d_.emplace_back(in, c.out, c.kernel, c.kernel, s, s);
      else
        conv1d_.emplace_back(in, c.out, c.kernel, s);
      norms_.emplace_back(c.out);
      in = c.out;
    }
    store_.bind(*this);
  }
  CnnClassifier(CnnClassifier&&) noexcept = default;
  CnnClassifier& operator=(CnnClassifier&&) noexcept = default;

  const CnnClassifierConfig& config() const { return config_; }
  ParameterStore<Real>& store() { return store_; }
  const ParameterStore<Real>& store() const { return store_; }
  Index dropout_width() const { return config_.flat; }
  /// True when a training step must see its batch in one piece: CNN2D has batch norms.
  bool couples_batch() const { return config_.two_dimensional; }

  /// Published names in the published order: cnn0, bn0, cnn1, bn1, ..., lin0, lin1.
  template <class F>
  void visit(F&& f) {
    for (std::size_t i = 0; i < norms_.size(); ++i) {
      const std::string name = "cnn" + std::to_string(i) + ".";
      if (config_.two_dimensional)
        visit_prefixed(name, conv2d_[i], f);
      else
        visit_prefixed(name, conv1d_[i], f);
      visit_prefixed("bn" + std::to_string(i) + ".", norms_[i], f);
    }
    head_.visit(f);
  }
  template <class F>
  void visit_buffers(F&& f) {
    for (std::size_t i = 0; i < norms_.size(); ++i)
      visit_buffers_prefixed("bn" + std::to_string(i) + ".", norms_[i], f);
  }

  /// PyTorch's default initial values in the published order of drawing.
  void initialise(std::uint32_t seed) {
    Mt19937 g(seed);
    initialise(g);
  }
  template <WordGenerator Generator>
  void initialise(Generator& g) {
    for (std::size_t i = 0; i < norms_.size(); ++i) {
      if (config_.two_dimensional)
        conv2d_[i].initialise(g);
      else
        conv1d_[i].initialise(g);
      norms_[i].initialise();
    }
    head_.initialise(g);
  }

  /// Logits (B, classes) of x: (B, seq_len, input).
  /// mask: (B, dropout_width()) in activation layout, 0 or 1 / (1 - p), must outlive the backward pass; null:
  /// no dropout. Training of CNN2D passes Statistics::batch_and_store, from one thread at a time.
  /// Throws ShapeError when x does not fit, ConfigError for a mask without `dropout`.
  template <Index B, Index T, Index C>
  Var<Real, dyn, dyn> logits(Tape<Real>& tape, Var<Real, B, T, C> x, const Real* mask = nullptr,
                             nn::Statistics statistics = nn::Statistics::stored) const {
    if (x.extent(1) != config_.seq_len || x.extent(2) != config_.input)
      fail<ShapeError>("CNN classifier: the window is ", x.extent(1), " x ", x.extent(2),
                       ", the model expects ", config_.seq_len, " x ", config_.input);
    if (mask != nullptr && !config_.dropout)
      fail<ConfigError>("CNN classifier: a dropout mask, but the configuration has dropout false; pass none");
    auto h = config_.two_dimensional ? over_both(tape, x, statistics) : over_features(tape, x);
    return head_(tape, h, mask);
  }

 private:
  /// (B, flat): channel by channel, then step by step.
  template <Index B, Index T, Index C>
  Var<Real, dyn, dyn> over_both(Tape<Real>& tape, Var<Real, B, T, C> x, nn::Statistics statistics) const {
    const PoolLayer& p = config_.pool;
    Var<Real, dyn, dyn, dyn, dyn> h =
        x.template reshape<dyn, dyn, dyn, dyn>(x.extent(0), x.extent(1), x.extent(2), 1);
    for (std::size_t i = 0; i < conv2d_.size(); ++i) {
      h = conv2d_[i](tape, h);
      if (config_.activ) h = ops::relu(tape, h);
      h = ops::max_pool2d(tape, h, p.kernel_h, p.kernel_w, {p.stride_h, p.padding_h, 1},
                          {p.stride_w, p.padding_w, 1});
      h = norms_[i](tape, h, statistics);
    }
    h = ops::permute(tape, h, {0, 2, 1, 3});
    return h.template reshape<dyn, dyn>(x.extent(0), config_.flat);
  }
  template <Index B, Index T, Index C>
  Var<Real, dyn, dyn> over_features(Tape<Real>& tape, Var<Real, B, T, C> x) const {
    const PoolLayer& p = config_.pool;
    Var<Real, dyn, dyn, dyn> h = ops::permute(tape, x, {0, 2, 1});  // steps become channels
    for (const nn::Conv1d<Real>& conv : conv1d_) {
      h = conv(tape, h);
      if (config_.activ) h = ops::relu(tape, h);
      h = ops::max_pool1d(tape, h, p.kernel_w, {p.stride_w, p.padding_w, 1});
    }
    return h.template reshape<dyn, dyn>(x.extent(0), config_.flat);
  }

  /// Width after all layers; 0 where a kernel does not fit.
  static Index flat_of(const CnnClassifierConfig& c) {
    Index steps = c.two_dimensional ? c.seq_len : 1, features = c.input, channels = c.seq_len;
    for (const ConvLayer& layer : c.conv) {
      if (layer.out < 1 || layer.kernel < 1 || layer.padding < 0) return 0;
      const auto after = [&](Index size, Index kernel, Index stride, Index padding) {
        const Index conv = kernels::WindowAxis{size, layer.kernel, 1, layer.padding, 1}.outputs();
        return conv < 1 || kernel < 1 || stride < 1 || padding < 0
                   ? Index{0}
                   : kernels::WindowAxis{conv, kernel, stride, padding, 1}.outputs();
      };
      features = after(features, c.pool.kernel_w, c.pool.stride_w, c.pool.padding_w);
      if (c.two_dimensional) steps = after(steps, c.pool.kernel_h, c.pool.stride_h, c.pool.padding_h);
      channels = layer.out;
      if (features < 1 || steps < 1) return 0;
    }
    return channels * steps * features;
  }
  static nn::DenseRelu dense_relu(const CnnClassifierConfig& c) {
    if (!c.activ) return nn::DenseRelu::none;
    return c.logits == LogitActivation::published ? nn::DenseRelu::all : nn::DenseRelu::hidden;
  }
  static CnnClassifierConfig checked(CnnClassifierConfig c) {
    bool sizes = c.input > 0 && c.classes > 0 && c.seq_len > 0 && !c.conv.empty();
    for (Index width : c.dense) sizes = sizes && width > 0;
    if (!sizes)
      fail<ConfigError>(
          "CNN classifier: input, classes, seq_len and all widths must be positive, with one convolution or "
          "more");
    const Index flat = flat_of(c);
    if (flat == 0)
      fail<ConfigError>("CNN classifier: a window of ", c.seq_len, " x ", c.input,
                        " is too small for the kernels; use embeddings (72 features) or smaller kernels");
    if (flat != c.flat)
      fail<ConfigError>("CNN classifier: flat_num is ", c.flat, ", but a window of ", c.seq_len, " x ",
                        c.input, " leaves ", flat, "; use that");
    return c;
  }

  CnnClassifierConfig config_;
  ParameterStore<Real> store_;
  std::vector<nn::Conv2d<Real>> conv2d_;
  std::vector<nn::Conv1d<Real>> conv1d_;
  std::vector<nn::BatchNorm<Real>> norms_;
  nn::DenseHead<Real> head_;
};

}  // namespace gyrograd::models
