// SPDX-License-Identifier: MIT
// LIMU-GRU on embeddings: a training step of the classifier, and logits.
#include <random>

#include "gyrograd/losses/cross_entropy.hpp"
#include "gyrograd/models/gru_inference.hpp"
#include "gyrograd/optim/adam.hpp"
#include "gyrograd/train/supervised.hpp"
#include "support/entry.hpp"
#include "support/training.hpp"
#include "support/workloads.hpp"

namespace gyrograd::bench {

namespace {

using Config = models::GruV1<72, 6>;
constexpr Index steps = Config::seq_len, width = Config::input, classes = Config::classes;

// Operations per window as the model is written; no gradient of the embeddings.
constexpr double train_flop = 0.88596e6, infer_flop = 0.35292e6;

/// Whole lane groups: the recurrence keeps one sequence in every lane.
template <class Real>
Index micro_batch_of(const Workload& w) {
  return w.micro_batch > 0 ? w.micro_batch : train::recurrent_micro_batch<Real>();
}

/// Model, inputs and schedule of one workload.
template <class Real>
class LimuGru {
 public:
  LimuGru(Index batch, Index micro_batch, int threads, bool training)
      : batch_(batch),
        micro_batch_(micro_batch),
        pool_(threads),
        slots_(pool_, training ? model_.store().size() : 0),
        adam_(model_.store().size()) {
    model_.initialise(3431);
    for (int i = 0; i < threads; ++i) inference_.emplace_back(model_);
    std::mt19937 random(3431);
    std::normal_distribution<float> normal;
    x_.resize(static_cast<std::size_t>(batch * steps * width));
    labels_.resize(static_cast<std::size_t>(batch));
    for (Index i = 0; i < batch; ++i) {
      const Index first = i / micro_batch * micro_batch, count = std::min(micro_batch, batch - first);
      const Tensor<Real, dyn, steps, width> x(x_.data() + first * steps * width, count, steps, width);
      for (Index t = 0; t < steps; ++t)
        for (Index c = 0; c < width; ++c) x(i - first, t, c) = static_cast<Real>(normal(random));
      labels_[static_cast<std::size_t>(i)] =
          static_cast<std::int32_t>(random() % static_cast<unsigned>(classes));
    }
  }

  Real train_step() {
    return slots_.step(
        model_, adam_, batch_, micro_batch_,
        [this](Tape<Real>& tape, Index first, Index count, int) { return loss(tape, first, count); });
  }
  /// Loss and gradient of all parameters, without the step.
  Real gradient() {
    return slots_.gradient(batch_, micro_batch_, [this](Tape<Real>& tape, Index first, Index count, int) {
      return loss(tape, first, count);
    });
  }
  const AlignedVector<Real>& gradients() const { return slots_.gradient(); }

  /// Logits of all windows into `out`, as micro-batches (count, classes) behind one another.
  void infer(Real* out) {
    pool_.run((batch_ + micro_batch_ - 1) / micro_batch_, [=, this](Index i, int thread) {
      const Index first = i * micro_batch_, count = std::min(micro_batch_, batch_ - first);
      inference_[static_cast<std::size_t>(thread)].logits(out + first * classes, input(first, count).data(),
                                                          count, steps);
    });
  }
  /// Logits of all windows by the model itself, in one piece.
  std::vector<Real> logits() {
    std::vector<Real> out;
    slots_.forward(batch_, batch_, [&](Tape<Real>& tape, Index first, Index count, int) {
      const auto y = model_.logits(tape, tape.constant(input(first, count)));
      out.assign(y.value.begin(), y.value.end());
    });
    return out;
  }
  std::size_t capacity() const { return slots_.capacity(); }

 private:
  Tensor<const Real, dyn, steps, width> input(Index first, Index count) const {
    return {x_.data() + first * steps * width, count, steps, width};
  }
  Var<Real> loss(Tape<Real>& tape, Index first, Index count) const {
    const auto y = model_.logits(tape, tape.constant(input(first, count)));
    return losses::cross_entropy(tape, y, labels_.data() + first, Real(1) / static_cast<Real>(batch_));
  }

  Index batch_, micro_batch_;
  models::GruClassifier<Config, Real> model_;
  AlignedVector<Real> x_;  // (count, T, width) per micro-batch
  std::vector<std::int32_t> labels_;
  ThreadPool pool_;
  train::Slots<Real> slots_;
  optim::Adam<Real> adam_;
  std::vector<models::GruInference<Real>> inference_;  // one per thread
};

class Training final : public Subject {
 public:
  explicit Training(const Workload& w)
      : workload_(w), model_(w.batch, micro_batch_of<float>(w), w.threads, true) {}
  void run() override { model_.train_step(); }
  double resident_bytes() const override { return static_cast<double>(model_.capacity()); }

  std::string check() override {
    const auto want = training_reference(LimuGru<double>(workload_.batch, 5, 1, true));
    return check_training(
        want, LimuGru<float>(workload_.batch, micro_batch_of<float>(workload_), workload_.threads, true));
  }

 private:
  Workload workload_;
  LimuGru<float> model_;
};

class Inference final : public Subject {
 public:
  explicit Inference(const Workload& w)
      : workload_(w),
        model_(w.batch, micro_batch_of<float>(w), w.threads, false),
        out_(static_cast<std::size_t>(w.batch * classes)) {}
  void run() override { model_.infer(out_.data()); }

  std::string check() override {
    run();
    const Index count = std::min(workload_.batch, micro_batch_of<float>(workload_));  // the first micro-batch
    LimuGru<double> exact(count, count, 1, false);
    const std::vector<double> want = exact.logits();
    return verdict("the logits", relative_error(std::span(out_).first(want.size()), want), 1e-5);
  }

 private:
  Workload workload_;
  LimuGru<float> model_;
  AlignedVector<float> out_;
};

}  // namespace

bool add_limu_gru(const Workload& w) {
  const auto batch = static_cast<double>(w.batch);
  if (w.stem == "limu_gru_train") {
    add_entry(w.name(), {train_flop * batch, 0, 0, w.threads}, [w] { return std::make_unique<Training>(w); });
    return true;
  }
  if (w.stem == "limu_gru_infer") {
    add_entry(w.name(), {infer_flop * batch, 0, 0, w.threads},
              [w] { return std::make_unique<Inference>(w); });
    return true;
  }
  return false;
}

}  // namespace gyrograd::bench
