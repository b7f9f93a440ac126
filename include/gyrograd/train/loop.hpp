// SPDX-License-Identifier: MIT
// The loop over epochs and batches that all recipes share: where a run stands, which epoch was best, when to
// stop.
#pragma once

#include <cmath>
#include <concepts>
#include <limits>
#include <span>
#include <vector>

#include "gyrograd/core/config.hpp"
#include "gyrograd/core/error.hpp"
#include "gyrograd/tensor/tensor.hpp"

namespace gyrograd::train {

/// The loss is not a number any more. Several processes see it at the same step.
struct Diverged : Error {
  using Error::Error;
};

/// A signal has ended the run after a checkpoint. Several processes agree on the step.
struct Stopped : Error {
  using Error::Error;
};

/// Figures of one epoch; NaN where a recipe has none.
struct EpochRecord {
  double train_loss = std::numeric_limits<double>::quiet_NaN();  // mean over the batches
  double validation_loss = std::numeric_limits<double>::quiet_NaN();
  double validation_accuracy = std::numeric_limits<double>::quiet_NaN();
  double score = 0;  // what "best" maximises
};

/// Where a run stands: with the weights and the optimiser's state, all that resuming needs. Every random draw
/// is addressed by (seed, epoch, item), so epoch and batch are the whole state of the generators and of the
/// sampler.
template <Scalar Real>
struct LoopState {
  Index epoch = 0;      // epochs completed
  Index batch = 0;      // batches completed in the epoch that runs
  Index step = 0;       // batches completed in the run
  double loss_sum = 0;  // of the batches of the epoch that runs
  Index best_epoch = -1;
  double best_score = -std::numeric_limits<double>::infinity();
  std::vector<Real> best_weights;
  std::vector<EpochRecord> history;
};

/// What run_epochs needs from a training recipe.
template <class R, class Real>
concept Recipe = requires(R recipe, Index n) {
  { recipe.batches() } -> std::convertible_to<Index>;  // per epoch
  recipe.begin_epoch(n);                               // draws the order of epoch n
  {
    recipe.train_batch(n)
    } -> std::convertible_to<double>;                   // one optimiser step, returns the batch's mean loss
  { recipe.validate(n) } -> std::same_as<EpochRecord>;  // after epoch n
  { recipe.weights() } -> std::convertible_to<std::span<Real>>;
};

/// Whether the last `patience` epochs brought no better score; never for patience 0.
template <Scalar Real>
bool out_of_patience(const LoopState<Real>& state, Index patience) {
  return patience > 0 && state.epoch - 1 - state.best_epoch >= patience;
}

/// Trains until `epochs` are complete. `after_batch(state)` and `after_epoch(state)` return false to stop at
/// once; the state then says where to go on. The best epoch is the first with the largest score (LIMU-BERT
/// sheet §6.2, §6.3). Returns true when all epochs are done. Diverged when a loss is not a number.
template <Scalar Real, Recipe<Real> R, class AfterBatch, class AfterEpoch>
bool run_epochs(R& recipe, LoopState<Real>& state, Index epochs, AfterBatch&& after_batch,
                AfterEpoch&& after_epoch) {
  while (state.epoch < epochs) {
    recipe.begin_epoch(state.epoch);
    while (state.batch < recipe.batches()) {
      const double loss = recipe.train_batch(state.batch);
      if (!std::isfinite(loss)) {
        fail<Diverged>("training: the loss is not finite in epoch ", state.epoch + 1, ", batch ",
                       state.batch + 1, " (step ", state.step + 1,
                       "); lower the learning rate; the last checkpoint is kept");
      }
      state.loss_sum += loss;
      ++state.batch;
      ++state.step;
      if (!after_batch(state)) return false;
    }
    EpochRecord record = recipe.validate(state.epoch);
    record.train_loss = state.loss_sum / static_cast<double>(recipe.batches());
    if (record.score > state.best_score) {
      state.best_score = record.score;
      state.best_epoch = state.epoch;
      const std::span<Real> weights = recipe.weights();
      state.best_weights.assign(weights.begin(), weights.end());
    }
    state.history.push_back(record);
    ++state.epoch;
    state.batch = 0;
    state.loss_sum = 0;
    if (!after_epoch(state)) return false;
  }
  return true;
}

}  // namespace gyrograd::train
