// SPDX-License-Identifier: MIT
// Recipe: self-training of TPN, the recognition of transformations (LIMU-BERT sheet §3.7, §6.4, §9).
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <span>
#include <utility>
#include <vector>

#include "gyrograd/autograd/ops/sigmoid.hpp"
#include "gyrograd/autograd/tape.hpp"
#include "gyrograd/core/config.hpp"
#include "gyrograd/core/error.hpp"
#include "gyrograd/core/random.hpp"
#include "gyrograd/core/thread_pool.hpp"
#include "gyrograd/data/tpn_transforms.hpp"
#include "gyrograd/data/windows.hpp"
#include "gyrograd/kernels/simd.hpp"
#include "gyrograd/losses/tpn.hpp"
#include "gyrograd/metrics/tpn.hpp"
#include "gyrograd/tensor/tensor.hpp"
#include "gyrograd/train/adam_recipe.hpp"
#include "gyrograd/train/checkpoint.hpp"
#include "gyrograd/train/loop.hpp"
#include "gyrograd/train/slots.hpp"

namespace gyrograd::train {

/// What the heads are judged by.
enum class TpnLoss {
  published,  ///< logarithms of probabilities without a limit: infinite where a head saturates
  corrected   ///< the same terms from log-odds
};

/// Settings with the published values.
struct TpnOptions {
  Index batch = 128;  ///< items, originals and transformed ones alike
  double lr = 3e-4;
  double weight_decay = 1e-4;  ///< added to the gradient
  double dropout = 0.1;        ///< probability to drop after every convolution
  std::uint64_t seed = 3431;
  data::TpnTasks tasks = data::TpnTasks::published;
  data::TpnShuffle shuffle = data::TpnShuffle::published;
  TpnLoss loss = TpnLoss::published;
};

/// The recipe for run_epochs(). Model: models::TpnPretrain. Every window gives one original item and one for
/// each transformation, drawn once; their order is shuffled by Philox(seed, epoch), dropout is drawn by
/// Philox(seed, epoch, item). The score is the accuracy of the heads on the validation items.
template <Scalar Real, class Model>
class TpnSelfTraining : public AdamRecipe<Real, Model> {
  using Base = AdamRecipe<Real, Model>;
  using Base::adam_;
  using Base::model_;

 public:
  /// windows: (N, T, F) pieces, only read here; train, validation: numbers of some of them.
  TpnSelfTraining(Model& model, const data::Windows& windows, std::span<const Index> train,
                  std::span<const Index> validation, const TpnOptions& options, ThreadPool& pool)
      : Base(model, {.learning_rate = options.lr, .weight_decay = options.weight_decay}),
        options_(checked(options, model.config().tasks, train.size(), validation.size())),
        train_(data::tpn_items(windows, train, options.tasks, options.shuffle, options.seed)),
        validation_(data::tpn_items(windows, validation, options.tasks, options.shuffle, options.seed)),
        slots_(pool, model.store().size()),
        scratch_(static_cast<std::size_t>(pool.size())) {}

  /// Items: windows times (1 + transformations).
  Index items() const { return train_.windows.count; }
  Index batches() const { return (items() + options_.batch - 1) / options_.batch; }

  void begin_epoch(Index epoch) {
    epoch_ = epoch;
    Philox random(options_.seed, static_cast<std::uint32_t>(epoch), 0, Purpose::shuffle);
    order_ = permutation(random, items());
  }

  /// One optimiser step; returns the mean over the terms of the batch.
  double train_batch(Index batch) {
    const Index first = batch * options_.batch;
    const Index count = std::min(options_.batch, items() - first);
    Index terms = 0;
    for (Index i = first; i < first + count; ++i)
      terms += terms_of(train_, order_[static_cast<std::size_t>(i)]);
    const Real factor = Real(1) / static_cast<Real>(terms);
    return static_cast<double>(slots_.step(
        model_, adam_, count, micro_batch(), [&](Tape<Real>& tape, Index at, Index size, int thread) {
          Scratch& own = scratch_[static_cast<std::size_t>(thread)];
          own.chosen.assign(order_.begin() + first + at, order_.begin() + first + at + size);
          const Real* mask = draw_dropout(own);
          return loss_of(tape, train_, own, mask, factor);
        }));
  }

