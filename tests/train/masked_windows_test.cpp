// SPDX-License-Identifier: MIT
// What a pre-training step sees: masks by item, targets from before masking, independence of the batch.
#include "gyrograd/train/masked_windows.hpp"

#include <cmath>
#include <cstdint>
#include <set>
#include <vector>

#include "support/catch.hpp"

using namespace gyrograd;
using namespace gyrograd::train;

namespace {

data::Windows ramp(Index count, Index steps, Index channels) {
  data::Windows w(count, steps, channels);
  for (std::size_t i = 0; i < w.values.size(); ++i) w.values[i] = 1.0F + static_cast<float>(i);
  return w;
}

struct Batch {
  std::vector<float> x, target;
  std::vector<std::int32_t> positions;
  Index size, count;
};

Batch draw(MaskedWindows& source, const data::Windows& w, const std::vector<Index>& items, Index epoch,
           Purpose purpose = Purpose::mask) {
  Batch b;
  b.size = static_cast<Index>(items.size());
  b.count = source.count();
  b.x.resize(items.size() * w.window_size());
  b.positions.resize(static_cast<std::size_t>(b.size * b.count));
  b.target.resize(b.positions.size() * static_cast<std::size_t>(w.channels));
  source.fill<float>(items, epoch, purpose, {b.x.data(), b.size, w.steps, w.channels}, b.positions,
                     {b.target.data(), b.size, b.count, w.channels});
  return b;
}

}  // namespace

TEST_CASE("targets are the values before masking, everything else stays", "[masked_windows]") {
  const data::Windows w = ramp(40, 30, 6);
  MaskedWindows source(w, {}, 1, ValidationMasks::published);
  std::vector<Index> items(40);
  for (std::size_t i = 0; i < 40; ++i) items[i] = static_cast<Index>(39 - i);
  const Batch b = draw(source, w, items, 3);
  CHECK(b.count == 4);  // 30 x 0.15 = 4.5, rounded half to even
  int zeroed = 0;
  for (Index k = 0; k < b.size; ++k) {
    const Index item = items[static_cast<std::size_t>(k)];
    std::set<Index> masked;
    for (Index m = 0; m < b.count; ++m) {
      const Index t = b.positions[static_cast<std::size_t>(k * b.count + m)];
      REQUIRE(t >= 0);
      REQUIRE(t < 29);  // published masks never reach the last step
      masked.insert(t);
      for (Index f = 0; f < 6; ++f) {
        const auto at = static_cast<std::size_t>(k + b.size * (m + b.count * f));
        CHECK(b.target[at] == w.window(item)[static_cast<std::size_t>(t * 6 + f)]);
      }
    }
    REQUIRE(masked.size() == 4);
    const Index any = *masked.begin();
    const bool zero = b.x[static_cast<std::size_t>(k + b.size * any)] == 0.0F;
    zeroed += zero ? 1 : 0;
    for (Index t = 0; t < 30; ++t) {
      for (Index f = 0; f < 6; ++f) {
        const float seen = b.x[static_cast<std::size_t>(k + b.size * (t + 30 * f))];
        const bool hidden = zero && masked.count(t) > 0;
        CHECK(seen == (hidden ? 0.0F : w.window(item)[static_cast<std::size_t>(t * 6 + f)]));
      }
    }
  }
  CHECK(zeroed > 20);  // about 80 %
  CHECK(zeroed < 40);
}

TEST_CASE("a mask depends on seed, epoch and window, not on the batch", "[masked_windows]") {
  const data::Windows w = ramp(8, 120, 6);
  MaskedWindows source(w, {}, 5, ValidationMasks::published);
  const Batch all = draw(source, w, {0, 1, 2, 3, 4, 5, 6, 7}, 2);
  const Batch one = draw(source, w, {6}, 2);
  bool same = true;
  bool same_next = true;
  const Batch next = draw(source, w, {6}, 3);
  for (Index m = 0; m < one.count; ++m) {
    same = same && one.positions[static_cast<std::size_t>(m)] ==
                       all.positions[static_cast<std::size_t>(6 * all.count + m)];
    same_next = same_next &&
                one.positions[static_cast<std::size_t>(m)] == next.positions[static_cast<std::size_t>(m)];
  }
  CHECK(same);
  CHECK_FALSE(same_next);
}

TEST_CASE("corrected validation masks stay the same over the epochs", "[masked_windows]") {
  const data::Windows w = ramp(3, 120, 6);
  MaskedWindows fixed(w, {}, 5, ValidationMasks::corrected);
  MaskedWindows fresh(w, {}, 5, ValidationMasks::published);
  const auto positions = [&](MaskedWindows& s, Index epoch, Purpose p) {
    return draw(s, w, {0, 1, 2}, epoch, p).positions;
  };
  CHECK(positions(fixed, 1, Purpose::validation_mask) == positions(fixed, 9, Purpose::validation_mask));
  CHECK(positions(fresh, 1, Purpose::validation_mask) != positions(fresh, 9, Purpose::validation_mask));
  CHECK(positions(fixed, 1, Purpose::mask) != positions(fixed, 9, Purpose::mask));
}

