// SPDX-License-Identifier: MIT
// Recipe: a recogniser learns from few labelled windows, all of it: fine-tuning, or standard training from
// scratch (PRIMUS sheet §13.2, §13.4): AdamW under warm-up and cosine.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "gyrograd/core/config.hpp"
#include "gyrograd/core/error.hpp"
#include "gyrograd/core/random.hpp"
#include "gyrograd/core/thread_pool.hpp"
#include "gyrograd/data/windows.hpp"
#include "gyrograd/kernels/simd.hpp"
#include "gyrograd/losses/cross_entropy.hpp"
#include "gyrograd/metrics/classification.hpp"
#include "gyrograd/optim/schedule.hpp"
#include "gyrograd/train/adam_recipe.hpp"
#include "gyrograd/train/batch_order.hpp"
#include "gyrograd/train/slots.hpp"

namespace gyrograd::train {

/// Settings with the published values.
struct FineTuningOptions {
  Index batch = 256;
  Index epochs = 20;  ///< the schedule is laid out for them
  double lr = 1e-4;
  double weight_decay = 1e-4;
  optim::ScheduleLength schedule = optim::ScheduleLength::real_steps;
  std::uint64_t seed = 3431;
};

/// Predicted classes of the chosen windows. Model: logits(tape, x) -> (B, classes).
template <Scalar Real, class Model>
std::vector<Index> predict_windows(const Model& model, const data::Windows& windows,
                                   std::span<const Index> chosen, ThreadPool& pool) {
  std::vector<Index> out(chosen.size());
  Slots<Real> slots(pool, 0);
  slots.forward(static_cast<Index>(chosen.size()), 2 * kernels::lanes<Real>,
                [&](Tape<Real>& tape, Index first, Index count, int) {
                  const auto x = tape.template saved<dyn, dyn, dyn>(count, windows.steps, windows.channels);
                  data::gather_windows(
                      x.data(), windows,
                      chosen.subspan(static_cast<std::size_t>(first), static_cast<std::size_t>(count)));
                  const auto z = model.logits(tape, tape.constant(x));
                  for (Index b = 0; b < count; ++b) {
                    Index best = 0;
                    for (Index k = 1; k < z.extent(1); ++k)
                      best = z.value(b, k) > z.value(b, best) ? k : best;
                    out[static_cast<std::size_t>(first + b)] = best;
                  }
                });
  return out;
}

/// The recipe for run_epochs(): every parameter that is trainable learns. labels: of all windows. Order:
/// Philox(seed, epoch). The score is the accuracy on the validation windows, or, where there are none, the
/// number of the epoch: then the last one is kept.
template <Scalar Real, class Model>
class FineTuning : public AdamRecipe<Real, Model> {
  using Base = AdamRecipe<Real, Model>;
  using Base::adam_;
  using Base::model_;

 public:
  FineTuning(Model& model, const data::Windows& windows, std::span<const Index> labels,
             std::vector<Index> train, std::vector<Index> validation, const FineTuningOptions& options,
             ThreadPool& pool)
      : Base(model, {.learning_rate = options.lr,
                     .weight_decay = options.weight_decay,
                     .decay = optim::Decay::decoupled}),
        windows_(windows),
        labels_(labels),
        order_(std::move(train), options.batch, options.seed),
        validation_(std::move(validation)),
        options_(options),
        pool_(pool),
        rate_(options.lr, optim::schedule_steps(static_cast<Index>(order_.size()), options.batch,
                                                options.epochs, options.schedule)),
        slots_(pool, model.store().size()),
        targets_(static_cast<std::size_t>(pool.size())) {
    if (static_cast<Index>(labels.size()) != windows.count)
      fail<ShapeError>("fine-tuning: ", labels.size(), " labels for ", windows.count, " windows");
  }

  Index batches() const { return order_.batches(); }

  void begin_epoch(Index epoch) { order_.begin(epoch); }

  /// One optimiser step; returns the mean cross-entropy of the batch.
  double train_batch(Index batch) {
    const std::span<const Index> items = order_.batch(batch);
    const auto count = static_cast<Index>(items.size());
    const Real factor = Real(1) / static_cast<Real>(count);
    adam_.set_learning_rate(rate_(static_cast<Index>(adam_.steps())));
    return static_cast<double>(slots_.step(
        model_, adam_, count, 2 * kernels::lanes<Real>,
        [&](Tape<Real>& tape, Index at, Index size, int thread) {
          const auto part = items.subspan(static_cast<std::size_t>(at), static_cast<std::size_t>(size));
          const auto x = tape.template saved<dyn, dyn, dyn>(size, windows_.steps, windows_.channels);
          data::gather_windows(x.data(), windows_, part);
          std::vector<std::int32_t>& own = targets_[static_cast<std::size_t>(thread)];
          own.clear();
          for (const Index i : part)
            own.push_back(static_cast<std::int32_t>(labels_[static_cast<std::size_t>(i)]));
          return losses::cross_entropy(tape, model_.logits(tape, tape.constant(x)), own.data(), factor);
        }));
  }

  EpochRecord validate(Index epoch) {
    EpochRecord record;
    record.score = static_cast<double>(epoch);
    if (validation_.empty()) return record;
    const std::vector<Index> predicted = predict_windows<Real>(model_, windows_, validation_, pool_);
    Index right = 0;
    for (std::size_t i = 0; i < predicted.size(); ++i)
      right += predicted[i] == labels_[static_cast<std::size_t>(validation_[i])] ? 1 : 0;
    record.validation_accuracy = static_cast<double>(right) / static_cast<double>(predicted.size());
    record.score = record.validation_accuracy;
    return record;
  }

 private:
  const data::Windows& windows_;
  std::span<const Index> labels_;
  BatchOrder order_;
  std::vector<Index> validation_;
  FineTuningOptions options_;
  ThreadPool& pool_;
  optim::WarmupCosine rate_;
  Slots<Real> slots_;
  std::vector<std::vector<std::int32_t>> targets_;
};

}  // namespace gyrograd::train
