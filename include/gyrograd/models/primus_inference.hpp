// SPDX-License-Identifier: MIT
// PRIMUS encoder on single windows with the least latency, on any number of threads, with int8 weights on
// request.
//
// A single window is bound by reading the 3 MB of recurrent weights at each of 32 steps. Units are divided
// among the threads of a pool, each with the panels of all three gates of its units, so that its share of the
// weights stays in its own cache; threads meet once a step. Every other step takes the panels from last to
// first: what a cache still holds of the step before is read from there.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>

#include "gyrograd/core/aligned.hpp"
#include "gyrograd/core/spin_barrier.hpp"
#include "gyrograd/core/thread_pool.hpp"
#include "gyrograd/kernels/math.hpp"
#include "gyrograd/kernels/matrix_vector.hpp"
#include "gyrograd/kernels/matrix_vector_int8.hpp"
#include "gyrograd/kernels/product.hpp"
#include "gyrograd/models/primus_encoder.hpp"

namespace gyrograd::models {

/// How the recurrent weights and those of the heads are stored.
enum class PrimusPrecision {
  exact,  ///< as they are
  int8,   ///< rounded to 1/127 of the largest of their row; embeddings change by about one part in a hundred
};

/// Embeddings and head outputs of windows, one at a time. Allocates nothing once it has seen the longest
/// window. One call at a time; `model` and `pool` must outlive it. With exact weights the numbers are those
/// of the model to rounding, the same for any number of threads.
///
///   models::PrimusInference fast(model, pool);
///   fast.run(x, 250);                          // x: (T, 6), steps adjacent
///   fast.embedding(), fast.ssl(), fast.mmcl(); // width values each
template <Scalar Real = float>
class PrimusInference {
 public:
  PrimusInference(const PrimusEncoder<Real>& model, ThreadPool& pool,
                  PrimusPrecision precision = PrimusPrecision::exact)
      : model_(model),
        pool_(pool),
        barrier_(pool.size()),
        int8_(precision == PrimusPrecision::int8),
        width_(model.config().width),
        steps_(model.config().time_as_steps ? PrimusConfig::bins : PrimusConfig::maps),
        units_(int8_ ? kernels::lanes<float> : kernels::lanes<Real>),
        panels_((width_ + units_ - 1) / units_) {
    tape_.set_recording(false);
    const auto& layer = model.gru().layers().front();
    const Real *w = layer.weight_hh.value, *in = layer.weight_ih.value, *b_ih = layer.bias_ih.value,
               *b_hh = layer.bias_hh.value;
    // Row i of panel p: gate i / units of unit p units + i % units; -1 in the padding of the last panel.
    const auto gate_row = [this](Index p, Index i) {
      const Index unit = p * units_ + i % units_;
      return unit < width_ ? i / units_ * width_ + unit : Index{-1};
    };
    recurrent_.set(int8_, panels_, width_, [&](Index p, Index i) {
      const Index row = gate_row(p, i);
      return row < 0 ? nullptr : w + row * width_;
    });
    const Index rows = 3 * units_ * panels_;
    bias_.assign(static_cast<std::size_t>(rows), Real(0));
    state_.resize(static_cast<std::size_t>(rows));
    inputs_.resize(static_cast<std::size_t>(rows * steps_));
    // Of the input part the units lie in the lanes, too: weights transposed once.
    weight_ih_.assign(static_cast<std::size_t>(rows * PrimusConfig::bins), Real(0));
    for (Index at = 0; at < rows; ++at) {
      const Index row = gate_row(at / (3 * units_), at % (3 * units_));
      if (row < 0) continue;
      const bool inside = row >= 2 * width_;  // the recurrent bias of n is multiplied by r
      bias_[static_cast<std::size_t>(at)] = inside ? b_ih[row] : b_ih[row] + b_hh[row];
      if (inside) recurrent_.start[static_cast<std::size_t>(at)] = b_hh[row];
      for (Index k = 0; k < PrimusConfig::bins; ++k)
        weight_ih_[static_cast<std::size_t>(at + k * rows)] = in[row * PrimusConfig::bins + k];
    }
    weight_folded_.resize(static_cast<std::size_t>(rows * PrimusConfig::bins / 2));
    own_.resize(static_cast<std::size_t>(PrimusConfig::maps * PrimusConfig::bins / 2));
    for (auto& h : h_) h.assign(static_cast<std::size_t>(panels_ * units_), Real(0));
    if (model.multi_head()) {
      set_head(0, model.ssl_head());
      set_head(1, model.mmcl_head());
    }
    for (auto& v : values_) {
      v = kernels::Int16Vector(int8_ ? width_ : 0);
      v.set_bound<Real>(1.0);  // states: -1 .. 1
    }
  }

