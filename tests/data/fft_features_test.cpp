// SPDX-License-Identifier: MIT
#include "gyrograd/data/fft_features.hpp"

#include <cmath>

#include "support/catch.hpp"

using namespace gyrograd;
using namespace gyrograd::data;

namespace {

/// One channel: 2 + 3 cos(2 pi k t / n + phase).
Windows wave(Index steps, double k, double n, double phase) {
  Windows w(1, steps, 1);
  for (Index t = 0; t < steps; ++t)
    w.values[static_cast<std::size_t>(t)] =
        static_cast<float>(2 + 3 * std::cos(2 * std::numbers::pi * k * static_cast<double>(t) / n + phase));
  return w;
}

}  // namespace

TEST_CASE("fft features: published sees ten samples, corrected all of them") {
  const Windows published = fft_features(wave(20, 2, 10, 0.5), FftFeatures::published);
  CHECK(published.steps == 20);
  CHECK(published.values[0] == Approx(20));
  CHECK(published.values[2] == Approx(15));
  CHECK(published.values[8] == Approx(15));  // the mirror of bin 2
  CHECK(published.values[12] == Approx(0.5));
  CHECK(published.values[18] == Approx(-0.5));
  CHECK(published.values[3] == Approx(0).margin(1e-5));
  Windows late = wave(20, 2, 10, 0.5);
  late.values[15] = 99;
  CHECK(fft_features(late, FftFeatures::published).values == published.values);

  const Windows corrected = fft_features(wave(20, 3, 20, -0.7), FftFeatures::corrected);
  CHECK(corrected.steps == 20);
  CHECK(corrected.values[0] == Approx(40));
  CHECK(corrected.values[3] == Approx(30));
  CHECK(corrected.values[7] == Approx(0).margin(1e-5));
  CHECK(corrected.values[13] == Approx(-0.7).epsilon(1e-5));
  late = wave(20, 3, 20, -0.7);
  late.values[15] = 99;
  CHECK(fft_features(late, FftFeatures::corrected).values != corrected.values);
}

TEST_CASE("fft features: corrected phases of real and of empty bins are exact") {
  Windows w(1, 8, 2);
  for (Index t = 0; t < 8; ++t) w.values[static_cast<std::size_t>(2 * t)] = -1.5F;  // channel 1 stays zero
  const Windows f = fft_features(w, FftFeatures::corrected);
  CHECK(f.values[0] == 12);
  CHECK(f.values[8] == static_cast<float>(std::numbers::pi));
  for (std::size_t k = 1; k < 4; ++k) CHECK(f.values[8 + 2 * k] == 0);
  for (std::size_t k = 0; k < 4; ++k) CHECK(f.values[9 + 2 * k] == 0);
}

TEST_CASE("fft features refuse windows that are too short or of another size") {
  CHECK_THROWS_AS(fft_features(Windows(1, 1, 3), FftFeatures::corrected), ConfigError);
  const FftFeature feature(20, 3, FftFeatures::published);
  std::vector<float> in(20 * 3), out(20 * 2);
  CHECK_THROWS_AS(feature(std::span<float>(out), std::span<const float>(in)), ShapeError);
}
