// SPDX-License-Identifier: MIT
#include "gyrograd/data/span_mask.hpp"

#include <array>
#include <vector>

#include "support/catch.hpp"

using namespace gyrograd;
using namespace gyrograd::data;

namespace {

struct Constant {
  std::uint32_t operator()() { return 0; }
};

SpanMaskConfig with(double ratio, SpanEnd end = SpanEnd::published) {
  SpanMaskConfig c;
  c.mask_ratio = ratio;
  c.end = end;
  return c;
}

}  // namespace

TEST_CASE("masked count rounds half to even and stays in reach") {
  const SpanMaskConfig published;
  const std::vector<std::array<Index, 2>> table{{20, 3},   {60, 9},   {100, 15}, {120, 18},
                                                {150, 22}, {200, 30}, {1, 1}};
  for (const auto& [steps, count] : table) CHECK(masked_count(steps, published) == count);
  CHECK(masked_count(30, with(0.15)) == 4);
  CHECK(masked_count(120, with(1.0)) == 119);
  CHECK(masked_count(120, with(1.0, SpanEnd::corrected)) == 120);
  CHECK(masked_count(120, with(0.0)) == 1);
}

TEST_CASE("every length and ratio terminates with ascending positions in range") {
  for (Index steps = 1; steps <= 512; steps += steps < 40 ? 1 : 59) {
    for (double ratio : {0.0, 0.15, 0.5, 0.9, 1.0}) {
      for (SpanEnd end : {SpanEnd::published, SpanEnd::corrected}) {
        SpanMasker masker(with(ratio, end), steps);
        Philox g(1, 0, static_cast<std::uint64_t>(steps), Purpose::mask);
        std::vector<Index> positions(static_cast<std::size_t>(masker.count()));
        masker.draw(g, positions);
        bool fits = positions.front() >= 0 && positions.back() < steps;
        for (std::size_t i = 1; i < positions.size(); ++i) fits = fits && positions[i - 1] < positions[i];
        if (end == SpanEnd::published && steps > 1) fits = fits && positions.back() < steps - 1;
        if (!fits) FAIL("T = " << steps << ", ratio " << ratio);
      }
    }
  }
}

TEST_CASE("a generator that never moves cannot hang a mask") {
  SpanMasker masker(with(0.5), 50);
  Constant g;
  std::vector<Index> positions(25);
  CHECK(masker.draw(g, positions) == MaskAction::zero);
  CHECK(positions.front() == 0);
  CHECK(positions.back() == 24);
}

TEST_CASE("masks have the published statistics") {
  SpanMasker masker({}, 120);
  std::vector<Index> positions(18);
  std::array<double, 120> share{};
  double runs = 0, zeroed = 0;
  const int count = 8000;
  for (int i = 0; i < count; ++i) {
    Philox g(3, 0, static_cast<std::uint64_t>(i), Purpose::mask);
    zeroed += masker.draw(g, positions) == MaskAction::zero ? 1.0 / count : 0.0;
    Index before = -2;
    for (Index p : positions) {
      share[static_cast<std::size_t>(p)] += 1.0 / count;
      runs += p != before + 1 ? 1.0 / count : 0.0;
      before = p;
    }
  }
  CHECK(runs == Approx(5.12).margin(0.1));
  CHECK(share[0] == Approx(0.050).margin(0.012));
  CHECK(share[5] == Approx(0.142).margin(0.018));
  CHECK(share[60] == Approx(0.152).margin(0.018));
  CHECK(share[119] == 0.0);
  CHECK(zeroed == Approx(0.8).margin(0.02));
}

TEST_CASE("the corrected rule reaches the last step") {
  SpanMasker masker(with(0.15, SpanEnd::corrected), 20);
  std::vector<Index> positions(3);
  int last = 0;
  Philox g(9);
  for (int i = 0; i < 2000; ++i) {
    masker.draw(g, positions);
    last += positions.back() == 19 ? 1 : 0;
  }
  CHECK(last > 150);
}

TEST_CASE("applying a mask zeroes, replaces or keeps the rows") {
  Philox g(1);
  const std::vector<float> window{1, 2, 3, 4, 5, 6};
  const std::array<Index, 2> positions{0, 2};
  std::vector<float> x = window;
  apply_mask(std::span<float>(x), 2, positions, MaskAction::keep, g);
  CHECK(x == window);
  apply_mask(std::span<float>(x), 2, positions, MaskAction::zero, g);
  CHECK(x == std::vector<float>{0, 0, 3, 4, 0, 0});
  apply_mask(std::span<float>(x), 2, positions, MaskAction::replace, g);
  CHECK(x[0] > 0);
  CHECK(x[5] < 1);
  CHECK(x[2] == 3);
}

TEST_CASE("impossible mask settings are refused by name") {
  SpanMaskConfig c;
  CHECK_THROWS_AS(SpanMasker(c, 0), ConfigError);
  CHECK_THROWS_WITH(SpanMasker(with(1.5), 10), Catch::Matchers::Contains("mask_ratio"));
  CHECK_THROWS_AS(SpanMasker(with(std::nan("")), 10), ConfigError);
  c.max_gram = 0;
  CHECK_THROWS_WITH(SpanMasker(c, 10), Catch::Matchers::Contains("max_gram"));
  c = {};
  c.mask_prob = -0.1;
  CHECK_THROWS_WITH(SpanMasker(c, 10), Catch::Matchers::Contains("mask_prob"));
  SpanMasker fine({}, 120);
  Philox g(1);
  std::vector<Index> few(3);
  CHECK_THROWS_AS(fine.draw(g, few), ShapeError);
}
