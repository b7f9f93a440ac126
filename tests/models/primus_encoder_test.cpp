// SPDX-License-Identifier: MIT
// PRIMUS encoder: laws that need no reference. PyTorch's outputs and gradients: tests/golden.
#include "gyrograd/models/primus_encoder.hpp"

#include "gyrograd/autograd/gradcheck.hpp"
#include "gyrograd/autograd/ops/add.hpp"
#include "gyrograd/autograd/ops/scale.hpp"
#include "gyrograd/losses/masked_mse.hpp"
#include "support/alloc_counter.hpp"
#include "support/reference.hpp"
#include "support/tolerance.hpp"

using namespace gyrograd;
using namespace gyrograd::testing;
using models::PrimusConfig;
using models::PrimusEncoder;

namespace {

PrimusConfig narrow(PrimusConfig c, Index width = 7) {
  c.width = width;
  return c;
}

/// Both heads of windows x: (B, T, 6).
template <class Real>
std::vector<Real> outputs(const PrimusEncoder<Real>& model, const std::vector<Real>& x, Index B, Index T) {
  Tape<Real> tape;
  tape.set_recording(false);
  const auto h = model.embed(tape, tape.constant(Tensor<const Real, dyn, dyn, dyn>(x.data(), B, T, 6)));
  std::vector<Real> all(h.value.begin(), h.value.end());
  for (const auto& y : {model.ssl(tape, h), model.mmcl(tape, h)})
    all.insert(all.end(), y.value.begin(), y.value.end());
  return all;
}

std::string refusal(const PrimusConfig& config, Index steps, Index channels = 6) {
  const PrimusEncoder<float> model(config);
  std::vector<float> x(static_cast<std::size_t>(steps * channels));
  Tape<float> tape;
  tape.set_recording(false);
  try {
    model.embed(tape, tape.constant(Tensor<const float, dyn, dyn, dyn>(x.data(), 1, steps, channels)));
  } catch (const ShapeError& e) {
    return e.what();
  }
  return "";
}

}  // namespace

TEST_CASE("PRIMUS parameter counts") {
  CHECK(PrimusEncoder<float>(PrimusConfig::published()).store().size() == 1376204);
  CHECK(PrimusEncoder<float>(PrimusConfig::single()).store().size() == 850892);
  CHECK(PrimusEncoder<float>(PrimusConfig::imu2clip()).store().size() == 850892);
  PrimusEncoder<float> model;
  Index kept = 0;  // in use after pre-training
  model.visit([&](std::string_view name, Parameter<float>& p) {
    if (!name.starts_with("ssl_head.")) kept += p.size();
  });
  CHECK(kept == 1113548);
}

TEST_CASE("PRIMUS stages have the shapes of the fact sheet") {
  const PrimusEncoder<float> model(narrow(PrimusConfig::published()));
  for (const auto& [steps, want] :
       {std::pair<Index, Index>{250, 15}, {500, 42}, {1000, 98}, {200, 9}, {123, 1}})
    CHECK(PrimusConfig::positions(steps) == want);
  CHECK(PrimusConfig::positions(122) == 0);
  std::vector<float> x(2 * 1000 * 6, 0.5F);
  for (const PrimusConfig& config : {PrimusConfig::published(), PrimusConfig::imu2clip()})
    for (const Index steps : {978, 1000}) {
      const PrimusEncoder<float> encoder(narrow(config));
      Tape<float> tape;
      const auto f =
          encoder.features(tape, tape.constant(Tensor<const float, dyn, dyn, dyn>(x.data(), 2, steps, 6)));
      CHECK(f.value.extents() == std::array<Index, 3>{2, 32, 32});
    }
}

TEST_CASE("PRIMUS refuses windows that do not fit, in one line") {
  const auto published = narrow(PrimusConfig::published()), imu2clip = narrow(PrimusConfig::imu2clip());
  CHECK(refusal(published, 123).empty());
  CHECK(refusal(published, 122) ==
        "PRIMUS encoder: the window has 122 samples, the model expects 123 or more; 5 s at 50 Hz are 250");
  CHECK(refusal(published, 250, 9) == "PRIMUS encoder: the window has 9 channels, the model expects 6");
  CHECK(refusal(imu2clip, 978).empty());
  CHECK(refusal(imu2clip, 1004).empty());
  for (const Index steps : {250, 977, 1005})
    CHECK(refusal(imu2clip, steps) ==
          message("IMU2CLIP encoder: the window has ", steps,
                  " samples, the model expects 978 to 1004; 5 s at 200 Hz, or choose the adaptive pooling of "
                  "PRIMUS"));
  CHECK_THROWS_WITH(PrimusEncoder<float>(narrow(published, 0)),
                    "PRIMUS encoder: width 0, expected 1 or more");
}

TEST_CASE("PRIMUS is blind to one gain and one offset per triad") {
  PrimusEncoder<float> model(narrow(PrimusConfig::published(), 40));
  model.initialise(1);
  std::vector<float> x = random_values<float>(2 * 250 * 6, 1), moved = x;
  const auto want = outputs(model, x, 2, 250);
  for (Index i = 0; i < 2 * 250 * 6; ++i) {
    const bool gyroscope = i >= 2 * 250 * 3;
    float& v = moved[static_cast<std::size_t>(i)];
    v = gyroscope ? 0.2F * v - 1.5F : 3.0F * v + 9.8F;
  }
  check_close<float>(outputs(model, moved, 2, 250), doubles(want), 1000);
}

