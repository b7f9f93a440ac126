// SPDX-License-Identifier: MIT
// Depth-first steps over micro-batches: fixed gradient slots, one tape per thread, the same bits for any
// thread count.
//
// A batch is cut into micro-batches of a few sequences, small enough that forward and backward of one stay in
// cache. Slot s always owns the same share of the micro-batches and adds their gradients in order; threads
// take slots, and near the end of a step single micro-batches of them. The slots are summed in order and the
// sum goes straight into the optimiser, so nothing depends on who did what. Several processes take shares of
// the slots; their sum, too, is in slot order.
#pragma once

#include <algorithm>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "gyrograd/autograd/tape.hpp"
#include "gyrograd/core/chains.hpp"
#include "gyrograd/core/thread_pool.hpp"
#include "gyrograd/distributed/collectives.hpp"
#include "gyrograd/distributed/communicator.hpp"
#include "gyrograd/distributed/slot_sum.hpp"
#include "gyrograd/kernels/optimiser.hpp"

namespace gyrograd::train {

/// Sequences per micro-batch of an attention model: the fewest (1, 2 or 4) whose positions fill whole
/// vectors, so that activations of one micro-batch stay near the core and no lane idles. T = 120: 1 on AVX2,
/// 2 on AVX-512; T = 20: 2, 4.
template <Scalar Real>
Index attention_micro_batch(Index steps) {
  for (const Index sequences : {1, 2, 4})
    if (sequences * steps % kernels::lanes<Real> == 0) return sequences;
  return std::min<Index>(4, kernels::lanes<Real>);
}

/// Where the tapes of a step come from.
enum class Tapes {
  fresh,  ///< one for each thread: forward and backward of a micro-batch follow each other
  kept,   ///< those of record(), one for each micro-batch: only what f adds is recorded
};

/// Runs steps over micro-batches. One object per training run; reuses all memory between steps.
template <Scalar Real>
class Slots {
 public:
  /// Share of the batch that one gradient buffer gathers; more slots than threads, the same for every run.
  static constexpr Index default_count = 8;

  /// `parameters`: size of the model's ParameterStore (0: inference only). `team`: the processes that share
  /// the slots (nullptr: this one alone); ConfigError when they are more than slots.
  Slots(ThreadPool& pool, Index parameters, Index slots = default_count,
        distributed::Communicator* team = nullptr)
      : pool_(pool),
        team_(team != nullptr && team->size() > 1 ? team : nullptr),
        parameters_(parameters),
        stride_((parameters + tail() + 15) / 16 * 16),
        count_(slots),
        own_(share_of(slots)),
        gradients_(static_cast<std::size_t>(stride_ * own_.size())),
        gradient_(static_cast<std::size_t>(parameters + tail())),
        losses_(static_cast<std::size_t>(slots)) {
    if (team_ != nullptr) sum_.emplace(*team_, parameters + tail(), slots);
    derived_.resize(static_cast<std::size_t>(pool.size()));
    for (Derived<Real>& derived : derived_) {
      tapes_.push_back(std::make_unique<Tape<Real>>());
      tapes_.back()->keep_derived(&derived);
    }
  }

  /// f(tape, first, count, thread) computes the loss of samples first .. first + count - 1 on the tape and
  /// returns it as Var<Real>; its gradient with respect to the parameters is gathered in gradient(). Losses
  /// are summed: f scales them by the size of the whole batch. Returns the sum.
  template <class F>
  Real gradient(Index batch, Index micro_batch, F&& f, Tapes tapes = Tapes::fresh) {
    run_slots(batch, micro_batch, f, tapes);
    if (sum_) {
      sum_over_team();
      return total_loss();
    }
    pool_.run(chunk_count(parameters_), [&](Index chunk, int) {
      const Index begin = chunk * chunk_size, end = std::min(parameters_, begin + chunk_size);
      kernels::sum_slots(gradient_.data(), gradients_.data(), used_, stride_, begin, end);
    });
    return total_loss();
  }

