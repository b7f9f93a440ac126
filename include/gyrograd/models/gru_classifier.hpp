// SPDX-License-Identifier: MIT
// GRU classifier of LIMU-BERT (LIMU-GRU on embeddings, R-GRU on raw readings): stacked GRUs, last step,
// dense. Names, shapes and behaviour follow the authors' released ClassifierGRU, so that published weights
// load.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "gyrograd/models/recurrent_classifier.hpp"
#include "gyrograd/nn/gru.hpp"

namespace gyrograd::models {

/// Sizes chosen at run time: what the keys of config/classifier.json say (LIMU-BERT sheet §2.2).
struct GruClassifierConfig {
  Index input = 72;    ///< channels of a window; rules over the first rnn_io entry
  Index classes = 6;   ///< rules over the last linear_io entry
  Index seq_len = 20;  ///< window in steps; other lengths are accepted, too
  std::vector<RecurrentModule> modules{{20, 2}, {10, 1}};  ///< rnn_io and num_layers
  std::vector<Index> dense{};                              ///< widths of dense layers before the last one
  bool activ = false;   ///< ReLU after every module and dense layer, on logits, too
  bool dropout = true;  ///< dropout of 0.5 before the dense part
};

/// Sizes fixed at compile time: the published configurations as types.
template <Index Input, Index Classes, Index Steps, Index Hidden0, Index Hidden1, bool Dropout>
struct GruClassifierPreset {
  static constexpr Index input = Input, classes = Classes, seq_len = Steps;
  static constexpr std::array<RecurrentModule, 2> modules{{{Hidden0, 2}, {Hidden1, 1}}};
  static constexpr std::array<Index, 0> dense{};
  static constexpr bool activ = false, dropout = Dropout;
};

/// gru_v1 .. gru_v102 of classifier.json for inputs of `Input` channels (72: embeddings, 6: raw readings).
template <Index Input = 72, Index Classes = 6>
using GruV1 = GruClassifierPreset<Input, Classes, 20, 20, 10, false>;
template <Index Input = 72, Index Classes = 6>
using GruV2 = GruClassifierPreset<Input, Classes, 20, 20, 10, true>;  ///< LIMU-GRU, R-GRU
template <Index Input = 72, Index Classes = 6>
using GruV1Prerelease = GruClassifierPreset<Input, Classes, 20, 32, 10, false>;
template <Index Input = 72, Index Classes = 6>
using GruV4 = GruClassifierPreset<Input, Classes, 20, 64, 10, true>;
template <Index Input = 72, Index Classes = 6>
using GruV11 = GruClassifierPreset<Input, Classes, 40, 20, 10, true>;
template <Index Input = 72, Index Classes = 6>
using GruV12 = GruClassifierPreset<Input, Classes, 60, 20, 10, true>;
template <Index Input = 72, Index Classes = 6>
using GruV13 = GruClassifierPreset<Input, Classes, 120, 20, 10, true>;
template <Index Input = 3, Index Classes = 6>
using GruV21 = GruClassifierPreset<Input, Classes, 20, 20, 10, true>;
template <Index Input = 72, Index Classes = 6>
using GruV102 = GruClassifierPreset<Input, Classes, 20, 12, 8, true>;

/// Classifier. `Config`: a GruClassifierPreset or GruClassifierConfig; both run the same kernels and give the
/// same bits. One const model may serve many threads, each with its own tape.
///
///   models::GruClassifier<models::GruV2<72, 6>> model;
///   model.initialise(3431);
///   auto y = model.logits(tape, x);           // x: (B, T, input) -> (B, classes)
///   auto y = model.logits(tape, x, mask);     // training, with dropout
template <class Config = GruClassifierConfig, Scalar Real = float>
class GruClassifier {
 public:
  /// Throws ConfigError when there is no recurrent module or a size is not positive.
  explicit GruClassifier(Config config = {})
      : config_(checked_recurrent("GRU classifier", std::move(config))),
        head_(config_.modules.back().hidden, config_.dense, config_.classes,
              config_.activ ? nn::DenseRelu::all : nn::DenseRelu::none) {
    Index width = config_.input;
    for (const RecurrentModule& m : config_.modules) {
      modules_.emplace_back(width, m.hidden, m.layers);
      width = m.hidden;
    }
    store_.bind(*this);
  }
  GruClassifier(GruClassifier&&) noexcept = default;
  GruClassifier& operator=(GruClassifier&&) noexcept = default;

  const Config& config() const { return config_; }
  ParameterStore<Real>& store() { return store_; }
  const ParameterStore<Real>& store() const { return store_; }
  const std::vector<nn::Gru<Real>>& modules() const { return modules_; }
  const std::vector<nn::Linear<Real>>& dense() const { return head_.layers(); }
  /// Channels that the dropout mask of one sequence has: the width of the last recurrent module.
  Index dropout_width() const { return modules_.back().hidden(); }

  /// Published names in the published order: gru0.weight_ih_l0, ..., lin0.weight, lin0.bias.
  template <class F>
  void visit(F&& f) {
    for (std::size_t i = 0; i < modules_.size(); ++i)
      visit_prefixed("gru" + std::to_string(i) + ".", modules_[i], f);
    head_.visit(f);
  }

  /// PyTorch's default initial values in the published order of drawing.
  void initialise(std::uint32_t seed) {
    Mt19937 g(seed);
    initialise(g);
  }
  template <WordGenerator Generator>
  void initialise(Generator& g) {
    for (nn::Gru<Real>& module : modules_) module.initialise(g);
    head_.initialise(g);
  }

  /// Logits (B, classes) of x: (B, T, input), any T >= 1.
  /// mask: (B, dropout_width()) in activation layout, 0 or 1 / (1 - p), must outlive the backward pass; null:
  /// no dropout (evaluation). Throws ShapeError when x does not fit, ConfigError for a mask without
  /// `dropout`.
  template <Index B, Index T, Index C>
  Var<Real, dyn, dyn> logits(Tape<Real>& tape, Var<Real, B, T, C> x, const Real* mask = nullptr) const {
    return recurrent_logits("GRU classifier", config_, modules_, head_, tape, x, mask);
  }

 private:
  Config config_;
  ParameterStore<Real> store_;
  std::vector<nn::Gru<Real>> modules_;
  nn::DenseHead<Real> head_;
};

}  // namespace gyrograd::models
