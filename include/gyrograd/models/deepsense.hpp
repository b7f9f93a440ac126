// SPDX-License-Identifier: MIT
// DeepSense baseline of LIMU-BERT: convolutions over the spectrum of each sensor, then over all sensors.
//
// Names, shapes and behaviour follow the authors' released BenchmarkDeepSense (LIMU-BERT sheet §3.6): the
// input is the feature of data/fft_features.hpp, there is no recurrent part, the order is convolution, ReLU,
// batch norm.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "gyrograd/autograd/ops/permute.hpp"
#include "gyrograd/autograd/ops/relu.hpp"
#include "gyrograd/core/error.hpp"
#include "gyrograd/nn/batch_norm.hpp"
#include "gyrograd/nn/conv2d.hpp"
#include "gyrograd/nn/linear.hpp"

namespace gyrograd::models {

/// Sizes chosen at run time (deepsense_v1 .. deepsense_v5 of config/classifier.json).
struct DeepSenseConfig {
  Index input = 6;  ///< channels: three per sensor
  Index classes = 6;
  Index rows = 20;   ///< rows of the feature: magnitudes above phases
  Index flat = 992;  ///< flat_num: width before lin1
  Index filters = 8;
  bool dropout = false;  ///< always false: the published model has none

  Index sensors() const { return input / 3; }
  /// Height of the stacked sensors, and what three convolutions of 2, 3, 2 leave of it.
  Index stacked() const { return filters * (rows - 4); }
  Index left() const { return filters * (stacked() - 4); }
};

/// Classifier on FFT features. Its batch norms couple the samples of a training batch.
template <Scalar Real = float>
class DeepSense {
 public:
  /// A training step sees its batch in one piece.
  static constexpr bool couples_batch() { return true; }

  /// Throws ConfigError when sizes are not positive, input is no multiple of 3 or `flat` does not fit.
  explicit DeepSense(DeepSenseConfig config = {})
      : config_(checked(config)),
        merged_(config.filters, config.sensors()),
        lin1_(config.flat, 12),
        lin2_(12, config.classes) {
    for (Index i = 0; i < config_.sensors(); ++i) sensors_.emplace_back(config_.filters, 3);
    store_.bind(*this);
  }
  DeepSense(DeepSense&&) noexcept = default;
  DeepSense& operator=(DeepSense&&) noexcept = default;

  const DeepSenseConfig& config() const { return config_; }
  ParameterStore<Real>& store() { return store_; }
  const ParameterStore<Real>& store() const { return store_; }
  Index dropout_width() const { return 0; }

  /// Published names in the published order: per sensor conv0_1 .. conv0_3, bn0_1 .. bn0_3, then conv1, bn1,
  /// ..., lin1, lin2.
  template <class F>
  void visit(F&& f) {
    for (std::size_t i = 0; i < sensors_.size(); ++i) {
      for (std::size_t j = 0; j < 3; ++j) visit_prefixed(name("conv", i, j), sensors_[i].conv[j], f);
      for (std::size_t j = 0; j < 3; ++j) visit_prefixed(name("bn", i, j), sensors_[i].norm[j], f);
    }
    for (std::size_t j = 0; j < 3; ++j) {
      visit_prefixed("conv" + std::to_string(j + 1) + ".", merged_.conv[j], f);
      visit_prefixed("bn" + std::to_string(j + 1) + ".", merged_.norm[j], f);
    }
    visit_prefixed("lin1.", lin1_, f);
    visit_prefixed("lin2.", lin2_, f);
  }
  template <class F>
  void visit_buffers(F&& f) {
    for (std::size_t i = 0; i < sensors_.size(); ++i)
      for (std::size_t j = 0; j < 3; ++j) visit_buffers_prefixed(name("bn", i, j), sensors_[i].norm[j], f);
    for (std::size_t j = 0; j < 3; ++j)
      visit_buffers_prefixed("bn" + std::to_string(j + 1) + ".", merged_.norm[j], f);
  }

  /// PyTorch's default initial values in the published order of drawing.
  void initialise(std::uint32_t seed) {
    Mt19937 g(seed);
    initialise(g);
  }
  template <WordGenerator Generator>
  void initialise(Generator& g) {
    for (Block& block : sensors_) block.initialise(g);
    merged_.initialise(g);
    lin1_.initialise(g);
    lin2_.initialise(g);
  }

