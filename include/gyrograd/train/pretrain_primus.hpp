// SPDX-License-Identifier: MIT
// Recipe: contrastive pre-training of an IMU encoder with text, video, views of itself and a feature queue
// (PRIMUS sheet §5 to §8).
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "gyrograd/core/config.hpp"
#include "gyrograd/core/error.hpp"
#include "gyrograd/core/random.hpp"
#include "gyrograd/core/thread_pool.hpp"
#include "gyrograd/data/paired.hpp"
#include "gyrograd/data/paired_source.hpp"
#include "gyrograd/losses/primus.hpp"
#include "gyrograd/train/adam_recipe.hpp"
#include "gyrograd/train/batch_order.hpp"
#include "gyrograd/train/checkpoint.hpp"
#include "gyrograd/train/contrastive.hpp"
#include "gyrograd/train/loop.hpp"
#include "gyrograd/train/primus_options.hpp"
#include "gyrograd/train/team_buffers.hpp"

namespace gyrograd::train {

/// The recipe for run_epochs(). Model: ContrastiveModel. Windows have vectors as wide as the encoder's
/// outputs or their projections. Order of the windows: Philox(seed, epoch); second view of a window:
/// Philox(seed, epoch, window), for validation Philox(seed, 0, window). Validation reads the queue and leaves
/// it as it is.
template <Scalar Real, class Model>
class PrimusPretraining : public AdamRecipe<Real, Model> {
  using Base = AdamRecipe<Real, Model>;
  using Base::adam_;
  using Base::model_;

 public:
  PrimusPretraining(Model& model, std::shared_ptr<data::PairedSource> windows, std::vector<Index> train,
                    std::vector<Index> validation, const PrimusPretrainOptions& options, ThreadPool& pool,
                    distributed::Communicator* team = nullptr)
      : Base(model, {.learning_rate = options.lr}),
        windows_(std::move(windows)),
        validation_(std::move(validation)),
        options_(options),
        pool_(pool),
        width_(model.encoder().config().width),
        queue_(options.uses_queue() ? options.queue : 1, {model.video_width(), model.text_width(), width_},
               options.queue_rows),
        team_(team != nullptr && options.negatives == Negatives::local && team->size() > 1 ? team : nullptr),
        order_(std::move(train), options.batch, options.seed, team_ == nullptr ? 2 : 2 * team_->size()),
        step_(pool, model.store().size(), widths(options, width_), team, options.negatives, kept_tapes,
              options.slots),
        scratch_(static_cast<std::size_t>(pool.size())) {
    for (std::vector<float>& row : scratch_) row.resize(window_size());
    check();
  }

  /// The same for windows in memory, which must outlive the recipe.
  PrimusPretraining(Model& model, const data::PairedWindows& windows, std::vector<Index> train,
                    std::vector<Index> validation, const PrimusPretrainOptions& options, ThreadPool& pool,
                    distributed::Communicator* team = nullptr)
      : PrimusPretraining(model, std::make_shared<data::MemoryPaired>(windows), std::move(train),
                          std::move(validation), options, pool, team) {}

  /// A last batch of one window is left out: it has nothing to contrast with.
  Index batches() const { return order_.batches(); }

  void begin_epoch(Index epoch) { order_.begin(epoch); }

  /// One optimiser step; returns the loss of the batch.
  double train_batch(Index batch) {
    choose(order_.items(), batch, static_cast<std::uint32_t>(order_.epoch()));
    if (batch + 1 < batches()) {
      fetch(order_.items(), batch + 1);
    } else {
      fetch(validation_, 0);
    }
    const auto direct = model_.direct();
    const Real loss = step_.step(model_, adam_, count(), micro_batch, forward(), whole_loss(),
                                 std::span<Parameter<Real>* const>(direct));
    enqueue();
    return static_cast<double>(loss);
  }

  /// Mean loss over the validation batches; terms() holds the means of its terms.
  EpochRecord validate(Index) {
    EpochRecord record;
    record.validation_loss = 0;
    std::array<double, 6> sums{};
    double weight = 0;
    for (Index b = 0; b < validation_batches(); ++b) {
      choose(validation_, b, 0);
      if (b + 1 < validation_batches()) fetch(validation_, b + 1);
      const auto n = static_cast<double>(count());
      record.validation_loss +=
          n * static_cast<double>(step_.evaluate(count(), micro_batch, forward(), whole_loss()));
      for (std::size_t t = 0; t < sums.size(); ++t) sums[t] += n * static_cast<double>(last_terms_[t]);
      weight += n;
    }
    if (team_ != nullptr) sum_over_team(record.validation_loss, sums, weight);
    record.validation_loss /= weight;
    for (std::size_t t = 0; t < sums.size(); ++t) terms_[t] = sums[t] / weight;
    record.score = -record.validation_loss;
    return record;
  }

