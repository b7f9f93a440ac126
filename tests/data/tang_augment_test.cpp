// SPDX-License-Identifier: MIT
#include "gyrograd/data/tang_augment.hpp"

#include <cmath>
#include <set>
#include <string>
#include <vector>

#include "support/catch.hpp"

using namespace gyrograd;
using namespace gyrograd::data;

namespace {

constexpr Index steps = 60, channels = 6;

std::vector<double> window() {
  std::vector<double> w;
  for (Index t = 0; t < steps; ++t)
    for (Index c = 0; c < channels; ++c)
      w.push_back(std::sin(0.2 * static_cast<double>(t) * static_cast<double>(c + 1)) +
                  static_cast<double>(c));
  return w;
}

std::vector<double> changed(TangOptions o, std::vector<TangTransform> chain, std::uint64_t item = 0) {
  std::vector<double> w = window();
  o.chain = std::move(chain);
  Philox g(1, 0, item, Purpose::augment);
  tang_augment(std::span<double>(w), channels, o, g);
  return w;
}

double at(const std::vector<double>& w, Index t, Index c) {
  return w[static_cast<std::size_t>(t * channels + c)];
}

}  // namespace

TEST_CASE("every transformation changes a window, by its own stream") {
  const std::vector<double> in = window();
  for (std::size_t k = 0; k < tang_names.size(); ++k) {
    INFO(std::string(tang_names[k]));
    const auto chain = tang_chain(tang_names[k], "test");
    REQUIRE(chain.size() == 1);
    const auto a = changed({}, chain), again = changed({}, chain), other = changed({}, chain, 1);
    CHECK(a != in);
    CHECK(a == again);
    const bool fixed = chain[0] == TangTransform::negate || chain[0] == TangTransform::time_flip;
    CHECK((a == other) == fixed);
    CHECK(a.size() == in.size());
  }
}

TEST_CASE("scaling: one factor for each channel, step or window") {
  const std::vector<double> in = window();
  for (const ScalingMode mode :
       {ScalingMode::per_channel, ScalingMode::per_time_step, ScalingMode::per_sample}) {
    TangOptions o;
    o.scaling_mode = mode;
    const auto out = changed(o, {TangTransform::scaling});
    std::set<long> factors;
    for (Index t = 0; t < steps; ++t)
      for (Index c = 1; c < channels; ++c)  // channel 0 passes through zero
        factors.insert(std::lround(1e9 * at(out, t, c) / at(in, t, c)));
    const std::size_t want = mode == ScalingMode::per_channel     ? 5U
                             : mode == ScalingMode::per_time_step ? 60U
                                                                  : 1U;
    CHECK(factors.size() == want);
  }
}

TEST_CASE("a rotation keeps the length of every triad") {
  const auto out = changed({}, {TangTransform::rotation});
  const std::vector<double> in = window();
  const auto length = [](const std::vector<double>& w, Index t, Index c) {
    return std::hypot(at(w, t, c), at(w, t, c + 1), at(w, t, c + 2));
  };
  for (Index t = 0; t < steps; ++t)
    for (const Index c : {0, 3}) CHECK(length(out, t, c) == Approx(length(in, t, c)).epsilon(1e-12));
}

TEST_CASE("a permutation moves rows and loses none") {
  for (const CutRule rule : {CutRule::distinct, CutRule::published}) {
    TangOptions o;
    o.cuts = rule;
    for (std::uint64_t item = 0; item < 30; ++item) {
      auto out = changed(o, {TangTransform::permutation}, item), in = window();
      std::sort(out.begin(), out.end());
      std::sort(in.begin(), in.end());
      CHECK(out == in);
    }
  }
}

TEST_CASE("the paper's pair is the default, the released one and the authors' parameters have names") {
  const std::vector<double> in = window(), out = changed({}, TangOptions().chain);
  const double factor = at(out, steps - 1, 2) / at(in, 0, 2);
  CHECK(at(out, 0, 2) == Approx(factor * at(in, steps - 1, 2)));
  CHECK(TangOptions::released().chain == tang_chain("scaling,permutation", "test"));
  CHECK(TangOptions::tang().scaling == 0.1);
}

TEST_CASE("physical reversal turns the gyroscope, relative noise follows the triad") {
  TangOptions o;
  o.physical_reversal = true;
  const std::vector<double> in = window(), out = changed(o, {TangTransform::time_flip});
  CHECK(at(out, 0, 1) == at(in, steps - 1, 1));
  CHECK(at(out, 0, 4) == -at(in, steps - 1, 4));
  o.relative_noise = true;
  std::vector<double> flat(static_cast<std::size_t>(steps * channels), 2.0);  // no spread, no noise
  o.chain = {TangTransform::noise};
  Philox g(3);
  tang_augment(std::span<double>(flat), channels, o, g);
  CHECK(flat == std::vector<double>(flat.size(), 2.0));
}

TEST_CASE("unknown names and windows without rows are refused") {
  CHECK_THROWS_AS(tang_chain("scaling,flip", "test"), ConfigError);
  CHECK_THROWS_AS(tang_chain("", "test"), ConfigError);
  std::vector<double> w(7);
  Philox g(1);
  CHECK_THROWS_AS(tang_augment(std::span<double>(w), channels, TangOptions(), g), ShapeError);
}