  /// gradient() and one step of the optimiser on the trainable parameters of `model`, fused. Returns the
  /// summed loss.
  template <class Model, class Optimiser, class F>
  Real step(Model& model, Optimiser& optimiser, Index batch, Index micro_batch, F&& f,
            Tapes tapes = Tapes::fresh) {
    run_slots(batch, micro_batch, f, tapes);
    if (sum_) sum_over_team();
    if (ranges_.empty()) find_ranges(model);
    optimiser.begin_step();
    Real* weights = model.store().data();
    pool_.run(static_cast<Index>(ranges_.size()), [&](Index i, int) {
      const Range r = ranges_[static_cast<std::size_t>(i)];
      if (!sum_) kernels::sum_slots(gradient_.data(), gradients_.data(), used_, stride_, r.begin, r.end);
      optimiser.update(weights, gradient_.data(), r.begin, r.end);
    });
    return total_loss();
  }

  /// First half of a step whose loss couples the batch: f(tape, first, count, thread) runs every micro-batch
  /// of this process on a tape of its own, which the next gradient() or step() with Tapes::kept goes on with.
  /// What f would do later adds to the gradients as if it had come at once.
  template <class F>
  void record(Index batch, Index micro_batch, F&& f) {
    const Index micro_batches = (batch + micro_batch - 1) / micro_batch;
    const Index begin = micro_batches_of(0, micro_batches).begin;
    const Index own = micro_batches_of(own_.size() - 1, micro_batches).end - begin;
    while (static_cast<Index>(kept_.size()) < own) kept_.push_back(std::make_unique<Tape<Real>>());
    forget_derived();
    share_out(micro_batches, true);
    chains_.run(pool_, [&](const Chains::Part& part, int thread) {
      const distributed::Share share = micro_batches_of(part.chain, micro_batches);
      Real* gradient = buffer_of(part.chain, share, micro_batches);
      if (part.begin == share.begin) std::fill_n(gradient, parameters_, Real(0));
      for (Index i = part.begin; i < part.end; ++i) {
        Tape<Real>& tape = *kept_[static_cast<std::size_t>(i - begin)];
        tape.clear();
        tape.share(*tapes_[static_cast<std::size_t>(thread)]);
        tape.set_recording(true);
        tape.bind_gradients(gradient);
        f(tape, i * micro_batch, std::min(micro_batch, batch - i * micro_batch), thread);
      }
    });
  }
  /// Gives the memory of kept tapes back.
  void forget_tapes() { kept_.clear(); }
  /// Bytes of the largest tape of a micro-batch so far.
  std::size_t largest_tape() const {
    std::size_t most = 0;
    for (const auto* tapes : {&tapes_, &kept_})
      for (const auto& tape : *tapes) most = std::max(most, tape->capacity());
    return most;
  }

  /// f(tape, first, count, thread) without gradients, for inference and validation; tapes do not record.
  template <class F>
  void forward(Index batch, Index micro_batch, F&& f) {
    const Index micro_batches = (batch + micro_batch - 1) / micro_batch;
    forget_derived();
    pool_.run(micro_batches, [&](Index i, int thread) {
      Tape<Real>& tape = *tapes_[static_cast<std::size_t>(thread)];
      tape.set_recording(false);
      f(tape, i * micro_batch, std::min(micro_batch, batch - i * micro_batch), thread);
      tape.clear();
    });
  }

  /// `sum` and then f(tape, first, count, thread) of each micro-batch, added in their order, without
  /// gradients; each process computes its share of them.
  template <class F>
  double evaluate(Index batch, Index micro_batch, F&& f, double sum = 0) {
    const Index micro_batches = (batch + micro_batch - 1) / micro_batch;
    const distributed::Share own = share_of(micro_batches);
    parts_.assign(static_cast<std::size_t>(micro_batches), 0.0);
    forget_derived();
    pool_.run(own.size(), [&](Index i, int thread) {
      Tape<Real>& tape = *tapes_[static_cast<std::size_t>(thread)];
      tape.set_recording(false);
      const Index at = own.begin + i, first = at * micro_batch;
      const Var<Real> loss = f(tape, first, std::min(micro_batch, batch - first), thread);
      parts_[static_cast<std::size_t>(at)] = static_cast<double>(*loss.value.data());
      tape.clear();
    });
    if (team_ != nullptr) distributed::all_gather_shares(*team_, std::span(parts_));
    for (const double part : parts_) sum += part;
    return sum;
  }

