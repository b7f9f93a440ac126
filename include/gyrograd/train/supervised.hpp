// SPDX-License-Identifier: MIT
// Recipe: training of a classifier on labelled pieces (LIMU-BERT sheet §5.13, §6.1, §6.3), and its
// evaluation.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "gyrograd/autograd/tape.hpp"
#include "gyrograd/core/config.hpp"
#include "gyrograd/core/error.hpp"
#include "gyrograd/core/random.hpp"
#include "gyrograd/core/thread_pool.hpp"
#include "gyrograd/data/pieces.hpp"
#include "gyrograd/data/windows.hpp"
#include "gyrograd/kernels/simd.hpp"
#include "gyrograd/losses/cross_entropy.hpp"
#include "gyrograd/losses/focal.hpp"
#include "gyrograd/metrics/classification.hpp"
#include "gyrograd/nn/batch_norm.hpp"
#include "gyrograd/tensor/tensor.hpp"
#include "gyrograd/train/adam_recipe.hpp"
#include "gyrograd/train/checkpoint.hpp"
#include "gyrograd/train/loop.hpp"
#include "gyrograd/train/slots.hpp"

namespace gyrograd::train {

/// Settings with the published values.
struct SupervisedOptions {
  Index batch = 128;
  double lr = 1e-3;
  std::uint64_t seed = 3431;
  /// Probability to drop, where the model has a dropout; 0: none; not given: the model's own, else 0.5.
  std::optional<double> dropout{};
  double focal_gamma = 0;             ///< above 0: focal loss with this exponent
  std::vector<double> class_weights;  ///< weight of every class in the loss; empty: all alike
};

/// Confusion matrix and mean cross-entropy of one part of the data.
struct Evaluation {
  metrics::Confusion confusion;
  double loss = 0;
};

/// Logits (count, classes) row-major of the pieces of a set in order, and their mean cross-entropy.
struct Scores {
  std::vector<float> logits;
  double loss = 0;
};

/// Sequences per micro-batch of a recurrent model: two full vectors, so one slab group.
template <Scalar Real>
constexpr Index recurrent_micro_batch() {
  return 2 * kernels::lanes<Real>;
}

/// True when a training step must see its batch in one piece: batch norm, attention over the batch.
template <class Model>
bool couples_training(const Model& model) {
  if constexpr (requires { model.couples_batch(); }) return model.couples_batch();
  return false;
}

/// True when logits depend on the other samples of the batch in evaluation, too: attention over the batch.
template <class Model>
bool couples_evaluation(const Model& model) {
  if constexpr (requires { model.couples_evaluation(); }) return model.couples_evaluation();
  return false;
}

namespace detail {

/// Logits of a training step: a batch norm uses the batch and moves its estimates.
template <Scalar Real, class Model>
auto training_logits(const Model& model, Tape<Real>& tape, Var<Real, dyn, dyn, dyn> x, const Real* mask) {
  if constexpr (requires { model.logits(tape, x, mask, nn::Statistics::batch_and_store); })
    return model.logits(tape, x, mask, nn::Statistics::batch_and_store);
  else
    return model.logits(tape, x, mask);
}

/// Inputs and labels of one micro-batch; one per thread, reused.
template <Scalar Real>
struct LabelledMicroBatch {
  std::vector<Index> pieces;
  std::vector<Real> x, mask;
  std::vector<std::int32_t> labels;

