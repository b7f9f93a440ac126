// SPDX-License-Identifier: MIT
#include "gyrograd/data/statistics.hpp"

#include <cmath>
#include <numbers>
#include <numeric>

#include "support/catch.hpp"

using namespace gyrograd;
using namespace gyrograd::data;
using Catch::Matchers::Contains;

namespace {

/// Gravity in y and a tone of 2.5 Hz and 3 m/s2 in x, at 20 Hz.
Windows tone(Index count) {
  Windows w(count, 40, 3);
  for (Index i = 0; i < count; ++i) {
    for (Index t = 0; t < 40; ++t) {
      float* v = w.window(i).data() + t * 3;
      v[0] = static_cast<float>(3 * std::sin(2 * std::numbers::pi * 2.5 * static_cast<double>(t) / 20));
      v[1] = 9.8F, v[2] = 0.001F * static_cast<float>(t % 2);
    }
  }
  return w;
}

}  // namespace

TEST_CASE("ranges, deviation by n and lengths") {
  Windows w(1, 2, 3);
  const float v[] = {3, 4, 0, -1, 0, 0};
  std::copy(std::begin(v), std::end(v), w.values.begin());
  const auto s = channel_statistics(w);
  CHECK(s[0].mean == 1);
  CHECK(s[0].deviation == 2);
  CHECK(s[0].least == -1);
  CHECK(s[1].most == 4);
  CHECK(mean_norm(w, 0) == 3);
  CHECK_THROWS_AS(mean_norm(w, 1), ShapeError);
  CHECK_THROWS_AS(channel_statistics(Windows()), ShapeError);
}

TEST_CASE("the spectrum has its peak at the tone and sums to the variance") {
  const Windows w = tone(3);
  const std::vector<Index> all{0, 1, 2};
  const std::vector<double> p = power_spectrum(w, 0, all);
  REQUIRE(p.size() == 21);
  CHECK(std::max_element(p.begin(), p.end()) - p.begin() == 5);  // 5 * 20 / 40 = 2.5 Hz
  CHECK(std::accumulate(p.begin(), p.end(), 0.0) == Approx(4.5).epsilon(0.01));
  CHECK(p[15] < 1e-9);
  CHECK(power_spectrum(w, 0, {})[5] == 0);
  CHECK_THROWS_AS(power_spectrum(w, 1, all), ShapeError);
}

TEST_CASE("labels are counted by window, changes too") {
  Labels l(3, 2, 2);
  l.at(1, 0, 1) = 4, l.at(1, 1, 1) = 4, l.at(2, 1, 1) = 4;
  const LabelCounts c = count_labels(l, 1);
  CHECK(c.windows.at(0) == 2);
  CHECK(c.windows.at(4) == 1);
  CHECK(c.mixed == 1);
  CHECK(c.imbalance() == 2);
  CHECK_THROWS_AS(count_labels(l, 2), ConfigError);
}

TEST_CASE("windows are held against the card") {
  Card card;
  set_channels(card, 3);
  Windows w = tone(2);
  for (float& v : w.window(1)) v /= 9.8F;
  const Findings f = check_windows(w, card);
  CHECK(f.count(FindingKind::constant) == 2);  // y never changes
  for (std::size_t i = 1; i < w.values.size(); i += 3) w.values[i] += 0.01F * static_cast<float>(i % 2);
  const Findings g = check_windows(w, card);
  CHECK(g.total() == 1);
  CHECK_THAT(g.text(), Contains("window 1: wrong unit") && Contains("looks like g"));
  card.units.pop_back();
  CHECK_THROWS_AS(check_windows(w, card), ConfigError);
}