  /// Logits (B, classes) of x: (B, rows, input), FFT features. Training passes Statistics::batch_and_store,
  /// from one thread at a time. Throws ShapeError when x does not fit, ConfigError for a dropout mask.
  template <Index B, Index T, Index C>
  Var<Real, dyn, dyn> logits(Tape<Real>& tape, Var<Real, B, T, C> x, const Real* mask = nullptr,
                             nn::Statistics statistics = nn::Statistics::stored) const {
    if (x.extent(1) != config_.rows || x.extent(2) != config_.input)
      fail<ShapeError>("DeepSense: the feature is ", x.extent(1), " x ", x.extent(2), ", the model expects ",
                       config_.rows, " x ", config_.input);
    if (mask != nullptr)
      fail<ConfigError>("DeepSense: a dropout mask, but the model has no dropout; pass none");
    const Index batch = x.extent(0), count = config_.sensors();
    std::array<Var<Real, dyn, dyn>, most_sensors> columns;
    for (Index i = 0; i < count; ++i) {
      const auto one = ops::channels(tape, x, 3 * i, 3);
      const auto h = sensors_[static_cast<std::size_t>(i)](
          tape, one.template reshape<dyn, dyn, dyn, dyn>(batch, config_.rows, 3, 1), statistics);
      // (B, rows - 4, 1, filters) in memory is the published flattening: filter by filter.
      columns[static_cast<std::size_t>(i)] = h.template reshape<dyn, dyn>(batch, config_.stacked());
    }
    const auto all = ops::stack(
        tape, std::span<const Var<Real, dyn, dyn>>(columns.data(), static_cast<std::size_t>(count)));
    const auto h = merged_(tape, all.template reshape<dyn, dyn, dyn, dyn>(batch, config_.stacked(), count, 1),
                           statistics);
    const auto z = ops::relu(tape, lin1_(tape, h.template reshape<dyn, dyn>(batch, config_.flat)));
    return lin2_(tape, z);
  }

 private:
  static constexpr std::size_t most_sensors = 8;

  /// Three times convolution, ReLU, norm; the first one spans `width` columns.
  struct Block {
    std::array<nn::Conv2d<Real>, 3> conv;
    std::array<nn::BatchNorm<Real>, 3> norm;

    Block(Index filters, Index width)
        : conv{nn::Conv2d<Real>(1, filters, 2, width), nn::Conv2d<Real>(filters, filters, 3, 1),
               nn::Conv2d<Real>(filters, filters, 2, 1)},
          norm{nn::BatchNorm<Real>(filters), nn::BatchNorm<Real>(filters), nn::BatchNorm<Real>(filters)} {}

    template <WordGenerator Generator>
    void initialise(Generator& g) {
      for (auto& layer : conv) layer.initialise(g);
      for (auto& layer : norm) layer.initialise();
    }
    auto operator()(Tape<Real>& tape, Var<Real, dyn, dyn, dyn, dyn> h, nn::Statistics statistics) const {
      for (std::size_t j = 0; j < 3; ++j) h = norm[j](tape, ops::relu(tape, conv[j](tape, h)), statistics);
      return h;
    }
  };

  static std::string name(const char* kind, std::size_t sensor, std::size_t layer) {
    return kind + std::to_string(sensor) + "_" + std::to_string(layer + 1) + ".";
  }
  static DeepSenseConfig checked(DeepSenseConfig c) {
    if (c.input < 3 || c.input % 3 != 0 || c.sensors() > static_cast<Index>(most_sensors) || c.classes < 1 ||
        c.filters < 1 || c.rows < 5)
      fail<ConfigError>("DeepSense: input ", c.input, ", classes ", c.classes, ", filters ", c.filters,
                        ", rows ", c.rows, "; expected channels in threes (at most ", 3 * most_sensors,
                        ") and 5 rows or more");
    if (c.flat != c.left())
      fail<ConfigError>("DeepSense: flat_num is ", c.flat, ", but a feature of ", c.rows, " rows leaves ",
                        c.left(), "; use that");
    return c;
  }

  DeepSenseConfig config_;
  ParameterStore<Real> store_;
  std::vector<Block> sensors_;
  Block merged_;
  nn::Linear<Real> lin1_, lin2_;
};

}  // namespace gyrograd::models
