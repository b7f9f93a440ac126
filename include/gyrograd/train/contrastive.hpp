// SPDX-License-Identifier: MIT
// A training step whose loss couples the whole batch, in the memory of a few micro-batches.
//
// First every micro-batch is embedded, then the loss and its gradient are computed on the embeddings of the
// whole batch, then every micro-batch is run again with its rows of that gradient. The sum is the gradient of
// one tape over everything; the batch size is bounded by patience, not by memory. Tapes of the first run are
// kept for the last where they fit into the memory given, which spares the second forward pass and changes no
// bit.
//
// Of several processes each embeds its share; the embeddings are gathered, so that the loss sees all of them
// in every process, and gradients are summed as in every step of Slots.
#pragma once

#include <algorithm>
#include <array>
#include <span>
#include <vector>

#include "gyrograd/autograd/tape.hpp"
#include "gyrograd/core/thread_pool.hpp"
#include "gyrograd/distributed/collectives.hpp"
#include "gyrograd/distributed/communicator.hpp"
#include "gyrograd/kernels/elementwise.hpp"
#include "gyrograd/kernels/transpose.hpp"
#include "gyrograd/train/slots.hpp"

namespace gyrograd::train {

/// Embeddings that a batch may have: three in PRIMUS.
inline constexpr std::size_t contrastive_outputs = 3;

/// Which samples are negatives of each other when several processes train.
enum class Negatives {
  global,  ///< all of the batch, wherever they are: N processes compute what one would
  local,   ///< those of the same process, as in the released code (PRIMUS sheet §8); losses are averaged
};

/// One kind of embedding each, (B, width); empty where a loss does not use it.
template <Scalar Real>
using Embeddings = std::array<Var<Real, dyn, dyn>, contrastive_outputs>;

/// Runs contrastive steps. One object per training run; reuses all memory between steps.
template <Scalar Real>
class ContrastiveStep {
 public:
  /// parameters: size of the model's ParameterStore. widths: of the embeddings, 0 where there is none.
  /// team: as for Slots. Local negatives: every process brings a batch of its own. tape_bytes: tapes of all
  /// micro-batches are kept when they are not larger together.
  ContrastiveStep(ThreadPool& pool, Index parameters, std::array<Index, contrastive_outputs> widths,
                  distributed::Communicator* team = nullptr, Negatives negatives = Negatives::global,
                  std::size_t tape_bytes = std::size_t{768} << 20, Index slots = Slots<Real>::default_count)
      : local_(team != nullptr && team->size() > 1 && negatives == Negatives::local),
        share_(local_ ? Real(1) / static_cast<Real>(team->size()) : Real(1)),
        team_(team != nullptr && team->size() > 1 ? team : nullptr),
        widths_(widths),
        tape_bytes_(tape_bytes),
        slots_(pool, parameters, slots, team),
        direct_gradient_(static_cast<std::size_t>(parameters)) {
    if (local_) slots_.use_own_batches();
  }

  /// One step of the optimiser. Returns the loss.
  /// forward(tape, first, count, thread): embeddings of samples first .. first + count - 1.
  /// loss(tape, embeddings): the loss as Var<Real>, from the embeddings of all samples.
  /// direct: parameters that the loss uses itself, temperatures for example.
  template <class Model, class Optimiser, class Forward, class Loss>
  Real step(Model& model, Optimiser& optimiser, Index batch, Index micro_batch, Forward&& forward,
            Loss&& loss, std::span<Parameter<Real>* const> direct = {}) {
    own_loss_ = whole_loss(batch, micro_batch, forward, loss, true);
    const Real mean = slots_.step(model, optimiser, batch, micro_batch,
                                  backward_of(batch, micro_batch, forward, direct), tapes_);
    return local_ ? mean : own_loss_;
  }

  /// The gradient alone: see gradient().
  template <class Forward, class Loss>
  Real gradient(Index batch, Index micro_batch, Forward&& forward, Loss&& loss,
                std::span<Parameter<Real>* const> direct = {}) {
    own_loss_ = whole_loss(batch, micro_batch, forward, loss, true);
    const Real mean =
        slots_.gradient(batch, micro_batch, backward_of(batch, micro_batch, forward, direct), tapes_);
    return local_ ? mean : own_loss_;
  }

