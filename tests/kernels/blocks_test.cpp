// SPDX-License-Identifier: MIT
#include "gyrograd/kernels/blocks.hpp"

#include <vector>

#include "support/catch.hpp"

using namespace gyrograd;
using namespace gyrograd::kernels;

TEMPLATE_TEST_CASE("blocks cover all positions once, in order, and only the last vector is partial", "",
                   float, double) {
  using Real = TestType;
  constexpr Index L = lanes<Real>;
  for (Index positions = 0; positions < 12 * L; ++positions) {
    Index next = 0, singles = 0, blocks = 0;
    for_blocks<Real>(positions, [&]<int Vectors, bool Tail>(std::integral_constant<int, Vectors>,
                                                            std::bool_constant<Tail>, Index p, Index tail) {
      static_assert(Vectors >= 1 && Vectors <= block_vectors);
      CHECK(p == next);
      CHECK((Tail ? tail > 0 && tail < L : tail == 0));
      next += Tail ? (Vectors - 1) * L + tail : Vectors * L;
      singles += Vectors == 1;
      ++blocks;
    });
    CHECK(next == positions);
    CHECK((singles == 0 || blocks == 1));  // one vector alone only where there is no other
  }
}

TEST_CASE("load and store of a block touch only its valid lanes") {
  constexpr Index L = lanes<float>;
  std::vector<float> x(static_cast<std::size_t>(2 * L)), y(x.size(), -1.0F);
  for (std::size_t i = 0; i < x.size(); ++i) x[i] = static_cast<float>(i);
  const Index tail = L > 1 ? L - 1 : 1;
  for (int v = 0; v < 2; ++v) store_block<2, true>(y.data(), load_block<2, true>(x.data(), v, tail), v, tail);
  for (Index i = 0; i < 2 * L; ++i)
    CHECK(y[static_cast<std::size_t>(i)] == (i < L + tail ? x[static_cast<std::size_t>(i)] : -1.0F));
}
