// SPDX-License-Identifier: MIT
// LIMU-BERT: encoder with one shared transformer block, masked-reconstruction head, embedding export.
// Xu et al., "LIMU-BERT: Unleashing the Potential of Unlabeled Data for IMU Sensing Applications", SenSys
// 2021; names, shapes and behaviour follow the authors' released code, so that published weights load.
#pragma once

#include <cstdint>

#include "gyrograd/autograd/ops/gather.hpp"
#include "gyrograd/autograd/ops/gelu.hpp"
#include "gyrograd/core/error.hpp"
#include "gyrograd/nn/embedding.hpp"
#include "gyrograd/nn/transformer.hpp"

namespace gyrograd::models {

/// Last steps of the reconstruction, after gelu(linear(h)).
enum class Decoder {
  published,  ///< norm over the width, then the dense layer to the channels, as in the code and weights
  paper,      ///< the dense layer, then a norm over the channels, as the paper writes
};

/// Sizes chosen at run time, with the keys of config/limu_bert.json.
struct LimuBertConfig {
  Index feature_num = 6;  ///< channels F of a window
  Index hidden = 72;      ///< width of the encoder
  Index hidden_ff = 144;  ///< width of the feed-forward layer
  Index n_layers = 4;     ///< applications of the one shared block
  Index n_heads = 4;      ///< divides hidden
  Index seq_len = 120;    ///< rows of the position table: longest window
  bool emb_norm = true;   ///< layer norm also before the positions are added
  nn::BlockResidual block = nn::BlockResidual::published;
  Decoder decoder = Decoder::published;
};

/// Sizes fixed at compile time: the published configurations as types.
template <Index F, Index H, Index FF, Index Layers, Index Heads, Index T>
struct LimuBertPreset {
  static constexpr Index feature_num = F, hidden = H, hidden_ff = FF, n_layers = Layers, n_heads = Heads,
                         seq_len = T;
  static constexpr bool emb_norm = true;
  static constexpr nn::BlockResidual block = nn::BlockResidual::published;
  static constexpr Decoder decoder = Decoder::published;
};

using LimuBertV1 = LimuBertPreset<6, 72, 144, 4, 4, 120>;   ///< base_v1: hhar, motion, uci, shoaib
using LimuBertV2 = LimuBertPreset<9, 72, 144, 4, 4, 120>;   ///< base_v2: with magnetometer
using LimuBertV3 = LimuBertPreset<9, 72, 144, 4, 4, 150>;   ///< base_v3 of LIMU-BERT-X, and the following
using LimuBertV4 = LimuBertPreset<6, 72, 144, 4, 4, 20>;    ///< base_v4: the published X weights
using LimuBertV5 = LimuBertPreset<3, 72, 144, 4, 4, 20>;    ///< base_v5
using LimuBertV6 = LimuBertPreset<6, 36, 72, 3, 4, 20>;     ///< base_v6
using LimuBertV7 = LimuBertPreset<6, 288, 576, 6, 4, 20>;   ///< base_v7
using LimuBertV8 = LimuBertPreset<6, 48, 96, 4, 4, 20>;     ///< base_v8
using LimuBertV9 = LimuBertPreset<6, 48, 144, 4, 4, 20>;    ///< base_v9
using LimuBertV10 = LimuBertPreset<6, 72, 144, 6, 8, 20>;   ///< base_v10
using LimuBertV11 = LimuBertPreset<6, 108, 216, 4, 4, 20>;  ///< base_v11
using LimuBertZjs = LimuBertPreset<6, 72, 144, 4, 4, 100>;  ///< base_zjs

/// LIMU-BERT with its pre-training head. `Config`: a LimuBertPreset or LimuBertConfig; both run the same
/// kernels and give the same bits. One const model may serve many threads, each with its own tape.
///
///   models::LimuBert<models::LimuBertV1> model;
///   model.initialise(3431);
///   auto h = model.encode(tape, x);                            // x: (B, T, F) -> (B, T, hidden)
///   auto y = model.reconstruct(tape, x, positions, count);     // -> (B, count, F)
template <class Config = LimuBertConfig, Scalar Real = float>
class LimuBert {
 public:
  /// Throws ConfigError when heads do not divide the width or a size is not positive.
  explicit LimuBert(Config config = {})
      : config_(checked(config)),
        embed_lin_(config.feature_num, config.hidden),
        embed_positions_(config.seq_len, config.hidden),
        embed_norm_(config.hidden),
        block_(config.hidden, config.hidden_ff, config.n_heads, config.block),
        fc_(config.hidden, config.hidden),
        linear_(config.hidden, config.hidden),
        norm_(config.decoder == Decoder::published ? config.hidden : config.feature_num),
        decoder_(config.hidden, config.feature_num) {
    store_.bind(*this);
    fc_.weight.trainable = fc_.bias.trainable = false;
  }
  LimuBert(LimuBert&&) noexcept = default;
  LimuBert& operator=(LimuBert&&) noexcept = default;

  const Config& config() const { return config_; }
  ParameterStore<Real>& store() { return store_; }
  const ParameterStore<Real>& store() const { return store_; }

  /// Published names in the published order. `fc` is part of every published file but of no computation.
  template <class F>
  void visit(F&& f) {
    visit_prefixed("transformer.embed.lin.", embed_lin_, f);
    visit_prefixed("transformer.embed.pos_embed.", embed_positions_, f);
    visit_prefixed("transformer.embed.norm.", embed_norm_, f);
    visit_prefixed("transformer.", block_, f);
    visit_prefixed("fc.", fc_, f);
    visit_prefixed("linear.", linear_, f);
    visit_prefixed("norm.", norm_, f);
    visit_prefixed("decoder.", decoder_, f);
  }

