// SPDX-License-Identifier: MIT
// Layout of exported embeddings, with a model that only copies.
#include "gyrograd/train/embed.hpp"

#include "gyrograd/autograd/tape.hpp"
#include "support/catch.hpp"

using namespace gyrograd;
using namespace gyrograd::train;

namespace {

/// Two embedding channels: the sum of the window's channels, and the time step.
struct Copying {
  Var<float, dyn, dyn, dyn> encode(Tape<float>& tape, Var<float, dyn, dyn, dyn> x) const {
    auto y = tape.make<dyn, dyn, dyn>(x.extent(0), x.extent(1), Index{2});
    for (Index b = 0; b < x.extent(0); ++b) {
      for (Index t = 0; t < x.extent(1); ++t) {
        y.value(b, t, 0) = 0;
        for (Index c = 0; c < x.extent(2); ++c) y.value(b, t, 0) += x.value(b, t, c);
        y.value(b, t, 1) = static_cast<float>(t);
      }
    }
    return y;
  }
};

}  // namespace

TEST_CASE("embeddings come out row-major, window after window", "[embed]") {
  data::Windows windows(5, 4, 3);
  for (std::size_t i = 0; i < windows.values.size(); ++i) windows.values[i] = static_cast<float>(i);
  ThreadPool pool(2);
  const data::Windows out = embed_windows<float>(Copying{}, windows, 2, pool);
  REQUIRE(out.values.size() == 40);
  for (Index w = 0; w < 5; ++w) {
    for (Index t = 0; t < 4; ++t) {
      const float first = static_cast<float>((w * 4 + t) * 3);
      CHECK(out.window(w)[static_cast<std::size_t>(t * 2)] == 3 * first + 3);
      CHECK(out.window(w)[static_cast<std::size_t>(t * 2 + 1)] == static_cast<float>(t));
    }
  }
}

TEST_CASE("one vector a window comes out row-major, whatever is embedded together", "[embed]") {
  data::Windows windows(7, 2, 3);
  for (std::size_t i = 0; i < windows.values.size(); ++i) windows.values[i] = static_cast<float>(i);
  ThreadPool pool(2);
  for (const Index micro_batch : {1, 3, 7}) {
    std::vector<float> rows(14, -1.0F);
    embed_rows(rows.data(), windows, 2, micro_batch, pool,
               [](Tape<float>& tape, Var<float, dyn, dyn, dyn> x) {
                 auto y = tape.make<dyn, dyn>(x.extent(0), Index{2});
                 for (Index b = 0; b < x.extent(0); ++b) {
                   y.value(b, 0) = x.value(b, 0, 0);
                   y.value(b, 1) = x.value(b, 1, 2);
                 }
                 return y;
               });
    for (Index w = 0; w < 7; ++w) {
      CHECK(rows[static_cast<std::size_t>(2 * w)] == static_cast<float>(6 * w));
      CHECK(rows[static_cast<std::size_t>(2 * w + 1)] == static_cast<float>(6 * w + 5));
    }
  }
}
