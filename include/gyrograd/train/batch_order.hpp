// SPDX-License-Identifier: MIT
// Order of the training items of a recipe: drawn anew in every epoch, cut into batches.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "gyrograd/core/config.hpp"
#include "gyrograd/core/random.hpp"

namespace gyrograd::train {

/// Items in the order of Philox(seed, epoch), whatever was drawn before.
class BatchOrder {
 public:
  /// least: items that a last, shorter batch needs to count as one.
  BatchOrder(std::vector<Index> items, Index batch, std::uint64_t seed, Index least = 1)
      : items_(std::move(items)), batch_(batch), seed_(seed), least_(least) {}

  /// Batches of any list of items.
  Index batches(std::size_t count) const {
    const auto n = static_cast<Index>(count);
    return n / batch_ + (n % batch_ >= least_ ? 1 : 0);
  }
  Index batches() const { return batches(items_.size()); }
  std::size_t size() const { return items_.size(); }

  void begin(Index epoch) {
    epoch_ = epoch;
    order_ = items_;
    Philox random(seed_, static_cast<std::uint32_t>(epoch), 0, Purpose::shuffle);
    shuffle(random, std::span(order_));
  }
  /// The epoch that begin() was told.
  Index epoch() const { return epoch_; }
  const std::vector<Index>& items() const { return order_; }

  std::span<const Index> batch(Index number) const { return batch(order_, number); }
  /// The same batch of any list.
  std::span<const Index> batch(std::span<const Index> of, Index number) const {
    const Index first = number * batch_, n = std::min(batch_, static_cast<Index>(of.size()) - first);
    return of.subspan(static_cast<std::size_t>(first), static_cast<std::size_t>(n));
  }

 private:
  std::vector<Index> items_, order_;
  Index batch_;
  std::uint64_t seed_;
  Index least_, epoch_ = 0;
};

}  // namespace gyrograd::train