TEST_CASE("PRIMUS reads the positions behind repeated bins: what the recurrence makes of all bins") {
  PrimusEncoder<double> model(narrow(PrimusConfig::published(), 40));
  model.initialise(2);
  for (const Index T : {123, 200, 250, 266, 267}) {
    const Index B = 3;
    const std::vector<double> x = random_values<double>(B * T * 6, 1);
    Tape<double> tape;
    tape.set_recording(false);
    const auto window = tape.constant(Tensor<const double, dyn, dyn, dyn>(x.data(), B, T, 6));
    const auto all =
        model.gru().last(tape, ops::to_slabs(tape, model.features(tape, window), ops::StepAxis::channels));
    const std::vector<double> want(all.value.begin(), all.value.end());
    const auto got = model.embed(tape, window);
    check_close<double>(got.value, want, 10);
  }
}

TEST_CASE("PRIMUS gives a window the same numbers alone and in a batch") {
  PrimusEncoder<double> model(narrow(PrimusConfig::published(), 40));
  model.initialise(2);
  const Index B = 2 * kernels::slab_vectors * kernels::lanes<double> + 3, T = 130, W = 40;
  const std::vector<double> x = random_values<double>(B * T * 6, 1);
  const auto all = outputs(model, x, B, T);
  for (const Index b : {Index(0), B / 2, B - 1}) {
    std::vector<double> one, want;
    for (Index i = 0; i < T * 6; ++i) one.push_back(x[static_cast<std::size_t>(b + B * i)]);
    for (Index i = 0; i < 3 * W; ++i) want.push_back(all[static_cast<std::size_t>(b + B * i)]);
    check_close<double>(outputs(model, one, 1, T), want, 100);
  }
}

TEST_CASE("PRIMUS gradients along random directions, for all variants") {
  PrimusConfig steps = narrow(PrimusConfig::published());
  steps.time_as_steps = true;
  for (const PrimusConfig& config : {narrow(PrimusConfig::published()), steps, narrow(PrimusConfig::single()),
                                     narrow(PrimusConfig::imu2clip())}) {
    PrimusEncoder<double> model(config);
    model.initialise(3);
    const Index T = config.shortest() + 9, B = 3, W = config.width;
    const std::vector<double> x = random_values<double>(B * T * 6, 1),
                              target = random_values<double>(2 * B * W, 2);
    const auto loss = [&](Tape<double>& tape) {
      const auto h = model.embed(tape, tape.constant(Tensor<const double, dyn, dyn, dyn>(x.data(), B, T, 6)));
      const auto both = ops::add(tape, model.ssl(tape, h), ops::scale(tape, model.mmcl(tape, h), 2.0));
      return losses::masked_mse(tape, both.reshape<dyn, dyn, dyn>(B, W, 1), target.data(), 0.1);
    };
    GradcheckOptions options;
    options.step = 1e-6;  // short: maxima of the pooling change hands
    const GradcheckResult r = gradcheck_model(model, loss, 20, options);
    INFO(r.text());
    CHECK(r.norm_error <= 1e-6);
    CHECK(r.analytic_norm > 1e-3);
  }
}

TEST_CASE("PRIMUS uses no heap once warm, training and inference") {
  PrimusEncoder<float> model(narrow(PrimusConfig::published(), 24));
  model.initialise(4);
  const std::vector<float> x = random_values<float>(5 * 250 * 6, 1);
  AlignedVector<float> gradients(static_cast<std::size_t>(model.store().size()));
  Tape<float> tape;
  tape.bind_gradients(gradients.data());
  const auto step = [&](bool training) {
    tape.set_recording(training);
    const AllocationScope scope;
    const auto h = model.embed(tape, tape.constant(Tensor<const float, dyn, dyn, dyn>(x.data(), 5, 250, 6)));
    const auto s = model.ssl(tape, h);
    if (training) {
      s.grad().data()[0] = 1;
      tape.backward();
    }
    tape.clear();
    return scope.count();
  };
  for (const bool training : {true, false}) {
    step(training);
    CHECK(step(training) == 0);
  }
}

TEST_CASE("PRIMUS micro-batches leave work for every thread and end at four lane groups") {
  constexpr Index group = kernels::slab_vectors * kernels::lanes<float>;
  const auto groups = [](Index batch, int threads) {
    const Index size = PrimusEncoder<float>::micro_batch_for(batch, threads);
    CHECK(size % group == 0);
    return size / group;
  };
  CHECK(groups(1, 1) == 1);
  CHECK(groups(group + 1, 1) == 2);
  CHECK(groups(4 * group, 1) == 4);
  CHECK(groups(4 * group, 2) == 2);
  CHECK(groups(4 * group, 3) == 2);
  CHECK(groups(4 * group, 8) == 1);
  CHECK(groups(100 * group, 2) == 4);
}
