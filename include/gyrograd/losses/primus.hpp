// SPDX-License-Identifier: MIT
// The objective of PRIMUS: self-supervised, multimodal and nearest-neighbour InfoNCE, weighted (PRIMUS sheet
// §5.5, §5.6).
#pragma once

#include <array>
#include <string_view>

#include "gyrograd/autograd/ops/add.hpp"
#include "gyrograd/autograd/ops/scale.hpp"
#include "gyrograd/losses/feature_queue.hpp"
#include "gyrograd/losses/info_nce.hpp"
#include "gyrograd/losses/temperature.hpp"

namespace gyrograd::losses {

/// The six terms.
enum class PrimusTerm : std::uint8_t { ss, mm_text, mm_video, nn_text, nn_video, nn_imu };
inline constexpr std::array<std::string_view, 6> primus_term_names{"ss",      "mm_text",  "mm_video",
                                                                   "nn_text", "nn_video", "nn_imu"};

/// L = alpha SS + beta (MM text + MM video) + gamma_mm (NN text + NN video) + gamma_ss NN imu.
struct PrimusWeights {
  double alpha = 1, beta = 1, gamma_mm = 1, gamma_ss = 1;

  /// The one number of the released code: alpha = c, beta = 1 - c, and both for the neighbours.
  static PrimusWeights c_form(double c, bool neighbours) {
    return {c, 1 - c, neighbours ? 1 - c : 0, neighbours ? c : 0};
  }
  bool neighbours() const { return gamma_mm > 0 || gamma_ss > 0; }
};

/// Operands; a term whose weight is 0 or whose key is empty is left out. All: (B, width), the text and the
/// video vectors and what they are compared with in a width of their own.
template <Scalar Real>
struct PrimusInputs {
  Var<Real, dyn, dyn> s0, s1;                     ///< ssl head of the window, and of its augmented view
  Var<Real, dyn, dyn> g0;                         ///< mmcl head of the window
  Var<Real, dyn, dyn> g_text, g_video;            ///< its projections for text and video; empty: g0 itself
  Var<Real, dyn, dyn> text, video;                ///< constants
  Var<Real, dyn, dyn> nn_text, nn_video, nn_imu;  ///< constants: queue rows of the neighbours
  Var<Real> tau_mm, tau_ss;                       ///< see temperature()
  const Real* mask = nullptr;  ///< (B): 0 for samples without text and video, in the MM terms; null: none
  const Index* neighbour = nullptr;  ///< (B): queue row of each sample; given, equal ones are no negatives
};

/// Total and terms (0 where left out), before weighting.
template <Scalar Real>
struct PrimusLoss {
  Var<Real> total;
  std::array<Real, 6> terms{};
};

/// The weighted sum. `options`: direction, reduction, similarity, masked samples and pool of every term; its
/// mask and groups are set here. The NN terms are not masked (PRIMUS sheet §5.6).
template <Scalar Real>
PrimusLoss<Real> primus(Tape<Real>& tape, const PrimusInputs<Real>& in, const PrimusWeights& weights,
                        InfoNceOptions<Real> options = {}) {
  PrimusLoss<Real> out;
  bool first = true;
  const bool cosine = options.similarity == Similarity::cosine;
  const auto ready = [&](const Var<Real, dyn, dyn>& x, bool used) {
    return cosine && used && !x.value.empty() ? ops::l2_normalise(tape, x) : x;
  };
  const auto s0 = ready(in.s0, weights.alpha > 0 || weights.gamma_ss > 0);  // once for all terms that use it
  const bool multimodal = weights.beta > 0 || weights.gamma_mm > 0;
  const bool shared = in.g_text.value.empty() || in.g_video.value.empty();
  const auto g0 = ready(in.g0, multimodal && shared);
  const auto g_text = in.g_text.value.empty() ? g0 : ready(in.g_text, multimodal);
  const auto g_video = in.g_video.value.empty() ? g0 : ready(in.g_video, multimodal);
  const auto add = [&](PrimusTerm term, const Var<Real, dyn, dyn>& q, const Var<Real, dyn, dyn>& key,
                       Var<Real> tau, double weight, const Real* mask, const Index* group) {
    if (weight <= 0 || key.value.empty() || q.value.empty()) return;
    if (key.extent(0) != q.extent(0) || key.extent(1) != q.extent(1))
      fail<ShapeError>("PRIMUS objective: term ", primus_term_names[static_cast<std::size_t>(term)],
                       ": queries are ", q.extent(0), " x ", q.extent(1), ", keys ", key.extent(0), " x ",
                       key.extent(1), "; encoder or projection must be as wide as the vectors");
    options.mask = mask;
    options.group = group;
    const auto loss = detail::contrast(tape, q, ready(key, true), tau, options);
    out.terms[static_cast<std::size_t>(term)] = *loss.value.data();
    const auto part = ops::scale(tape, loss, static_cast<Real>(weight));
    out.total = first ? part : ops::add(tape, out.total, part);
    first = false;
  };
  add(PrimusTerm::ss, s0, in.s1, in.tau_ss, weights.alpha, nullptr, nullptr);
  add(PrimusTerm::mm_text, g_text, in.text, in.tau_mm, weights.beta, in.mask, nullptr);
  add(PrimusTerm::mm_video, g_video, in.video, in.tau_mm, weights.beta, in.mask, nullptr);
  add(PrimusTerm::nn_text, g_text, in.nn_text, in.tau_mm, weights.gamma_mm, nullptr, in.neighbour);
  add(PrimusTerm::nn_video, g_video, in.nn_video, in.tau_mm, weights.gamma_mm, nullptr, in.neighbour);
  add(PrimusTerm::nn_imu, s0, in.nn_imu, in.tau_ss, weights.gamma_ss, nullptr, in.neighbour);
  if (first) {  // no term at all: zero, without a gradient
    out.total = tape.template make<>();
    *out.total.value.data() = Real(0);
  }
  return out;
}

}  // namespace gyrograd::losses
