// SPDX-License-Identifier: MIT
// Recipe: multi-task self-supervision, the rival of PRIMUS that recognises eight transformations (PRIMUS
// sheet §14.3).
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
#include "gyrograd/data/tpn_transforms.hpp"
#include "gyrograd/data/windows.hpp"
#include "gyrograd/losses/bce.hpp"
#include "gyrograd/train/adam_recipe.hpp"
#include "gyrograd/train/batch_order.hpp"
#include "gyrograd/train/slots.hpp"

namespace gyrograd::train {

/// Which windows a head is asked about.
enum class MultitaskHeads {
  balanced,  ///< the originals and its own transformation, as many of each
  pooled     ///< all windows: one in nine is a yes (SelfHAR)
};

/// Settings with the values of the authors' program. Rotations turn both triads alike, the shuffle permutes
/// the axes of both alike, a time warp is one for the window.
struct MultitaskOptions {
  Index batch = 32;  ///< windows; each gives nine items
  double lr = 3e-4;
  std::uint64_t seed = 3431;
  MultitaskHeads heads = MultitaskHeads::balanced;
};

/// The recipe for run_epochs(). Model: models::MultitaskSsl. windows (N, T, 6) must outlive it. Order:
/// Philox(seed, epoch); transformation j of a window: Philox(seed, epoch, 16 window + j), for validation
/// always that of epoch 0. The score is minus the validation loss.
template <Scalar Real, class Model>
class MultitaskTraining : public AdamRecipe<Real, Model> {
  using Base = AdamRecipe<Real, Model>;
  using Base::adam_;
  using Base::model_;

 public:
  MultitaskTraining(Model& model, const data::Windows& windows, std::vector<Index> train,
                    std::vector<Index> validation, const MultitaskOptions& options, ThreadPool& pool)
      : Base(model, {.learning_rate = options.lr}),
        windows_(windows),
        order_(std::move(train), options.batch, options.seed),
        validation_(std::move(validation)),
        options_(options),
        slots_(pool, model.store().size()),
        scratch_(static_cast<std::size_t>(pool.size())) {
    if (order_.size() == 0 || validation_.empty())
      fail<ConfigError>("multi-task: ", order_.size(), " training and ", validation_.size(),
                        " validation windows, expected at least one of each; give more windows");
    if (options.batch < 1) fail<ConfigError>("multi-task: batch is ", options.batch, ", expected at least 1");
  }

  Index batches() const { return order_.batches(); }

  void begin_epoch(Index epoch) { order_.begin(epoch); }

  /// One optimiser step; returns the mean over all questions of the batch.
  double train_batch(Index batch) {
    const std::span<const Index> items = order_.batch(batch);
    const auto count = static_cast<Index>(items.size());
    const Real factor = Real(1) / static_cast<Real>(count * questions());
    const auto draw = static_cast<std::uint32_t>(order_.epoch()) + 1;
    return static_cast<double>(slots_.step(model_, adam_, count, micro_batch,
                                           [&](Tape<Real>& tape, Index at, Index size, int thread) {
                                             return loss_of(tape, items, at, size, draw, factor, thread);
                                           }));
  }

  EpochRecord validate(Index) {
    const auto total = static_cast<Index>(validation_.size());
    const Real factor = Real(1) / static_cast<Real>(total * questions());
    EpochRecord record;
    record.validation_loss =
        slots_.evaluate(total, micro_batch, [&](Tape<Real>& tape, Index first, Index count, int thread) {
          return loss_of(tape, validation_, first, count, 0, factor, thread);
        });
    record.score = -record.validation_loss;
    return record;
  }

 private:
  static constexpr Index micro_batch = 4;  // windows, so 36 items
  static constexpr Index kinds = 1 + Model::tasks;

  struct Scratch {
    std::vector<float> row;
    std::vector<Real> target, weight;
  };

  /// Answers per window: every head about the original, and one about each transformation or all about all.
  Index questions() const {
    return options_.heads == MultitaskHeads::balanced ? 2 * Model::tasks : kinds * Model::tasks;
  }

  /// Windows items[first ..], each original followed by its eight transformations: nine rows a window.
  Var<Real> loss_of(Tape<Real>& tape, std::span<const Index> items, Index first, Index count,
                    std::uint32_t draw, Real factor, int thread) {
    Scratch& own = scratch_[static_cast<std::size_t>(thread)];
    const Index rows = count * kinds;
    const auto x = tape.template saved<dyn, dyn, dyn>(rows, windows_.steps, windows_.channels);
    own.target.assign(static_cast<std::size_t>(rows * Model::tasks), Real(0));
    own.weight.assign(own.target.size(), options_.heads == MultitaskHeads::pooled ? Real(1) : Real(0));
    for (Index r = 0; r < rows; ++r) {
      const Index item = items[static_cast<std::size_t>(first + r / kinds)], task = r % kinds;
      fill_row(own, item, task, draw);
      const float* in = own.row.data();
      for (Index t = 0; t < windows_.steps; ++t)
        for (Index c = 0; c < windows_.channels; ++c) x(r, t, c) = static_cast<Real>(*in++);
      for (Index j = 0; j < Model::tasks; ++j) {
        const auto at = static_cast<std::size_t>(r + rows * j);
        if (task == j + 1) own.target[at] = Real(1);
        if (task == 0 || task == j + 1) own.weight[at] = Real(1);
      }
    }
    return losses::bce_logits(tape, model_.logits(tape, tape.constant(x)),
                              static_cast<const Real*>(own.target.data()), factor,
                              static_cast<const Real*>(own.weight.data()));
  }

  void fill_row(Scratch& own, Index item, Index task, std::uint32_t draw) const {
    const std::span<const float> window = windows_.window(item);
    own.row.assign(window.begin(), window.end());
    if (task == 0) return;
    Philox g(options_.seed, draw, static_cast<std::uint64_t>(16 * item + task), Purpose::augment);
    data::tpn_transform(std::span<float>(own.row), window, windows_.channels, task, data::TpnTasks::original,
                        data::TpnShuffle::corrected, g);
  }

  const data::Windows& windows_;
  BatchOrder order_;
  std::vector<Index> validation_;
  MultitaskOptions options_;
  Slots<Real> slots_;
  std::vector<Scratch> scratch_;
};

}  // namespace gyrograd::train
