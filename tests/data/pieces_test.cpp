// SPDX-License-Identifier: MIT
#include "gyrograd/data/pieces.hpp"

#include <vector>

#include "support/catch.hpp"

using namespace gyrograd;
using namespace gyrograd::data;

namespace {

// Three windows of four steps, cut into pieces of two.
const std::vector<Index> labels{1, 1, 1, 2, 0, 0, 0, 3, 2, 2, 3, 1};

}  // namespace

TEST_CASE("pieces keep the order of windows and of steps") {
  Windows w(2, 4, 3);
  for (std::size_t i = 0; i < w.values.size(); ++i) w.values[i] = static_cast<float>(i);
  const AlignedVector<float> before = w.values;
  const Windows cut = cut_windows(w, 2);
  CHECK(cut.count == 4);
  CHECK(cut.steps == 2);
  CHECK(cut.values == before);
  CHECK(cut_windows(w, 0).count == 8);
  CHECK_THROWS_AS(cut_windows(w, 3), ConfigError);
}

TEST_CASE("mode all keeps pieces of one label only") {
  const std::vector<Index> windows{2, 0};
  const PieceSet set = label_pieces(labels, 4, windows, 2, PieceLabel::all);
  CHECK(set.piece == std::vector<Index>{4, 0});
  CHECK(set.label == std::vector<Index>{2, 1});
}

TEST_CASE("mode any takes the second smallest label of a mixed piece") {
  const std::vector<Index> windows{0, 1, 2};
  const PieceSet set = label_pieces(labels, 4, windows, 2, PieceLabel::any);
  CHECK(set.piece == std::vector<Index>{0, 1, 2, 3, 4, 5});
  CHECK(set.label == std::vector<Index>{1, 2, 0, 3, 2, 3});
}

TEST_CASE("mode first takes the label of the first step") {
  const std::vector<Index> windows{0, 1, 2};
  CHECK(label_pieces(labels, 4, windows, 2, PieceLabel::first).label == std::vector<Index>{1, 1, 0, 0, 2, 3});
}

TEST_CASE("pieces of windows without labels are refused") {
  const std::vector<Index> beyond{3}, negative{-1};
  CHECK_THROWS_AS(label_pieces(labels, 4, beyond, 2, PieceLabel::all), ShapeError);
  CHECK_THROWS_AS(label_pieces(labels, 4, negative, 2, PieceLabel::all), ShapeError);
}
