// SPDX-License-Identifier: MIT
// The random augmentations of LIMU-BERT-X and UniHAR: crop, scale, noise, rotation, other pace, balance.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <numbers>
#include <numeric>
#include <span>
#include <vector>

#include "gyrograd/core/config.hpp"
#include "gyrograd/core/error.hpp"
#include "gyrograd/core/random.hpp"
#include "gyrograd/data/augment.hpp"
#include "gyrograd/data/pieces.hpp"
#include "gyrograd/data/windows.hpp"

namespace gyrograd::data {

/// Which starts a random crop may take (LIMU-BERT sheet §12.1, §13.26).
enum class CropStart : std::uint8_t {
  published,  ///< the last start is never drawn
  corrected,  ///< every start is
};

/// First step of a random crop of `steps` from `length` steps; 0, without a draw, when nothing is to crop.
template <WordGenerator Generator>
Index crop_start(Generator& g, Index length, Index steps, CropStart rule) {
  if (steps < 1 || steps > length)
    fail<ConfigError>("crop: ", steps, " steps of a window of ", length, ", expected 1 to ", length);
  if (steps == length) return 0;
  return random_index(g, length - steps + (rule == CropStart::corrected ? 1 : 0));
}

/// LIMU-BERT-X's Sample: `steps` steps of a longer window, from a random start. in: (length, channels).
template <class Real, WordGenerator Generator>
void random_crop(std::span<Real> out, std::span<const Real> in, Index channels, CropStart rule,
                 Generator& g) {
  const Index length = detail::augmented_steps(in, channels, "crop");
  const Index steps = detail::augmented_steps(std::span<const Real>(out), channels, "crop");
  const Index first = crop_start(g, length, steps, rule);
  std::copy_n(in.begin() + first * channels, static_cast<Index>(out.size()), out.begin());
}

/// LIMU-BERT-X's Scale: one factor U[0.95, 1.05) for each channel.
template <class Real, WordGenerator Generator>
void random_scale(std::span<Real> window, Index channels, Generator& g, double spread = 0.05) {
  std::vector<Real> factors;
  for (Index c = 0; c < channels; ++c)
    factors.push_back(static_cast<Real>(1 - spread + 2 * spread * uniform_double(g)));
  scale_channels(window, std::span<const Real>(factors));
}

/// LIMU-BERT-X's Noise: normal, standard deviation 0.1, on every value.
template <class Real, WordGenerator Generator>
void random_noise(std::span<Real> window, Generator& g, double deviation = 0.1) {
  for (Real& v : window) v += static_cast<Real>(deviation * normal(g));
}

/// A rotation drawn evenly from all rotations (uniform quaternion of Shoemake, "Uniform random rotations",
/// 1992).
template <class Real, WordGenerator Generator>
Matrix3<Real> random_rotation(Generator& g) {
  const double u = uniform_double(g), a = 2 * std::numbers::pi * uniform_double(g),
               b = 2 * std::numbers::pi * uniform_double(g);
  const double x = std::sqrt(1 - u) * std::sin(a), y = std::sqrt(1 - u) * std::cos(a),
               z = std::sqrt(u) * std::sin(b), w = std::sqrt(u) * std::cos(b);
  const std::array<double, 9> m{1 - 2 * (y * y + z * z), 2 * (x * y - z * w),     2 * (x * z + y * w),
                                2 * (x * y + z * w),     1 - 2 * (x * x + z * z), 2 * (y * z - x * w),
                                2 * (x * z - y * w),     2 * (y * z + x * w),     1 - 2 * (x * x + y * y)};
  Matrix3<Real> out;
  std::transform(m.begin(), m.end(), out.begin(), [](double v) { return static_cast<Real>(v); });
  return out;
}

/// UniHAR's Sample (LIMU-BERT sheet §12.3): with probability 0.4 another pace, round(ratio * steps) steps
/// with ratio U[0.8, 1.2) interpolated to `steps`; else, or where the window is too short, a plain crop.
struct PaceConfig {
  double probability = 0.4;
  double least = 0.8, most = 1.2;
  CropStart start = CropStart::corrected;
};

/// Plays a window faster or slower: with the probability of `config`, out (steps, channels) is a stretch of
/// in, (rows, channels), of another length, interpolated; else the stretch of the same length.
template <class Real, WordGenerator Generator>
void random_pace(std::span<Real> out, std::span<const Real> in, Index channels, const PaceConfig& config,
                 Generator& g) {
  const Index length = detail::augmented_steps(in, channels, "pace");
  const Index steps = detail::augmented_steps(std::span<const Real>(out), channels, "pace");
  if (!(config.least > 0 && config.least <= config.most && config.probability >= 0 &&
        config.probability <= 1)) {
    fail<ConfigError>("pace: ratio ", config.least, " to ", config.most, " with probability ",
                      config.probability);
  }
  if (!(uniform_double(g) < config.probability)) return random_crop(out, in, channels, config.start, g);
  const double ratio = config.least + (config.most - config.least) * uniform_double(g);
  const auto wanted = static_cast<Index>(std::llround(ratio * static_cast<double>(steps)));
  const Index taken = std::clamp(wanted, std::min(Index{2}, length), length);
  const Index first = crop_start(g, length, taken, config.start);
  for (Index t = 0; t < steps; ++t) {
    const double at = steps == 1 ? 0 : static_cast<double>(t * (taken - 1)) / static_cast<double>(steps - 1);
    const Index i = std::min(static_cast<Index>(at), taken - 1), j = std::min(i + 1, taken - 1);
    const Real share = static_cast<Real>(at - static_cast<double>(i));
    for (Index c = 0; c < channels; ++c) {
      const Real x = in[static_cast<std::size_t>((first + i) * channels + c)];
      const Real y = in[static_cast<std::size_t>((first + j) * channels + c)];
      out[static_cast<std::size_t>(t * channels + c)] = x + share * (y - x);
    }
  }
}

/// One item of a balanced list: a window, and whether it is an augmented copy.
struct BalancedItem {
  Index window = 0;
  bool copy = false;
};

/// LIMU-BERT-X's balanced augmentation: every window once, and for each class as many copies of random
/// windows of it as the largest class has more. Copies are to be augmented. labels: class of each window;
/// windows: those to choose from. Classes in ascending order.
inline std::vector<BalancedItem> balance_by_copies(std::span<const Index> labels,
                                                   std::span<const Index> windows, std::uint64_t seed) {
  std::vector<std::vector<Index>> members;
  for (const Index w : windows) {
    if (w < 0 || w >= static_cast<Index>(labels.size()))
      fail<ShapeError>("balance: window ", w, " of ", labels.size());
    const Index label = labels[static_cast<std::size_t>(w)];
    if (label < 0 || label > 1'000'000)
      fail<ConfigError>("balance: label ", label, ", expected 0 to 1000000");
    if (static_cast<Index>(members.size()) <= label) members.resize(static_cast<std::size_t>(label) + 1);
    members[static_cast<std::size_t>(label)].push_back(w);
  }
  std::size_t most = 0;
  for (const auto& m : members) most = std::max(most, m.size());
  std::vector<BalancedItem> out;
  for (const Index w : windows) out.push_back({w, false});
  Philox g(seed, 0, 0, Purpose::augment);
  for (const auto& m : members) {
    for (std::size_t k = m.size(); k < most && !m.empty(); ++k)
      out.push_back({m[static_cast<std::size_t>(random_index(g, static_cast<Index>(m.size())))], true});
  }
  return out;
}

/// One of LIMU-BERT-X's augmentations, chosen evenly, on a window: scale or noise.
template <class Real, WordGenerator Generator>
void random_augmentation(std::span<Real> window, Index channels, Generator& g) {
  if (random_index(g, 2) == 0) {
    random_scale(window, channels, g);
  } else {
    random_noise(window, g);
  }
}

/// Fills the classes of `set` up to the largest: copies of its pieces, each changed by random_augmentation(),
/// go to the end of `pieces` and of the set.
inline void add_balanced_copies(Windows& pieces, PieceSet& set, std::uint64_t seed) {
  std::vector<Index> all(set.piece.size());
  std::iota(all.begin(), all.end(), Index{0});
  for (const BalancedItem& item : balance_by_copies(set.label, all, seed)) {
    if (!item.copy) continue;
    const auto from = static_cast<std::size_t>(item.window);
    const Index source = set.piece[from], label = set.label[from];
    pieces.values.resize(pieces.values.size() + pieces.window_size());
    std::copy_n(pieces.window(source).begin(), pieces.window_size(), pieces.window(pieces.count).begin());
    Philox g(seed, 1, static_cast<std::uint64_t>(pieces.count), Purpose::augment);
    random_augmentation(pieces.window(pieces.count), pieces.channels, g);
    set.piece.push_back(pieces.count++);
    set.label.push_back(label);
  }
}

}  // namespace gyrograd::data
