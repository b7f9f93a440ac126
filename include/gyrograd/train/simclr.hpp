// SPDX-License-Identifier: MIT
// Recipe: SimCLR for activity recognition: two random views of every window, NT-Xent, SGD with a cosine.
// Tang et al., "Exploring Contrastive Learning in Human Activity Recognition for Healthcare", 2020 (PRIMUS
// sheet §14.2).
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
#include "gyrograd/data/tang_augment.hpp"
#include "gyrograd/data/windows.hpp"
#include "gyrograd/kernels/simd.hpp"
#include "gyrograd/losses/nt_xent.hpp"
#include "gyrograd/optim/schedule.hpp"
#include "gyrograd/optim/sgd.hpp"
#include "gyrograd/train/batch_order.hpp"
#include "gyrograd/train/checkpoint.hpp"
#include "gyrograd/train/contrastive.hpp"
#include "gyrograd/train/loop.hpp"

namespace gyrograd::train {

/// Settings with the published values. The chain is drawn anew for both views.
struct SimclrOptions {
  Index batch = 512;
  double lr = 0.1;
  Index decay_steps = 1000;  ///< the rate is 0 from here on
  double temperature = 0.1;
  std::uint64_t seed = 3431;
  data::TangOptions views;
};

/// The recipe for run_epochs(). Model: trunk(tape, x) and project(tape, h) as models::SimclrHar or
/// models::SimclrPrimus. windows:
/// normalised (N, T, C), must outlive the recipe. Order: Philox(seed, epoch); view v of a window:
/// Philox(seed, epoch, 2 window + v). The score is minus the loss on the validation windows, whose views are
/// the same in every epoch.
template <Scalar Real, class Model>
class SimclrPretraining {
 public:
  SimclrPretraining(Model& model, const data::Windows& windows, std::vector<Index> train,
                    std::vector<Index> validation, const SimclrOptions& options, ThreadPool& pool)
      : model_(model),
        windows_(windows),
        options_(checked(options, train.size(), validation.size())),
        order_(std::move(train), options.batch, options.seed, 2),
        validation_(std::move(validation)),
        pool_(pool),
        rate_(options.lr, options.decay_steps),
        step_(pool, model.store().size(), {width_of(model), width_of(model), 0}),
        sgd_(model.store().size(), {.learning_rate = options.lr}),
        scratch_(static_cast<std::size_t>(pool.size())) {}

  /// A last batch of one window is left out: it has nothing to contrast with.
  Index batches() const { return order_.batches(); }

  void begin_epoch(Index epoch) { order_.begin(epoch); }

  /// One optimiser step; returns the loss of the batch.
  double train_batch(Index batch) {
    choose(order_.items(), batch, static_cast<std::uint32_t>(order_.epoch()) + 1);
    sgd_.set_learning_rate(rate_(static_cast<Index>(sgd_.steps())));
    return static_cast<double>(step_.step(model_, sgd_, count(), micro_batch, forward(), whole_loss()));
  }

  EpochRecord validate(Index) {
    EpochRecord record;
    record.validation_loss = 0;
    Index seen = 0;
    for (Index batch = 0; batch < order_.batches(validation_.size()); ++batch) {
      choose(validation_, batch, 0);
      const Real loss = step_.evaluate(count(), micro_batch, forward(), whole_loss());
      record.validation_loss += static_cast<double>(loss) * static_cast<double>(count());
      seen += count();
    }
    record.validation_loss /= static_cast<double>(seen);
    record.score = -record.validation_loss;
    return record;
  }

  std::span<Real> weights() {
    return {model_.store().data(), static_cast<std::size_t>(model_.store().size())};
  }
  /// What a checkpoint must hold besides the loop state.
  std::vector<NamedBuffer<Real>> buffers() { return {{"weights", weights()}}; }
  /// To be called when the buffers and `state` were read from a checkpoint.
  void resume(const LoopState<Real>& state) { sgd_.set_steps(static_cast<std::uint64_t>(state.step)); }

 private:
  static constexpr Index micro_batch = kernels::lanes<Real>;

  static const SimclrOptions& checked(const SimclrOptions& o, std::size_t train, std::size_t validation) {
    if (train < 2 || validation < 2)
      fail<ConfigError>("SimCLR: ", train, " training and ", validation,
                        " validation windows, expected at least two of each; give more windows");
    if (o.batch < 2 || o.decay_steps < 1 || !(o.temperature > 0))
      fail<ConfigError>("SimCLR: batch ", o.batch, ", ", o.decay_steps, " steps, temperature ", o.temperature,
                        ", expected at least 2, at least 1, and above 0");
    return o;
  }
  static Index width_of(const Model& model) {
    if constexpr (requires { model.projection_width(); })
      return model.projection_width();
    else
      return Model::projection;
  }
  Index count() const { return static_cast<Index>(items_.size()); }

  void choose(const std::vector<Index>& order, Index batch, std::uint32_t draw) {
    const std::span<const Index> items = order_.batch(order, batch);
    items_.assign(items.begin(), items.end());
    draw_ = draw;
  }

  /// Projections of both views of a micro-batch.
  auto forward() {
    return [this](Tape<Real>& tape, Index first, Index n, int thread) {
      Embeddings<Real> out;
      for (Index v = 0; v < 2; ++v)
        out[static_cast<std::size_t>(v)] =
            model_.project(tape, model_.trunk(tape, view(tape, first, n, thread, v)));
      return out;
    };
  }
  Var<Real, dyn, dyn, dyn> view(Tape<Real>& tape, Index first, Index n, int thread, Index number) {
    const auto x = tape.template saved<dyn, dyn, dyn>(n, windows_.steps, windows_.channels);
    std::vector<float>& row = scratch_[static_cast<std::size_t>(thread)];
    for (Index b = 0; b < n; ++b) {
      const Index item = items_[static_cast<std::size_t>(first + b)];
      const std::span<const float> window = windows_.window(item);
      row.assign(window.begin(), window.end());
      Philox g(options_.seed, draw_, static_cast<std::uint64_t>(2 * item + number), Purpose::augment);
      data::tang_augment(std::span<float>(row), windows_.channels, options_.views, g);
      const float* in = row.data();
      for (Index t = 0; t < windows_.steps; ++t)
        for (Index c = 0; c < windows_.channels; ++c) x(b, t, c) = static_cast<Real>(*in++);
    }
    return tape.constant(x);
  }
  auto whole_loss() {
    return [this](Tape<Real>& tape, const Embeddings<Real>& e) {
      const auto tau = tape.template saved<>();
      *tau.data() = static_cast<Real>(options_.temperature);
      return losses::nt_xent(tape, e[0], e[1], tape.constant(tau), &pool_);
    };
  }

  Model& model_;
  const data::Windows& windows_;
  SimclrOptions options_;
  BatchOrder order_;
  std::vector<Index> validation_, items_;
  ThreadPool& pool_;
  optim::CosineDecay rate_;
  ContrastiveStep<Real> step_;
  optim::Sgd<Real> sgd_;
  std::vector<std::vector<float>> scratch_;  // one window per thread
  std::uint32_t draw_ = 0;
};

}  // namespace gyrograd::train
