// SPDX-License-Identifier: MIT
// The eight augmentations of Tang et al. (arXiv 2011.11542) by name, with random parameters: the second views
// of contrastive learning.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <numeric>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "gyrograd/core/config.hpp"
#include "gyrograd/core/error.hpp"
#include "gyrograd/core/random.hpp"
#include "gyrograd/core/suggest.hpp"
#include "gyrograd/data/augment.hpp"

namespace gyrograd::data {

/// In the order of the authors' list.
enum class TangTransform : std::uint8_t {
  noise,
  scaling,
  rotation,
  negate,
  time_flip,
  permutation,
  time_warp,
  channel_shuffle
};
inline constexpr std::array<std::string_view, 8> tang_names{
    "noise", "scaling", "rotation", "negate", "time_flip", "permutation", "time_warp", "channel_shuffle"};

/// What one factor of the scaling covers.
enum class ScalingMode : std::uint8_t {
  per_channel,    ///< a channel of a window
  per_time_step,  ///< a step of all channels: the released PRIMUS code
  per_sample,     ///< a window; an encoder that begins with a group norm does not see it
};

/// Where the four cuts of the permutation lie.
enum class CutRule : std::uint8_t {
  distinct,   ///< four different ones within the window
  published,  ///< four from [0, T), equal ones leave pieces empty
};

/// Transformations in their order, and their parameters (PRIMUS sheet §6).
struct TangOptions {
  std::vector<TangTransform> chain{TangTransform::scaling, TangTransform::time_flip};  // the paper's pair
  double noise = 0.05;          ///< standard deviation of what is added
  bool relative_noise = false;  ///< in units of the standard deviation of each triad
  double scaling = 0.25;        ///< standard deviation of factors about 1
  ScalingMode scaling_mode = ScalingMode::per_channel;
  CutRule cuts = CutRule::distinct;
  double warp = 0.2;               ///< standard deviation of the speed of time about 1
  bool physical_reversal = false;  ///< time_flip changes the sign of the gyroscope, too

