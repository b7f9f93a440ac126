// SPDX-License-Identifier: MIT
// PRIMUS encoder on single windows with the least latency, on any number of threads, with int8 weights on
// request.
//
// A single window is bound by reading the 3 MB of recurrent weights at each of 32 steps. Units are divided
// among the threads of a pool, each with its rows of all three gates, so that its share of the weights stays
// in its own cache; threads meet once a step.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <vector>

#include "gyrograd/core/aligned.hpp"
#include "gyrograd/core/spin_barrier.hpp"
#include "gyrograd/core/thread_pool.hpp"
#include "gyrograd/kernels/math.hpp"
#include "gyrograd/kernels/matrix_vector.hpp"
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
        steps_(model.config().time_as_steps ? PrimusConfig::bins : PrimusConfig::maps) {
    tape_.set_recording(false);
    const auto W = static_cast<std::size_t>(width_);
    const auto& layer = model.gru().layers().front();
    start_.assign(3 * W, Real(0));  // of the state part: only the bias inside n
    std::copy_n(layer.bias_hh.value + 2 * W, W, start_.data() + 2 * W);
    bias_.assign(layer.bias_ih.value, layer.bias_ih.value + 3 * W);
    for (std::size_t i = 0; i < 2 * W; ++i) bias_[i] += layer.bias_hh.value[i];
    inputs_.resize(3 * W * static_cast<std::size_t>(steps_));
    // Of the input part the units lie in the lanes: weights transposed once.
    weight_ih_.resize(3 * W * static_cast<std::size_t>(PrimusConfig::bins));
    for (Index row = 0; row < 3 * width_; ++row)
      for (Index k = 0; k < PrimusConfig::bins; ++k)
        weight_ih_[static_cast<std::size_t>(row + k * 3 * width_)] =
            layer.weight_ih.value[row * PrimusConfig::bins + k];
    state_.resize(3 * W);
    for (auto& h : h_) h.resize(W);
    for (auto& y : heads_) y.resize(W);
    if (!int8_) return;
    recurrent_.set(layer.weight_hh.value, 3 * width_, width_);
    if (model.multi_head()) {
      ssl_.set(model.ssl_head().weight.value, width_, width_);
      mmcl_.set(model.mmcl_head().weight.value, width_, width_);
    }
    values_.resize(static_cast<std::size_t>(pool.size()));
    for (auto& v : values_) v.resize(static_cast<std::size_t>(kernels::int8_row(width_)));
  }

  Index width() const { return width_; }

  /// Computes everything for one window.   x: (T, 6), steps adjacent. Throws ShapeError as model.embed.
  void run(const Real* x, Index steps) {
    const auto f = model_.features(
        tape_, tape_.constant(Tensor<const Real, dyn, dyn, dyn>(x, 1, steps, PrimusConfig::channels)));
    const Real* rows = f.value.data();
    if (pool_.size() == 1)
      recur(rows, 0, 1);
    else
      pool_.run(pool_.size(), [&](Index part, int) { recur(rows, part, pool_.size()); });
    tape_.clear();
  }
  /// Results of the last run(); the embedding itself serves as both with a single head.
  const Real* embedding() const { return h_[static_cast<std::size_t>(steps_ % 2)].data(); }
  const Real* ssl() const { return model_.multi_head() ? heads_[0].data() : embedding(); }
  const Real* mmcl() const { return model_.multi_head() ? heads_[1].data() : embedding(); }

 private:
  /// A matrix with int8 rows.
  struct Rounded {
    AlignedVector<std::int8_t> values;
    AlignedVector<float> scale;
    void set(const Real* w, Index rows, Index depth) {
      values.resize(static_cast<std::size_t>(rows * kernels::int8_row(depth)));
      scale.resize(static_cast<std::size_t>(rows));
      kernels::quantise_rows(values.data(), scale.data(), w, rows, depth);
    }
  };

  /// Units of one thread: whole groups of eight rows.
  void share(Index part, Index parts, Index& first, Index& count) const {
    const Index groups = (width_ + 7) / 8;
    first = std::min(width_, groups * part / parts * 8);
    count = std::min(width_, groups * (part + 1) / parts * 8) - first;
  }

  void recur(const Real* x, Index part, Index parts) {
    Index first, count;
    share(part, parts, first, count);
    const auto& layer = model_.gru().layers().front();
    input_parts(x, first, count);
    std::fill_n(h_[0].data() + first, count, Real(0));
    for (Index t = 0; t < steps_; ++t) {
      const auto now = static_cast<std::size_t>(t % 2);
      barrier_wait(parts);  // all units of the step before are there
      for (Index i = 0; i < 3; ++i) {
        const Index g = t % 2 == 0 ? i : 2 - i, row = g * width_ + first;  // to and fro, see matrix_vector
        if (t == 0)
          std::copy_n(start_.data() + row, count, state_.data() + row);
        else
          product(state_.data() + row, start_.data() + row, layer.weight_hh.value, recurrent_, row, count,
                  now, part, i == 0, t % 2 == 1);
      }
      gates(h_[1 - now].data(), h_[now].data(), inputs_.data() + t * 3 * width_, first, count);
    }
    if (!model_.multi_head()) return;
    barrier_wait(parts);
    const auto last = static_cast<std::size_t>(steps_ % 2);
    product(heads_[0].data() + first, model_.ssl_head().bias.value + first, model_.ssl_head().weight.value,
            ssl_, first, count, last, part, true, false);
    product(heads_[1].data() + first, model_.mmcl_head().bias.value + first, model_.mmcl_head().weight.value,
            mmcl_, first, count, last, part, false, false);
  }

  /// Input parts of the gates of some units, for all steps. A step's inputs are the 32 bins of a map, or the
  /// maps of a bin.
  void input_parts(const Real* x, Index first, Index count) {
    kernels::Product<Real> p;
    p.ldy = p.ldx = 3 * width_;
    p.w = x;
    p.w_row = model_.config().time_as_steps ? 1 : PrimusConfig::bins;
    p.w_step = model_.config().time_as_steps ? PrimusConfig::bins : 1;
    p.positions = count;
    p.rows = steps_;
    p.depth = PrimusConfig::bins;
    for (Index row = first; row < 3 * width_; row += width_) {
      p.y = inputs_.data() + row;
      p.x = weight_ih_.data() + row;
      p.lane_start = bias_.data() + row;
      kernels::product(p);
    }
  }

  /// Rows row .. row + count - 1 of a matrix with the state `now`. fresh: the state is new to this thread.
  void product(Real* y, const Real* start, const Real* w, const Rounded& rounded, Index row, Index count,
               std::size_t now, Index part, bool fresh, bool backwards) {
    if (!int8_ || count % 8 != 0) {
      kernels::matrix_vector(y, start, w + row * width_, static_cast<const Real*>(h_[now].data()), count,
                             width_, backwards);
      return;
    }
    auto& values = values_[static_cast<std::size_t>(part)];
    const Index length = kernels::int8_row(width_);
    const float factor = static_cast<float>(1.0 / static_cast<double>(kernels::int16_limit(width_)));
    if (fresh) kernels::quantise_vector(values.data(), h_[now].data(), width_, 1.0);  // states: -1 .. 1
    kernels::matrix_vector_int8(y, start, rounded.values.data() + row * length, rounded.scale.data() + row,
                                static_cast<const std::int16_t*>(values.data()), factor, count, length);
  }

  /// h' = n + z (h - n) for some units.
  void gates(Real* next, const Real* h, const Real* input, Index first, Index count) const {
    using V = kernels::Batch<Real>;
    for (Index i = 0; i < count; i += kernels::lanes<Real>) {
      const auto read = [&](const Real* from) { return kernels::load_lanes(from + first, i, count); };
      const Real* state = state_.data();
      const V r = kernels::sigmoid<Real>(read(input) + read(state));
      const V z = kernels::sigmoid<Real>(read(input + width_) + read(state + width_));
      const V n = kernels::tanh(kernels::fma(r, read(state + 2 * width_), read(input + 2 * width_)));
      kernels::store_lanes(next + first, kernels::fma(z, read(h) - n, n), i, count);
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
  Tape<Real> tape_;
  AlignedVector<Real> weight_ih_, start_, bias_, inputs_, state_;
  std::array<AlignedVector<Real>, 2> h_, heads_;
  Rounded recurrent_, ssl_, mmcl_;
  std::vector<AlignedVector<std::int16_t>> values_;  // the state in int16, one per thread
};

}  // namespace gyrograd::models
