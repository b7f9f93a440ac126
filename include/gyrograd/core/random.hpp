// SPDX-License-Identifier: MIT
// Random numbers: counter-based Philox for everything of ours, MT19937 to replay published draws, laws over
// both.
#pragma once

#include <array>
#include <bit>
#include <cmath>
#include <concepts>
#include <cstdint>
#include <numbers>
#include <numeric>
#include <span>
#include <utility>
#include <vector>

#include "gyrograd/core/config.hpp"
#include "gyrograd/core/error.hpp"

namespace gyrograd {

/// What a stream of random numbers is for: two purposes never share numbers, whatever the seed.
enum class Purpose : std::uint8_t {
  initialise = 0,
  shuffle = 1,
  split = 2,
  subset = 3,
  mask = 4,
  validation_mask = 5,
  dropout = 6,
  augment = 7,
  synth = 8,
  user = 128,  ///< first value that the library never uses itself
};

/// Any generator of uniform 32-bit words; the laws below work with each.
template <class Generator>
concept WordGenerator = requires(Generator& g) {
  { g() } -> std::same_as<std::uint32_t>;
};

/// Philox4x32-10 of Salmon et al., "Parallel random numbers: as easy as 1, 2, 3" (SC 2011): four words per
/// counter. counter, key: as in Random123, word 0 first.
inline std::array<std::uint32_t, 4> philox4x32(std::array<std::uint32_t, 4> counter,
                                               std::array<std::uint32_t, 2> key) noexcept {
  for (int round = 0; round < 10; ++round) {
    const std::uint64_t a = std::uint64_t{0xD2511F53u} * counter[0];
    const std::uint64_t b = std::uint64_t{0xCD9E8D57u} * counter[2];
    counter = {static_cast<std::uint32_t>(b >> 32) ^ counter[1] ^ key[0], static_cast<std::uint32_t>(b),
               static_cast<std::uint32_t>(a >> 32) ^ counter[3] ^ key[1], static_cast<std::uint32_t>(a)};
    key[0] += 0x9E3779B9u;
    key[1] += 0xBB67AE85u;
  }
  return counter;
}

/// Independent stream addressed by (seed, epoch, item, purpose): any thread can draw any item's numbers, in
/// any order. Trivially copyable; a copy, or the five numbers of the address and position(), is the whole
/// saved state. item: below 2^56. One stream holds 2^34 words.
class Philox {
 public:
  using result_type = std::uint32_t;

  explicit Philox(std::uint64_t seed, std::uint32_t epoch = 0, std::uint64_t item = 0,
                  Purpose purpose = Purpose::user) noexcept
      : key_{static_cast<std::uint32_t>(seed), static_cast<std::uint32_t>(seed >> 32)},
        item_low_(static_cast<std::uint32_t>(item)),
        item_high_(static_cast<std::uint32_t>(item >> 32) << 8 | static_cast<std::uint32_t>(purpose)),
        epoch_(epoch) {}

  static constexpr result_type min() noexcept { return 0; }
  static constexpr result_type max() noexcept { return 0xFFFFFFFFu; }

  /// Next word of the stream.
  result_type operator()() noexcept {
    const std::uint64_t lane = position_ & 3u;
    if (lane == 0 || !filled_) fill();
    ++position_;
    return block_[lane];
  }

  /// Number of words drawn so far.
  std::uint64_t position() const noexcept { return position_; }
  /// Continues as if `position` words had been drawn.
  void seek(std::uint64_t position) noexcept {
    position_ = position;
    filled_ = false;
  }

 private:
  void fill() noexcept {
    block_ = philox4x32({static_cast<std::uint32_t>(position_ >> 2), item_low_, item_high_, epoch_}, key_);
    filled_ = true;
  }

