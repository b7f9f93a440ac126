// SPDX-License-Identifier: MIT
// LIMU-BERT base_v1: a training step of masked reconstruction, and embedding.
#include <random>

#include "gyrograd/losses/masked_mse.hpp"
#include "gyrograd/models/limu_bert.hpp"
#include "gyrograd/models/limu_bert_inference.hpp"
#include "gyrograd/optim/adam.hpp"
#include "gyrograd/train/slots.hpp"
#include "support/entry.hpp"
#include "support/training.hpp"
#include "support/workloads.hpp"

namespace gyrograd::bench {

namespace {

// base_v1; the type with sizes at run time runs the same kernels as the presets.
using Config = models::LimuBertConfig;
constexpr Index features = 6, hidden = 72, usual_steps = 120;

Index masked_steps(Index steps) {
  return steps * 15 / 100;
}

/// Operations per window of `steps`: of a training step as the model is written, of one without the rows of
/// the last layer that no loss depends on, and of the encoder. Multiply-add = 2; backward = twice forward,
/// without the gradient of the window.
struct Operations {
  double train, train_done, embed;

  explicit Operations(Index steps) {
    const auto T = static_cast<double>(steps), M = static_cast<double>(masked_steps(steps)), C = 72.0,
               F = 6.0;
    const double projections = 4 * C * C + 2 * C * 144, attention = 2 * T * C;
    const double input = T * F * C, layer = T * (projections + attention);
    const double last = T * 2 * C * C + M * (projections - 2 * C * C + attention);
    const auto head = [&](double rows) { return rows * (C * C + C * F); };
    embed = 2 * (input + 4 * layer);
    train = 6 * (input + 4 * layer + head(M)) - 2 * input;
    train_done = 6 * (input + 3 * layer + last + head(M)) - 2 * input;
  }
};

/// Windows as the schedule reads them: micro-batches behind one another, each in the activation layout.
template <class Real>
struct Windows {
  std::vector<Real> x, target;          // (count, T, F), (count, masked, F) per micro-batch
  std::vector<std::int32_t> positions;  // (count, masked) row-major
};

/// Normal readings, masked in spans like the published ones; the same windows whatever the micro-batch.
template <class Real>
Windows<Real> make_windows(Index batch, Index micro_batch, Index steps) {
  const Index masked = masked_steps(steps);
  std::mt19937 random(3431);
  std::normal_distribution<float> normal;
  Windows<Real> w;
  w.x.resize(static_cast<std::size_t>(batch * steps * features));
  w.target.resize(static_cast<std::size_t>(batch * masked * features));
  w.positions.resize(static_cast<std::size_t>(batch * masked));
  for (Index i = 0; i < batch; ++i) {
    const Index first = i / micro_batch * micro_batch, count = std::min(micro_batch, batch - first);
    const Tensor<Real, dyn, dyn, dyn> x(w.x.data() + first * steps * features, count, steps, features);
    const Tensor<Real, dyn, dyn, dyn> target(w.target.data() + first * masked * features, count, masked,
                                             features);
    for (Index t = 0; t < steps; ++t)
      for (Index f = 0; f < features; ++f) x(i - first, t, f) = static_cast<Real>(normal(random));
    std::vector<bool> taken(static_cast<std::size_t>(steps));
    for (Index left = masked; left > 0;) {
      const auto start = static_cast<Index>(random() % static_cast<unsigned>(steps - 1));
      const Index end = std::min<Index>(start + 1 + static_cast<Index>(random() % 10), steps - 1);
      for (Index t = start; t < end && left > 0; ++t) {
        if (!taken[static_cast<std::size_t>(t)]) --left;
        taken[static_cast<std::size_t>(t)] = true;
      }
    }
    Index m = 0;
    for (Index t = 0; t < steps; ++t) {
      if (!taken[static_cast<std::size_t>(t)]) continue;
      w.positions[static_cast<std::size_t>(i * masked + m)] = static_cast<std::int32_t>(t);
      for (Index f = 0; f < features; ++f) {
        target(i - first, m, f) = x(i - first, t, f);
        x(i - first, t, f) = 0;
      }
      ++m;
    }
  }
  return w;
}

Index steps_of(const Workload& w) {
  return w.steps > 0 ? w.steps : usual_steps;
}

template <class Real>
Index micro_batch_of(const Workload& w) {
  return w.micro_batch > 0 ? w.micro_batch : train::attention_micro_batch<Real>(steps_of(w));
}

/// Model, inputs and schedule of one workload.
template <class Real>
class LimuBert {
 public:
  LimuBert(Index batch, Index micro_batch, Index steps, int threads, bool training)
      : batch_(batch),
        micro_batch_(micro_batch),
        steps_(steps),
        masked_(masked_steps(steps)),
        model_(config(steps)),
        windows_(make_windows<Real>(batch, micro_batch, steps)),
        pool_(threads),
        slots_(pool_, training ? model_.store().size() : 0),
        single_(model_, pool_),
        adam_(model_.store().size()) {
    model_.initialise(3431);
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

  /// Embeddings of all windows into `out`, as micro-batches (count, T, hidden) behind one another.
  void embed(Real* out) {
    if (batch_ == 1) return single_.encode(out, windows_.x.data(), steps_);
    slots_.forward(batch_, micro_batch_, [=, this](Tape<Real>& tape, Index first, Index count, int) {
      const auto h = model_.encode(tape, tape.constant(input(first, count)));
      std::copy_n(h.value.data(), h.value.size(), out + first * steps_ * hidden);
    });
  }
  std::size_t capacity() const { return slots_.capacity(); }

 private:
  static Config config(Index steps) {
    Config c;
    c.seq_len = std::max(steps, usual_steps);
    return c;
  }
  Tensor<const Real, dyn, dyn, dyn> input(Index first, Index count) const {
    return {windows_.x.data() + first * steps_ * features, count, steps_, features};
  }
  Var<Real> loss(Tape<Real>& tape, Index first, Index count) const {
    const auto y = model_.reconstruct(tape, tape.constant(input(first, count)),
                                      windows_.positions.data() + first * masked_, masked_);
    const Real factor = Real(1) / static_cast<Real>(batch_ * masked_ * features);
    return losses::masked_mse(tape, y, windows_.target.data() + first * masked_ * features, factor);
  }

  Index batch_, micro_batch_, steps_, masked_;
  models::LimuBert<Config, Real> model_;
  Windows<Real> windows_;
  ThreadPool pool_;
  train::Slots<Real> slots_;
  models::LimuBertInference<Config, Real> single_;
  optim::Adam<Real> adam_;
};

class Training final : public Subject {
 public:
  explicit Training(const Workload& w)
      : workload_(w), model_(w.batch, micro_batch_of<float>(w), steps_of(w), w.threads, true) {}
  void run() override { last_loss_ = model_.train_step(); }
  double resident_bytes() const override { return static_cast<double>(model_.capacity()); }