  /// Parameters of Tang et al.
  static TangOptions tang() {
    TangOptions o;
    o.scaling = 0.1;
    o.cuts = CutRule::published;
    return o;
  }
  /// What the released PRIMUS code does.
  static TangOptions released() {
    TangOptions o;
    o.chain = {TangTransform::scaling, TangTransform::permutation};
    o.noise = 0.1;
    o.scaling_mode = ScalingMode::per_time_step;
    return o;
  }
};

/// "scaling,time_flip" as a chain. ConfigError names the nearest word.
inline std::vector<TangTransform> tang_chain(std::string_view text, std::string_view where) {
  std::vector<TangTransform> chain;
  for (std::size_t at = 0; at <= text.size();) {
    const std::size_t end = std::min(text.find(',', at), text.size());
    const std::string_view word = text.substr(at, end - at);
    const auto found = std::find(tang_names.begin(), tang_names.end(), word);
    if (found == tang_names.end()) {
      const std::vector<std::string> names(tang_names.begin(), tang_names.end());
      fail<ConfigError>(where, ": unknown transformation '", word, "'",
                        did_you_mean(std::string(word), names), "; names are joined by commas");
    }
    chain.push_back(static_cast<TangTransform>(found - tang_names.begin()));
    at = end + 1;
  }
  return chain;
}

namespace detail {

template <class Real, WordGenerator Generator>
void tang_noise(std::span<Real> w, Index channels, const TangOptions& o, Generator& g) {
  std::vector<double> deviation(static_cast<std::size_t>(channels), o.noise);
  for (Index first = 0; o.relative_noise && first < channels; first += 3) {
    const Index last = std::min(first + 3, channels);
    double sum = 0, square = 0, n = 0;
    for (std::size_t i = 0; i < w.size(); ++i) {
      const auto c = static_cast<Index>(i) % channels;
      if (c < first || c >= last) continue;
      const auto x = static_cast<double>(w[i]);
      sum += x, square += x * x, n += 1;
    }
    const double spread = std::sqrt(std::max(square / n - sum * sum / (n * n), 0.0));
    for (Index c = first; c < last; ++c) deviation[static_cast<std::size_t>(c)] = o.noise * spread;
  }
  for (std::size_t i = 0; i < w.size(); ++i)
    w[i] += static_cast<Real>(deviation[i % static_cast<std::size_t>(channels)] * normal(g));
}

template <class Real, WordGenerator Generator>
void tang_scaling(std::span<Real> w, Index channels, const TangOptions& o, Generator& g) {
  const auto steps = static_cast<Index>(w.size()) / channels;
  const Index count = o.scaling_mode == ScalingMode::per_time_step ? steps
                      : o.scaling_mode == ScalingMode::per_channel ? channels
                                                                   : 1;
  std::vector<Real> factors;
  for (Index i = 0; i < count; ++i) factors.push_back(static_cast<Real>(1 + o.scaling * normal(g)));
  if (o.scaling_mode == ScalingMode::per_time_step)
    return scale_steps(w, channels, std::span<const Real>(factors));
  factors.resize(static_cast<std::size_t>(channels), factors.front());
  scale_channels(w, std::span<const Real>(factors));
}

template <class Real, WordGenerator Generator>
void tang_rotation(std::span<Real> w, Index channels, Generator& g) {
  std::array<double, 3> axis{};
  double norm = 0;
  while (norm < 1e-6) {
    norm = 0;
    for (double& a : axis) a = normal(g), norm += a * a;
    norm = std::sqrt(norm);
  }
  const auto unit = [&](std::size_t i) { return static_cast<Real>(axis[i] / norm); };
  const double angle = std::numbers::pi * (2 * uniform_double(g) - 1);
  rotate_triads(w, channels, axis_angle<Real>({unit(0), unit(1), unit(2)}, static_cast<Real>(angle)));
}

template <class Real, WordGenerator Generator>
void tang_permutation(std::span<Real> w, Index channels, const TangOptions& o, Generator& g) {
  const auto steps = static_cast<Index>(w.size()) / channels;
  std::vector<Index> cuts;
  const Index wanted = o.cuts == CutRule::distinct ? std::min<Index>(4, steps - 1) : 4;
  while (static_cast<Index>(cuts.size()) < wanted) {
    const Index cut = o.cuts == CutRule::distinct ? 1 + random_index(g, steps - 1) : random_index(g, steps);
    const bool taken = std::find(cuts.begin(), cuts.end(), cut) != cuts.end();
    if (!taken || o.cuts == CutRule::published) cuts.push_back(cut);
  }
  std::sort(cuts.begin(), cuts.end());
  std::vector<Index> order(cuts.size() + 1);
  std::iota(order.begin(), order.end(), Index{0});
  shuffle(g, std::span(order));
  permute_segments(w, channels, std::span<const Index>(cuts), std::span<const Index>(order));
}

template <class Real, WordGenerator Generator>
void tang_warp(std::span<Real> w, Index channels, const TangOptions& o, Generator& g) {
  const auto steps = static_cast<Index>(w.size()) / channels;
  for (Index c = 0; c < channels; ++c) {
    std::array<Real, 6> knots{};
    for (Real& k : knots) k = static_cast<Real>(std::max(1 + o.warp * normal(g), 0.05));  // time goes on
    const std::vector<Real> times = warp_times(std::span<const Real>(knots), steps);
    warp_channel(w, channels, c, std::span<const Real>(times));
  }
}

template <class Real, WordGenerator Generator>
void tang_shuffle(std::span<Real> w, Index channels, Generator& g) {
  if (channels < 2) return;
  std::vector<Index> order(static_cast<std::size_t>(channels));
  do {
    std::iota(order.begin(), order.end(), Index{0});
    shuffle(g, std::span(order));
  } while (std::is_sorted(order.begin(), order.end()));
  shuffle_channels(w, std::span<const Index>(order));
}

}  // namespace detail

/// Applies the chain to a window (steps, channels), row-major. All random numbers come from `g`: one stream
/// per window makes the view independent of batches and threads.
template <class Real, WordGenerator Generator>
void tang_augment(std::span<Real> window, Index channels, const TangOptions& options, Generator& g) {
  detail::augmented_steps(std::span<const Real>(window), channels, "augmentation");
  for (const TangTransform transform : options.chain) {
    switch (transform) {
      case TangTransform::noise:
        detail::tang_noise(window, channels, options, g);
        break;
      case TangTransform::scaling:
        detail::tang_scaling(window, channels, options, g);
        break;
      case TangTransform::rotation:
        detail::tang_rotation(window, channels, g);
        break;
      case TangTransform::negate:
        negate(window);
        break;
      case TangTransform::time_flip:
        if (options.physical_reversal)
          reverse_motion(window, channels);
        else
          flip_time(window, channels);
        break;
      case TangTransform::permutation:
        detail::tang_permutation(window, channels, options, g);
        break;
      case TangTransform::time_warp:
        detail::tang_warp(window, channels, options, g);
        break;
      case TangTransform::channel_shuffle:
        detail::tang_shuffle(window, channels, g);
        break;
    }
  }
}

}  // namespace gyrograd::data
