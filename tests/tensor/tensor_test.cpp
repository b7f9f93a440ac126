// SPDX-License-Identifier: MIT
#include "gyrograd/tensor/tensor.hpp"

#include <type_traits>
#include <vector>

#include "support/catch.hpp"

using namespace gyrograd;

static_assert(std::is_trivially_copyable_v<Tensor<float, dyn, 3>>);
static_assert(Scalar<float> && Scalar<double> && !Scalar<int> && !Scalar<const float>);
static_assert(std::is_convertible_v<Tensor<float, 2, 3>, Tensor<const float, dyn, 3>>);
static_assert(std::is_convertible_v<Tensor<float, dyn>, Tensor<float, 4>>);
static_assert(!std::is_convertible_v<Tensor<const float, 2>, Tensor<float, 2>>);
static_assert(!std::is_convertible_v<Tensor<float, 2>, Tensor<float, 3>>);
static_assert(!std::is_convertible_v<Tensor<float, 2>, Tensor<double, 2>>);
static_assert(Tensor<float, 2, dyn>::static_extents == std::array<Index, 2>{2, dyn});

TEST_CASE("the first index is fastest") {
  std::vector<float> memory(2 * 3 * 5);
  for (std::size_t i = 0; i < memory.size(); ++i) memory[i] = static_cast<float>(i);
  const Tensor<float, dyn, 3, dyn> x(memory.data(), 2, 3, 5);
  CHECK(x.size() == 30);
  CHECK(x.extent(0) == 2);
  CHECK(x.extent(2) == 5);
  for (Index b = 0; b < 2; ++b)
    for (Index t = 0; t < 3; ++t)
      for (Index c = 0; c < 5; ++c) CHECK(x(b, t, c) == static_cast<float>(b + 2 * (t + 3 * c)));
  CHECK(position_count(x) == 6);
  CHECK(channel_count(x) == 5);
  x(1, 2, 4) = -1;
  CHECK(memory.back() == -1);
}

TEST_CASE("a range of channels is a block of the same memory") {
  std::vector<double> memory(2 * 3 * 5);
  const Tensor<double, 2, 3, 5> x(memory.data(), 2, 3, 5);
  const auto block = x.channels(2, 2);
  static_assert(std::is_same_v<decltype(block), const Tensor<double, 2, 3, dyn>>);
  CHECK(block.data() == memory.data() + 12);
  CHECK(block.extent(2) == 2);
  block.fill(7);
  CHECK(std::count(memory.begin(), memory.end(), 7) == 12);
  CHECK(x(0, 0, 2) == 7);
  CHECK(x(1, 2, 3) == 7);
  CHECK(x(0, 0, 4) == 0);
}

TEST_CASE("views convert between static and run-time extents") {
  std::vector<float> memory{1, 2, 3, 4, 5, 6};
  const Tensor<float, 2, 3> fixed(memory.data(), 2, 3);
  const Tensor<const float, dyn, dyn> free = fixed;
  CHECK(free.extent(0) == 2);
  CHECK(free(1, 2) == 6);
  const Tensor<const float, 2, 3> back = free;
  CHECK(back.data() == memory.data());
}

TEST_CASE("a default view is empty, a rank of zero holds one value") {
  const Tensor<float, dyn, 4> none;
  CHECK(none.empty());
  CHECK(none.size() == 0);
  CHECK(none.extent(1) == 4);
  double value = 3;
  const Tensor<double> scalar(&value);
  CHECK(scalar.size() == 1);
  CHECK(*scalar.data() == 3);
  CHECK(std::vector<double>(scalar.begin(), scalar.end()) == std::vector<double>{3});
}