  std::array<std::uint32_t, 2> key_;
  std::uint32_t item_low_, item_high_, epoch_;
  std::uint64_t position_ = 0;
  std::array<std::uint32_t, 4> block_{};
  bool filled_ = false;
};

/// Mersenne twister seeded by init_genrand (Matsumoto and Nishimura 1998): the generator behind NumPy's
/// global state and PyTorch's CPU draws, hence behind the published splits, masks and initial weights
/// (LIMU-BERT sheet §3.12, §5.16). Trivially copyable: a copy is the saved state.
class Mt19937 {
 public:
  using result_type = std::uint32_t;

  explicit Mt19937(std::uint32_t seed = 5489u) noexcept {
    state_[0] = seed;
    for (std::uint32_t i = 1; i < size; ++i) {
      state_[i] = 1812433253u * (state_[i - 1] ^ (state_[i - 1] >> 30)) + i;
    }
  }

  static constexpr result_type min() noexcept { return 0; }
  static constexpr result_type max() noexcept { return 0xFFFFFFFFu; }

  /// Next tempered word.
  result_type operator()() noexcept {
    if (next_ == size) twist();
    std::uint32_t y = state_[next_++];
    ++drawn_;
    y ^= y >> 11;
    y ^= (y << 7) & 0x9D2C5680u;
    y ^= (y << 15) & 0xEFC60000u;
    return y ^ (y >> 18);
  }

  /// Number of words drawn so far.
  std::uint64_t position() const noexcept { return drawn_; }

 private:
  static constexpr std::uint32_t size = 624, middle = 397;

  void twist() noexcept {
    for (std::uint32_t i = 0; i < size; ++i) {
      const std::uint32_t y = (state_[i] & 0x80000000u) | (state_[(i + 1) % size] & 0x7FFFFFFFu);
      state_[i] = state_[(i + middle) % size] ^ (y >> 1) ^ ((y & 1u) != 0 ? 0x9908B0DFu : 0u);
    }
    next_ = 0;
  }

  std::array<std::uint32_t, size> state_;
  std::uint32_t next_ = size;
  std::uint64_t drawn_ = 0;
};

// Laws. Draw by draw they equal numpy.random.RandomState when the generator is Mt19937 (LIMU-BERT sheet
// §5.16).

/// Uniform in [0, 1) with 53 random bits from two words.
template <WordGenerator Generator>
double uniform_double(Generator& g) {
  const std::uint32_t a = g() >> 5, b = g() >> 6;
  return (a * 67108864.0 + b) * (1.0 / 9007199254740992.0);
}

/// Uniform in [0, 1) with the low 24 bits of one word: PyTorch's float32 draw.
template <WordGenerator Generator>
float uniform_float(Generator& g) {
  return static_cast<float>(g() & 0xFFFFFFu) * 0x1p-24f;
}

/// Uniform integer in 0..most, both ends included: smallest all-ones mask, reject above. most = 0 draws
/// nothing.
template <WordGenerator Generator>
std::uint64_t bounded(Generator& g, std::uint64_t most) {
  if (most == 0) return 0;
  const std::uint64_t mask = ~std::uint64_t{0} >> std::countl_zero(most);
  std::uint64_t value;
  do {
    value = g();
    if (most > 0xFFFFFFFFu) value = value << 32 | g();
    value &= mask;
  } while (value > most);
  return value;
}

/// Uniform integer in 0..count-1 (count >= 1).
template <WordGenerator Generator>
Index random_index(Generator& g, Index count) {
  if (count < 1) fail<ConfigError>("random_index: the range holds ", count, " values, expected at least 1");
  return static_cast<Index>(bounded(g, static_cast<std::uint64_t>(count - 1)));
}

/// Standard normal by the Box-Muller cosine branch, four words each (no hidden second value, so streams stay
/// seekable).
template <WordGenerator Generator>
double normal(Generator& g) {
  const double radius = std::sqrt(-2.0 * std::log1p(-uniform_double(g)));
  return radius * std::cos(2.0 * std::numbers::pi * uniform_double(g));
}

/// Uniform in [low, high).
template <WordGenerator Generator>
double uniform(Generator& g, double low, double high) {
  return low + (high - low) * uniform_double(g);
}

/// Fisher-Yates from the end, as RandomState.shuffle.
template <WordGenerator Generator, class Value, std::size_t Extent>
void shuffle(Generator& g, std::span<Value, Extent> values) {
  for (std::size_t i = values.size(); i-- > 1;) std::swap(values[i], values[bounded(g, i)]);
}

/// Shuffled 0..count-1, as RandomState.permutation(count).
template <WordGenerator Generator>
std::vector<Index> permutation(Generator& g, Index count) {
  std::vector<Index> order(static_cast<std::size_t>(count));
  std::iota(order.begin(), order.end(), Index{0});
  shuffle(g, std::span(order));
  return order;
}

/// Law over 0..n-1 with given weights, drawn as RandomState.choice: cumulative sums over their last, one
/// uniform double.
class DiscreteLaw {
 public:
  /// weights: at least one, none negative, not all zero; they need not sum to one.
  explicit DiscreteLaw(std::span<const double> weights) : cumulative_(weights.begin(), weights.end()) {
    for (double w : cumulative_) {
      if (!(w >= 0.0) || !std::isfinite(w)) fail<ConfigError>("discrete law: weight ", w, ", expected >= 0");
    }
    std::partial_sum(cumulative_.begin(), cumulative_.end(), cumulative_.begin());
    if (cumulative_.empty() || !(cumulative_.back() > 0.0)) {
      fail<ConfigError>("discrete law: no positive weight, expected at least one");
    }
    const double total = cumulative_.back();
    for (double& c : cumulative_) c /= total;
  }

