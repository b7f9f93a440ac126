// SPDX-License-Identifier: MIT
#include "gyrograd/models/gru_inference.hpp"

#include "support/alloc_counter.hpp"
#include "support/reference.hpp"

using namespace gyrograd;
using namespace gyrograd::models;
using namespace gyrograd::testing;

namespace {

template <class Real>
double worst_gap(const GruClassifierConfig& config, Index B, Index T) {
  GruClassifier<GruClassifierConfig, Real> model(config);
  model.initialise(3);
  std::vector<Real> x = random_values<Real>(B * T * config.input, 1),
                    y(static_cast<std::size_t>(B * config.classes));
  Tape<Real> tape;
  tape.set_recording(false);
  const auto want =
      model.logits(tape, tape.constant(Tensor<Real, dyn, dyn, dyn>(x.data(), B, T, config.input)));
  GruInference<Real> first(model);
  GruInference<Real> fast(std::move(first));
  fast.logits(y.data(), x.data(), B, T);
  double worst = 0;
  for (Index i = 0; i < B * config.classes; ++i)
    worst = std::max(worst,
                     std::fabs(static_cast<double>(y[static_cast<std::size_t>(i)] - want.value.data()[i])));
  // Live: the same samples one by one.
  for (Index b = 0; b < std::min<Index>(B, 2); ++b) {
    fast.reset();
    for (Index t = 0; t < T; ++t) {
      std::vector<Real> sample;
      for (Index c = 0; c < config.input; ++c)
        sample.push_back(x[static_cast<std::size_t>(b + B * (t + T * c))]);
      fast.step(sample.data());
    }
    fast.read(y.data());
    for (Index c = 0; c < config.classes; ++c)
      worst =
          std::max(worst, std::fabs(static_cast<double>(y[static_cast<std::size_t>(c)] - want.value(b, c))));
  }
  return worst;
}

}  // namespace

TEMPLATE_TEST_CASE("GRU inference equals the model: windows, batches, live samples", "", float, double) {
  const double tolerance = std::is_same_v<TestType, float> ? 1e-6 : 1e-14;
  GruClassifierConfig config;
  for (bool activ : {false, true}) {
    config.activ = activ;
    config.input = 72;
    config.modules = {{20, 2}, {10, 1}};
    config.dense = {};
    for (Index B : {1, 2, 6, 7, 33})
      for (Index T : {1, 2, 20, 70}) {
        INFO("activ " << activ << ", B " << B << ", T " << T);
        CHECK(worst_gap<TestType>(config, B, T) <= tolerance);
      }
    config.input = 5;
    config.modules = {{33, 1}, {9, 2}, {40, 1}};
    config.dense = {12, 8};
    for (Index B : {1, 9}) {
      INFO("activ " << activ << ", B " << B << ", four layers");
      CHECK(worst_gap<TestType>(config, B, 6) <= tolerance);
    }
  }
}

TEST_CASE("GRU inference uses no heap: one window from the start, batches when warm") {
  GruClassifier<GruV2<72, 6>> model;
  model.initialise(1);
  GruInference<float> fast(model);
  std::vector<float> x = random_values<float>(40 * 20 * 72, 1), y(40 * 6);
  const auto count = [&](Index batch) {
    const AllocationScope scope;
    fast.logits(y.data(), x.data(), batch, 20);
    return scope.count();
  };
  CHECK(count(1) == 0);
  CHECK(count(6) == 0);
  count(40);
  CHECK(count(40) == 0);
}
