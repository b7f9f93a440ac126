// SPDX-License-Identifier: MIT
#include "gyrograd/models/primus_inference.hpp"

#include "support/alloc_counter.hpp"
#include "support/reference.hpp"
#include "support/tolerance.hpp"

using namespace gyrograd;
using namespace gyrograd::models;
using namespace gyrograd::testing;

namespace {

/// Embedding and both outputs, behind one another.
template <class Real>
std::vector<Real> joined(const Real* h, const Real* s, const Real* g, Index width) {
  std::vector<Real> all(h, h + width);
  all.insert(all.end(), s, s + width);
  all.insert(all.end(), g, g + width);
  return all;
}

template <class Real>
std::vector<Real> by_model(const PrimusEncoder<Real>& model, const std::vector<Real>& x, Index T) {
  Tape<Real> tape;
  tape.set_recording(false);
  const auto h = model.embed(tape, tape.constant(Tensor<const Real, dyn, dyn, dyn>(x.data(), 1, T, 6)));
  const auto s = model.ssl(tape, h), g = model.mmcl(tape, h);
  return joined<Real>(h.value.data(), s.value.data(), g.value.data(), model.config().width);
}

template <class Real>
std::vector<Real> alone(PrimusInference<Real>& fast, const std::vector<Real>& x, Index T) {
  fast.run(x.data(), T);
  return joined(fast.embedding(), fast.ssl(), fast.mmcl(), fast.width());
}

}  // namespace

TEMPLATE_TEST_CASE("PRIMUS on single windows equals the model, on any number of threads", "", float, double) {
  using Real = TestType;
  PrimusConfig wide, turned, one = PrimusConfig::single();
  wide.width = 40;
  turned.width = 21;  // no whole groups of rows
  turned.time_as_steps = true;
  one.width = 24;
  for (const PrimusConfig& config : {wide, turned, one}) {
    PrimusEncoder<Real> model(config);
    model.initialise(5);
    for (const Index T : {123, 250}) {
      const std::vector<Real> x = random_values<Real>(T * 6, 1);
      std::vector<Real> first;
      for (const int threads : {1, 2, 3}) {
        INFO("width " << config.width << ", T " << T << ", threads " << threads);
        ThreadPool pool(threads);
        PrimusInference<Real> fast(model, pool);
        alone(fast, random_values<Real>(T * 6, 2), T);  // nothing remains of the window before
        const auto got = alone(fast, x, T);
        check_close<Real>(got, doubles(by_model(model, x, T)), 20);
        if (first.empty()) first = got;
        CHECK(same_bits(std::span<const Real>(got), std::span<const Real>(first)));
      }
    }
  }
}

TEST_CASE("PRIMUS with int8 weights stays within the stated error") {
  PrimusEncoder<float> model;
  model.initialise(3431);
  ThreadPool pool(2);
  PrimusInference<float> exact(model, pool), rounded(model, pool, PrimusPrecision::int8);
  for (int seed = 1; seed < 6; ++seed) {
    const std::vector<float> x = random_values<float>(250 * 6, seed);
    const auto want = alone(exact, x, 250), got = alone(rounded, x, 250);
    for (std::size_t part = 0; part < 3; ++part) {  // embedding, ssl, mmcl
      double gap = 0, norm = 0;
      for (std::size_t i = part * 512; i < (part + 1) * 512; ++i) {
        gap += std::pow(static_cast<double>(got[i]) - static_cast<double>(want[i]), 2);
        norm += std::pow(static_cast<double>(want[i]), 2);
      }
      CHECK(std::sqrt(gap / norm) <= 0.01);
      CHECK(gap > 0);
    }
  }
}

TEST_CASE("PRIMUS on single windows uses no heap once warm") {
  PrimusConfig config;
  config.width = 16;
  PrimusEncoder<float> model(config);
  model.initialise(1);
  const std::vector<float> x = random_values<float>(250 * 6, 1);
  for (const PrimusPrecision precision : {PrimusPrecision::exact, PrimusPrecision::int8}) {
    ThreadPool pool(1);
    PrimusInference<float> fast(model, pool, precision);
    fast.run(x.data(), 250);
    const AllocationScope scope;
    fast.run(x.data(), 250);
    CHECK(scope.count() == 0);
  }
}
