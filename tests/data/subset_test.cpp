// SPDX-License-Identifier: MIT
#include "gyrograd/data/subset.hpp"

#include <algorithm>
#include <map>

#include "support/catch.hpp"

using namespace gyrograd;
using namespace gyrograd::data;

namespace {

PieceSet many(const std::vector<Index>& label_cycle, Index count) {
  PieceSet set;
  for (Index i = 0; i < count; ++i) {
    set.piece.push_back(1000 + i);
    set.label.push_back(label_cycle[static_cast<std::size_t>(i) % label_cycle.size()]);
  }
  return set;
}

std::map<Index, int> counts(const PieceSet& set) {
  std::map<Index, int> out;
  for (Index label : set.label) ++out[label];
  return out;
}

}  // namespace

TEST_CASE("balanced subset takes the same number of every class, in the order of the training part") {
  const Subset s = balanced_subset(many({0, 1, 2, 0}, 400), 0.15, 7);
  CHECK(s.per_class == 20);
  CHECK_FALSE(s.exhausted);
  CHECK(counts(s.pieces) == std::map<Index, int>{{0, 20}, {1, 20}, {2, 20}});
  CHECK(std::is_sorted(s.pieces.piece.begin(), s.pieces.piece.end()));
  CHECK(balanced_subset(many({0, 1, 2, 0}, 400), 0.15, 8).pieces.piece != s.pieces.piece);
}

TEST_CASE("the smallest class limits a balanced subset and says so") {
  PieceSet train = many({0, 1}, 100);
  train.piece.push_back(5000);
  train.label.push_back(2);
  const Subset s = balanced_subset(train, 0.5, 1);
  CHECK(s.per_class == 1);
  CHECK(s.exhausted);
}

TEST_CASE("a missing class 0 shifts labels as published, or not") {
  const PieceSet train = many({1, 3}, 100);
  CHECK(counts(balanced_subset(train, 0.2, 1).pieces) == std::map<Index, int>{{0, 10}, {2, 10}});
  CHECK(counts(balanced_subset(train, 0.2, 1, LabelShift::corrected).pieces) ==
        std::map<Index, int>{{1, 10}, {3, 10}});
}

TEST_CASE("unbalanced subset is the head of one permutation") {
  const Subset s = unbalanced_subset(many({0, 1, 2, 0}, 400), 0.1, 3431);
  CHECK(s.pieces.size() == 40);
  Mt19937 g(3431);
  CHECK(s.pieces.piece.front() == 1000 + permutation(g, 400).front());
}

TEST_CASE("subsets refuse rates outside 0..1 and empty training parts") {
  CHECK_THROWS_AS(balanced_subset(many({0}, 10), 0.0, 1), ConfigError);
  CHECK_THROWS_AS(unbalanced_subset(many({0}, 10), 1.5, 1), ConfigError);
  CHECK_THROWS_AS(balanced_subset(PieceSet{}, 0.5, 1), ConfigError);
}

TEST_CASE("whole windows are drawn, with all of their pieces", "[subset]") {
  PieceSet train;  // 40 windows of 3 pieces, class = window % 2; window 39 is mixed
  for (Index w = 0; w < 40; ++w)
    for (Index k = 0; k < 3; ++k) {
      train.piece.push_back(3 * w + k);
      train.label.push_back(w == 39 && k == 2 ? 0 : w % 2);
    }
  for (const bool balanced : {true, false}) {
    const Subset drawn = window_subset(train, 3, 0.25, 7, balanced);
    INFO("balanced " << balanced);
    CHECK(drawn.pieces.size() == (balanced ? 2 * 4 * 3 : 9 * 3));  // 39 windows: floor(39 / 4 / 2) of each
    for (std::size_t i = 0; i < drawn.pieces.piece.size(); i += 3) {
      const Index first = drawn.pieces.piece[i];
      CHECK(first % 3 == 0);
      CHECK(drawn.pieces.piece[i + 2] == first + 2);
      CHECK(drawn.pieces.label[i] == first / 3 % 2);
      CHECK(first != 117);
    }
  }
  CHECK(window_subset(train, 3, 0.25, 7, true).per_class == 4);
  CHECK(window_subset(train, 3, 0.25, 7, true).pieces.piece !=
        window_subset(train, 3, 0.25, 8, true).pieces.piece);
  CHECK_THROWS_AS(window_subset(train, 0, 0.25, 7, true), ConfigError);
}
