// SPDX-License-Identifier: MIT
// Multi-task self-supervision on the PRIMUS encoder: which transformations did a window go through?
// Saeed, Ozcelebi, Lukkien, "Multi-task Self-Supervised Learning for Human Activity Detection", IMWUT 2019,
// as PRIMUS compares with it (PRIMUS sheet §14.3).
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gyrograd/autograd/ops/permute.hpp"
#include "gyrograd/autograd/ops/relu.hpp"
#include "gyrograd/core/error.hpp"
#include "gyrograd/models/primus_encoder.hpp"
#include "gyrograd/nn/linear.hpp"

namespace gyrograd::models {

/// Encoder with one head of two dense layers (width -> 256 -> 1) for each task, all on the embedding.
template <Scalar Real = float>
class MultitaskSsl {
 public:
  static constexpr Index tasks = 8;
  static constexpr Index hidden = 256;

  /// The encoder's weights move in; initialise() draws those of the heads.
  explicit MultitaskSsl(PrimusEncoder<Real> encoder) : encoder_(std::move(encoder)) {
    for (Index i = 0; i < tasks; ++i) {
      inner_.emplace_back(encoder_.config().width, hidden);
      outer_.emplace_back(hidden, 1);
    }
    store_.bind(*this);
  }
  MultitaskSsl(MultitaskSsl&&) noexcept = default;
  MultitaskSsl& operator=(MultitaskSsl&&) noexcept = default;

  const PrimusEncoder<Real>& encoder() const { return encoder_; }
  PrimusEncoder<Real>& encoder() { return encoder_; }
  ParameterStore<Real>& store() { return store_; }
  const ParameterStore<Real>& store() const { return store_; }

  template <class F>
  void visit(F&& f) {
    visit_prefixed("imu_encoder.", encoder_, f);
    for (std::size_t i = 0; i < inner_.size(); ++i) {
      visit_prefixed("heads." + std::to_string(i) + ".0.", inner_[i], f);
      visit_prefixed("heads." + std::to_string(i) + ".1.", outer_[i], f);
    }
  }
  /// PyTorch's default initial values of the heads.
  void initialise(std::uint32_t seed) {
    Mt19937 g(seed);
    for (std::size_t i = 0; i < inner_.size(); ++i) {
      inner_[i].initialise(g);
      outer_[i].initialise(g);
    }
  }

  /// Log-odds (B, tasks) that x: (B, T, 6) went through each transformation.
  template <Index B, Index T, Index C>
  Var<Real, dyn, dyn> logits(Tape<Real>& tape, Var<Real, B, T, C> x) const {
    const auto h = encoder_.embed(tape, x);
    std::vector<Var<Real, dyn, dyn>> heads;
    for (std::size_t i = 0; i < inner_.size(); ++i)
      heads.push_back(outer_[i](tape, ops::relu(tape, inner_[i](tape, h))));
    const auto all = ops::stack(tape, std::span<const Var<Real, dyn, dyn>>(heads));
    return all.template reshape<dyn, dyn>(x.extent(0), tasks);
  }

 private:
  PrimusEncoder<Real> encoder_;
  std::vector<nn::Linear<Real>> inner_, outer_;
  ParameterStore<Real> store_;
};

}  // namespace gyrograd::models
