// SPDX-License-Identifier: MIT
// PRIMUS: a training step with its feature queue, one of SimCLR on the same encoder, and both heads.
#include <array>
#include <random>

#include "gyrograd/losses/nt_xent.hpp"
#include "gyrograd/losses/primus.hpp"
#include "gyrograd/models/primus_inference.hpp"
#include "gyrograd/optim/adam.hpp"
#include "gyrograd/train/contrastive.hpp"
#include "gyrograd/train/contrastive_model.hpp"
#include "support/entry.hpp"
#include "support/training.hpp"
#include "support/workloads.hpp"

namespace gyrograd::bench {

namespace {

constexpr Index steps = 250, width = 512, queue_rows = 8192;
using models::PrimusConfig;

// Operations per window as the model is written: two views forward and backward, six terms of 128 windows and
// the search of the queue; two views and one term; one view with both heads.
constexpr double primus_flop = 335.7e6, simclr_flop = 323.3e6, infer_flop = 54.70e6;

// Not done for windows of 250 samples: half of the recurrence's 32 inputs, in each of its 32 steps of 1536
// gate rows; of a view in training also in the gradients of inputs and weights.
constexpr double folded_flop = 2.0 * 16 * 32 * 1536, folded_training_flop = 2 * 3 * folded_flop;

/// One lane group of the recurrence.
template <class Real>
Index micro_batch_of(const Workload& w) {
  return w.micro_batch > 0 ? w.micro_batch : kernels::slab_vectors * kernels::lanes<Real>;
}

/// Without gradients.
Index inference_micro_batch(const Workload& w) {
  return w.micro_batch > 0 ? w.micro_batch
                           : models::PrimusEncoder<float>::micro_batch_for(w.batch, w.threads);
}

/// Windows as micro-batches (count, T, 6) behind one another; values rounded to float for every Real.
template <class Real>
class Windows {
 public:
  Windows(Index batch, Index micro_batch) : batch_(batch), micro_batch_(micro_batch) {
    values_.resize(static_cast<std::size_t>(batch * steps * PrimusConfig::channels));
  }
  /// value(i, t, c) of all windows.
  template <class F>
  void fill(F&& value) {
    for (Index i = 0; i < batch_; ++i) {
      const Index first = i / micro_batch_ * micro_batch_;
      const auto x = part(first, std::min(micro_batch_, batch_ - first));
      for (Index t = 0; t < steps; ++t)
        for (Index c = 0; c < PrimusConfig::channels; ++c)
          x(i - first, t, c) = static_cast<Real>(value(i, t, c));
    }
  }
  Tensor<Real, dyn, dyn, dyn> part(Index first, Index count) {
    return {values_.data() + first * steps * PrimusConfig::channels, count, steps, PrimusConfig::channels};
  }

 private:
  Index batch_, micro_batch_;
  AlignedVector<Real> values_;
};

/// Rows of length 1 with normal directions, row-major.
template <class Real>
AlignedVector<Real> unit_rows(std::mt19937& random, Index rows) {
  std::normal_distribution<float> normal;
  AlignedVector<Real> values(static_cast<std::size_t>(rows * width));
  for (Index i = 0; i < rows; ++i) {
    double square = 0;
    for (Index c = 0; c < width; ++c) {
      const float v = normal(random);
      values[static_cast<std::size_t>(i * width + c)] = static_cast<Real>(v);
      square += static_cast<double>(v) * static_cast<double>(v);
    }
    for (Index c = 0; c < width; ++c)
      values[static_cast<std::size_t>(i * width + c)] /= static_cast<Real>(std::sqrt(square));
  }
  return values;
}

/// Model, inputs and schedule of one training workload.
template <class Real>
class Primus {
 public:
  Primus(Index batch, Index micro_batch, int threads, bool simclr)
      : batch_(batch),
        micro_batch_(micro_batch),
        simclr_(simclr),
        model_(encoder()),
        raw_(batch, micro_batch),
        augmented_(batch, micro_batch),
        pool_(threads),
        step_(pool_, model_.store().size(), {width, width, simclr ? 0 : width}),
        adam_(model_.store().size(), {.learning_rate = 2e-4}),
        queue_(simclr ? 1 : queue_rows, width),
        neighbour_(static_cast<std::size_t>(batch)),
        imu_(static_cast<std::size_t>(simclr ? 0 : batch * width)) {
    std::mt19937 random(3431);
    std::normal_distribution<float> normal, gain(1, 0.25F);
    std::vector<float> values(static_cast<std::size_t>(batch * steps * PrimusConfig::channels)),
        gains(static_cast<std::size_t>(batch * PrimusConfig::channels));
    for (float& v : values) v = normal(random);
    for (float& v : gains) v = gain(random);
    const auto at = [=](Index i, Index t, Index c) {
      return static_cast<std::size_t>((i * steps + t) * PrimusConfig::channels + c);
    };
    raw_.fill([&](Index i, Index t, Index c) { return values[at(i, t, c)]; });
    augmented_.fill([&](Index i, Index t, Index c) {
      return values[at(i, steps - 1 - t, c)] *
             gains[static_cast<std::size_t>(i * PrimusConfig::channels + c)];
    });
    if (simclr) return;
    video_ = unit_rows<Real>(random, batch);
    text_ = unit_rows<Real>(random, batch);
    const auto video = unit_rows<Real>(random, queue_rows), text = unit_rows<Real>(random, queue_rows),
               imu = unit_rows<Real>(random, queue_rows);
    queue_.push({video.data(), text.data(), imu.data()}, queue_rows);
  }