  /// PyTorch's default initial values in the published order of drawing; seed 3431 gives the published start.
  void initialise(std::uint32_t seed) {
    Mt19937 g(seed);
    embed_lin_.initialise(g);
    embed_positions_.initialise(g);
    embed_norm_.initialise();
    block_.initialise(g);
    fc_.initialise(g);
    linear_.initialise(g);
    norm_.initialise();
    decoder_.initialise(g);
  }

  /// Encoder.   x: (B, T, F), T <= seq_len; returns (B, T, hidden). Throws ShapeError when x does not fit.
  template <Index B, Index T, Index F>
  auto encode(Tape<Real>& tape, Var<Real, B, T, F> x) const {
    return layers(tape, embed(tape, x), config_.n_layers);
  }

  /// Encoder of steps first .. first + T - 1 of longer windows; the other steps are computed elsewhere.
  /// x: (B, T, F); returns (B, T, hidden). exchange(k, v) takes the keys and values of these steps, (B, T,
  /// hidden), and returns the pair of those of all steps: once per layer.
  template <Index B, Index T, Index F, class Exchange>
  auto encode_part(Tape<Real>& tape, Var<Real, B, T, F> x, Index first, Exchange&& exchange) const {
    auto h = embed(tape, x, first);
    for (Index layer = 0; layer < config_.n_layers; ++layer)
      h = replaced(tape, h, block_(tape, h, h, exchange));
    return h;
  }

  /// Reconstruction of the rows at `positions`: encoder, gather, gelu(linear), norm, decoder; with
  /// Decoder::paper the norm comes last.
  /// x: (B, T, F)  positions: (B, count) row-major, must outlive the backward pass; returns (B, count, F).
  /// The last layer computes these rows only; no other row of it is ever used (exact, not an approximation).
  template <Index B, Index T, Index F>
  auto reconstruct(Tape<Real>& tape, Var<Real, B, T, F> x, const std::int32_t* positions, Index count) const {
    const auto h = layers(tape, embed(tape, x), config_.n_layers - 1);
    if (config_.n_layers == 0) return head(tape, ops::gather(tape, h, positions, count));
    return head(tape, block_(tape, ops::gather(tape, h, positions, count), h));
  }

  /// Reconstruction of all rows.   x: (B, T, F); returns (B, T, F).
  template <Index B, Index T, Index F>
  auto reconstruct(Tape<Real>& tape, Var<Real, B, T, F> x) const {
    return head(tape, encode(tape, x));
  }

 private:
  static Config checked(const Config& c) {
    if (c.feature_num <= 0 || c.hidden <= 0 || c.hidden_ff <= 0 || c.n_layers < 0 || c.n_heads <= 0 ||
        c.seq_len <= 0)
      fail<ConfigError>("LIMU-BERT: feature_num, hidden, hidden_ff, n_heads and seq_len must be positive");
    if (c.hidden % c.n_heads != 0)
      fail<ConfigError>("LIMU-BERT: n_heads ", c.n_heads, " does not divide hidden ", c.hidden);
    return c;
  }

  /// `next`, after which `last` is not read any more.
  template <class Hidden>
  static Hidden replaced(Tape<Real>& tape, const Hidden& last, const Hidden& next) {
    tape.release(last);
    return next;
  }
  /// `count` applications of the shared block.
  template <class Hidden>
  Hidden layers(Tape<Real>& tape, Hidden h, Index count) const {
    for (Index layer = 0; layer < count; ++layer) h = replaced(tape, h, block_(tape, h, h));
    return h;
  }

  /// lin, norm, + positions, norm: one norm used twice.
  template <Index B, Index T, Index F>
  auto embed(Tape<Real>& tape, Var<Real, B, T, F> x, Index first = 0) const {
    if (x.extent(2) != config_.feature_num)
      fail<ShapeError>("LIMU-BERT: the window has ", x.extent(2), " channels, the model expects ",
                       config_.feature_num);
    if (first + x.extent(1) > config_.seq_len || x.extent(1) < 1)
      fail<ShapeError>("LIMU-BERT: the window has ", first + x.extent(1), " steps, the position table 1 to ",
                       config_.seq_len);
    auto e = embed_lin_(tape, x);
    e = replaced(
        tape, e,
        config_.emb_norm ? embed_positions_(tape, embed_norm_, e, first) : embed_positions_(tape, e, first));
    return replaced(tape, e, embed_norm_.in_place(tape, e));
  }

  template <Index B, Index M, Index C>
  auto head(Tape<Real>& tape, Var<Real, B, M, C> h) const {
    const auto g = ops::gelu(tape, linear_(tape, h));
    if (config_.decoder == Decoder::paper) return norm_(tape, decoder_(tape, g));
    return decoder_(tape, norm_(tape, g));
  }

  Config config_;
  ParameterStore<Real> store_;
  nn::Linear<Real> embed_lin_;
  nn::PositionTable<Real> embed_positions_;
  nn::LayerNorm<Real> embed_norm_;
  nn::TransformerBlock<Real> block_;
  nn::Linear<Real> fc_, linear_;
  nn::LayerNorm<Real> norm_;
  nn::Linear<Real> decoder_;
};

}  // namespace gyrograd::models
