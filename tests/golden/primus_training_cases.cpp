// SPDX-License-Identifier: MIT
// Golden case of PRIMUS pre-training: five steps with queue, all six terms and both temperatures.
#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "golden/model_case.hpp"
#include "golden/registry.hpp"
#include "gyrograd/kernels/transpose.hpp"
#include "gyrograd/losses/primus.hpp"
#include "gyrograd/models/primus_encoder.hpp"
#include "gyrograd/optim/adam.hpp"
#include "gyrograd/train/contrastive_model.hpp"

using namespace gyrograd;
using namespace gyrograd::golden;
using namespace gyrograd::losses;

namespace {

template <class Real>
using Model = train::ContrastiveModel<Real, models::PrimusEncoder<Real>>;

/// The run of a case: one tape over the whole batch, the released behaviour of queue and masks.
template <class Real>
class Run {
 public:
  explicit Run(const Case& c)
      : case_(c),
        steps_(c.integer("steps")),
        batch_(c.at("input.x").extent(1)),
        time_(c.at("input.x").extent(3)),
        width_(c.at("input.text").extent(2)),
        x_(c.values<Real>("input.x")),
        scale_(c.values<Real>("input.scale")),
        text_(c.values<Real>("input.text")),
        video_(c.values<Real>("input.video")),
        imu_only_(c.values<std::uint8_t>("input.imu_only")),
        model_(filled(c), c.number("initial_temperature")),
        queue_(c.integer("queue"), width_, QueueRows::published),
        adam_(model_.store().size(), {.learning_rate = c.number("lr")}),
        gradients_(static_cast<std::size_t>(model_.store().size())) {
    tape_.bind_gradients(gradients_.data());
  }

  void check() {
    for (Index s = 0; s < steps_; ++s) step(s);
    const double tolerance = std::is_same_v<Real, float> ? 1e-4 : 1e-8;
    expect_rows(case_, "output.loss", losses_, tolerance);
    expect_rows(case_, "output.terms", terms_, tolerance);
    expect_rows(case_, "output.temperature", temperature_, tolerance);
    expect_indices(case_, "output.neighbour", neighbour_);
    const double weights = std::is_same_v<Real, float> ? 1e-3 : 1e-6;
    expect_rows(case_, "output.final_temperature", temperatures(), weights);
    const auto all = queue_.row(Modality::imu, 0).data();
    expect_rows(case_, "output.queue_imu", std::vector<Real>(all, all + queue_.capacity() * width_), weights);
    CHECK(queue_.next() == case_.indices("output.queue_pointer")[0]);
    check_final_weights<Real>(case_, model_.encoder(), weights);
  }

 private:
  static models::PrimusEncoder<Real> filled(const Case& c) {
    models::PrimusEncoder<Real> encoder;
    load_parameters<Real>(c, encoder);
    return encoder;
  }
  std::vector<double> temperatures() {
    return {static_cast<double>(*model_.tau_mm().value), static_cast<double>(*model_.tau_ss().value)};
  }

  /// View 0 as it is, view 1 scaled per channel and then reversed in time: (batch, time, 6).
  Var<Real, dyn, dyn, dyn> view(Index s, bool second) {
    const auto out = tape_.template saved<dyn, dyn, dyn>(batch_, time_, Index{6});
    for (Index b = 0; b < batch_; ++b)
      for (Index c = 0; c < 6; ++c)
        for (Index t = 0; t < time_; ++t) {
          const Real v = x_[static_cast<std::size_t>(((s * batch_ + b) * 6 + c) * time_ + t)];
          const Real factor = scale_[static_cast<std::size_t>((s * batch_ + b) * 6 + c)];
          out(b, second ? time_ - 1 - t : t, c) = second ? v * factor : v;
        }
    return tape_.constant(out);
  }
  Var<Real, dyn, dyn> rows(const Real* values) {
    const auto out = tape_.template saved<dyn, dyn>(batch_, width_);
    kernels::transpose(out.data(), batch_, values, width_, width_, batch_);
    return tape_.constant(out);
  }
  Var<Real, dyn, dyn> neighbours(Modality m, const std::vector<Index>& found) {
    std::vector<Real> values;
    for (const Index i : found) values.insert(values.end(), queue_.row(m, i).begin(), queue_.row(m, i).end());
    return rows(values.data());
  }

  void step(Index s) {
    std::fill(gradients_.begin(), gradients_.end(), Real(0));
    const models::PrimusEncoder<Real>& encoder = model_.encoder();
    PrimusInputs<Real> in;
    const auto h = encoder.embed(tape_, view(s, false));
    in.s0 = encoder.ssl(tape_, h);
    in.g0 = encoder.mmcl(tape_, h);
    in.s1 = encoder.ssl(tape_, encoder.embed(tape_, view(s, true)));
    const Real *text = text_.data() + s * batch_ * width_, *video = video_.data() + s * batch_ * width_;
    const std::uint8_t* alone = imu_only_.data() + s * batch_;
    std::vector<Real> imu(static_cast<std::size_t>(batch_ * width_)), mask;
    kernels::transpose(imu.data(), width_, static_cast<const Real*>(in.s0.value.data()), batch_, batch_,
                       width_);
    std::vector<Index> found(static_cast<std::size_t>(batch_)), by_imu = found;
    queue_.search(found.data(), video, batch_, Modality::video, QueueSearch::published);
    queue_.search(by_imu.data(), imu.data(), batch_, Modality::imu, QueueSearch::published);
    for (std::size_t i = 0; i < found.size(); ++i) {
      if (alone[i] != 0) found[i] = by_imu[i];
      mask.push_back(alone[i] != 0 ? Real(0) : Real(1));
    }
    in.text = rows(text), in.video = rows(video);
    in.nn_text = neighbours(Modality::text, found);
    in.nn_video = neighbours(Modality::video, found);
    in.nn_imu = neighbours(Modality::imu, found);
    in.tau_mm = tape_.parameter(model_.tau_mm()).template reshape<>();
    in.tau_ss = tape_.parameter(model_.tau_ss()).template reshape<>();
    in.mask = mask.data();
    InfoNceOptions<Real> options;
    options.masked = MaskedSamples::published;
    const PrimusLoss<Real> loss = primus(tape_, in, PrimusWeights::c_form(0.5, true), options);
    losses_.push_back(static_cast<double>(*loss.total.value.data()));
    terms_.insert(terms_.end(), loss.terms.begin(), loss.terms.end());
    const std::vector<double> now = temperatures();
    temperature_.insert(temperature_.end(), now.begin(), now.end());
    neighbour_.insert(neighbour_.end(), found.begin(), found.end());
    tape_.backward(loss.total);
    tape_.clear();
    adam_.begin_step();
    adam_.update(model_.store().data(), gradients_.data(), 0, model_.store().size());
    queue_.push({video, text, imu.data()}, batch_, alone);
  }

  const Case& case_;
  Index steps_, batch_, time_, width_;
  std::vector<Real> x_, scale_, text_, video_;
  std::vector<std::uint8_t> imu_only_;
  Model<Real> model_;
  FeatureQueue<Real> queue_;
  optim::Adam<Real> adam_;
  AlignedVector<Real> gradients_;
  Tape<Real> tape_;
  std::vector<double> losses_, terms_, temperature_;
  std::vector<Index> neighbour_;
};

template <class Real>
void check_training(const Case& c) {
  Run<Real>(c).check();
}

const Register registered[] = {{"train_primus", check_training<double>, check_training<float>}};

}  // namespace
