// SPDX-License-Identifier: MIT
// DCNN and DeepSense: a training step. Batch norm couples the samples, so the batch is one piece.
#include <random>

#include "gyrograd/losses/cross_entropy.hpp"
#include "gyrograd/models/dcnn.hpp"
#include "gyrograd/models/deepsense.hpp"
#include "gyrograd/optim/adam.hpp"
#include "gyrograd/train/slots.hpp"
#include "support/entry.hpp"
#include "support/training.hpp"
#include "support/workloads.hpp"

namespace gyrograd::bench {

namespace {

constexpr Index steps = 20, width = 6, classes = 6;

// Operations per window of a training step as the models are written: three times the products of a forward
// pass, less the gradient of the input.
constexpr double dcnn_flop =
    3 * 2 * (50 * 5 * 16 * 6 + 40 * 250 * 4 * 6 + 20 * 80 * 6 + 20 * 6 * 400 + 400 * 6) - 2 * 50 * 5 * 16 * 6;
constexpr double deepsense_flop = 3 * 2 *
                                      (2 * (8 * 6 * 19 + 8 * 24 * 17 + 8 * 16 * 16) + 8 * 4 * 127 +
                                       8 * 24 * 125 + 8 * 16 * 124 + 992 * 12 + 72) -
                                  2 * 2 * 8 * 6 * 19;

/// Model, inputs and schedule of one workload. Model: models::Dcnn<Real> or models::DeepSense<Real>.
template <class Model, class Real>
class Baseline {
 public:
  Baseline(Index batch, int threads)
      : batch_(batch), pool_(threads), slots_(pool_, model_.store().size(), 1), adam_(model_.store().size()) {
    model_.initialise(3431);
    std::mt19937 random(3431);
    std::normal_distribution<float> normal;
    for (Index i = 0; i < batch * steps * width; ++i) x_.push_back(static_cast<Real>(normal(random)));
    for (Index i = 0; i < batch; ++i) labels_.push_back(static_cast<std::int32_t>(random() % classes));
  }
  Real train_step() {
    return slots_.step(model_, adam_, batch_, batch_,
                       [this](Tape<Real>& tape, Index, Index, int) { return loss(tape); });
  }
  Real gradient() {
    return slots_.gradient(batch_, batch_,
                           [this](Tape<Real>& tape, Index, Index, int) { return loss(tape); });
  }
  const AlignedVector<Real>& gradients() const { return slots_.gradient(); }
  std::size_t capacity() const { return slots_.capacity(); }

 private:
  Var<Real> loss(Tape<Real>& tape) const {
    const Tensor<const Real, dyn, dyn, dyn> x(x_.data(), batch_, steps, width);
    const auto y = model_.logits(tape, tape.constant(x), nullptr, nn::Statistics::batch_and_store);
    return losses::cross_entropy(tape, y, labels_.data(), Real(1) / static_cast<Real>(batch_));
  }

  Index batch_;
  Model model_;
  AlignedVector<Real> x_;
  std::vector<std::int32_t> labels_;
  ThreadPool pool_;
  train::Slots<Real> slots_;
  optim::Adam<Real> adam_;
};

template <class Single, class Double>
class Training final : public Subject {
 public:
  explicit Training(const Workload& w) : workload_(w), model_(w.batch, w.threads) {}
  void run() override { model_.train_step(); }
  double resident_bytes() const override { return static_cast<double>(model_.capacity()); }

  std::string check() override {
    const auto want = training_reference(Baseline<Double, double>(workload_.batch, 1));
    return check_training(want, Baseline<Single, float>(workload_.batch, workload_.threads));
  }

 private:
  Workload workload_;
  Baseline<Single, float> model_;
};

}  // namespace

bool add_baselines(const Workload& w) {
  const auto batch = static_cast<double>(w.batch);
  if (w.stem == "dcnn_train") {
    add_entry(w.name(), {dcnn_flop * batch, 0, 0, w.threads},
              [w] { return std::make_unique<Training<models::Dcnn<float>, models::Dcnn<double>>>(w); });
    return true;
  }
  if (w.stem == "deepsense_train") {
    add_entry(w.name(), {deepsense_flop * batch, 0, 0, w.threads}, [w] {
      return std::make_unique<Training<models::DeepSense<float>, models::DeepSense<double>>>(w);
    });
    return true;
  }
  return false;
}

}  // namespace gyrograd::bench