  /// From now on every process brings a batch of its own, which its slots share; gradients and losses are
  /// summed over all processes.
  void use_own_batches() { own_batches_ = true; }

  /// Samples of a batch that the slots of this process hold.
  distributed::Share own_samples(Index batch, Index micro_batch) const {
    if (own_batches_) return {0, batch};
    const Index micro_batches = (batch + micro_batch - 1) / micro_batch;
    return {std::min(batch, own_.begin * micro_batches / count_ * micro_batch),
            std::min(batch, own_.end * micro_batches / count_ * micro_batch)};
  }

  /// Samples that evaluate() takes in this process.
  distributed::Share own_evaluated(Index batch, Index micro_batch) const {
    const distributed::Share own = share_of((batch + micro_batch - 1) / micro_batch);
    return {std::min(batch, own.begin * micro_batch), std::min(batch, own.end * micro_batch)};
  }

  /// A wish to stop, or to save, travels with the next step, so that all processes learn of it at the same
  /// one.
  void request_stop() { stop_wanted_ = true; }
  void request_save() { save_wanted_ = true; }
  /// After a step: some process had asked to save before it.
  bool save_agreed() const {
    return team_ != nullptr && gradient_[static_cast<std::size_t>(parameters_ + 2)] > Real(0);
  }
  /// After a step: some process had asked before it. Alone: request_stop() was called.
  bool stop_agreed() const {
    return team_ == nullptr ? stop_wanted_ : gradient_[static_cast<std::size_t>(parameters_ + 1)] > Real(0);
  }

  /// Sum of all slots after gradient() or step(): one value per parameter (what follows them is ours).
  const AlignedVector<Real>& gradient() const { return gradient_; }
  /// Parameters changed between trainable and frozen: look again at the next step.
  void forget_ranges() { ranges_.clear(); }
  int threads() const { return pool_.size(); }
  /// Bytes of activations, gradients and scratch of all threads.
  std::size_t capacity() const {
    std::size_t bytes = (gradients_.size() + gradient_.size()) * sizeof(Real);
    for (const auto& tape : tapes_) bytes += tape->capacity();
    for (const auto& tape : kept_) bytes += tape->capacity();
    for (const auto& derived : derived_) bytes += derived.capacity();
    return bytes;
  }

 private:
  struct Range {
    Index begin, end;
  };
  static constexpr Index chunk_size = 8192;  // parameters that one thread sums and updates at a time
  static Index chunk_count(Index n) { return (n + chunk_size - 1) / chunk_size; }

  /// Values behind the gradients of a slot that travel with them: its loss, the wishes to stop and to save.
  Index tail() const { return team_ == nullptr ? 0 : 3; }
  distributed::Share share_of(Index count) const {
    return team_ == nullptr ? distributed::Share{0, count}
                            : distributed::share(count, team_->rank(), team_->size());
  }

  void sum_over_team() {
    for (Index s = 0; s < own_.size(); ++s) {
      Real* end = gradients_.data() + s * stride_ + parameters_;
      end[0] = losses_[static_cast<std::size_t>(own_.begin + s)];
      end[1] = s == 0 && stop_wanted_ ? Real(1) : Real(0);
      end[2] = s == 0 && save_wanted_ ? Real(1) : Real(0);
    }
    save_wanted_ = false;
    (*sum_)(gradient_.data(), gradients_.data(), stride_);
  }

  /// Micro-batches that the slot in place `place` of this process takes.
  distributed::Share micro_batches_of(Index place, Index micro_batches) const {
    const Index at = own_batches_ ? place : own_.begin + place, of = own_batches_ ? own_.size() : count_;
    return {at * micro_batches / of, (at + 1) * micro_batches / of};
  }

  /// Fewer micro-batches than slots, in one process: most slots have one, the others none.
  bool few(Index micro_batches) const {
    return team_ == nullptr && micro_batches > 0 && micro_batches < count_;
  }
  /// Where a slot gathers its gradient. Of few micro-batches each has the buffer of its number, so that slots
  /// without any are neither cleared nor summed: they would add zeros.
  Real* buffer_of(Index place, const distributed::Share& share, Index micro_batches) {
    return gradients_.data() + (few(micro_batches) ? share.begin : place) * stride_;
  }