  Index width() const { return width_; }

  /// Computes everything for one window.   x: (T, 6), steps adjacent. Throws ShapeError as model.embed.
  void run(const Real* x, Index steps) {
    const auto f = model_.features(
        tape_, tape_.constant(Tensor<const Real, dyn, dyn, dyn>(x, 1, steps, PrimusConfig::channels)));
    const Inputs in = inputs(f.value.data(), PrimusConfig::positions(steps));
    if (pool_.size() == 1)
      recur(in, 0, 1);
    else
      pool_.run(pool_.size(), [&](Index part, int) { recur(in, part, pool_.size()); });
    tape_.clear();
  }
  /// Results of the last run(); the embedding itself serves as both with a single head.
  const Real* embedding() const { return h_[static_cast<std::size_t>(steps_ % 2)].data(); }
  const Real* ssl() const { return model_.multi_head() ? heads_[0].data() : embedding(); }
  const Real* mmcl() const { return model_.multi_head() ? heads_[1].data() : embedding(); }

 private:
  /// A matrix in panels, exact or in int8, and where its sums begin.
  struct Panels {
    AlignedVector<Real> exact, start;
    AlignedVector<std::int8_t> rounded;
    AlignedVector<float> scale;
    AlignedVector<std::int32_t> first;
    Index rows = 0;  // of one panel

    /// row(p, i): row i of panel p, `depth` values, or null for zeros.
    template <class Row>
    void set(bool int8, Index panels, Index depth, Row&& row) {
      rows = int8 ? kernels::int8_panel_rows : kernels::vector_panel_rows<Real>;
      const auto all = static_cast<std::size_t>(panels * rows);
      start.assign(all, Real(0));
      if (int8) {
        rounded.resize(static_cast<std::size_t>(panels * kernels::int8_panel_size(depth)));
        scale.resize(all);
        first.resize(all);
      } else {
        exact.resize(all * static_cast<std::size_t>(depth));
      }
      for (Index p = 0; p < panels; ++p) {
        const auto of_panel = [&](Index i) -> const Real* { return row(p, i); };
        if (int8)
          kernels::pack_int8_panel(rounded.data() + p * kernels::int8_panel_size(depth),
                                   scale.data() + p * rows, first.data() + p * rows, depth, of_panel);
        else
          kernels::pack_vector_panel(exact.data() + p * rows * depth, depth, of_panel);
      }
    }
  };

  template <class Head>
  void set_head(std::size_t which, const Head& head) {
    const Index rows = int8_ ? kernels::int8_panel_rows : kernels::vector_panel_rows<Real>;
    head_panels_ = (width_ + rows - 1) / rows;
    const Real* w = head.weight.value;
    head_weights_[which].set(int8_, head_panels_, width_, [&](Index p, Index i) {
      return p * rows + i < width_ ? w + (p * rows + i) * width_ : nullptr;
    });
    std::copy_n(head.bias.value, width_, head_weights_[which].start.data());
    heads_[which].resize(static_cast<std::size_t>(head_panels_ * rows));
  }

  /// Inputs of all steps of the recurrence and weights that read them.
  struct Inputs {
    const Real *x, *weights;
    Index depth, x_step, x_input;  // inputs of a step; from step to step of x, from input to input
  };

  /// A step's inputs are the 32 bins of a map, or the maps of a bin. Bins that repeat `positions` positions
  /// are read as those.
  Inputs inputs(const Real* x, Index positions) {
    constexpr Index bins = PrimusConfig::bins, half = bins / 2;
    if (model_.config().time_as_steps) return {x, weight_ih_.data(), bins, 1, bins};
    if (model_.config().pool != PrimusPool::adaptive || 2 * positions > bins)
      return {x, weight_ih_.data(), bins, bins, 1};
    if (positions != folded_) fold(positions);
    for (Index t = 0; t < positions; ++t)
      for (Index map = 0; map < steps_; ++map)
        own_[static_cast<std::size_t>(map * half + t)] =
            x[map * bins + kernels::adaptive_own_bin(t, positions, bins)];
    return {own_.data(), weight_folded_.data(), positions, half, 1};
  }
  /// Input weights of bins as those of `positions` positions, input after input.
  void fold(Index positions) {
    constexpr Index bins = PrimusConfig::bins;
    const Index rows = 3 * units_ * panels_;
    std::fill_n(weight_folded_.data(), rows * positions, Real(0));
    for (Index i = 0; i < bins; ++i) {
      const auto bin = kernels::adaptive_bin(i, bins, positions);
      const Real share = Real(1) / static_cast<Real>(bin.count);
      for (Index t = bin.first; t < bin.first + bin.count; ++t)
        for (Index r = 0; r < rows; ++r)
          weight_folded_[static_cast<std::size_t>(t * rows + r)] +=
              weight_ih_[static_cast<std::size_t>(i * rows + r)] * share;
    }
    folded_ = positions;
  }

