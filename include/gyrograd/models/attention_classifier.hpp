// SPDX-License-Identifier: MIT
// Attention classifier of LIMU-BERT (LIMU-ATTN): positions, projections, multi-head attention, dense.
//
// Names, shapes and behaviour follow the authors' released ClassifierAttn (LIMU-BERT sheet §3.5). As
// published, its attention runs over the samples of a batch, not over time, because the module reads its
// input as (time, batch, width): logits then depend on the company of a window.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "gyrograd/autograd/ops/permute.hpp"
#include "gyrograd/core/error.hpp"
#include "gyrograd/nn/dense_head.hpp"
#include "gyrograd/nn/embedding.hpp"
#include "gyrograd/nn/linear.hpp"
#include "gyrograd/nn/multihead_attention.hpp"

namespace gyrograd::models {

/// What attention runs over. Published: the samples of a batch, step by step; corrected: the steps of each
/// window.
enum class AttentionAxis { published, corrected };

/// Sizes chosen at run time: keys of config/classifier.json (LIMU-BERT sheet §2.2); defaults: attn_v1.
struct AttentionClassifierConfig {
  Index input = 72;
  Index classes = 6;
  Index seq_len = 20;          ///< steps of a window
  Index heads = 4;             ///< num_head
  Index width = 36;            ///< atten_hidden
  std::vector<Index> dense{};  ///< widths of dense layers before the last one
  bool activ = false;          ///< ReLU after every dense layer, on logits, too
  bool dropout = true;         ///< dropout of 0.5 before the dense part
  AttentionAxis axis = AttentionAxis::published;
};

template <Scalar Real = float>
class AttentionClassifier {
 public:
  /// Throws ConfigError when a size is not positive or the heads do not divide the width.
  explicit AttentionClassifier(AttentionClassifierConfig config = {})
      : config_(checked(std::move(config))),
        positions_(config_.seq_len, config_.input),
        proj_q_(config_.input, config_.width),
        proj_k_(config_.input, config_.width),
        proj_v_(config_.input, config_.width),
        attention_(config_.width, config_.heads),
        head_(config_.seq_len * config_.width, config_.dense, config_.classes,
              config_.activ ? nn::DenseRelu::all : nn::DenseRelu::none) {
    store_.bind(*this);
  }
  AttentionClassifier(AttentionClassifier&&) noexcept = default;
  AttentionClassifier& operator=(AttentionClassifier&&) noexcept = default;

  const AttentionClassifierConfig& config() const { return config_; }
  ParameterStore<Real>& store() { return store_; }
  const ParameterStore<Real>& store() const { return store_; }
  Index dropout_width() const { return config_.seq_len * config_.width; }
  /// True when a batch must be seen in one piece: as published its samples attend to one another.
  bool couples_batch() const { return config_.axis == AttentionAxis::published; }
  /// The same in evaluation: logits depend on the company of a sample.
  bool couples_evaluation() const { return couples_batch(); }

  /// Published names in the published order: embd, proj_q, proj_k, proj_v, attn, lin0.
  template <class F>
  void visit(F&& f) {
    visit_prefixed("embd.", positions_, f);
    visit_prefixed("proj_q.", proj_q_, f);
    visit_prefixed("proj_k.", proj_k_, f);
    visit_prefixed("proj_v.", proj_v_, f);
    visit_prefixed("attn.", attention_, f);
    head_.visit(f);
  }

  /// PyTorch's default initial values in the published order of drawing.
  void initialise(std::uint32_t seed) {
    Mt19937 g(seed);
    initialise(g);
  }
  template <WordGenerator Generator>
  void initialise(Generator& g) {
    positions_.initialise(g);
    for (nn::Linear<Real>* layer : {&proj_q_, &proj_k_, &proj_v_}) layer->initialise(g);
    attention_.initialise(g);
    head_.initialise(g);
  }

  /// Logits (B, classes) of x: (B, seq_len, input).
  /// mask: (B, dropout_width()) in activation layout, 0 or 1 / (1 - p), must outlive the backward pass; null:
  /// no dropout. Throws ShapeError when x does not fit, ConfigError for a mask without `dropout`.
  template <Index B, Index T, Index C>
  Var<Real, dyn, dyn> logits(Tape<Real>& tape, Var<Real, B, T, C> x, const Real* mask = nullptr) const {
    if (x.extent(1) != config_.seq_len || x.extent(2) != config_.input)
      fail<ShapeError>("attention classifier: the window is ", x.extent(1), " x ", x.extent(2),
                       ", the model expects ", config_.seq_len, " x ", config_.input);
    if (mask != nullptr && !config_.dropout)
      fail<ConfigError>(
          "attention classifier: a dropout mask, but the configuration has dropout false; pass none");
    const bool over_batch = config_.axis == AttentionAxis::published;
    Var<Real, dyn, dyn, dyn> h = dynamic(positions_(tape, x));
    if (over_batch) h = ops::permute(tape, h, {1, 0, 2});  // (T, B, C): attention runs along axis 1
    const auto y = attention_(tape, proj_q_(tape, h), proj_k_(tape, h), proj_v_(tape, h));
    // The published flattening is step by step.
    const auto flat = over_batch ? ops::permute(tape, y, {1, 2, 0}) : ops::permute(tape, y, {0, 2, 1});
    Var<Real, dyn, dyn> z = flat.template reshape<dyn, dyn>(x.extent(0), dropout_width());
    return head_(tape, z, mask);
  }

 private:
  template <Index... Dims>
  static Var<Real, dyn, dyn, dyn> dynamic(const Var<Real, Dims...>& x) {
    return x.template reshape<dyn, dyn, dyn>(x.extent(0), x.extent(1), x.extent(2));
  }
  static AttentionClassifierConfig checked(AttentionClassifierConfig c) {
    bool sizes = c.input > 0 && c.classes > 0 && c.seq_len > 0 && c.heads > 0 && c.width > 0;
    for (Index width : c.dense) sizes = sizes && width > 0;
    if (!sizes || c.width % c.heads != 0)
      fail<ConfigError>("attention classifier: input ", c.input, ", classes ", c.classes, ", seq_len ",
                        c.seq_len, ", atten_hidden ", c.width, ", num_head ", c.heads,
                        "; expected positive numbers and heads that divide the width");
    return c;
  }

  AttentionClassifierConfig config_;
  ParameterStore<Real> store_;
  nn::PositionTable<Real> positions_;
  nn::Linear<Real> proj_q_, proj_k_, proj_v_;
  nn::MultiheadAttention<Real> attention_;
  nn::DenseHead<Real> head_;
};

}  // namespace gyrograd::models