  Real train_step() {
    const auto direct = model_.temperatures();
    const Real loss = step_.step(model_, adam_, batch_, micro_batch_, forward(), whole_loss(),
                                 std::span<Parameter<Real>* const>(direct));
    if (!simclr_) queue_.push({video_.data(), text_.data(), imu_.data()}, batch_);
    return loss;
  }
  /// Loss and gradient of all parameters, without the step.
  Real gradient() {
    const auto direct = model_.temperatures();
    return step_.gradient(batch_, micro_batch_, forward(), whole_loss(),
                          std::span<Parameter<Real>* const>(direct));
  }
  const AlignedVector<Real>& gradients() const { return step_.gradient(); }
  std::size_t capacity() const { return step_.capacity(); }

 private:
  static models::PrimusEncoder<Real> encoder() {
    models::PrimusEncoder<Real> e;
    e.initialise(3431);
    return e;
  }
  /// ssl of both views, mmcl of the window.
  auto forward() {
    return [this](Tape<Real>& tape, Index first, Index count, int) {
      const auto& encoder = model_.encoder();
      train::Embeddings<Real> out;
      const auto h = encoder.embed(tape, tape.constant(raw_.part(first, count)));
      out[0] = encoder.ssl(tape, h);
      if (!simclr_) out[2] = encoder.mmcl(tape, h);
      out[1] = encoder.ssl(tape, encoder.embed(tape, tape.constant(augmented_.part(first, count))));
      return out;
    };
  }
  auto whole_loss() {
    return [this](Tape<Real>& tape, const train::Embeddings<Real>& e) {
      const auto tau = [&](const Parameter<Real>& p) {
        return losses::temperature(tape, tape.parameter(p).template reshape<>());
      };
      if (simclr_) return losses::nt_xent(tape, e[0], e[1], tau(model_.tau_ss()), &pool_);
      losses::PrimusInputs<Real> in;
      in.s0 = e[0], in.s1 = e[1], in.g0 = e[2];
      in.tau_mm = tau(model_.tau_mm());
      in.tau_ss = tau(model_.tau_ss());
      in.video = columns(tape, video_.data());
      in.text = columns(tape, text_.data());
      kernels::transpose(imu_.data(), width, static_cast<const Real*>(e[0].value.data()), batch_, batch_,
                         width);
      queue_.search(neighbour_.data(), video_.data(), batch_, losses::Modality::video,
                    losses::QueueSearch::filled, &pool_);
      in.nn_video = neighbours(tape, losses::Modality::video);
      in.nn_text = neighbours(tape, losses::Modality::text);
      in.nn_imu = neighbours(tape, losses::Modality::imu);
      losses::InfoNceOptions<Real> options;
      options.pool = &pool_;
      return losses::primus(tape, in, losses::PrimusWeights{}, options).total;
    };
  }
  /// Row-major rows as a constant (B, width).
  Var<Real, dyn, dyn> columns(Tape<Real>& tape, const Real* rows) const {
    const auto x = tape.template saved<dyn, dyn>(batch_, width);
    kernels::transpose(x.data(), batch_, rows, width, width, batch_);
    return tape.constant(x);
  }
  Var<Real, dyn, dyn> neighbours(Tape<Real>& tape, losses::Modality m) {
    const auto x = tape.template saved<dyn, dyn>(batch_, width);
    queue_.gather(x.data(), neighbour_.data(), batch_, m);
    return tape.constant(x);
  }

