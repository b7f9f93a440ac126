// SPDX-License-Identifier: MIT
// Scaling of sensor windows before they enter a model.
#pragma once

#include <cmath>
#include <cstddef>
#include <span>

#include "gyrograd/core/config.hpp"
#include "gyrograd/core/error.hpp"
#include "gyrograd/data/windows.hpp"

namespace gyrograd::data {

/// Published scalings (LIMU-BERT sheet §5.10). Channels: acc xyz, gyro xyz, mag xyz; the gyroscope is never
/// touched.
enum class Normalisation {
  limu,    ///< LIMU-BERT: from 6 channels on acc / 9.8; with 9, mag of a step / (norm + 1e-5); 3 channels
           ///< untouched
  limu_x,  ///< LIMU-BERT-X: from 3 channels on acc / 9.8; with 9, mag * 10
  paper,   ///< LIMU-BERT's paper: as limu, mag twice as long (weight 2, LIMU-BERT sheet §11)
  none,    ///< values as recorded
};

/// Gravity as the published normaliser knows it (the uci reader uses 9.80665; both are kept for parity).
inline constexpr double normaliser_gravity = 9.8;

/// Writes the first `features` channels of in (steps, channels), scaled, to out (steps, features), both
/// row-major. Arithmetic in Real, as NumPy does for arrays of that type.
template <class Real>
void normalise(std::span<Real> out, std::span<const Real> in, Index channels, Index features,
               Normalisation mode) {
  if (features < 1 || features > channels) {
    fail<ConfigError>("normalise: ", features, " features wanted, the data has ", channels, " channels");
  }
  const Index steps = static_cast<Index>(in.size()) / channels;
  if (steps * channels != static_cast<Index>(in.size()) ||
      steps * features != static_cast<Index>(out.size())) {
    fail<ShapeError>("normalise: ", in.size(), " values of ", channels, " channels do not fit ", out.size(),
                     " values of ", features, " features");
  }
  const bool scale_acc =
      mode == Normalisation::none ? false : features >= (mode == Normalisation::limu_x ? 3 : 6);
  for (Index t = 0; t < steps; ++t) {
    const Real* x = in.data() + t * channels;
    Real* y = out.data() + t * features;
    for (Index c = 0; c < features; ++c) y[c] = x[c];
    for (Index c = 0; c < 3 && scale_acc; ++c) y[c] /= static_cast<Real>(normaliser_gravity);
    if (features != 9 || mode == Normalisation::none) continue;
    Real* mag = y + 6;
    const Real divisor =
        std::sqrt(mag[0] * mag[0] + mag[1] * mag[1] + mag[2] * mag[2]) + static_cast<Real>(1e-5);
    const Real weight = mode == Normalisation::paper ? Real(2) : Real(1);
    for (Index c = 0; c < 3; ++c)
      mag[c] = mode == Normalisation::limu_x ? mag[c] * Real(10) : weight * (mag[c] / divisor);
  }
}

/// Every window of a set, its first `features` channels, scaled.
inline Windows normalised(const Windows& in, Index features, Normalisation mode) {
  if (features < 1) fail<ConfigError>("normalise: ", features, " features wanted, expected at least 1");
  Windows out(in.count, in.steps, features);
  normalise(std::span<float>(out.values), std::span<const float>(in.values), in.channels, features, mode);
  return out;
}

}  // namespace gyrograd::data