  /// The loss of a batch, without gradients; with local negatives that of the own batch.
  template <class Forward, class Loss>
  Real evaluate(Index batch, Index micro_batch, Forward&& forward, Loss&& loss) {
    return whole_loss(batch, micro_batch, forward, loss, false);
  }

  /// One value per parameter, after gradient() or step().
  const AlignedVector<Real>& gradient() const { return slots_.gradient(); }
  Slots<Real>& slots() { return slots_; }
  const Slots<Real>& slots() const { return slots_; }
  /// Bytes of activations, embeddings, gradients and scratch of all threads.
  std::size_t capacity() const {
    std::size_t bytes = slots_.capacity() + tape_.capacity() + direct_gradient_.size() * sizeof(Real);
    for (const auto& e : embeddings_) bytes += e.size() * sizeof(Real);
    return bytes;
  }

 private:
  Real* rows_of(std::size_t k) { return embeddings_[k].data(); }

  /// Whether the tapes of a batch may be kept: known when one micro-batch has been through.
  bool may_keep(const distributed::Share& own, Index micro_batch) const {
    const auto micro_batches = static_cast<std::size_t>((own.size() + micro_batch - 1) / micro_batch);
    const std::size_t one = slots_.largest_tape();
    return recorded_ && one * micro_batches <= tape_bytes_;
  }

  /// Embeds the samples of this process: column-major matrices (batch x width).
  template <class Forward>
  void embed(Index batch, Index micro_batch, Forward& forward, bool recording) {
    for (std::size_t k = 0; k < contrastive_outputs; ++k)
      embeddings_[k].resize(static_cast<std::size_t>(batch * widths_[k]));
    const distributed::Share own = slots_.own_samples(batch, micro_batch);
    const auto embed_one = [&](Tape<Real>& tape, Index first, Index count, int thread) {
      const Embeddings<Real> out = forward(tape, first, count, thread);
      for (std::size_t k = 0; k < contrastive_outputs; ++k)
        for (Index c = 0; c < widths_[k]; ++c)
          std::copy_n(out[k].value.data() + c * count, count, rows_of(k) + first + c * batch);
      return out;
    };
    tapes_ = recording && may_keep(own, micro_batch) ? Tapes::kept : Tapes::fresh;
    first_kept_ = own.begin;
    if (tapes_ == Tapes::kept) {
      kept_.resize(static_cast<std::size_t>((own.size() + micro_batch - 1) / micro_batch));
      slots_.record(batch, micro_batch, [&](Tape<Real>& tape, Index first, Index count, int thread) {
        kept_[static_cast<std::size_t>((first - own.begin) / micro_batch)] =
            embed_one(tape, first, count, thread);
      });
    } else {
      if (recording) slots_.forget_tapes();
      slots_.forward(own.size(), micro_batch, [&](Tape<Real>& tape, Index at, Index count, int thread) {
        embed_one(tape, own.begin + at, count, thread);
      });
    }
    recorded_ = recorded_ || recording;
    if (team_ != nullptr && !local_) gather(batch, own);
  }

  /// Sends the own rows to all processes and receives theirs: row-major on the way.
  void gather(Index batch, const distributed::Share& own) {
    std::vector<Index> ends(static_cast<std::size_t>(team_->size()));
    ends[static_cast<std::size_t>(team_->rank())] = own.end;
    distributed::all_gather_shares(*team_, std::span(ends));
    for (std::size_t k = 0; k < contrastive_outputs; ++k) {
      const Index width = widths_[k];
      if (width == 0) continue;
      wire_.resize(static_cast<std::size_t>(batch * width));
      kernels::transpose(wire_.data() + own.begin * width, width,
                         static_cast<const Real*>(rows_of(k) + own.begin), batch, own.size(), width);
      std::vector<Index> values;
      for (const Index end : ends) values.push_back(end * width);
      distributed::all_gather(*team_, std::span(wire_), std::span<const Index>(values));
      kernels::transpose(rows_of(k), batch, static_cast<const Real*>(wire_.data()), width, width, batch);
    }
  }

