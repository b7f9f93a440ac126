// SPDX-License-Identifier: MIT
#include "gyrograd/train/batch_order.hpp"

#include "support/catch.hpp"

using namespace gyrograd;

namespace {

std::vector<Index> whole(const train::BatchOrder& order) {
  std::vector<Index> all;
  for (Index b = 0; b < order.batches(); ++b)
    all.insert(all.end(), order.batch(b).begin(), order.batch(b).end());
  return all;
}

}  // namespace

TEST_CASE("order of an epoch: every item once, by seed and epoch alone") {
  const std::vector<Index> items{5, 6, 7, 8, 9, 10, 11};
  train::BatchOrder order(items, 3, 4);
  order.begin(2);
  const std::vector<Index> second = whole(order);
  CHECK(std::is_permutation(second.begin(), second.end(), items.begin(), items.end()));
  order.begin(3);
  CHECK(whole(order) != second);
  CHECK(order.epoch() == 3);
  order.begin(2);
  CHECK(whole(order) == second);
  train::BatchOrder other(items, 3, 5);
  other.begin(2);
  CHECK(whole(other) != second);
}

TEST_CASE("batches: a shorter last one counts when it has enough items") {
  const std::vector<Index> items{1, 2, 3, 4, 5, 6, 7};
  train::BatchOrder one(items, 3, 1), two(items, 3, 1, 2);
  CHECK(one.batches() == 3);
  CHECK(two.batches() == 2);
  CHECK(two.batches(8) == 3);
  CHECK(two.batches(0) == 0);
  one.begin(0);
  CHECK(one.batch(0).size() == 3);
  CHECK(one.batch(2).size() == 1);
  CHECK(one.batch(std::span<const Index>(items), 2)[0] == 7);
}
