// SPDX-License-Identifier: MIT
#include "gyrograd/autograd/var.hpp"

#include <type_traits>
#include <vector>

#include "support/catch.hpp"

using namespace gyrograd;

static_assert(std::is_trivially_copyable_v<Var<float, dyn, 3>>);

TEST_CASE("the first contribution stores, later ones add") {
  Arena arena;
  BufferPool<double> pool(arena);
  std::vector<double> values(3);
  Gradient<double> gradient{nullptr, 3, &pool, false};
  const Var<double, dyn> x{Tensor<double, dyn>(values.data(), 3), &gradient};
  CHECK(x.needs_gradient());
  const auto first = x.accumulator();
  CHECK(first.residual == nullptr);
  first.into.fill(2);
  const auto second = x.accumulator();
  CHECK(second.residual == first.into.data());
  CHECK(second.into.data() == first.into.data());
  x.grad()(1) += 5;
  CHECK(std::vector<double>(x.grad().begin(), x.grad().end()) == std::vector<double>{2, 7, 2});
}

TEST_CASE("grad() of a value without contributions is zero, also in used memory") {
  Arena arena;
  BufferPool<float> pool(arena);
  float* used = pool.take(4);
  std::fill_n(used, 4, 9.0F);
  pool.give_back(used, 4);
  std::vector<float> values(4);
  Gradient<float> gradient{nullptr, 4, &pool, false};
  const Var<float, 4> x{Tensor<float, 4>(values.data(), 4), &gradient};
  const auto dx = x.grad();
  CHECK(dx.data() == used);
  for (float d : dx) CHECK(d == 0);
}

TEST_CASE("the pool gives back buffers of the same size only") {
  Arena arena;
  BufferPool<double> pool(arena);
  double* small = pool.take(8);
  double* large = pool.take(100);
  CHECK(small != large);
  pool.give_back(small, 8);
  pool.give_back(large, 100);
  CHECK(pool.take(100) == large);
  double* other = pool.take(100);
  CHECK(other != small);
  CHECK(other != large);
  CHECK(pool.take(8) == small);
}

TEST_CASE("another shape of a Var shares value and gradient") {
  Arena arena;
  BufferPool<double> pool(arena);
  std::vector<double> values{1, 2, 3, 4, 5, 6};
  Gradient<double> gradient{nullptr, 6, &pool, false};
  const Var<double, dyn> x{Tensor<double, dyn>(values.data(), 6), &gradient};
  const auto m = x.reshape<2, dyn>(2, 3);
  static_assert(std::is_same_v<decltype(m), const Var<double, 2, dyn>>);
  CHECK(m.value(1, 2) == 6);
  m.grad()(0, 1) = 4;
  CHECK(x.grad()(2) == 4);
  CHECK(m.extent(1) == 3);
}
