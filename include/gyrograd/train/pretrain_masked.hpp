// SPDX-License-Identifier: MIT
// Recipe: masked-reconstruction pre-training of LIMU-BERT (LIMU-BERT sheet §5.11, §6.1, §6.2).
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "gyrograd/autograd/tape.hpp"
#include "gyrograd/core/config.hpp"
#include "gyrograd/core/error.hpp"
#include "gyrograd/core/random.hpp"
#include "gyrograd/core/thread_pool.hpp"
#include "gyrograd/data/span_mask.hpp"
#include "gyrograd/data/window_source.hpp"
#include "gyrograd/data/windows.hpp"
#include "gyrograd/distributed/communicator.hpp"
#include "gyrograd/losses/masked_mse.hpp"
#include "gyrograd/tensor/tensor.hpp"
#include "gyrograd/train/adam_recipe.hpp"
#include "gyrograd/train/batch_order.hpp"
#include "gyrograd/train/checkpoint.hpp"
#include "gyrograd/train/loop.hpp"
#include "gyrograd/train/masked_windows.hpp"
#include "gyrograd/train/slots.hpp"

namespace gyrograd::train {

/// Settings with the published values.
struct PretrainOptions {
  Index batch = 128;
  double lr = 1e-3;
  std::uint64_t seed = 3431;
  data::SpanMaskConfig mask;
  ValidationMasks validation = ValidationMasks::published;
  CropConfig crop;                            ///< of windows longer than the model takes
  AugmentConfig augment;                      ///< none
  Index slots = Slots<float>::default_count;  ///< gradient slots, at least one for each process
};

/// One micro-batch of masked windows, in memory that lives as long as the run.
template <Scalar Real>
struct MaskedMicroBatch {
  MaskedWindows source;
  std::vector<Real> x, target;
  std::vector<std::int32_t> positions;

  /// Masked inputs of `items`; returns the input view.
  Tensor<Real, dyn, dyn, dyn> fill(std::span<const Index> items, Index epoch, Purpose purpose) {
    const auto batch = static_cast<Index>(items.size());
    const Index masked = source.count(), steps = source.steps(), channels = source.channels();
    x.resize(static_cast<std::size_t>(batch * steps * channels));
    target.resize(static_cast<std::size_t>(batch * masked * channels));
    positions.resize(static_cast<std::size_t>(batch * masked));
    const Tensor<Real, dyn, dyn, dyn> input(x.data(), batch, steps, channels);
    source.template fill<Real>(items, epoch, purpose, input, positions,
                               {target.data(), batch, masked, channels});
    return input;
  }
};

/// The recipe for run_epochs(). `model`: models::LimuBert; windows: normalised (N, T, F). The order of the
/// training windows is shuffled by Philox(seed, epoch), masks by Philox(seed, epoch, window). Of several
/// processes (`team`), each computes its share of every batch and of the validation; all hold the same
/// weights, those that one process would have.
template <Scalar Real, class Model>
class MaskedPretraining : public AdamRecipe<Real, Model> {
  using Base = AdamRecipe<Real, Model>;
  using Base::adam_;
  using Base::model_;

 public:
  MaskedPretraining(Model& model, std::shared_ptr<data::WindowSource> windows, std::vector<Index> train,
                    std::vector<Index> validation, const PretrainOptions& options, ThreadPool& pool,
                    distributed::Communicator* team = nullptr)
      : Base(model, {.learning_rate = options.lr}),
        windows_(std::move(windows)),
        order_(std::move(train), options.batch, options.seed),
        validation_(std::move(validation)),
        options_(options),
        slots_(pool, model.store().size(), options.slots, team),
        micro_batch_(
            attention_micro_batch<Real>(options.crop.steps > 0 ? options.crop.steps : windows_->steps())) {
    if (order_.size() == 0 || validation_.empty()) {
      fail<ConfigError>("pre-training: ", order_.size(), " training and ", validation_.size(),
                        " validation windows, expected at least one of each; give more windows");
    }
    if (options.batch < 1)
      fail<ConfigError>("pre-training: batch is ", options.batch, ", expected at least 1");
    for (int i = 0; i < pool.size(); ++i) {
      scratch_.push_back({MaskedWindows(windows_, options.mask, options.seed, options.validation,
                                        options.crop, options.augment),
                          {},
                          {},
                          {}});
    }
  }