  /// Pieces `order[first .. first + count - 1]` of a set, or of the whole set when `order` is empty.
  Tensor<Real, dyn, dyn, dyn> fill(const data::Windows& all, const data::PieceSet& set,
                                   std::span<const Index> order, Index first, Index count) {
    pieces.clear();
    labels.clear();
    for (Index i = first; i < first + count; ++i) {
      const auto at = static_cast<std::size_t>(order.empty() ? i : order[static_cast<std::size_t>(i)]);
      pieces.push_back(set.piece[at]);
      labels.push_back(static_cast<std::int32_t>(set.label[at]));
    }
    x.resize(static_cast<std::size_t>(count * all.steps * all.channels));
    data::gather_windows(x.data(), all, pieces);
    return {x.data(), count, all.steps, all.channels};
  }
};

}  // namespace detail

/// Scores of `model` on the pieces of `set`. Model: logits(tape, x) -> (B, classes), as
/// models::GruClassifier. batch: pieces that a model sees together which couples_evaluation().
template <Scalar Real, class Model>
Scores score_pieces(const Model& model, const data::Windows& pieces, const data::PieceSet& set, Index classes,
                    ThreadPool& pool, Index batch = 128) {
  Scores out;
  const Index total = set.size();
  const Index micro = couples_evaluation(model) ? batch : recurrent_micro_batch<Real>();
  if (total == 0) return out;
  out.logits.resize(static_cast<std::size_t>(total * classes));
  std::vector<double> losses(static_cast<std::size_t>((total + micro - 1) / micro));
  std::vector<detail::LabelledMicroBatch<Real>> scratch(static_cast<std::size_t>(pool.size()));
  Slots<Real> slots(pool, 0);
  slots.forward(total, micro, [&](Tape<Real>& tape, Index first, Index count, int thread) {
    auto& own = scratch[static_cast<std::size_t>(thread)];
    const auto x = own.fill(pieces, set, {}, first, count);
    const auto y = model.logits(tape, tape.constant(x));
    const auto loss = losses::cross_entropy(tape, y, own.labels.data(), Real(1) / static_cast<Real>(total));
    losses[static_cast<std::size_t>(first / micro)] = static_cast<double>(*loss.value.data());
    float* row = out.logits.data() + first * classes;
    for (Index b = 0; b < count; ++b)
      for (Index c = 0; c < classes; ++c) *row++ = static_cast<float>(y.value(b, c));
  });
  for (const double loss : losses) out.loss += loss;
  return out;
}

/// Confusion matrix and loss of score_pieces().
template <Scalar Real, class Model>
Evaluation evaluate(const Model& model, const data::Windows& pieces, const data::PieceSet& set, Index classes,
                    ThreadPool& pool, Index batch = 128) {
  const Scores scores = score_pieces<Real>(model, pieces, set, classes, pool, batch);
  const auto predicted = metrics::predictions(std::span<const float>(scores.logits), classes);
  return {metrics::Confusion(set.label, predicted, classes), scores.loss};
}

/// The recipe for run_epochs(). `pieces`: (P, steps, channels), must outlive the recipe; sets number the
/// pieces. A model that couples_training() sees each batch in one piece, on one thread. The order is shuffled
/// by Philox(seed, epoch), dropout masks are drawn by Philox(seed, epoch, place in the labelled set).
template <Scalar Real, class Model>
class SupervisedTraining : public AdamRecipe<Real, Model> {
  using Base = AdamRecipe<Real, Model>;
  using Base::adam_;
  using Base::model_;

 public:
  SupervisedTraining(Model& model, const data::Windows& pieces, data::PieceSet labelled,
                     data::PieceSet validation, Index classes, const SupervisedOptions& options,
                     ThreadPool& pool)
      : Base(model, {.learning_rate = options.lr}),
        pieces_(pieces),
        labelled_(std::move(labelled)),
        validation_(std::move(validation)),
        classes_(classes),
        options_(options),
        pool_(pool),
        slots_(pool, model.store().size()),
        scratch_(static_cast<std::size_t>(pool.size())),
        class_weights_(options.class_weights.begin(), options.class_weights.end()),
        micro_batch_(couples_training(model) ? options.batch : recurrent_micro_batch<Real>()),
        dropout_(options.dropout.value_or(own_dropout(model))) {
    if (labelled_.size() == 0 || validation_.size() == 0) {
      fail<ConfigError>(
          "classifier: ", labelled_.size(), " labelled and ", validation_.size(),
          " validation pieces, expected at least one of each; raise the label rate or give more windows");
    }
    if (options.batch < 1) fail<ConfigError>("classifier: batch is ", options.batch, ", expected at least 1");
    if (!(dropout_ >= 0 && dropout_ < 1)) {
      fail<ConfigError>("classifier: dropout is ", dropout_, ", expected 0 up to, but not, 1");
    }
    if (!(options.focal_gamma >= 0))
      fail<ConfigError>("classifier: focal_gamma is ", options.focal_gamma, ", expected 0 or more");
    check_class_weights();
  }

  Index batches() const { return (labelled_.size() + options_.batch - 1) / options_.batch; }

  void begin_epoch(Index epoch) {
    epoch_ = epoch;
    Philox random(options_.seed, static_cast<std::uint32_t>(epoch), 0, Purpose::shuffle);
    order_ = permutation(random, labelled_.size());
  }

