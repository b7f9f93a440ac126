// SPDX-License-Identifier: MIT
// Spectral features of windows: the input of DeepSense (LIMU-BERT sheet §5.15, §13.22).
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numbers>
#include <span>
#include <vector>

#include "gyrograd/core/error.hpp"
#include "gyrograd/data/windows.hpp"

namespace gyrograd::data {

/// Published: complex spectrum of the first 10 samples whatever the window, bins 0 .. 9 (bin k repeats bin
/// 10 - k), phases as atan2 gives them. Corrected: real spectrum of all T samples, bins 0 .. T/2 - 1, the
/// phase of a real bin exactly 0 or pi and that of an empty bin 0.
enum class FftFeatures { published, corrected };

/// Rows of the feature of a window of `steps`: magnitudes, then phases.
constexpr Index fft_rows(Index steps, FftFeatures mode) {
  return mode == FftFeatures::published ? 20 : steps / 2 * 2;
}

/// Spectrum of windows of a fixed length; the factors are computed once.
class FftFeature {
 public:
  /// Throws ConfigError for windows that are too short.
  FftFeature(Index steps, Index channels, FftFeatures mode)
      : steps_(steps),
        channels_(channels),
        mode_(mode),
        length_(mode == FftFeatures::published ? 10 : steps) {
    if (steps < (mode == FftFeatures::published ? 1 : 2) || channels < 1)
      fail<ConfigError>("fft features: windows of ", steps, " x ", channels, ", expected 2 steps or more");
    const auto n = static_cast<std::size_t>(length_);
    for (std::size_t i = 0; i < n; ++i) {
      const double angle = 2 * std::numbers::pi * static_cast<double>(i) / static_cast<double>(n);
      cosine_.push_back(std::cos(angle));
      sine_.push_back(std::sin(angle));
    }
  }
  Index rows() const { return fft_rows(steps_, mode_); }

  /// out: (rows, channels), in: (steps, channels), both row-major; arithmetic in double.
  template <class Real>
  void operator()(std::span<Real> out, std::span<const Real> in) const {
    if (static_cast<Index>(in.size()) != steps_ * channels_ ||
        static_cast<Index>(out.size()) != rows() * channels_)
      fail<ShapeError>("fft features: ", in.size(), " values in and ", out.size(), " out, expected ",
                       steps_ * channels_, " and ", rows() * channels_);
    const Index bins = rows() / 2, samples = std::min(steps_, length_);  // shorter windows are padded with 0
    for (Index c = 0; c < channels_; ++c)
      for (Index k = 0; k < bins; ++k) {
        double re = 0, im = 0, size = 0;
        for (Index t = 0; t < samples; ++t) {
          const auto at = static_cast<std::size_t>(k * t % length_);
          const auto x = static_cast<double>(in[static_cast<std::size_t>(t * channels_ + c)]);
          re += x * cosine_[at];
          im -= x * sine_[at];
          size += std::fabs(x);
        }
        const auto row = [&](Index r) { return static_cast<std::size_t>(r * channels_ + c); };
        out[row(k)] = static_cast<Real>(std::hypot(re, im));
        out[row(bins + k)] = static_cast<Real>(phase(re, im, k, size));
      }
  }

 private:
  double phase(double re, double im, Index k, double size) const {
    if (mode_ == FftFeatures::published) return std::atan2(im, re);
    const double rounding = 1e-12 * size;
    if (std::hypot(re, im) <= rounding) return 0;
    if (k == 0 || std::fabs(im) <= rounding) return re < 0 ? std::numbers::pi : 0;
    return std::atan2(im, re);
  }

  Index steps_, channels_;
  FftFeatures mode_;
  Index length_;
  std::vector<double> cosine_, sine_;
};

/// The features of every window: (count, fft_rows, channels).
inline Windows fft_features(const Windows& windows, FftFeatures mode) {
  const FftFeature feature(windows.steps, windows.channels, mode);
  Windows out(windows.count, feature.rows(), windows.channels);
  for (Index i = 0; i < windows.count; ++i) feature(out.window(i), windows.window(i));
  return out;
}

}  // namespace gyrograd::data