  /// Unweighted terms of the last validation; 0 where a term is not used.
  const std::array<double, 6>& terms() const { return terms_; }
  double temperature_mm() const { return used(model_.tau_mm()); }
  double temperature_ss() const { return used(model_.tau_ss()); }
  const losses::FeatureQueue<Real>& queue() const { return queue_; }
  std::size_t capacity() const { return step_.capacity(); }

  /// What a checkpoint must hold besides the loop state.
  std::vector<NamedBuffer<Real>> buffers() {
    std::vector<NamedBuffer<Real>> list = Base::buffers();
    for (const auto& b : queue_.buffers())
      list.push_back({std::string(b.name), shares_checkpoint() ? all_queues_.add(b.values) : b.values});
    return list;
  }
  /// True when every process has something that a checkpoint must hold: with local negatives a queue. Then
  /// all agree on the step at which they save, and call prepare_checkpoint() before one of them writes.
  bool shares_checkpoint() const { return team_ != nullptr && options_.uses_queue(); }
  void request_save() { step_.slots().request_save(); }
  bool save_agreed() const { return step_.slots().save_agreed(); }
  /// Gathers the queues of all processes in buffers().
  void prepare_checkpoint() { all_queues_.gather(); }
  /// To be called when the buffers and `state` were read from a checkpoint.
  void resume(const LoopState<Real>& state) {
    Base::resume(state);
    all_queues_.take_own();
  }

  /// Of several processes: any may ask to stop, and after one of the next steps all know.
  void request_stop() { step_.slots().request_stop(); }
  bool stop_agreed() const { return step_.slots().stop_agreed(); }

 private:
  static constexpr std::size_t kept_tapes = std::size_t{768} << 20;  // bytes
  static constexpr Index micro_batch = 2 * kernels::lanes<Real>;     // one slab group of the GRU
  enum Output : std::size_t { s0, s1, g0 };

  static std::array<Index, contrastive_outputs> widths(const PrimusPretrainOptions& o, Index width) {
    const bool ssl = o.uses_ss() || o.uses_queue();
    return {ssl ? width : 0, o.uses_ss() ? width : 0, o.uses_mm() ? width : 0};
  }
  bool has(Output k) const { return widths(options_, width_)[k] > 0; }
  bool has_text() const { return windows_->sizes().text_width > 0; }
  bool has_video() const { return windows_->sizes().video_width > 0; }
  std::size_t window_size() const {
    return static_cast<std::size_t>(windows_->sizes().steps * windows_->sizes().channels);
  }
  double used(const Parameter<Real>& p) const {
    return losses::used_temperature(static_cast<double>(*p.value), options_.temperature);
  }

  Index validation_batches() const { return order_.batches(validation_.size()); }
  /// What each process has of its own negatives, added up in rank order.
  void sum_over_team(double& loss, std::array<double, 6>& terms, double& weight) const {
    constexpr std::size_t width = 8;
    std::vector<std::array<double, width>> all(static_cast<std::size_t>(team_->size()));
    std::array<double, width>& own = all[static_cast<std::size_t>(team_->rank())];
    std::copy(terms.begin(), terms.end(), own.begin());
    own[6] = loss, own[7] = weight;
    distributed::all_gather_shares(*team_, std::span(all));
    loss = weight = 0;
    terms.fill(0);
    for (const auto& row : all) {
      for (std::size_t t = 0; t < terms.size(); ++t) terms[t] += row[t];
      loss += row[6], weight += row[7];
    }
  }
  Index count() const { return static_cast<Index>(items_.size()); }

  void check() const {
    const data::PairedSource::Sizes& w = windows_->sizes();
    if (team_ != nullptr && options_.batch < 2 * team_->size())
      fail<ConfigError>("PRIMUS pre-training: batch is ", options_.batch,
                        " with local negatives, expected at least ", 2 * team_->size(),
                        ": two windows for each process");
    if (options_.batch < 2)
      fail<ConfigError>("PRIMUS pre-training: batch is ", options_.batch,
                        ", expected at least 2: one window has ", "nothing to be told from");
    if (batches() < 1 || validation_batches() < 1)
      fail<ConfigError>("PRIMUS pre-training: ", order_.size(), " training and ", validation_.size(),
                        " validation windows, expected at least two of each; give more windows");
    if (options_.uses_mm() && !has_text() && !has_video())
      fail<ConfigError>(
          "PRIMUS pre-training: the windows have neither text nor video vectors; choose the method ss");
    const bool compares_vectors =
        options_.uses_mm() || (options_.uses_queue() && options_.search != losses::Modality::imu);
    for (const auto& [width, given, what] : {std::tuple{w.text_width, model_.text_width(), "text"},
                                             {w.video_width, model_.video_width(), "video"}})
      if (compares_vectors && width > 0 && width != given)
        fail<ConfigError>("PRIMUS pre-training: ", what, " vectors have ", width, " values, the model gives ",
                          given, "; both must be equal: give it a projection");
    if (!options_.uses_queue()) return;
    if (options_.queue > static_cast<Index>(order_.size()))
      fail<ConfigError>("PRIMUS pre-training: the queue has ", options_.queue, " rows, the training part ",
                        order_.size(), " windows: a window would find itself; give --queue below that");
    if (options_.queue < options_.batch)
      fail<ConfigError>("PRIMUS pre-training: the queue has ", options_.queue, " rows, a batch ",
                        options_.batch, "; give a longer queue or a smaller batch");
    if (options_.search != losses::Modality::imu && !has_text() && !has_video())
      fail<ConfigError>(
          "PRIMUS pre-training: neighbours are searched by video or text, the windows have neither");
  }

