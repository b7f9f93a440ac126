// SPDX-License-Identifier: MIT
#include "gyrograd/data/random_augment.hpp"

#include <cmath>
#include <set>

#include "support/catch.hpp"

using namespace gyrograd;
using namespace gyrograd::data;

namespace {

/// (length, 2): the step and its negative.
std::vector<float> ramp(Index length) {
  std::vector<float> w;
  for (Index t = 0; t < length; ++t) w.insert(w.end(), {static_cast<float>(t), -static_cast<float>(t)});
  return w;
}

}  // namespace

TEST_CASE("crops take every start, the published rule never the last") {
  Philox g(1);
  std::set<Index> published, corrected;
  for (int i = 0; i < 500; ++i) {
    published.insert(crop_start(g, 12, 10, CropStart::published));
    corrected.insert(crop_start(g, 12, 10, CropStart::corrected));
  }
  CHECK(published == std::set<Index>{0, 1});
  CHECK(corrected == std::set<Index>{0, 1, 2});
  const std::uint64_t before = g.position();
  CHECK(crop_start(g, 10, 10, CropStart::published) == 0);
  CHECK(g.position() == before);
  CHECK_THROWS_AS(crop_start(g, 10, 11, CropStart::published), ConfigError);
  const std::vector<float> in = ramp(30);
  std::vector<float> out(20);
  random_crop(std::span<float>(out), std::span<const float>(in), 2, CropStart::corrected, g);
  for (std::size_t t = 1; t < 10; ++t) CHECK(out[2 * t] == out[2 * t - 2] + 1);
}

TEST_CASE("scale has one factor a channel, noise its deviation") {
  Philox g(2);
  std::vector<float> w(200, 1.0F);
  random_scale(std::span<float>(w), 2, g);
  CHECK(w[0] == w[198]);
  CHECK(w[0] != w[1]);
  CHECK(std::fabs(w[0] - 1) <= 0.05F);
  std::vector<double> n(20000, 0.0);
  random_noise(std::span<double>(n), g);
  double square = 0;
  for (const double v : n) square += v * v;
  CHECK(std::sqrt(square / 20000) == Approx(0.1).epsilon(0.03));
}

TEST_CASE("random rotations are rotations, in all directions") {
  Philox g(3);
  double mean = 0;
  for (int i = 0; i < 2000; ++i) {
    const Matrix3<double> m = random_rotation<double>(g);
    const double determinant = m[0] * (m[4] * m[8] - m[5] * m[7]) - m[1] * (m[3] * m[8] - m[5] * m[6]) +
                               m[2] * (m[3] * m[7] - m[4] * m[6]);
    if (i < 20) {
      CHECK(determinant == Approx(1));
      CHECK(m[0] * m[3] + m[1] * m[4] + m[2] * m[5] == Approx(0).margin(1e-12));
    }
    mean += m[8] / 2000;
  }
  CHECK(std::fabs(mean) < 0.05);  // the turned z axis points anywhere
}

TEST_CASE("another pace stretches or shrinks, and is a crop otherwise") {
  const std::vector<float> in = ramp(60);
  std::vector<float> out(40);
  Philox g(4);
  int paced = 0;
  for (int i = 0; i < 10000; ++i) {
    random_pace(std::span<float>(out), std::span<const float>(in), 2, {}, g);
    const float pace = (out[38] - out[0]) / 19;
    if (std::fabs(pace - 1) > 1e-4F) ++paced;
    REQUIRE((pace > 0.78F && pace < 1.22F));
    REQUIRE(out[21] == -out[20]);
  }
  CHECK(paced > 3350);  // 40 %, less the eighth whose 20 steps stay 20
  CHECK(paced < 3650);
  std::vector<float> whole(120);
  random_pace(std::span<float>(whole), std::span<const float>(in), 2, {1.0, 1.2, 1.2, CropStart::corrected},
              g);
  CHECK(whole == in);  // nothing longer than the window can be taken
  CHECK_THROWS_AS(random_pace(std::span<float>(out), std::span<const float>(in), 2, {2.0, 1, 1, {}}, g),
                  ConfigError);
}

TEST_CASE("classes are filled up to the largest by copies of their own") {
  const std::vector<Index> labels{0, 0, 0, 0, 2, 2, 3}, windows{0, 1, 2, 3, 4, 5, 6};
  const auto items = balance_by_copies(labels, windows, 7);
  std::vector<int> count(4);
  for (std::size_t i = 0; i < items.size(); ++i) {
    ++count[static_cast<std::size_t>(labels[static_cast<std::size_t>(items[i].window)])];
    CHECK(items[i].copy == (i >= 7));
  }
  CHECK(count == std::vector<int>{4, 0, 4, 4});
  const std::vector<Index> beyond{7}, negative{-1, -1};
  CHECK_THROWS_AS(balance_by_copies(labels, beyond, 7), ShapeError);
  CHECK_THROWS_AS(balance_by_copies(negative, std::vector<Index>{0}, 7), ConfigError);
  std::vector<float> w(24, 1.0F);
  Philox g(5);
  random_augmentation(std::span<float>(w), 2, g);
  CHECK(w[0] != 1.0F);
}

TEST_CASE("copies that fill a class up are changed pieces of it, at the end") {
  Windows pieces(6, 4, 3);
  for (std::size_t i = 0; i < pieces.values.size(); ++i) pieces.values[i] = 1.0F + static_cast<float>(i);
  const Windows before = pieces;
  PieceSet set;
  set.piece = {1, 2, 3, 5};
  set.label = {0, 0, 0, 4};
  add_balanced_copies(pieces, set, 3);
  CHECK(pieces.count == 8);
  CHECK(set.piece == std::vector<Index>{1, 2, 3, 5, 6, 7});
  CHECK(set.label == std::vector<Index>{0, 0, 0, 4, 4, 4});
  CHECK(std::equal(before.values.begin(), before.values.end(), pieces.values.begin()));
  for (const Index copy : {6, 7}) {
    bool same = true;
    for (std::size_t i = 0; i < pieces.window_size(); ++i) {
      CHECK(pieces.window(copy)[i] == Approx(before.window(5)[i]).margin(4));
      same = same && pieces.window(copy)[i] == before.window(5)[i];
    }
    CHECK_FALSE(same);
  }
  CHECK_FALSE(std::equal(pieces.window(6).begin(), pieces.window(6).end(), pieces.window(7).begin()));
}