  template <class F>
  void run_slots(Index batch, Index micro_batch, F& f, Tapes tapes) {
    const Index micro_batches = (batch + micro_batch - 1) / micro_batch;
    const Index begin = micro_batches_of(0, micro_batches).begin;
    used_ = few(micro_batches) ? micro_batches : count_;
    if (tapes == Tapes::fresh) forget_derived();
    std::fill(losses_.begin(), losses_.end(), Real(0));
    share_out(micro_batches, tapes == Tapes::fresh);
    chains_.run(pool_, [&](const Chains::Part& part, int thread) {
      const distributed::Share share = micro_batches_of(part.chain, micro_batches);
      Real* gradient = buffer_of(part.chain, share, micro_batches);
      Tape<Real>& own = *tapes_[static_cast<std::size_t>(thread)];
      if (tapes == Tapes::fresh) {
        if (part.begin == share.begin) std::fill_n(gradient, parameters_, Real(0));
        own.set_recording(true);
        own.bind_gradients(gradient);
      }
      Real& slot_loss = losses_[static_cast<std::size_t>(own_.begin + part.chain)];
      Real loss = slot_loss;
      for (Index i = part.begin; i < part.end; ++i) {
        Tape<Real>& tape = tapes == Tapes::fresh ? own : *kept_[static_cast<std::size_t>(i - begin)];
        const Index first = i * micro_batch;
        if (tapes == Tapes::kept) tape.share(own);
        const Var<Real> l = f(tape, first, std::min(micro_batch, batch - first), thread);
        loss += *l.value.data();
        tape.backward(l);
        tape.clear();
      }
      slot_loss = loss;
    });
  }
  /// A chain for each slot of this process. With `clear`, slots that nobody will visit are set to zero.
  void share_out(Index micro_batches, bool clear) {
    chains_.reset(own_.size());
    for (Index place = 0; place < own_.size(); ++place) {
      const distributed::Share share = micro_batches_of(place, micro_batches);
      chains_.set(place, share.begin, share.end);
      if (clear && share.size() == 0 && !few(micro_batches))
        std::fill_n(buffer_of(place, share, micro_batches), parameters_, Real(0));
    }
  }
  void forget_derived() {
    for (Derived<Real>& derived : derived_) derived.forget();
  }
  Real total_loss() const {
    if (sum_) return gradient_[static_cast<std::size_t>(parameters_)];
    Real sum = Real(0);
    for (const Real loss : losses_) sum += loss;
    return sum;
  }
  /// Trainable parameters as chunks: neighbours are joined, long ones cut, a small model's shorter for
  /// several threads, so that all have their part of it.
  template <class Model>
  void find_ranges(Model& model) {
    const Index share = (parameters_ / (4 * pool_.size()) + 63) / 64 * 64;
    const Index size = pool_.size() == 1 ? chunk_size : std::clamp<Index>(share, 512, chunk_size);
    Index begin = 0, end = 0;
    const auto flush = [&] {
      for (Index at = begin; at < end; at += size) ranges_.push_back({at, std::min(end, at + size)});
    };
    model.visit([&](std::string_view, const Parameter<Real>& p) {
      if (!p.trainable) return;
      if (p.offset != end) {
        flush();
        begin = p.offset;
      }
      end = p.offset + p.size();
    });
    flush();
  }

  ThreadPool& pool_;
  distributed::Communicator* team_;
  Index parameters_, stride_, count_, used_ = 0;  // used_: buffers to sum
  distributed::Share own_;
  AlignedVector<Real> gradients_, gradient_;
  std::vector<Real> losses_;
  std::vector<double> parts_;
  Chains chains_;
  std::optional<distributed::SlotSum<Real>> sum_;
  bool stop_wanted_ = false, save_wanted_ = false, own_batches_ = false;
  std::vector<std::unique_ptr<Tape<Real>>> tapes_, kept_;
  std::vector<Derived<Real>> derived_;  // of the threads, for the parameters of one step
  std::vector<Range> ranges_;
};

}  // namespace gyrograd::train