  void recur(const Inputs& in, Index part, Index parts) {
    const Index begin = panels_ * part / parts, end = panels_ * (part + 1) / parts, size = 3 * units_;
    input_parts(in, begin * size, (end - begin) * size);
    std::fill(h_[0].data() + begin * units_, h_[0].data() + end * units_, Real(0));
    for (Index t = 0; t < steps_; ++t) {
      const auto now = static_cast<std::size_t>(t % 2);
      barrier_wait(parts);  // all units of the step before are there
      for (Index i = begin; t > 0 && i < end; ++i) {
        const Index p = t % 2 == 0 ? i : begin + end - 1 - i;
        product(state_.data() + p * size, recurrent_, p, now);
      }
      const Real* state = t == 0 ? recurrent_.start.data() : state_.data();
      for (Index p = begin; p < end; ++p)
        gates(h_[1 - now].data() + p * units_, h_[now].data() + p * units_,
              inputs_.data() + (t * panels_ + p) * size, state + p * size);
      const Index first = begin * units_, count = std::min(width_, end * units_) - first;
      if (int8_ && count > 0) values_[1 - now].set_range(h_[1 - now].data(), first, count);
    }
    if (!model_.multi_head()) return;
    barrier_wait(parts);
    const auto last = static_cast<std::size_t>(steps_ % 2);
    for (Index i = 2 * head_panels_ * part / parts; i < 2 * head_panels_ * (part + 1) / parts; ++i) {
      const auto which = static_cast<std::size_t>(i / head_panels_);
      const Index p = i % head_panels_;
      product(heads_[which].data() + p * head_weights_[which].rows, head_weights_[which], p, last);
    }
  }

  /// Input parts of the gates of some rows, for all steps.
  void input_parts(const Inputs& in, Index first, Index count) {
    kernels::Product<Real> p;
    p.ldy = p.ldx = 3 * units_ * panels_;
    p.w = in.x;
    p.w_row = in.x_step;
    p.w_step = in.x_input;
    p.positions = count;
    p.rows = steps_;
    p.depth = in.depth;
    p.y = inputs_.data() + first;
    p.x = in.weights + first;
    p.lane_start = bias_.data() + first;
    kernels::product(p);
  }

  /// Panel p of a matrix times the state `now`.
  void product(Real* y, const Panels& w, Index p, std::size_t now) const {
    const Real* start = w.start.data() + p * w.rows;
    if (int8_)
      kernels::int8_panel_product(y, start, w.rounded.data() + p * kernels::int8_panel_size(width_),
                                  w.scale.data() + p * w.rows, w.first.data() + p * w.rows, values_[now]);
    else
      kernels::vector_panel_product(y, start, w.exact.data() + p * w.rows * width_,
                                    static_cast<const Real*>(h_[now].data()), width_);
  }

  /// h' = n + z (h - n) for the units of one panel.
  void gates(Real* next, const Real* h, const Real* input, const Real* state) const {
    using V = kernels::Batch<Real>;
    for (Index i = 0; i < units_; i += kernels::lanes<Real>) {
      const auto read = [&](const Real* from) { return kernels::load(from + i); };
      const V r = kernels::sigmoid<Real>(read(input) + read(state));
      const V z = kernels::sigmoid<Real>(read(input + units_) + read(state + units_));
      const V n = kernels::tanh(kernels::fma(r, read(state + 2 * units_), read(input + 2 * units_)));
      kernels::store(next + i, kernels::fma(z, read(h) - n, n));
    }
  }
  void barrier_wait(Index parts) {
    if (parts > 1) barrier_.wait();
  }

  const PrimusEncoder<Real>& model_;
  ThreadPool& pool_;
  SpinBarrier barrier_;
  bool int8_;
  Index width_, steps_;
  Index units_, panels_;   // units in a panel of the recurrence, and panels
  Index head_panels_ = 0;  // of each head
  Tape<Real> tape_;
  AlignedVector<Real> weight_ih_, bias_, inputs_, state_;  // rows in the order of the panels
  std::array<AlignedVector<Real>, 2> h_, heads_;           // with padding
  Panels recurrent_;
  std::array<Panels, 2> head_weights_;
  std::array<kernels::Int16Vector, 2> values_;  // h_ in int16: a thread rounds its own units
  AlignedVector<Real> weight_folded_, own_;     // see inputs()
  Index folded_ = 0;                            // positions that weight_folded_ reads
};

}  // namespace gyrograd::models
