// SPDX-License-Identifier: MIT
// Span masks for masked reconstruction: which steps of a window are hidden, and whether they are zeroed.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "gyrograd/core/config.hpp"
#include "gyrograd/core/error.hpp"
#include "gyrograd/core/random.hpp"

namespace gyrograd::data {

/// Which steps a span may cover (LIMU-BERT sheet §13.23).
enum class SpanEnd {
  published,  ///< the last step of a window is never masked (exclusive bound T-1), as in the published code
  corrected,  ///< spans may reach the last step, as in the paper's Algorithm 1
};

/// Keys of config/mask.json (LIMU-BERT sheet §2.4) with the published values.
struct SpanMaskConfig {
  double mask_ratio = 0.15;   ///< share of steps to mask
  Index max_gram = 10;        ///< longest span
  double mask_prob = 0.8;     ///< probability that masked steps are set to zero
  double replace_prob = 0.0;  ///< otherwise: probability that they are replaced by U[0, 1) noise
  double geometric_p = 0.2;   ///< span length law P(k) ~ p (1 - p)^(k - 1); not a key of the file
  SpanEnd end = SpanEnd::published;
};

/// What happens to the values at the masked steps. The loss covers them in every case.
enum class MaskAction : std::uint8_t { keep, zero, replace };

/// Number of masked steps: max(1, T * ratio rounded half to even), at most what the span rule can reach
/// (published: T - 1, where the published code loops for ever; a window of one step masks that step).
inline Index masked_count(Index steps, const SpanMaskConfig& config) {
  const Index reach = config.end == SpanEnd::published && steps > 1 ? steps - 1 : steps;
  const double wanted = static_cast<double>(steps) * config.mask_ratio, whole = std::floor(wanted);
  const double part = wanted - whole;
  Index count = static_cast<Index>(whole);
  if (part > 0.5 || (part == 0.5 && count % 2 == 1)) ++count;
  return std::clamp(count, Index{1}, reach);
}

/// Draws masks for windows of one length. With Mt19937 it consumes exactly the published draws
/// (LIMU-BERT sheet §5.11, §5.16); with Philox a mask depends on (seed, epoch, item) only. No allocation
/// after construction; one object per thread.
class SpanMasker {
 public:
  SpanMasker(const SpanMaskConfig& config, Index steps)
      : config_(config),
        steps_(steps),
        law_(checked_weights(config, steps)),
        count_(masked_count(steps, config)),
        chosen_(static_cast<std::size_t>(steps)) {}

  /// Masked steps per window.
  Index count() const { return count_; }
  Index steps() const { return steps_; }

  /// Fills positions (count()) in ascending order and says what to do with the values there.
  template <WordGenerator Generator>
  MaskAction draw(Generator& g, std::span<Index> positions) {
    if (static_cast<Index>(positions.size()) != count_) {
      fail<ShapeError>("span mask: room for ", positions.size(), " positions, expected ", count_);
    }
    choose(g);
    std::size_t next = 0;
    for (Index t = 0; t < steps_; ++t) {
      if (chosen_[static_cast<std::size_t>(t)] != 0) positions[next++] = t;
    }
    if (uniform_double(g) < config_.mask_prob) return MaskAction::zero;
    return uniform_double(g) < config_.replace_prob ? MaskAction::replace : MaskAction::keep;
  }

 private:
  static std::vector<double> checked_weights(const SpanMaskConfig& c, Index steps) {
    if (steps < 1) fail<ConfigError>("span mask: windows of ", steps, " steps, expected at least 1");
    if (!(c.mask_ratio >= 0.0 && c.mask_ratio <= 1.0)) {
      fail<ConfigError>("mask_ratio is ", c.mask_ratio, ", expected 0 to 1");
    }
    if (c.max_gram < 1) fail<ConfigError>("max_gram is ", c.max_gram, ", expected at least 1");
    if (!(c.mask_prob >= 0.0 && c.mask_prob <= 1.0)) {
      fail<ConfigError>("mask_prob is ", c.mask_prob, ", expected 0 to 1");
    }
    if (!(c.replace_prob >= 0.0 && c.replace_prob <= 1.0)) {
      fail<ConfigError>("replace_prob is ", c.replace_prob, ", expected 0 to 1");
    }
    if (!(c.geometric_p > 0.0 && c.geometric_p < 1.0)) {
      fail<ConfigError>("geometric_p is ", c.geometric_p, ", expected between 0 and 1");
    }
    std::vector<double> weights;
    double w = c.geometric_p;
    for (Index k = 0; k < std::min(c.max_gram, Index{4096}); ++k, w *= 1.0 - c.geometric_p)
      weights.push_back(w);
    return weights;
  }

  template <WordGenerator Generator>
  void choose(Generator& g) {
    std::fill(chosen_.begin(), chosen_.end(), std::uint8_t{0});
    const Index end = config_.end == SpanEnd::published && steps_ > 1 ? steps_ - 1 : steps_;
    Index have = 0;
    // The expected number of tries is below T (ln T + 1); the bound is out of reach and makes the end
    // certain.
    for (Index tries = 0; have < count_ && tries < 100 * (steps_ + 10); ++tries) {
      const Index length = std::min(law_(g) + 1, count_ - have);
      const Index anchor = random_index(g, steps_);
      if (chosen_[static_cast<std::size_t>(anchor)] != 0) continue;
      for (Index t = anchor; t < std::min(anchor + length, end); ++t) have += take(t);
    }
    for (Index t = 0; have < count_; ++t) have += take(t);
  }

  Index take(Index t) {
    std::uint8_t& flag = chosen_[static_cast<std::size_t>(t)];
    const Index added = flag == 0 ? 1 : 0;
    flag = 1;
    return added;
  }

  SpanMaskConfig config_;
  Index steps_;
  DiscreteLaw law_;
  Index count_;
  std::vector<std::uint8_t> chosen_;
};

/// Applies a mask to a window (steps, channels), row-major, after normalisation. `replace` draws U[0, 1) from
/// g.
template <class Real, WordGenerator Generator>
void apply_mask(std::span<Real> window, Index channels, std::span<const Index> positions, MaskAction action,
                Generator& g) {
  if (action == MaskAction::keep) return;
  for (Index t : positions) {
    for (Real& v :
         window.subspan(static_cast<std::size_t>(t * channels), static_cast<std::size_t>(channels))) {
      v = action == MaskAction::zero ? Real(0) : static_cast<Real>(uniform_double(g));
    }
  }
}

}  // namespace gyrograd::data