  /// Loss of the whole batch; with `recording` also its gradients, in whole_ and direct_gradient_.
  template <class Forward, class Loss>
  Real whole_loss(Index batch, Index micro_batch, Forward& forward, Loss& loss, bool recording) {
    embed(batch, micro_batch, forward, recording);
    tape_.clear();
    tape_.set_recording(recording);
    std::fill(direct_gradient_.begin(), direct_gradient_.end(), Real(0));
    tape_.bind_gradients(direct_gradient_.data());
    for (std::size_t k = 0; k < contrastive_outputs; ++k) {
      whole_[k] = {};
      if (widths_[k] == 0) continue;
      const Tensor<Real, dyn, dyn> x(rows_of(k), batch, widths_[k]);
      whole_[k] = recording ? tape_.input(x) : tape_.constant(x);
    }
    const Var<Real> total = loss(tape_, static_cast<const Embeddings<Real>&>(whole_));
    const Real value = *total.value.data();
    if (!recording) return value;
    if (total.needs_gradient()) tape_.backward(total);
    for (const auto& e : whole_)
      if (!e.value.empty()) (void)e.grad();  // zeros where the loss did not look
    return value;
  }

  /// What a micro-batch contributes: its embeddings, again or from the tape kept, with their rows of the
  /// gradient.
  template <class Forward>
  auto backward_of(Index batch, Index micro_batch, Forward& forward,
                   std::span<Parameter<Real>* const> direct) {
    return
        [this, batch, micro_batch, &forward, direct](Tape<Real>& tape, Index first, Index count, int thread) {
          const Embeddings<Real> out =
              tapes_ == Tapes::kept ? kept_[static_cast<std::size_t>((first - first_kept_) / micro_batch)]
                                    : forward(tape, first, count, thread);
          const auto y = tape.template make<>();
          *y.value.data() = first == 0 ? share_ * own_loss_ : Real(0);
          std::array<const Real*, contrastive_outputs> rows{};
          for (std::size_t k = 0; k < contrastive_outputs; ++k) {
            if (out[k].value.empty()) continue;
            Real* own = tape.template saved<dyn>(count * widths_[k]).data();
            const Real* from = whole_[k].gradient->data + first;
            for (Index c = 0; c < widths_[k]; ++c)
              kernels::scale_add(own + c * count, static_cast<const Real*>(nullptr), share_, from + c * batch,
                                 count);
            rows[k] = own;
          }
          const bool with_direct = first == 0;  // once in a batch, whoever holds its first sample
          const Real* extra = direct_gradient_.data();
          const Real part = share_;
          Tape<Real>* own_tape = &tape;
          tape.record(y, [=] {
            for (std::size_t k = 0; k < contrastive_outputs; ++k) {
              if (rows[k] == nullptr || !out[k].needs_gradient()) continue;
              const auto d = out[k].accumulator();
              kernels::add(d.into.data(), d.residual, rows[k], d.into.size());
            }
            for (std::size_t i = 0; with_direct && i < direct.size(); ++i) {
              const Var<Real, dyn> p = own_tape->parameter(*direct[i]);
              if (!p.needs_gradient()) continue;
              const auto d = p.grad();
              for (Index j = 0; j < d.size(); ++j) d.data()[j] += part * extra[direct[i]->offset + j];
            }
          });
          return y;
        };
  }

  bool local_;
  Real share_, own_loss_ = Real(0);  // of the own batch in the mean over all
  distributed::Communicator* team_;
  std::array<Index, contrastive_outputs> widths_;
  std::size_t tape_bytes_;
  Slots<Real> slots_;
  Tape<Real> tape_;
  AlignedVector<Real> direct_gradient_;
  std::array<AlignedVector<Real>, contrastive_outputs> embeddings_;
  AlignedVector<Real> wire_;
  Embeddings<Real> whole_;
  Tapes tapes_ = Tapes::fresh;          // of the step that runs
  std::vector<Embeddings<Real>> kept_;  // of its micro-batches, when tapes are kept
  Index first_kept_ = 0;
  bool recorded_ = false;  // some step has been through
};

}  // namespace gyrograd::train
