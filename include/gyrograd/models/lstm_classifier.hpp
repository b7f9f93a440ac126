// SPDX-License-Identifier: MIT
// LSTM classifier of LIMU-BERT (LIMU-LSTM): stacked LSTMs, last step, dense.
//
// Names, shapes and behaviour follow the authors' released ClassifierLSTM. Its norms bn<i> over the steps of
// the window are stored and never applied (LIMU-BERT sheet §3.5).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "gyrograd/models/recurrent_classifier.hpp"
#include "gyrograd/nn/batch_norm.hpp"
#include "gyrograd/nn/lstm.hpp"

namespace gyrograd::models {

/// Sizes chosen at run time: what the keys of config/classifier.json say (LIMU-BERT sheet §2.2).
struct LstmClassifierConfig {
  Index input = 72;    ///< channels of a window; rules over the first rnn_io entry
  Index classes = 6;   ///< rules over the last linear_io entry
  Index seq_len = 20;  ///< width of the unused norms; windows of other lengths are accepted
  std::vector<RecurrentModule> modules{{20, 2}, {10, 1}};  ///< rnn_io and num_layers
  std::vector<Index> dense{};                              ///< widths of dense layers before the last one
  bool activ = false;   ///< ReLU after every module and dense layer, on logits, too
  bool dropout = true;  ///< dropout of 0.5 before the dense part
};

/// lstm_v1, lstm_v5, lstm_v6 of classifier.json: window of 20, 40, 120 steps.
inline LstmClassifierConfig lstm_v1(Index input = 72, Index classes = 6) {
  LstmClassifierConfig c;
  c.input = input;
  c.classes = classes;
  return c;
}
inline LstmClassifierConfig lstm_v5(Index input = 72, Index classes = 6) {
  LstmClassifierConfig c = lstm_v1(input, classes);
  c.seq_len = 40;
  return c;
}
inline LstmClassifierConfig lstm_v6(Index input = 72, Index classes = 6) {
  LstmClassifierConfig c = lstm_v1(input, classes);
  c.seq_len = 120;
  return c;
}
/// lstm_v1 of the pre-release files: widths 100 and 50.
inline LstmClassifierConfig lstm_v1_prerelease(Index input = 72, Index classes = 6) {
  LstmClassifierConfig c = lstm_v1(input, classes);
  c.modules = {{100, 2}, {50, 1}};
  return c;
}

/// Classifier; one const model may serve many threads, each with its own tape.
///
///   models::LstmClassifier<float> model(models::lstm_v1(72, 6));
///   model.initialise(3431);
///   auto y = model.logits(tape, x);           // x: (B, T, input) -> (B, classes)
template <Scalar Real = float>
class LstmClassifier {
 public:
  /// Throws ConfigError when there is no recurrent module or a size is not positive.
  explicit LstmClassifier(LstmClassifierConfig config = {})
      : config_(checked_recurrent("LSTM classifier", std::move(config))),
        head_(config_.modules.back().hidden, config_.dense, config_.classes,
              config_.activ ? nn::DenseRelu::all : nn::DenseRelu::none) {
    Index width = config_.input;
    for (const RecurrentModule& m : config_.modules) {
      modules_.emplace_back(width, m.hidden, m.layers);
      norms_.emplace_back(config_.seq_len);
      width = m.hidden;
    }
    store_.bind(*this);
  }
  LstmClassifier(LstmClassifier&&) noexcept = default;
  LstmClassifier& operator=(LstmClassifier&&) noexcept = default;

  const LstmClassifierConfig& config() const { return config_; }
  ParameterStore<Real>& store() { return store_; }
  const ParameterStore<Real>& store() const { return store_; }
  const std::vector<nn::Linear<Real>>& dense() const { return head_.layers(); }
  /// Channels that the dropout mask of one sequence has: the width of the last recurrent module.
  Index dropout_width() const { return modules_.back().hidden(); }

  /// Published names in the published order: lstm0.weight_ih_l0, ..., bn0.weight, ..., lin0.bias.
  template <class F>
  void visit(F&& f) {
    for (std::size_t i = 0; i < modules_.size(); ++i) {
      visit_prefixed("lstm" + std::to_string(i) + ".", modules_[i], f);
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
    for (std::size_t i = 0; i < modules_.size(); ++i) {
      modules_[i].initialise(g);
      norms_[i].initialise();
    }
    head_.initialise(g);
  }

  /// Logits (B, classes) of x: (B, T, input), any T >= 1.
  /// mask: (B, dropout_width()) in activation layout, 0 or 1 / (1 - p), must outlive the backward pass; null:
  /// no dropout (evaluation). Throws ShapeError when x does not fit, ConfigError for a mask without
  /// `dropout`.
  template <Index B, Index T, Index C>
  Var<Real, dyn, dyn> logits(Tape<Real>& tape, Var<Real, B, T, C> x, const Real* mask = nullptr) const {
    return recurrent_logits("LSTM classifier", config_, modules_, head_, tape, x, mask);
  }

 private:
  LstmClassifierConfig config_;
  ParameterStore<Real> store_;
  std::vector<nn::Lstm<Real>> modules_;
  std::vector<nn::BatchNorm<Real>> norms_;
  nn::DenseHead<Real> head_;
};

}  // namespace gyrograd::models