  /// The windows of a batch and their vectors.
  void choose(const std::vector<Index>& order, Index batch, std::uint32_t draw) {
    const std::span<const Index> items = items_of(order, batch);
    items_.assign(items.begin(), items.end());
    draw_ = draw;
    skip_.clear();
    mask_.clear();
    any_skipped_ = false;
    for (const Index i : items_) {
      const bool skip = windows_->lacks_vectors(i);
      skip_.push_back(skip ? 1 : 0);
      mask_.push_back(skip ? Real(0) : Real(1));
      any_skipped_ = any_skipped_ || skip;
    }
    collect(text_, data::PairedVector::text, model_.text_width());
    collect(video_, data::PairedVector::video, model_.video_width());
  }
  std::span<const Index> items_of(const std::vector<Index>& order, Index batch) const {
    const std::span<const Index> all = order_.batch(order, batch);
    if (team_ == nullptr) return all;
    const auto own = distributed::share(static_cast<Index>(all.size()), team_->rank(), team_->size());
    return all.subspan(static_cast<std::size_t>(own.begin), static_cast<std::size_t>(own.size()));
  }
  /// Has a batch fetched while another one is computed.
  void fetch(const std::vector<Index>& order, Index batch) { windows_->will_need(items_of(order, batch)); }
  /// Vectors of the batch, (n, width) row-major.
  void collect(std::vector<Real>& into, data::PairedVector kind, Index width) {
    if (windows_->width(kind) != width) return into.clear();
    into.resize(static_cast<std::size_t>(count() * width));
    vector_.resize(static_cast<std::size_t>(width));
    for (Index i = 0; i < count(); ++i) {
      windows_->read_vector(kind, items_[static_cast<std::size_t>(i)], vector_);
      std::transform(vector_.begin(), vector_.end(), into.begin() + i * width,
                     [](float v) { return static_cast<Real>(v); });
    }
  }

  /// Embeds a micro-batch: ssl of the window, ssl of its second view, mmcl of the window.
  auto forward() {
    return [this](Tape<Real>& tape, Index first, Index n, int thread) {
      Embeddings<Real> out;
      const auto h = model_.encoder().embed(tape, view(tape, first, n, thread, 0));
      if (has(s0)) out[s0] = model_.encoder().ssl(tape, h);
      if (has(g0)) out[g0] = model_.encoder().mmcl(tape, h);
      if (has(s1))
        out[s1] = model_.encoder().ssl(tape, model_.encoder().embed(tape, view(tape, first, n, thread, 1)));
      return out;
    };
  }
  Var<Real, dyn, dyn, dyn> view(Tape<Real>& tape, Index first, Index n, int thread, int number) {
    const data::PairedSource::Sizes& w = windows_->sizes();
    const auto x = tape.template saved<dyn, dyn, dyn>(n, w.steps, w.channels);
    std::vector<float>& row = scratch_[static_cast<std::size_t>(thread)];
    for (Index b = 0; b < n; ++b) {
      const Index item = items_[static_cast<std::size_t>(first + b)];
      windows_->read_window(item, row);
      if (number == 1 || options_.augment_both) {
        Philox g(options_.seed, draw_, static_cast<std::uint64_t>(2 * item + number), Purpose::augment);
        data::tang_augment(std::span<float>(row), w.channels, options_.augmentation, g);
      }
      const float* in = row.data();
      for (Index t = 0; t < w.steps; ++t)
        for (Index c = 0; c < w.channels; ++c) x(b, t, c) = static_cast<Real>(*in++);
    }
    return tape.constant(x);
  }

  /// Columns of row-major vectors as a constant; empty where there are none.
  Var<Real, dyn, dyn> key(Tape<Real>& tape, const std::vector<Real>& rows, Index width) const {
    if (rows.empty()) return {};
    const auto x = tape.template saved<dyn, dyn>(count(), width);
    kernels::transpose(x.data(), count(), rows.data(), width, width, count());
    return tape.constant(x);
  }
  static const Real* rows_or_null(const std::vector<Real>& v) { return v.empty() ? nullptr : v.data(); }