  template <WordGenerator Generator>
  Index operator()(Generator& g) const {
    const double u = uniform_double(g);
    Index index = 0;
    for (double c : cumulative_) index += c <= u ? 1 : 0;
    return index;
  }

 private:
  std::vector<double> cumulative_;
};

// PyTorch's CPU fills of float32 tensors, to replay initial weights (LIMU-BERT sheet §3.12). The arithmetic
// is float32 for every Real, so that a double model starts from the same numbers.

/// out[i] uniform in [low, high), one word each.
template <class Real, WordGenerator Generator>
void torch_uniform(Generator& g, std::span<Real> out, float low, float high) {
  for (Real& value : out) value = static_cast<Real>(uniform_float(g) * (high - low) + low);
}

namespace detail {

/// Turns 16 uniform values into 16 normal ones: j from (j, j + 8) by cosine, j + 8 by sine.
template <class Real>
void normal_group_of_16(Real* values) {
  for (int j = 0; j < 8; ++j) {
    const float radius = std::sqrt(-2.0f * std::log(1.0f - static_cast<float>(values[j])));
    const float angle = 2.0f * std::numbers::pi_v<float> * static_cast<float>(values[j + 8]);
    values[j] = static_cast<Real>(radius * std::cos(angle));
    values[j + 8] = static_cast<Real>(radius * std::sin(angle));
  }
}

}  // namespace detail

/// out[i] standard normal in groups of 16; a remainder draws the last 16 values anew. At least 16 values
/// (smaller tensors follow another recipe that no published model needs).
template <class Real, WordGenerator Generator>
void torch_normal(Generator& g, std::span<Real> out) {
  const std::size_t count = out.size();
  if (count < 16) fail<ConfigError>("torch_normal: ", count, " values, expected at least 16");
  for (Real& value : out) value = static_cast<Real>(uniform_float(g));
  for (std::size_t i = 0; i + 16 <= count; i += 16) detail::normal_group_of_16(out.data() + i);
  if (count % 16 == 0) return;
  Real* last = out.data() + (count - 16);
  for (int j = 0; j < 16; ++j) last[j] = static_cast<Real>(uniform_float(g));
  detail::normal_group_of_16(last);
}

}  // namespace gyrograd
