// SPDX-License-Identifier: MIT
#include "gyrograd/kernels/half_lanes.hpp"

#include "support/reference.hpp"

using namespace gyrograd;
using namespace gyrograd::kernels;
using namespace gyrograd::testing;

TEST_CASE("halves of two rows in one vector") {
  STATIC_REQUIRE((!has_half_lanes<float> || lanes<float> == 16));
  STATIC_REQUIRE_FALSE(has_half_lanes<double>);
#if defined(GYROGRAD_AVX512)
  constexpr Index H = lanes<float> / 2;
  const std::vector<float> a = random_values<float>(2 * H, 1), b = random_values<float>(2 * H, 2);
  const auto values = [](Batch<float> v) {
    std::vector<float> to(static_cast<std::size_t>(2 * H));
    store(to.data(), v);
    return to;
  };
  const auto swapped = values(swap_halves(load(a.data())));
  for (Index i = 0; i < 2 * H; ++i)
    CHECK(swapped[static_cast<std::size_t>(i)] == a[static_cast<std::size_t>((i + H) % (2 * H))]);
  for (Index n = 0; n <= H; ++n) {
    INFO(n << " values");
    const auto twice = values(load_twice(a.data(), n)), both = values(load_halves(a.data(), b.data(), n));
    Guarded<float> lower(std::vector<float>(static_cast<std::size_t>(n), 7.0F)), upper(lower.copy());
    store_halves(lower.data(), upper.data(), join_halves(load(a.data()), load(b.data())), n);
    CHECK((lower.intact() && upper.intact()));
    for (Index i = 0; i < H; ++i) {
      const auto low = static_cast<std::size_t>(i), high = static_cast<std::size_t>(i + H);
      CHECK(twice[low] == (i < n ? a[low] : 0.0F));
      CHECK(twice[high] == twice[low]);
      CHECK(both[low] == twice[low]);
      CHECK(both[high] == (i < n ? b[low] : 0.0F));
      if (i < n) CHECK((lower.data()[i] == a[low] && upper.data()[i] == b[high]));
    }
  }
#endif
}
