// SPDX-License-Identifier: MIT
// Changes of a sensor window that keep its meaning, with every random number as an argument: noise, scaling,
// rotation, reversal, permuted segments, warped time.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <span>
#include <vector>

#include "gyrograd/core/config.hpp"
#include "gyrograd/core/error.hpp"

namespace gyrograd::data {

namespace detail {

/// Steps of a window (steps, channels), row-major.
template <class Real>
Index augmented_steps(std::span<const Real> window, Index channels, const char* what) {
  if (channels < 1 || window.empty() || window.size() % static_cast<std::size_t>(channels) != 0)
    fail<ShapeError>(what, ": ", window.size(), " values are not rows of ", channels, " channels");
  return static_cast<Index>(window.size()) / channels;
}

inline void check_factors(std::size_t have, Index want, const char* what) {
  if (static_cast<Index>(have) != want) fail<ShapeError>(what, ": ", have, " numbers, expected ", want);
}

}  // namespace detail

/// Adds noise (steps, channels) to a window.
template <class Real>
void add_noise(std::span<Real> window, std::span<const Real> noise) {
  detail::check_factors(noise.size(), static_cast<Index>(window.size()), "noise");
  for (std::size_t i = 0; i < window.size(); ++i) window[i] += noise[i];
}

/// Multiplies each channel by its factor.
template <class Real>
void scale_channels(std::span<Real> window, std::span<const Real> factors) {
  const auto channels = static_cast<Index>(factors.size());
  detail::augmented_steps(std::span<const Real>(window), channels, "scale");
  for (std::size_t i = 0; i < window.size(); ++i) window[i] *= factors[i % factors.size()];
}

/// Multiplies each step by its factor.
template <class Real>
void scale_steps(std::span<Real> window, Index channels, std::span<const Real> factors) {
  detail::check_factors(factors.size(),
                        detail::augmented_steps(std::span<const Real>(window), channels, "scale"), "scale");
  for (std::size_t i = 0; i < window.size(); ++i)
    window[i] *= factors[i / static_cast<std::size_t>(channels)];
}

/// Row-major 3 x 3 matrix.
template <class Real>
using Matrix3 = std::array<Real, 9>;

/// Rotation about a unit axis, in the usual axis-angle form. An axis that is not of unit length gives no
/// rotation but what the released PRIMUS code computes from three of six normalised numbers.
template <class Real>
Matrix3<Real> axis_angle(const std::array<Real, 3>& axis, Real angle) {
  const Real c = std::cos(angle), s = std::sin(angle), k = 1 - c;
  const auto [x, y, z] = axis;
  return {x * x * k + c,     x * y * k - z * s, x * z * k + y * s,  //
          x * y * k + z * s, y * y * k + c,     y * z * k - x * s,  //
          x * z * k - y * s, y * z * k + x * s, z * z * k + c};
}

/// y = x M for every three channels of every step: one turn of the device, the same for all its sensors.
template <class Real>
void rotate_triads(std::span<Real> window, Index channels, const Matrix3<Real>& m) {
  detail::augmented_steps(std::span<const Real>(window), channels, "rotation");
  if (channels % 3 != 0) fail<ShapeError>("rotation: ", channels, " channels, expected a multiple of 3");
  for (std::size_t i = 0; i < window.size(); i += 3) {
    const Real x = window[i], y = window[i + 1], z = window[i + 2];
    for (std::size_t j = 0; j < 3; ++j) window[i + j] = x * m[j] + y * m[3 + j] + z * m[6 + j];
  }
}

/// Changes all signs.
template <class Real>
void negate(std::span<Real> window) {
  for (Real& v : window) v = -v;
}

/// Runs time backwards.
template <class Real>
void flip_time(std::span<Real> window, Index channels) {
  const Index steps = detail::augmented_steps(std::span<const Real>(window), channels, "flip");
  for (Index t = 0; t < steps / 2; ++t) {
    std::swap_ranges(window.begin() + t * channels, window.begin() + (t + 1) * channels,
                     window.begin() + (steps - 1 - t) * channels);
  }
}

/// Time backwards as physics has it: accelerations stay, turning (channels 3 to 5) changes its sense.
template <class Real>
void reverse_motion(std::span<Real> window, Index channels) {
  if (channels < 6) fail<ShapeError>("reversal: ", channels, " channels, expected acc and gyro");
  flip_time(window, channels);
  for (std::size_t i = 0; i < window.size(); i += static_cast<std::size_t>(channels)) {
    for (std::size_t c = 3; c < 6; ++c) window[i + c] = -window[i + c];
  }
}

/// Cuts the window before the steps `cuts` (ascending; empty pieces are allowed) and puts the pieces into
/// `order`.
template <class Real>
void permute_segments(std::span<Real> window, Index channels, std::span<const Index> cuts,
                      std::span<const Index> order) {
  const Index steps = detail::augmented_steps(std::span<const Real>(window), channels, "segments");
  detail::check_factors(order.size(), static_cast<Index>(cuts.size()) + 1, "segments");
  if (!std::is_sorted(cuts.begin(), cuts.end()) ||
      (!cuts.empty() && (cuts.front() < 0 || cuts.back() > steps)))
    fail<ConfigError>("segments: cuts must ascend within 0 and ", steps);
  std::vector<Real> out;
  out.reserve(window.size());
  for (const Index piece : order) {
    if (piece < 0 || piece >= static_cast<Index>(order.size()))
      fail<ConfigError>("segments: piece ", piece, " of ", order.size());
    const Index first = piece == 0 ? 0 : cuts[static_cast<std::size_t>(piece - 1)];
    const Index last =
        piece == static_cast<Index>(cuts.size()) ? steps : cuts[static_cast<std::size_t>(piece)];
    out.insert(out.end(), window.begin() + first * channels, window.begin() + last * channels);
  }
  if (out.size() != window.size()) fail<ConfigError>("segments: the order names a piece twice");
  std::copy(out.begin(), out.end(), window.begin());
}

/// Channel c becomes what channel order[c] was.
template <class Real>
void shuffle_channels(std::span<Real> window, std::span<const Index> order) {
  const auto channels = static_cast<Index>(order.size());
  detail::augmented_steps(std::span<const Real>(window), channels, "channels");
  std::vector<Real> row(order.size());
  for (std::size_t i = 0; i < window.size(); i += order.size()) {
    for (std::size_t c = 0; c < order.size(); ++c) {
      if (order[c] < 0 || order[c] >= channels) fail<ConfigError>("channels: ", order[c], " of ", channels);
      row[c] = window[i + static_cast<std::size_t>(order[c])];
    }
    std::copy(row.begin(), row.end(), window.begin() + static_cast<Index>(i));
  }
}

/// Distorted time stamps: a cubic spline (not-a-knot ends) through `knots`, equally spaced over the window,
/// is the speed of time; its running sum is scaled to end at steps - 1. At least four knots.
template <class Real>
std::vector<Real> warp_times(std::span<const Real> knots, Index steps) {
  const auto n = static_cast<Index>(knots.size()) - 1;
  if (n < 3 || steps < 2)
    fail<ConfigError>("warp: ", knots.size(), " knots over ", steps, " steps, expected 4 and 2");
  const Real h = static_cast<Real>(steps - 1) / static_cast<Real>(n);
  const auto y = [&](Index i) { return knots[static_cast<std::size_t>(i)]; };
  const auto bend = [&](Index i) { return 6 / (h * h) * (y(i - 1) - 2 * y(i) + y(i + 1)); };
  std::vector<Real> m(knots.size()), slope(knots.size());  // second derivatives; elimination factors
  const auto at = [&](Index i) -> Real& { return m[static_cast<std::size_t>(i)]; };
  at(1) = bend(1) / 6, at(n - 1) = bend(n - 1) / 6;  // equal third derivatives on both sides of these knots
  for (Index i = 2; i < n - 1; ++i) {
    const Real factor = i == 2 ? Real(0) : slope[static_cast<std::size_t>(i - 1)];
    const Real pivot = 4 - factor;
    slope[static_cast<std::size_t>(i)] = 1 / pivot;
    at(i) = (bend(i) - at(i - 1)) / pivot;
  }
  for (Index i = n - 2; i >= 2; --i) at(i) -= slope[static_cast<std::size_t>(i)] * at(i + 1);
  at(0) = 2 * at(1) - at(2), at(n) = 2 * at(n - 1) - at(n - 2);
  std::vector<Real> times;
  Real sum = 0;
  for (Index t = 0; t < steps; ++t) {
    const Index i = std::min(static_cast<Index>(static_cast<Real>(t) / h), n - 1);
    const Real b = static_cast<Real>(t) / h - static_cast<Real>(i), a = 1 - b;
    sum += a * y(i) + b * y(i + 1) + ((a * a * a - a) * at(i) + (b * b * b - b) * at(i + 1)) * h * h / 6;
    times.push_back(sum);
  }
  for (Real& v : times) v *= static_cast<Real>(steps - 1) / sum;
  return times;
}

/// Channel `channel` read at whole steps, where its rows stand at `times` (ascending): linear, constant
/// beyond the ends.
template <class Real>
void warp_channel(std::span<Real> window, Index channels, Index channel, std::span<const Real> times) {
  const Index steps = detail::augmented_steps(std::span<const Real>(window), channels, "warp");
  detail::check_factors(times.size(), steps, "warp");
  if (channel < 0 || channel >= channels) fail<ShapeError>("warp: channel ", channel, " of ", channels);
  std::vector<Real> x;
  for (Index t = 0; t < steps; ++t) x.push_back(window[static_cast<std::size_t>(t * channels + channel)]);
  for (Index t = 0; t < steps; ++t) {
    const auto time = static_cast<Real>(t);
    const auto next = std::upper_bound(times.begin(), times.end(), time) - times.begin();
    Real value = next == 0 ? x.front() : x.back();
    if (next > 0 && next < steps) {
      const auto j = static_cast<std::size_t>(next);
      value = x[j - 1] + (x[j] - x[j - 1]) * (time - times[j - 1]) / (times[j] - times[j - 1]);
    }
    window[static_cast<std::size_t>(t * channels + channel)] = value;
  }
}

}  // namespace gyrograd::data
