// SPDX-License-Identifier: MIT
// Transformations of TPN's self-training: five of LIMU-BERT's pre-release program, eight of the original
// (LIMU-BERT sheet §9; Saeed, Ozcelebi, Lukkien, IMWUT 2019).
//
// Every function writes one window: out, in: (steps, channels) row-major, not overlapping; channels come in
// triads (acc xyz, gyro xyz, ...).
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <numbers>
#include <span>
#include <vector>

#include "gyrograd/core/error.hpp"
#include "gyrograd/core/random.hpp"
#include "gyrograd/data/windows.hpp"

namespace gyrograd::data {

/// What the shuffle of axes does to the triads behind the first one. Published: they become copies of the
/// permuted first triad (an index that is not offset); corrected: each is permuted in itself.
enum class TpnShuffle { published, corrected };

/// Which set of transformations: labels 1, 2, ... in this order.
enum class TpnTasks {
  published,  ///< noise, scale, rotate, flip, shuffle
  original    ///< noise, scale, rotate, negate, flip, permute, time warp, shuffle
};
/// Number of transformations of a set.
constexpr Index tpn_task_count(TpnTasks tasks) {
  return tasks == TpnTasks::published ? 5 : 8;
}

/// Rotation matrix, row-major.
using RotationMatrix = std::array<double, 9>;

/// out = in + noise.   noise: one value per value
template <class Real>
void tpn_noise(std::span<Real> out, std::span<const Real> in, std::span<const Real> noise) {
  for (std::size_t i = 0; i < in.size(); ++i) out[i] = in[i] + noise[i];
}
/// out = in * factor.   factor: one value per value
template <class Real>
void tpn_scale(std::span<Real> out, std::span<const Real> in, std::span<const Real> factor) {
  for (std::size_t i = 0; i < in.size(); ++i) out[i] = in[i] * factor[i];
}
/// Every triad is multiplied by one matrix from the right: y_row = x_row M.
template <class Real>
void tpn_rotate(std::span<Real> out, std::span<const Real> in, const RotationMatrix& m) {
  for (std::size_t i = 0; i + 3 <= in.size(); i += 3)
    for (std::size_t j = 0; j < 3; ++j) {
      double sum = 0;
      for (std::size_t k = 0; k < 3; ++k) sum += static_cast<double>(in[i + k]) * m[3 * k + j];
      out[i + j] = static_cast<Real>(sum);
    }
}
/// Time runs backwards.
template <class Real>
void tpn_flip(std::span<Real> out, std::span<const Real> in, Index channels) {
  const auto row = static_cast<std::size_t>(channels);
  for (std::size_t t = 0; t < in.size(); t += row)
    std::copy_n(in.begin() + static_cast<std::ptrdiff_t>(t), row,
                out.begin() + static_cast<std::ptrdiff_t>(in.size() - row - t));
}
/// Axis j of a triad is axis order[j] of it, or of the first triad of the step (TpnShuffle).
template <class Real>
void tpn_shuffle(std::span<Real> out, std::span<const Real> in, Index channels,
                 const std::array<Index, 3>& order, TpnShuffle mode) {
  for (std::size_t i = 0; i < in.size(); ++i) {
    const std::size_t step = i / static_cast<std::size_t>(channels) * static_cast<std::size_t>(channels);
    const std::size_t triad = mode == TpnShuffle::published ? step : i - (i - step) % 3;
    out[i] = in[triad + static_cast<std::size_t>(order[(i - step) % 3])];
  }
}
/// out = -in.
template <class Real>
void tpn_negate(std::span<Real> out, std::span<const Real> in) {
  for (std::size_t i = 0; i < in.size(); ++i) out[i] = -in[i];
}
/// Segments of nearly equal length in the given order.
template <class Real>
void tpn_permute(std::span<Real> out, std::span<const Real> in, Index channels,
                 std::span<const Index> order) {
  const Index steps = static_cast<Index>(in.size()) / channels, parts = static_cast<Index>(order.size());
  auto to = out.begin();
  for (const Index part : order) {
    const Index first = part * steps / parts, end = (part + 1) * steps / parts;
    to = std::copy(in.begin() + first * channels, in.begin() + end * channels, to);
  }
}
/// Time runs at a changing speed: speeds at equally spaced knots, linear in between, positive; the first and
/// last sample stay.
template <class Real>
void tpn_time_warp(std::span<Real> out, std::span<const Real> in, Index channels,
                   std::span<const double> speed) {
  const Index steps = static_cast<Index>(in.size()) / channels;
  std::vector<double> time(static_cast<std::size_t>(steps), 0.0);
  const auto knots = static_cast<double>(speed.size() - 1);
  for (Index t = 1; t < steps; ++t) {
    const double at = knots * (static_cast<double>(t) - 0.5) / static_cast<double>(steps - 1);
    const auto k = std::min(static_cast<std::size_t>(at), speed.size() - 2);
    const double weight = at - static_cast<double>(k);
    time[static_cast<std::size_t>(t)] =
        time[static_cast<std::size_t>(t - 1)] + (1 - weight) * speed[k] + weight * speed[k + 1];
  }
  const double stretch = time.back() > 0 ? static_cast<double>(steps - 1) / time.back() : 0;
  for (Index t = 0; t < steps; ++t) {
    const double at = time[static_cast<std::size_t>(t)] * stretch;
    const Index low = std::min(static_cast<Index>(at), std::max<Index>(steps - 2, 0));
    const Index high = std::min(low + 1, steps - 1);
    const double weight = at - static_cast<double>(low);
    for (Index c = 0; c < channels; ++c) {
      const auto value = [&](Index row) {
        return static_cast<double>(in[static_cast<std::size_t>(row * channels + c)]);
      };
      out[static_cast<std::size_t>(t * channels + c)] =
          static_cast<Real>((1 - weight) * value(low) + weight * value(high));
    }
  }
}

/// Uniformly distributed rotation (from a unit quaternion).
template <WordGenerator Generator>
RotationMatrix random_rotation(Generator& g) {
  std::array<double, 4> q{};
  double size = 0;
  while (size < 1e-9) {
    size = 0;
    for (double& v : q) {
      v = normal(g);
      size += v * v;
    }
  }
  for (double& v : q) v /= std::sqrt(size);
  const auto [w, x, y, z] = q;
  return {1 - 2 * (y * y + z * z), 2 * (x * y - w * z),     2 * (x * z + w * y),
          2 * (x * y + w * z),     1 - 2 * (x * x + z * z), 2 * (y * z - w * x),
          2 * (x * z - w * y),     2 * (y * z + w * x),     1 - 2 * (x * x + y * y)};
}

/// Transformation number `task` (1 .. tpn_task_count) of one window with random numbers from g.
/// Published laws: noise N(0, 1), factors +-U[0, 2) for every value. Original: noise N(0, 0.05), one factor
/// N(1, 0.1) per channel, 4 segments, speeds at 5 knots U[0.5, 1.5).
template <WordGenerator Generator>
void tpn_transform(std::span<float> out, std::span<const float> in, Index channels, Index task,
                   TpnTasks tasks, TpnShuffle shuffle_mode, Generator& g) {
  if (channels < 3 || channels % 3 != 0)
    fail<ConfigError>("tpn: ", channels, " channels, expected threes (accelerometer, gyroscope, ...)");
  if (task < 1 || task > tpn_task_count(tasks))
    fail<ConfigError>("tpn: transformation ", task, ", expected 1 to ", tpn_task_count(tasks));
  const bool published = tasks == TpnTasks::published;
  std::vector<float> draw(in.size());
  const auto axes = [&] {
    std::array<Index, 3> order{0, 1, 2};
    shuffle(g, std::span<Index>(order));
    return order;
  };
  // Numbers of the original set; the published ones are five of them.
  constexpr std::array<Index, 5> of_published{1, 2, 3, 5, 8};
  switch (published ? of_published[static_cast<std::size_t>(task - 1)] : task) {
    case 1:
      for (float& v : draw) v = static_cast<float>((published ? 1.0 : 0.05) * normal(g));
      return tpn_noise(out, in, std::span<const float>(draw));
    case 2:
      for (std::size_t i = 0; i < draw.size(); ++i) {
        if (published)
          draw[i] = static_cast<float>((g() & 1U ? -1.0 : 1.0) * uniform(g, 0, 2));
        else
          draw[i] = i < static_cast<std::size_t>(channels) ? static_cast<float>(1 + 0.1 * normal(g))
                                                           : draw[i - static_cast<std::size_t>(channels)];
      }
      return tpn_scale(out, in, std::span<const float>(draw));
    case 3:
      return tpn_rotate(out, in, random_rotation(g));
    case 4:
      return tpn_negate(out, in);
    case 5:
      return tpn_flip(out, in, channels);
    case 6: {
      std::array<Index, 4> order{0, 1, 2, 3};
      while (std::is_sorted(order.begin(), order.end())) shuffle(g, std::span<Index>(order));
      return tpn_permute(out, in, channels, std::span<const Index>(order));
    }
    case 7: {
      std::array<double, 5> speed{};
      for (double& v : speed) v = uniform(g, 0.5, 1.5);
      return tpn_time_warp(out, in, channels, std::span<const double>(speed));
    }
    default:
      return tpn_shuffle(out, in, channels, axes(), shuffle_mode);
  }
}

/// Windows for self-training: of every chosen window the original (label 0) and each transformation (labels
/// 1, 2, ...), drawn once (published). Random numbers: Philox(seed, window, transformation).
struct TpnItems {
  Windows windows;
  std::vector<Index> labels;
};
/// Makes the items of the chosen windows, window after window, the original before its transformations.
inline TpnItems tpn_items(const Windows& all, std::span<const Index> chosen, TpnTasks tasks, TpnShuffle mode,
                          std::uint64_t seed) {
  const Index kinds = 1 + tpn_task_count(tasks);
  TpnItems items;
  items.windows = Windows(static_cast<Index>(chosen.size()) * kinds, all.steps, all.channels);
  Index at = 0;
  for (const Index w : chosen)
    for (Index task = 0; task < kinds; ++task, ++at) {
      const std::span<const float> in = all.window(w);
      if (task == 0) {
        std::copy(in.begin(), in.end(), items.windows.window(at).begin());
      } else {
        Philox g(seed, static_cast<std::uint32_t>(task), static_cast<std::uint64_t>(w), Purpose::augment);
        tpn_transform(items.windows.window(at), in, all.channels, task, tasks, mode, g);
      }
      items.labels.push_back(task);
    }
  return items;
}

}  // namespace gyrograd::data