  /// Loss and accuracy of the heads on the validation items.
  EpochRecord validate(Index) {
    const Index total = validation_.windows.count, tasks = model_.config().tasks, micro = micro_batch();
    Index terms = 0;
    for (Index i = 0; i < total; ++i) terms += terms_of(validation_, i);
    const Real factor = Real(1) / static_cast<Real>(terms);
    std::vector<double> losses(static_cast<std::size_t>((total + micro - 1) / micro));
    std::vector<Real> probability(static_cast<std::size_t>(total * tasks));
    slots_.forward(total, micro, [&](Tape<Real>& tape, Index first, Index count, int thread) {
      Scratch& own = scratch_[static_cast<std::size_t>(thread)];
      own.chosen.resize(static_cast<std::size_t>(count));
      std::iota(own.chosen.begin(), own.chosen.end(), first);
      const auto z = model_.logits(tape, tape.constant(fill(validation_, own)));
      const auto p = ops::sigmoid(tape, z);
      for (Index b = 0; b < count; ++b)
        for (Index j = 0; j < tasks; ++j)
          probability[static_cast<std::size_t>((first + b) * tasks + j)] = p.value(b, j);
      const auto loss = losses::tpn_logits(tape, z, own.labels.data(), factor);
      losses[static_cast<std::size_t>(first / micro)] = static_cast<double>(*loss.value.data());
    });
    EpochRecord record;
    record.validation_loss = std::accumulate(losses.begin(), losses.end(), 0.0);
    confusion_ = metrics::tpn_confusion(std::span<const Real>(probability),
                                        std::span<const Index>(validation_.labels), tasks);
    record.validation_accuracy = metrics::accuracy(confusion_);
    record.score = record.validation_accuracy;
    return record;
  }

  /// Answers of the heads in the last validate(): 0 no, 1 yes.
  const metrics::Confusion& confusion() const { return confusion_; }

 private:
  /// One micro-batch; one per thread, reused.
  struct Scratch {
    std::vector<Index> chosen;
    std::vector<Real> x, mask;
    std::vector<std::int32_t> labels;
  };

  static Index micro_batch() { return 2 * kernels::lanes<Real>; }

  static const TpnOptions& checked(const TpnOptions& o, Index heads, std::size_t train,
                                   std::size_t validation) {
    if (train == 0 || validation == 0)
      fail<ConfigError>(
          "tpn: ", train, " training and ", validation,
          " validation pieces, expected at least one of each; raise the label rate or give more "
          "windows");
    if (heads != data::tpn_task_count(o.tasks))
      fail<ConfigError>("tpn: the model has ", heads, " heads, the transformations are ",
                        data::tpn_task_count(o.tasks));
    if (o.batch < 1) fail<ConfigError>("tpn: batch is ", o.batch, ", expected at least 1");
    if (!(o.dropout >= 0 && o.dropout < 1))
      fail<ConfigError>("tpn: dropout is ", o.dropout, ", expected 0 up to, but not, 1");
    return o;
  }

  Index terms_of(const data::TpnItems& items, Index item) const {
    return items.labels[static_cast<std::size_t>(item)] == 0 ? model_.config().tasks : 1;
  }

  Tensor<Real, dyn, dyn, dyn> fill(const data::TpnItems& items, Scratch& own) const {
    own.labels.clear();
    for (const Index item : own.chosen)
      own.labels.push_back(static_cast<std::int32_t>(items.labels[static_cast<std::size_t>(item)]));
    own.x.resize(own.chosen.size() * items.windows.window_size());
    data::gather_windows(own.x.data(), items.windows, own.chosen);
    return {own.x.data(), static_cast<Index>(own.chosen.size()), items.windows.steps, items.windows.channels};
  }

  Var<Real> loss_of(Tape<Real>& tape, const data::TpnItems& items, Scratch& own, const Real* mask,
                    Real factor) {
    const auto z = model_.logits(tape, tape.constant(fill(items, own)), mask);
    if (options_.loss == TpnLoss::corrected) return losses::tpn_logits(tape, z, own.labels.data(), factor);
    return losses::tpn(tape, ops::sigmoid(tape, z), own.labels.data(), factor);
  }

  /// Keep mask (chosen, width) in activation layout; null: no dropout.
  const Real* draw_dropout(Scratch& own) {
    if (!model_.config().dropout || options_.dropout == 0) return nullptr;
    const Index width = model_.dropout_width(), size = static_cast<Index>(own.chosen.size());
    const Real kept = static_cast<Real>(1 / (1 - options_.dropout));
    own.mask.resize(static_cast<std::size_t>(size * width));
    for (Index b = 0; b < size; ++b) {
      Philox random(options_.seed, static_cast<std::uint32_t>(epoch_),
                    static_cast<std::uint64_t>(own.chosen[static_cast<std::size_t>(b)]), Purpose::dropout);
      for (Index i = 0; i < width; ++i)
        own.mask[static_cast<std::size_t>(b + size * i)] =
            static_cast<double>(uniform_float(random)) < options_.dropout ? Real(0) : kept;
    }
    return own.mask.data();
  }

  TpnOptions options_;
  data::TpnItems train_, validation_;
  std::vector<Index> order_;
  Slots<Real> slots_;
  std::vector<Scratch> scratch_;
  metrics::Confusion confusion_{2};
  Index epoch_ = 0;
};

}  // namespace gyrograd::train
