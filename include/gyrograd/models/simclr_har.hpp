// SPDX-License-Identifier: MIT
// SimCLR for activity recognition: TPN's trunk and a projection of three dense layers.
// Tang, Perez-Pozuelo, Spathis, Mascolo, "Exploring Contrastive Learning in Human Activity Recognition for
// Healthcare", 2020 (PRIMUS sheet §14.2). Parameter names are gyrograd's: conv1..3, proj1..3.
#pragma once

#include <cstdint>
#include <span>

#include "gyrograd/models/tpn.hpp"

namespace gyrograd::models {

/// Trunk (B, T, input) -> (B, 96), projection 256, 128, 50 for the loss between two views.
///
///   models::SimclrHar<float> model;
///   auto a = model.project(tape, model.trunk(tape, first)), b = model.project(tape, model.trunk(tape,
///   second)); auto loss = losses::nt_xent(tape, a, b, tau);
template <Scalar Real = float>
class SimclrHar {
 public:
  static constexpr double dropout_rate = 0.1;
  static constexpr Index projection = 50;

  /// Defaults: three channels, windows of 400 samples, kernels 24, 16, 8. Throws ConfigError as TpnTrunk.
  explicit SimclrHar(TpnConfig config = TpnConfig::original())
      : config_(config),
        trunk_(config),
        proj1_(trunk_.width(), 256),
        proj2_(256, 128),
        proj3_(128, projection) {
    store_.bind(*this);
  }
  SimclrHar(SimclrHar&&) noexcept = default;
  SimclrHar& operator=(SimclrHar&&) noexcept = default;

  const TpnConfig& config() const { return config_; }
  ParameterStore<Real>& store() { return store_; }
  const ParameterStore<Real>& store() const { return store_; }
  Index dropout_width() const { return trunk_.dropout_width(); }

  template <class F>
  void visit(F&& f) {
    trunk_.visit(f);
    visit_prefixed("proj1.", proj1_, f);
    visit_prefixed("proj2.", proj2_, f);
    visit_prefixed("proj3.", proj3_, f);
  }
  /// PyTorch's default initial values in the order of visit().
  void initialise(std::uint32_t seed) {
    Mt19937 g(seed);
    trunk_.initialise(g);
    for (nn::Linear<Real>* layer : {&proj1_, &proj2_, &proj3_}) layer->initialise(g);
  }

  /// From now on windows are given as they are, not as (x - mean) factor.   means, factors: (input)
  void take_scales(std::span<const double> means, std::span<const double> factors) {
    trunk_.take_scales(means, factors);
  }

  /// Features that remain after pre-training.   x: (B, T, input); returns (B, 96).
  /// mask: (B, dropout_width()), 0 or 1 / (1 - p), must outlive the backward pass; null: no dropout.
  template <Index B, Index T, Index C>
  Var<Real, dyn, dyn> trunk(Tape<Real>& tape, Var<Real, B, T, C> x, const Real* mask = nullptr) const {
    return trunk_(tape, x, mask);
  }
  /// What the contrastive loss compares.   h: (B, 96) of trunk(); returns (B, 50).
  Var<Real, dyn, dyn> project(Tape<Real>& tape, Var<Real, dyn, dyn> h) const {
    return proj3_(tape, ops::relu(tape, proj2_(tape, ops::relu(tape, proj1_(tape, h)))));
  }

 private:
  TpnConfig config_;
  TpnTrunk<Real> trunk_;
  nn::Linear<Real> proj1_, proj2_, proj3_;
  ParameterStore<Real> store_;
};

}  // namespace gyrograd::models