  /// The same for windows in memory, which must outlive the recipe.
  MaskedPretraining(Model& model, const data::Windows& windows, std::vector<Index> train,
                    std::vector<Index> validation, const PretrainOptions& options, ThreadPool& pool,
                    distributed::Communicator* team = nullptr)
      : MaskedPretraining(model, std::make_shared<data::MemoryWindows>(windows), std::move(train),
                          std::move(validation), options, pool, team) {}

  Index batches() const { return order_.batches(); }

  void begin_epoch(Index epoch) {
    epoch_ = epoch;
    order_.begin(epoch);
    fetch_batch(0);
  }

  /// One optimiser step; returns the mean squared error over the masked positions of the batch.
  double train_batch(Index batch) {
    const std::span<const Index> items = order_.batch(batch);
    const auto count = static_cast<Index>(items.size());
    const Real factor =
        Real(1) / static_cast<Real>(count * scratch_[0].source.count() * windows_->channels());
    if (batch + 1 < batches()) {
      fetch_batch(batch + 1);
    } else {
      fetch_validation(0);
    }
    return static_cast<double>(slots_.step(
        model_, adam_, count, micro_batch_, [&](Tape<Real>& tape, Index at, Index size, int thread) {
          return loss_of(tape, part(items, at, size), Purpose::mask, factor, thread);
        }));
  }

  /// Mean squared error over the masked positions of the validation windows.
  EpochRecord validate(Index epoch) {
    epoch_ = epoch;
    const auto total = static_cast<Index>(validation_.size());
    const Real factor =
        Real(1) / static_cast<Real>(total * scratch_[0].source.count() * windows_->channels());
    EpochRecord record;
    record.validation_loss = 0;
    for (Index start = 0; start < total; start += validation_block) {  // only so that the next can be fetched
      fetch_validation(start + validation_block);
      record.validation_loss = slots_.evaluate(
          std::min(validation_block, total - start), micro_batch_,
          [&](Tape<Real>& tape, Index first, Index count, int thread) {
            return loss_of(tape, part(validation_, start + first, count), Purpose::validation_mask, factor,
                           thread);
          },
          record.validation_loss);
    }
    record.score = -record.validation_loss;
    return record;
  }

  /// Of several processes: any may ask to stop, and after one of the next steps all know.
  void request_stop() { slots_.request_stop(); }
  bool stop_agreed() const { return slots_.stop_agreed(); }

 private:
  static std::span<const Index> part(std::span<const Index> items, Index first, Index count) {
    return items.subspan(static_cast<std::size_t>(first), static_cast<std::size_t>(count));
  }
  static constexpr Index validation_block = 1024;  // a multiple of every micro-batch

  /// Has this process's part of a batch fetched while another one is computed.
  void fetch_batch(Index batch) {
    const std::span<const Index> items = order_.batch(batch);
    const distributed::Share own = slots_.own_samples(static_cast<Index>(items.size()), micro_batch_);
    windows_->will_need(part(items, own.begin, own.size()));
  }
  void fetch_validation(Index first) {
    const Index count = std::min(validation_block, static_cast<Index>(validation_.size()) - first);
    if (count <= 0) return;
    const distributed::Share own = slots_.own_evaluated(count, micro_batch_);
    windows_->will_need(part(validation_, first + own.begin, own.size()));
  }
  Var<Real> loss_of(Tape<Real>& tape, std::span<const Index> items, Purpose purpose, Real factor,
                    int thread) {
    MaskedMicroBatch<Real>& scratch = scratch_[static_cast<std::size_t>(thread)];
    const auto x = scratch.fill(items, epoch_, purpose);
    const auto y =
        model_.reconstruct(tape, tape.constant(x), scratch.positions.data(), scratch.source.count());
    return losses::masked_mse(tape, y, static_cast<const Real*>(scratch.target.data()), factor);
  }

  std::shared_ptr<data::WindowSource> windows_;
  BatchOrder order_;
  std::vector<Index> validation_;
  PretrainOptions options_;
  Slots<Real> slots_;
  Index micro_batch_;
  std::vector<MaskedMicroBatch<Real>> scratch_;
  Index epoch_ = 0;
};

}  // namespace gyrograd::train
