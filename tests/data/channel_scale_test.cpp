// SPDX-License-Identifier: MIT
#include "gyrograd/data/channel_scale.hpp"

#include <vector>

#include "support/catch.hpp"

using namespace gyrograd;

TEST_CASE("channels are standardised by the chosen windows alone") {
  data::Windows w(3, 2, 2);
  const std::vector<float> values{1, 5, 3, 5, 5, 5, 7, 5, 100, 6, 200, 4};  // the third window is not chosen
  w.values.assign(values.begin(), values.end());
  const std::vector<Index> chosen{0, 1};
  const std::vector<data::ChannelScale> scales = data::channel_scales(w, chosen);
  REQUIRE(scales.size() == 2);
  CHECK(scales[0].mean == Approx(4));  // of 1, 3, 5, 7
  CHECK(scales[0].factor == Approx(1 / std::sqrt(5.0)));
  CHECK(scales[1].mean == Approx(5));
  CHECK(scales[1].factor == 1);  // never varies there
  data::standardise_channels(w, chosen);
  CHECK(w.values[0] == Approx(-3 / std::sqrt(5.0)));
  CHECK(w.values[8] == Approx(96 / std::sqrt(5.0)));
  CHECK(w.values[9] == Approx(1));
  data::standardise_channels(w, {});
  CHECK(w.values[9] == Approx(1));
}