TEST_CASE("tensors of another size are refused", "[masked_windows]") {
  const data::Windows w = ramp(3, 120, 6);
  MaskedWindows source(w, {}, 5, ValidationMasks::published);
  std::vector<float> x(120 * 6), target(18 * 6);
  std::vector<std::int32_t> positions(18);
  CHECK_THROWS_AS(
      source.fill<float>(std::vector<Index>{0}, 0, Purpose::mask, {x.data(), Index{1}, Index{60}, Index{12}},
                         positions, {target.data(), Index{1}, Index{18}, Index{6}}),
      ShapeError);
}

TEST_CASE("a crop is a stretch of its window, drawn anew for every epoch", "[masked_windows]") {
  const data::Windows w = ramp(30, 50, 6);
  data::Windows small(30, 20, 6);  // sizes of what is seen
  data::SpanMaskConfig open;
  open.mask_prob = 0;
  MaskedWindows source(w, open, 4, ValidationMasks::published, {20, data::CropStart::published});
  CHECK(source.steps() == 20);
  CHECK(source.count() == 3);
  std::vector<Index> items(30);
  for (std::size_t i = 0; i < 30; ++i) items[i] = static_cast<Index>(i);
  std::set<Index> starts;
  for (Index epoch = 0; epoch < 40; ++epoch) {
    const Batch b = draw(source, small, items, epoch);
    for (Index k = 0; k < b.size; ++k) {
      const float first = b.x[static_cast<std::size_t>(k)];
      const Index start = (static_cast<Index>(first) - 1 - k * 300) / 6;
      REQUIRE(start >= 0);
      REQUIRE(start < 30);  // published: the last start, 30, is never drawn
      starts.insert(start);
      bool stretch = true;
      for (Index t = 0; t < 20; ++t)
        for (Index f = 0; f < 6; ++f)
          stretch = stretch && b.x[static_cast<std::size_t>(k + b.size * (t + 20 * f))] ==
                                   w.window(k)[static_cast<std::size_t>((start + t) * 6 + f)];
      CHECK(stretch);
      const Index hidden = b.positions[static_cast<std::size_t>(k * b.count)];
      CHECK(b.target[static_cast<std::size_t>(k)] ==
            w.window(k)[static_cast<std::size_t>((start + hidden) * 6)]);
    }
  }
  CHECK(starts.size() == 30);
  CHECK_THROWS_AS(MaskedWindows(w, open, 4, ValidationMasks::published, {51, data::CropStart::published}),
                  ConfigError);
}

TEST_CASE("changes are of training windows only, drawn by epoch and window, and leave the masks alone",
          "[masked_windows]") {
  const data::Windows w = ramp(12, 60, 6);
  data::SpanMaskConfig open;
  open.mask_prob = 0;
  const std::vector<Index> items{0, 3, 7};
  MaskedWindows plain(w, open, 9, ValidationMasks::published);
  const Batch before = draw(plain, w, items, 2);
  const auto norm_of_step = [](const Batch& b, Index k, Index t) {
    double sum = 0;
    for (Index f = 0; f < 3; ++f) {
      const double v = b.x[static_cast<std::size_t>(k + b.size * (t + 60 * f))];
      sum += v * v;
    }
    return std::sqrt(sum);
  };

  MaskedWindows rotated(w, open, 9, ValidationMasks::published, {}, {.rotate = true});
  const Batch turned = draw(rotated, w, items, 2);
  CHECK((turned.positions == before.positions));
  CHECK((turned.x != before.x));
  for (Index t = 0; t < 60; ++t)  // a rotation keeps lengths
    CHECK(norm_of_step(turned, 1, t) == Approx(norm_of_step(before, 1, t)).epsilon(1e-5));
  CHECK((draw(rotated, w, items, 2).x == turned.x));
  CHECK((draw(rotated, w, items, 3).x != turned.x));
  CHECK((draw(rotated, w, items, 2, Purpose::validation_mask).x ==
         draw(plain, w, items, 2, Purpose::validation_mask).x));

  MaskedWindows scaled(w, open, 9, ValidationMasks::published, {}, {.scale = true});
  const Batch longer = draw(scaled, w, items, 2);
  CHECK((longer.x != before.x));
  for (std::size_t i = 0; i < longer.x.size(); ++i) {
    REQUIRE(longer.x[i] >= before.x[i] * 0.9499F);
    REQUIRE(longer.x[i] <= before.x[i] * 1.0501F);
  }
  MaskedWindows noisy(w, open, 9, ValidationMasks::published, {}, {.noise = true});
  CHECK((draw(noisy, w, items, 2).x != before.x));

  MaskedWindows paced(w, open, 9, ValidationMasks::published, {}, {.pace = true});
  int changed = 0;
  bool validation_too = false;
  for (Index epoch = 0; epoch < 30; ++epoch) {
    changed += draw(paced, w, items, epoch).x != before.x ? 1 : 0;
    validation_too = validation_too || draw(paced, w, items, epoch, Purpose::validation_mask).x != before.x;
  }
  CHECK(changed > 5);  // 2 of 5 draws, where the stretch is shorter than the window
  CHECK(validation_too);
}
