// SPDX-License-Identifier: MIT
// Resampling between two fixed rates with a windowed-sinc low-pass filter, so that nothing above half the new
// rate folds back.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <numbers>
#include <numeric>
#include <span>
#include <vector>

#include "gyrograd/core/config.hpp"
#include "gyrograd/core/error.hpp"

namespace gyrograd::data {

/// What lies outside a recording.
enum class ResampleEdge : std::uint8_t {
  zero,          ///< zeros, as torchaudio's resample: gravity fades within the first and last rows
  renormalised,  ///< nothing: the weights of the rows that exist are scaled to one, constants stay constants
  replicate      ///< the first and the last row, on and on
};

/// Band-limited interpolation (J. O. Smith, "Digital Audio Resampling"): squared-cosine window over six zero
/// crossings, cut-off at 99 % of half the lower rate. With g = gcd, o = from / g, n = to / g: base = 0.99
/// min(o, n), width = ceil(6 o / base), tap[p][i] = sinc(u) cos^2(pi u / 12) base / o, u = clip((-p / n + (i
/// - width) / o) base, -6, 6). Output k = sum over tap[k mod n] of the rows around (k div n) o.
class Resampler {
 public:
  static constexpr double zeros = 6, rolloff = 0.99;
  static constexpr Index most_taps = Index{1} << 24;

  /// Rates in Hz, whole numbers.
  Resampler(Index from, Index to) {
    if (from < 1 || to < 1) {
      fail<ConfigError>("resample: from ", from, " Hz to ", to, " Hz, expected whole numbers above 0");
    }
    const Index g = std::gcd(from, to);
    old_ = from / g, new_ = to / g;
    const double base = rolloff * static_cast<double>(std::min(old_, new_));
    const double wide = std::ceil(zeros * static_cast<double>(old_) / base);
    if (static_cast<double>(new_) * (2 * wide + static_cast<double>(old_)) > static_cast<double>(most_taps)) {
      fail<ConfigError>("resample: from ", from, " Hz to ", to,
                        " Hz needs too many filters; choose rates with a common divisor");
    }
    width_ = static_cast<Index>(wide);
    taps_.reserve(static_cast<std::size_t>(new_ * tap_count()));
    for (Index p = 0; p < new_; ++p) {
      for (Index i = 0; i < tap_count(); ++i) taps_.push_back(tap(p, i, base));
    }
  }

  Index phases() const { return new_; }
  Index tap_count() const { return 2 * width_ + old_; }
  Index width() const { return width_; }
  std::span<const double> taps(Index phase) const {
    return std::span(taps_).subspan(static_cast<std::size_t>(phase * tap_count()),
                                    static_cast<std::size_t>(tap_count()));
  }

  /// Rows that `rows` rows become: ceil(rows n / o).
  Index output_rows(Index rows) const { return (rows * new_ + old_ - 1) / old_; }

  /// rows: (n, channels) row-major at the old rate; result: (output_rows(n), channels) at the new one. The
  /// first row stays at its time.
  template <class Real>
  std::vector<Real> operator()(std::span<const Real> rows, Index channels, ResampleEdge edge) const {
    if (channels < 1 || rows.size() % static_cast<std::size_t>(channels) != 0) {
      fail<ShapeError>("resample: ", rows.size(), " values are not rows of ", channels, " channels");
    }
    if (old_ == new_) return {rows.begin(), rows.end()};
    const Index n = static_cast<Index>(rows.size()) / channels, out_rows = output_rows(n);
    std::vector<Real> out(static_cast<std::size_t>(out_rows * channels));
    std::vector<double> sum(static_cast<std::size_t>(channels));
    for (Index k = 0; k < out_rows; ++k) {
      const Index first = k / new_ * old_ - width_;  // row under tap 0
      const std::span<const double> weights = taps(k % new_);
      std::fill(sum.begin(), sum.end(), 0.0);
      double total = 0;
      const bool all = edge == ResampleEdge::replicate;
      const Index begin = all ? 0 : std::max(Index{0}, -first);
      const Index end = all ? tap_count() : std::min(tap_count(), n - first);
      for (Index i = begin; i < end; ++i) {
        const double w = weights[static_cast<std::size_t>(i)];
        total += w;
        const Real* x = rows.data() + std::clamp(first + i, Index{0}, n - 1) * channels;
        for (Index c = 0; c < channels; ++c)
          sum[static_cast<std::size_t>(c)] += w * static_cast<double>(x[c]);
      }
      const double scale = edge == ResampleEdge::renormalised ? 1 / total : 1;
      for (Index c = 0; c < channels; ++c) {
        out[static_cast<std::size_t>(k * channels + c)] =
            static_cast<Real>(sum[static_cast<std::size_t>(c)] * scale);
      }
    }
    return out;
  }

 private:
  double tap(Index phase, Index i, double base) const {
    const double place = -static_cast<double>(phase) / static_cast<double>(new_) +
                         static_cast<double>(i - width_) / static_cast<double>(old_);
    const double u = std::clamp(place * base, -zeros, zeros);
    const double window = std::cos(std::numbers::pi * u / (2 * zeros));
    const double sinc = u == 0 ? 1 : std::sin(std::numbers::pi * u) / (std::numbers::pi * u);
    return sinc * window * window * base / static_cast<double>(old_);
  }

  Index old_ = 1, new_ = 1, width_ = 0;
  std::vector<double> taps_;  // (phases, tap_count)
};

}  // namespace gyrograd::data
