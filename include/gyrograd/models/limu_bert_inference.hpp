// SPDX-License-Identifier: MIT
// LIMU-BERT on one window with the least latency: its steps are divided among the threads of a pool.
//
// All layers but the attention work on each step by itself. Every thread keeps its share of the steps from
// the first layer to the last; only keys and values are exchanged, once per layer:
//
//   thread 0, steps 0 .. 59    q k v -+-> attention over all steps -> projection, norms, feed-forward -> q k
//   v -+-> ... thread 1, steps 60 .. 119  q k v -+-> attention over all steps -> projection, norms,
//   feed-forward -> q k v -+-> ...
//                                  meet here and here
#pragma once

#include <algorithm>
#include <array>
#include <memory>
#include <utility>
#include <vector>

#include "gyrograd/core/aligned.hpp"
#include "gyrograd/core/spin_barrier.hpp"
#include "gyrograd/core/thread_pool.hpp"
#include "gyrograd/models/limu_bert.hpp"

namespace gyrograd::models {

/// Encoder for single windows: the bits of model.encode for any number of threads, because shares are whole
/// vectors of steps. Allocates nothing once it has seen the longest window. One call at a time; `model` and
/// `pool` must outlive it.
///
///   ThreadPool pool(2);
///   models::LimuBertInference fast(model, pool);
///   fast.encode(y, x, 120);      // x: (T, F), y: (T, hidden), steps adjacent
template <class Config, Scalar Real>
class LimuBertInference {
 public:
  LimuBertInference(const LimuBert<Config, Real>& model, ThreadPool& pool)
      : model_(model), pool_(pool), barrier_(pool.size()) {
    for (int i = 0; i < pool.size(); ++i) {
      tapes_.push_back(std::make_unique<Tape<Real>>());
      tapes_.back()->set_recording(false);
    }
  }

  /// Whether a window of `steps` is divided: where the work outweighs meeting once per layer (some 10
  /// microseconds of products per layer and thread) and each thread has at least two vectors of steps.
  bool divides(Index steps) const {
    const auto& c = model_.config();
    const Index products = steps * c.hidden * (4 * c.hidden + 2 * c.hidden_ff + 2 * steps);
    return pool_.size() > 1 && products >= 500000 * pool_.size() &&
           steps >= 2 * kernels::lanes<Real> * pool_.size();
  }

  /// y = encoder of x.   x: (T, feature_num), y: (T, hidden), column-major. Throws ShapeError as
  /// model.encode.
  void encode(Real* y, const Real* x, Index steps) {
    if (!divides(steps)) {
      Tape<Real>& tape = *tapes_.front();
      const auto h =
          model_.encode(tape, tape.constant(Tensor<const Real, dyn, dyn, dyn>(x, 1, steps, channels())));
      std::copy_n(h.value.data(), h.value.size(), y);
      tape.clear();
      return;
    }
    if (steps > model_.config().seq_len)
      fail<ShapeError>("LIMU-BERT: the window has ", steps, " steps, the position table 1 to ",
                       model_.config().seq_len);
    const auto size = static_cast<std::size_t>(steps * model_.config().hidden);
    for (auto& pair : keys_values_)
      for (auto& buffer : pair)
        if (buffer.size() < size) buffer.resize(size);
    // A tape per part, not per thread: whoever takes a part finds memory of its size.
    pool_.run(pool_.size(), [&](Index part, int) {
      encode_part(y, x, steps, part, *tapes_[static_cast<std::size_t>(part)]);
    });
  }

 private:
  Index channels() const { return model_.config().feature_num; }

  /// Copies rows first .. first + count - 1 of (steps, columns) to or from (count, columns).
  static void put_rows(Real* whole, const Real* part, Index steps, Index first, Index count, Index columns) {
    for (Index c = 0; c < columns; ++c) std::copy_n(part + count * c, count, whole + first + steps * c);
  }
  static void take_rows(Real* part, const Real* whole, Index steps, Index first, Index count, Index columns) {
    for (Index c = 0; c < columns; ++c) std::copy_n(whole + first + steps * c, count, part + count * c);
  }

  void encode_part(Real* y, const Real* x, Index steps, Index part, Tape<Real>& tape) {
    // Shares of whole vectors: only the last one has a partial vector.
    constexpr Index L = kernels::lanes<Real>;
    const Index vectors = (steps + L - 1) / L, parts = pool_.size(), hidden = model_.config().hidden;
    const Index first = std::min(steps, vectors * part / parts * L);
    const Index count = std::min(steps, vectors * (part + 1) / parts * L) - first;
    const auto own = tape.template saved<dyn, dyn, dyn>(1, count, channels());
    take_rows(own.data(), x, steps, first, count, channels());
    // Two pairs of buffers in turn: who is a layer ahead does not overwrite what others still read.
    std::size_t turn = 0;
    const auto exchange = [&](auto k, auto v) {
      auto& [all_k, all_v] = keys_values_[turn];
      turn = 1 - turn;
      put_rows(all_k.data(), k.value.data(), steps, first, count, hidden);
      put_rows(all_v.data(), v.value.data(), steps, first, count, hidden);
      barrier_.wait();
      const auto all = [&](auto& buffer) {
        return tape.constant(Tensor<Real, dyn, dyn, dyn>(buffer.data(), 1, steps, hidden));
      };
      return std::pair(all(all_k), all(all_v));
    };
    const auto h = model_.encode_part(tape, tape.constant(own), first, exchange);
    put_rows(y, h.value.data(), steps, first, count, hidden);
    tape.clear();
  }

  const LimuBert<Config, Real>& model_;
  ThreadPool& pool_;
  SpinBarrier barrier_;
  std::vector<std::unique_ptr<Tape<Real>>> tapes_;
  std::array<std::array<AlignedVector<Real>, 2>, 2> keys_values_;
};

}  // namespace gyrograd::models