  /// One optimiser step; returns the mean cross-entropy of the batch.
  double train_batch(Index batch) {
    const Index first = batch * options_.batch;
    const Index count = std::min(options_.batch, labelled_.size() - first);
    const Real factor = Real(1) / total_weight(first, count);
    const bool plain = class_weights_.empty() && options_.focal_gamma == 0;
    const auto loss_of = [&](Tape<Real>& tape, Index at, Index size, int thread) {
      auto& own = scratch_[static_cast<std::size_t>(thread)];
      const auto x = own.fill(pieces_, labelled_, order_, first + at, size);
      const Real* mask = draw_dropout(own, first + at, size);
      const auto y = detail::training_logits<Real>(model_, tape, tape.constant(x), mask);
      if (plain) return losses::cross_entropy(tape, y, own.labels.data(), factor);
      const Real* weights = class_weights_.empty() ? nullptr : class_weights_.data();
      return losses::focal(tape, y, own.labels.data(), weights, static_cast<Real>(options_.focal_gamma),
                           factor);
    };
    return static_cast<double>(slots_.step(model_, adam_, count, micro_batch_, loss_of));
  }

  EpochRecord validate(Index) {
    const Evaluation result = evaluate<Real>(model_, pieces_, validation_, classes_, pool_, options_.batch);
    EpochRecord record;
    record.validation_loss = result.loss;
    record.validation_accuracy = metrics::accuracy(result.confusion);
    record.score = record.validation_accuracy;
    return record;
  }

 private:
  static double own_dropout(const Model& model) {
    if constexpr (requires { model.dropout_rate(); })
      return model.dropout_rate();
    else if constexpr (requires { model.dropout_rate; })
      return model.dropout_rate;
    else
      return 0.5;
  }
  void check_class_weights() const {
    if (class_weights_.empty()) return;
    if (static_cast<Index>(class_weights_.size()) != classes_)
      fail<ConfigError>("classifier: ", class_weights_.size(), " class weights, expected one for each of ",
                        classes_, " classes");
    for (std::size_t k = 0; k < class_weights_.size(); ++k) {
      const Real w = class_weights_[k];
      const auto label = static_cast<Index>(k);
      const bool used =
          std::find(labelled_.label.begin(), labelled_.label.end(), label) != labelled_.label.end();
      if (w >= Real(0) && (w > Real(0) || !used)) continue;
      fail<ConfigError>("classifier: the weight of class ", k, " is ", w, ", expected above 0");
    }
  }
  /// Sum of the class weights of a batch; without weights its size.
  Real total_weight(Index first, Index count) const {
    if (class_weights_.empty()) return static_cast<Real>(count);
    Real sum = Real(0);
    for (Index i = first; i < first + count; ++i) {
      const auto at = static_cast<std::size_t>(order_[static_cast<std::size_t>(i)]);
      sum += class_weights_[static_cast<std::size_t>(labelled_.label[at])];
    }
    return sum;
  }
  /// Keep mask (size, width) in activation layout; null when the model has no dropout.
  const Real* draw_dropout(detail::LabelledMicroBatch<Real>& own, Index first, Index size) {
    if (!model_.config().dropout || dropout_ == 0) return nullptr;
    const Index width = model_.dropout_width();
    const Real kept = static_cast<Real>(1 / (1 - dropout_));
    own.mask.resize(static_cast<std::size_t>(size * width));
    for (Index b = 0; b < size; ++b) {
      const Index item = order_[static_cast<std::size_t>(first + b)];
      Philox random(options_.seed, static_cast<std::uint32_t>(epoch_), static_cast<std::uint64_t>(item),
                    Purpose::dropout);
      for (Index c = 0; c < width; ++c) {
        own.mask[static_cast<std::size_t>(b + size * c)] = uniform_double(random) < dropout_ ? Real(0) : kept;
      }
    }
    return own.mask.data();
  }

  const data::Windows& pieces_;
  data::PieceSet labelled_, validation_;
  std::vector<Index> order_;
  Index classes_;
  SupervisedOptions options_;
  ThreadPool& pool_;
  Slots<Real> slots_;
  std::vector<detail::LabelledMicroBatch<Real>> scratch_;
  std::vector<Real> class_weights_;
  Index micro_batch_;
  double dropout_;
  Index epoch_ = 0;
};

}  // namespace gyrograd::train