  std::string check() override {
    const Index few = std::min<Index>(workload_.batch, 8);
    const auto want = training_reference(LimuBert<double>(few, 1, steps_of(workload_), 1, true));
    return check_training(want, LimuBert<float>(few, micro_batch_of<float>(workload_), steps_of(workload_),
                                                workload_.threads, true));
  }

 private:
  Workload workload_;
  LimuBert<float> model_;
  float last_loss_ = 0;
};

class Embedding final : public Subject {
 public:
  explicit Embedding(const Workload& w)
      : workload_(w),
        model_(w.batch, micro_batch_of<float>(w), steps_of(w), w.threads, false),
        out_(static_cast<std::size_t>(w.batch * steps_of(w) * hidden)) {}
  void run() override { model_.embed(out_.data()); }
  double resident_bytes() const override { return static_cast<double>(model_.capacity()); }

  std::string check() override {
    run();
    const Index count = std::min(workload_.batch, micro_batch_of<float>(workload_));  // the first micro-batch
    LimuBert<double> exact(count, count, steps_of(workload_), 1, false);
    std::vector<double> want(static_cast<std::size_t>(count * steps_of(workload_) * hidden));
    exact.embed(want.data());
    return verdict("the embedding", relative_error(std::span(out_).first(want.size()), want), 1e-5);
  }

 private:
  Workload workload_;
  LimuBert<float> model_;
  AlignedVector<float> out_;
};

}  // namespace

bool add_limu_bert(const Workload& w) {
  const auto batch = static_cast<double>(w.batch);
  const Operations flop(steps_of(w));
  if (w.stem == "limu_bert_train") {
    add_entry(w.name(), {flop.train * batch, flop.train_done * batch, 0, w.threads},
              [w] { return std::make_unique<Training>(w); });
    return true;
  }
  if (w.stem == "limu_bert_embed") {
    add_entry(w.name(), {flop.embed * batch, 0, 0, w.threads},
              [w] { return std::make_unique<Embedding>(w); });
    return true;
  }
  return false;
}

}  // namespace gyrograd::bench
