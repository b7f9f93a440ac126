// SPDX-License-Identifier: MIT
#include "gyrograd/kernels/permute.hpp"

#include "support/reference.hpp"

using namespace gyrograd;
using namespace gyrograd::kernels;
using namespace gyrograd::testing;

TEST_CASE("permuted axes: every value at its place, the backward undoes the forward") {
  const std::array<Index, 4> n{3, 2, 4, 5};
  const std::vector<float> x = random_values<float>(120, 1);
  const auto at = [](const std::array<Index, 4>& size, std::array<Index, 4> i) {
    return static_cast<std::size_t>(i[0] + size[0] * (i[1] + size[1] * (i[2] + size[2] * i[3])));
  };
  for (const std::array<int, 4>& order : {std::array<int, 4>{0, 2, 1, 3}, {1, 0, 2, 3}, {3, 1, 0, 2}}) {
    const Permutation p = permutation_of(n, order);
    std::vector<float> y(120), back(120, 1.0F);
    permute_forward(y.data(), x.data(), p);
    for (Index a = 0; a < 3; ++a)
      for (Index b = 0; b < 2; ++b)
        for (Index c = 0; c < 4; ++c)
          for (Index d = 0; d < 5; ++d) {
            const std::array<Index, 4> from{a, b, c, d};
            std::array<Index, 4> to;
            for (std::size_t k = 0; k < 4; ++k) to[k] = from[static_cast<std::size_t>(order[k])];
            CHECK(y[at(p.sizes, to)] == x[at(n, from)]);
          }
    permute_backward(back.data(), static_cast<const float*>(nullptr), y.data(), p);
    CHECK(back == x);
    permute_backward(back.data(), static_cast<const float*>(back.data()), y.data(), p);
    for (std::size_t i = 0; i < x.size(); ++i) CHECK(back[i] == 2 * x[i]);
  }
}
