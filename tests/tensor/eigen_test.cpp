// SPDX-License-Identifier: MIT
#include "gyrograd/tensor/eigen.hpp"

#include <type_traits>
#include <vector>

#include "support/catch.hpp"

using namespace gyrograd;

TEMPLATE_TEST_CASE("Eigen sees the same memory as tensor and as matrix of positions", "", float, double) {
  std::vector<TestType> memory(2 * 3 * 4);
  for (std::size_t i = 0; i < memory.size(); ++i) memory[i] = static_cast<TestType>(i);
  const Tensor<TestType, dyn, 3, dyn> x(memory.data(), 2, 3, 4);
  const auto t = x.eigen();
  const auto m = x.positions();
  CHECK(t.dimension(0) == 2);
  CHECK(t.dimension(2) == 4);
  CHECK(m.rows() == 6);
  CHECK(m.cols() == 4);
  for (Index b = 0; b < 2; ++b)
    for (Index s = 0; s < 3; ++s)
      for (Index c = 0; c < 4; ++c) {
        CHECK(t(b, s, c) == x(b, s, c));
        CHECK(m(b + 2 * s, c) == x(b, s, c));
      }
  x.positions().col(1).setConstant(-1);
  CHECK(x(1, 2, 1) == -1);
  CHECK(x.positions().sum() == Approx(static_cast<double>(23 * 24 / 2 - (6 + 7 + 8 + 9 + 10 + 11) - 6)));
}

TEST_CASE("const views give const maps") {
  const std::vector<float> memory{1, 2, 3, 4};
  const Tensor<const float, 2, 2> x(memory.data(), 2, 2);
  static_assert(std::is_const_v<std::remove_pointer_t<decltype(x.positions().data())>>);
  CHECK(x.positions()(1, 0) == 2);
  CHECK(x.eigen()(0, 1) == 3);
}