  Index batch_, micro_batch_;
  bool simclr_;
  train::ContrastiveModel<Real, models::PrimusEncoder<Real>> model_;
  Windows<Real> raw_, augmented_;
  AlignedVector<Real> video_, text_;  // (B, width) row-major
  ThreadPool pool_;
  train::ContrastiveStep<Real> step_;
  optim::Adam<Real> adam_;
  losses::FeatureQueue<Real> queue_;
  std::vector<Index> neighbour_;
  AlignedVector<Real> imu_;
};

class Training final : public Subject {
 public:
  explicit Training(const Workload& w)
      : workload_(w), model_(w.batch, micro_batch_of<float>(w), w.threads, w.stem == "simclr_train") {}
  void run() override { model_.train_step(); }
  double resident_bytes() const override { return static_cast<double>(model_.capacity()); }

  std::string check() override {
    const bool simclr = workload_.stem == "simclr_train";
    const auto want =
        training_reference(Primus<double>(workload_.batch, micro_batch_of<double>(workload_), 1, simclr));
    return check_training(
        want, Primus<float>(workload_.batch, micro_batch_of<float>(workload_), workload_.threads, simclr));
  }

 private:
  Workload workload_;
  Primus<float> model_;
};

/// Both heads of all windows: whole lane groups, or the path of single windows.
class Inference final : public Subject {
 public:
  Inference(const Workload& w, models::PrimusPrecision precision)
      : workload_(w),
        windows_(w.batch, inference_micro_batch(w)),
        pool_(w.threads),
        slots_(pool_, 0),
        single_(model(), pool_, precision),
        limit_(precision == models::PrimusPrecision::int8 ? 3e-2 : 1e-5),
        out_(static_cast<std::size_t>(2 * w.batch * width)) {
    std::mt19937 random(3431);
    std::normal_distribution<float> normal;
    windows_.fill([&](Index, Index, Index) { return normal(random); });
  }
  void run() override {
    const Index micro = inference_micro_batch(workload_);
    if (workload_.batch == 1) {
      single_.run(windows_.part(0, 1).data(), steps);
      std::copy_n(single_.ssl(), width, out_.data());
      std::copy_n(single_.mmcl(), width, out_.data() + width);
      return;
    }
    slots_.forward(workload_.batch, micro, [&](Tape<float>& tape, Index first, Index count, int) {
      const auto h = model().embed(tape, tape.constant(windows_.part(first, count)));
      float* to = out_.data() + 2 * first * width;
      for (const auto& y : {model().ssl(tape, h), model().mmcl(tape, h)})
        to = std::copy_n(y.value.data(), count * width, to);
    });
  }
  std::string check() override {
    run();
    const Index count = std::min(workload_.batch, inference_micro_batch(workload_));  // the first micro-batch
    const auto x = windows_.part(0, count);
    const std::vector<double> wide(x.begin(), x.end());
    models::PrimusEncoder<double> exact;
    exact.initialise(3431);
    Tape<double> tape;
    tape.set_recording(false);
    const auto h = exact.embed(tape, tape.constant(Tensor<const double, dyn, dyn, dyn>(
                                         wide.data(), count, steps, PrimusConfig::channels)));
    std::vector<double> want;
    for (const auto& y : {exact.ssl(tape, h), exact.mmcl(tape, h)})
      want.insert(want.end(), y.value.begin(), y.value.end());
    return verdict("the heads", relative_error(std::span(out_).first(want.size()), want), limit_);
  }

 private:
  static const models::PrimusEncoder<float>& model() {
    static const models::PrimusEncoder<float> shared = [] {
      models::PrimusEncoder<float> m;
      m.initialise(3431);
      return m;
    }();
    return shared;
  }

  Workload workload_;
  Windows<float> windows_;
  ThreadPool pool_;
  train::Slots<float> slots_;
  models::PrimusInference<float> single_;
  double limit_;
  AlignedVector<float> out_;
};

}  // namespace

bool add_primus(const Workload& w) {
  const auto batch = static_cast<double>(w.batch);
  if (w.stem == "primus_train" || w.stem == "simclr_train") {
    if (w.batch < 2 || (w.stem == "primus_train" && w.batch > queue_rows)) return false;
    const double flop = w.stem == "primus_train" ? primus_flop : simclr_flop;
    add_entry(w.name(), {flop * batch, (flop - folded_training_flop) * batch, 0, w.threads},
              [w] { return std::make_unique<Training>(w); });
    return true;
  }
  if (w.stem == "primus_infer" || (w.stem == "primus_infer_int8" && w.batch == 1)) {
    const auto precision =
        w.stem == "primus_infer" ? models::PrimusPrecision::exact : models::PrimusPrecision::int8;
    const double done = w.batch > 1 ? (infer_flop - folded_flop) * batch : 0;  // 0: all
    add_entry(w.name(), {infer_flop * batch, done, 0, w.threads},
              [w, precision] { return std::make_unique<Inference>(w, precision); });
    return true;
  }
  return false;
}

}  // namespace gyrograd::bench