  /// The objective on the embeddings of the whole batch.
  auto whole_loss() {
    return [this](Tape<Real>& tape, const Embeddings<Real>& e) {
      losses::PrimusInputs<Real> in;
      in.s0 = e[s0], in.s1 = e[s1], in.g0 = e[g0];
      if (has(g0)) in.g_text = model_.text(tape, in.g0), in.g_video = model_.video(tape, in.g0);
      in.tau_mm = losses::temperature(tape, tape.parameter(model_.tau_mm()).template reshape<>(),
                                      options_.temperature);
      in.tau_ss = losses::temperature(tape, tape.parameter(model_.tau_ss()).template reshape<>(),
                                      options_.temperature);
      if (options_.weights.beta > 0) {
        in.text = key(tape, text_, model_.text_width());
        in.video = key(tape, video_, model_.video_width());
      }
      if (any_skipped_) in.mask = mask_.data();
      if (options_.uses_queue()) {
        imu_.resize(static_cast<std::size_t>(count() * width_));
        kernels::transpose(imu_.data(), width_, static_cast<const Real*>(e[s0].value.data()), count(),
                           count(), width_);
        if (can_search()) add_neighbours(tape, in);
      }
      losses::InfoNceOptions<Real> o;
      o.direction = options_.direction;
      o.reduction = options_.reduction;
      o.masked = options_.masked;
      o.pool = &pool_;
      const losses::PrimusLoss<Real> loss = losses::primus(tape, in, options_.weights, o);
      last_terms_ = loss.terms;
      return loss.total;
    };
  }

  bool can_search() const {
    return options_.queue_search == losses::QueueSearch::published ||
           queue_.filled() >= std::max(options_.least_filled, Index{1});
  }
  void add_neighbours(Tape<Real>& tape, losses::PrimusInputs<Real>& in) {
    using losses::Modality;
    neighbour_.resize(items_.size());
    const Modality by = options_.search == Modality::imu                    ? Modality::imu
                        : options_.search == Modality::video && has_video() ? Modality::video
                        : has_text()                                        ? Modality::text
                                                                            : Modality::video;
    const auto search = [&](std::vector<Index>& found, Modality m) {
      found.resize(items_.size());
      const std::vector<Real>& rows = m == Modality::imu ? imu_ : m == Modality::text ? text_ : video_;
      queue_.search(found.data(), rows.data(), count(), m, options_.queue_search, &pool_);
    };
    search(neighbour_, by);
    if (any_skipped_ && by != Modality::imu) {  // without vectors: by what the encoder makes of them
      search(by_imu_, Modality::imu);
      for (std::size_t i = 0; i < skip_.size(); ++i)
        if (skip_[i] != 0) neighbour_[i] = by_imu_[i];
    }
    const auto rows = [&](Modality m) {
      const auto x = tape.template saved<dyn, dyn>(count(), queue_.width(m));
      queue_.gather(x.data(), neighbour_.data(), count(), m);
      return tape.constant(x);
    };
    if (options_.weights.gamma_mm > 0 && has_text()) in.nn_text = rows(Modality::text);
    if (options_.weights.gamma_mm > 0 && has_video()) in.nn_video = rows(Modality::video);
    if (options_.weights.gamma_ss > 0) in.nn_imu = rows(Modality::imu);
    if (options_.mask_duplicates) in.neighbour = neighbour_.data();
  }
  void enqueue() {
    if (!options_.uses_queue()) return;
    queue_.push({rows_or_null(video_), rows_or_null(text_), imu_.data()}, count(), skip_.data());
  }

  std::shared_ptr<data::PairedSource> windows_;
  std::vector<Index> validation_;
  PrimusPretrainOptions options_;
  ThreadPool& pool_;
  Index width_;
  losses::FeatureQueue<Real> queue_;
  distributed::Communicator* team_;  // with local negatives only
  TeamBuffers<Real> all_queues_{team_};
  BatchOrder order_;  // with them every process needs two windows of the last batch, too
  ContrastiveStep<Real> step_;
  std::vector<std::vector<float>> scratch_;  // one window per thread
  std::vector<float> vector_;
  // The batch that is being computed.
  std::vector<Index> items_, neighbour_, by_imu_;
  std::uint32_t draw_ = 0;
  std::vector<std::uint8_t> skip_;
  std::vector<Real> mask_, text_, video_, imu_;  // vectors: (n, width) row-major
  bool any_skipped_ = false;
  std::array<Real, 6> last_terms_{};
  std::array<double, 6> terms_{};
};

}  // namespace gyrograd::train
