// SPDX-License-Identifier: MIT
#include "gyrograd/autograd/tape.hpp"

#include <cstdint>
#include <vector>

#include "gyrograd/autograd/ops/add.hpp"
#include "gyrograd/autograd/ops/gelu.hpp"
#include "support/alloc_counter.hpp"
#include "support/catch.hpp"

using namespace gyrograd;

namespace {

using V = Var<double, dyn>;

/// y = factor x, counting its backward calls.
V times(Tape<double>& tape, V x, double factor, int* calls = nullptr) {
  const V y = tape.like(x);
  for (Index i = 0; i < x.value.size(); ++i) y.value(i) = factor * x.value(i);
  tape.record(y, [=] {
    if (calls != nullptr) ++*calls;
    const auto dx = x.grad(), dy = y.grad();
    for (Index i = 0; i < dx.size(); ++i) dx(i) += factor * dy(i);
  });
  return y;
}
Var<double> total(Tape<double>& tape, V x) {
  const Var<double> y = tape.make<>();
  *y.value.data() = 0;
  for (double v : x.value) *y.value.data() += v;
  tape.record(y, [=] {
    const auto dx = x.grad();
    for (Index i = 0; i < dx.size(); ++i) dx(i) += *y.grad().data();
  });
  return y;
}

V input(Tape<double>& tape, std::vector<double>& values) {
  return tape.input(Tensor<double, dyn>(values.data(), static_cast<Index>(values.size())));
}

}  // namespace

TEST_CASE("a value used several times gathers all contributions") {
  Tape<double> tape;
  std::vector<double> values{1, 2, 3};
  const V x = input(tape, values);
  const V a = times(tape, x, 2), b = times(tape, x, 5);
  const V sum = ops::add(tape, ops::add(tape, a, b), ops::add(tape, x, x));
  const Var<double> loss = total(tape, sum);
  CHECK(*loss.value.data() == 6 * 9);
  tape.backward(loss, 0.5);
  for (double d : x.grad()) CHECK(d == 4.5);
}

TEST_CASE("branches that the loss does not depend on are not replayed") {
  Tape<double> tape;
  std::vector<double> values{1, 2};
  int used = 0, unused = 0;
  const V x = input(tape, values);
  const V y = times(tape, x, 3, &used);
  times(tape, y, 7, &unused);
  tape.backward(total(tape, y));
  CHECK(used == 1);
  CHECK(unused == 0);
  CHECK(x.grad()(0) == 3);
}

TEST_CASE("a second backward without new ops does nothing") {
  Tape<double> tape;
  std::vector<double> values{1};
  const V x = input(tape, values);
  tape.backward(total(tape, times(tape, x, 3)));
  tape.backward();
  CHECK(x.grad()(0) == 3);
}

TEST_CASE("parameters: gradients are added to the bound buffer, frozen and unbound ones get none") {
  std::vector<double> values{1, 2, 3, 4};
  Parameter<double> p(Shape{2}), frozen(Shape{2});
  p.value = values.data();
  frozen.value = values.data() + 2;
  frozen.offset = 2;
  frozen.trainable = false;
  std::vector<double> gradients(4, 10.0);
  Tape<double> tape;
  CHECK_FALSE(tape.parameter(p).needs_gradient());  // nothing bound
  tape.bind_gradients(gradients.data());
  for (int step = 0; step < 2; ++step) {
    CHECK_FALSE(tape.parameter(frozen).needs_gradient());
    const V a = tape.parameter(p), again = tape.parameter(p);
    tape.backward(total(tape, ops::add(tape, times(tape, a, 3), times(tape, again, 4))));
    tape.clear();
  }
  CHECK(gradients == std::vector<double>{24, 24, 10, 10});
}

TEST_CASE("without recording nothing has a gradient") {
  Tape<double> tape;
  tape.set_recording(false);
  std::vector<double> values{1, 2};
  Parameter<double> p(Shape{2});
  p.value = values.data();
  std::vector<double> gradients(2);
  tape.bind_gradients(gradients.data());
  int calls = 0;
  const V y = times(tape, ops::add(tape, input(tape, values), tape.parameter(p)), 2, &calls);
  CHECK_FALSE(y.needs_gradient());
  CHECK(y.value(1) == 8);
  tape.backward();
  CHECK(calls == 0);
  CHECK_FALSE(tape.constant(Tensor<const double, dyn>(values.data(), 2)).needs_gradient());
}

TEST_CASE("released memory serves the next value of that size, but only without recording") {
  Tape<double> tape;
  std::vector<double> values{1, 2, 3}, longer{1, 2, 3, 4};
  for (bool recording : {true, false}) {
    tape.set_recording(recording);
    const V first = times(tape, input(tape, values), 2);
    const V second = times(tape, first, 3);
    tape.release(first);
    const V other = times(tape, input(tape, longer), 1);
    CHECK(other.value.data() != first.value.data());
    const V third = times(tape, second, 2);
    CHECK((third.value.data() == first.value.data()) == !recording);
    CHECK(third.value(2) == 36);
    tape.clear();
  }
}

TEST_CASE("a warmed-up tape allocates nothing and its memory stays the same") {
  Tape<double> tape;
  std::vector<double> values(1000, 0.5);
  const auto step = [&] {
    V h = input(tape, values);
    for (int layer = 0; layer < 20; ++layer) h = ops::add(tape, ops::gelu(tape, h), h);
    tape.backward(total(tape, h));
    auto scratch = tape.workspace();
    scratch(3000)[2999] = 1;
    tape.clear();
  };
  step();
  step();
  const std::size_t capacity = tape.capacity();
  const testing::AllocationScope scope;
  for (int i = 0; i < 3; ++i) step();
  const auto allocations = scope.count();
  CHECK(allocations == 0);
  CHECK(tape.capacity() == capacity);
}

TEST_CASE("workspaces nest: an inner one is free again, the outer one is not") {
  Tape<float> tape;
  auto outer = tape.workspace();
  float* a = outer(10);
  float* b = nullptr;
  {
    auto inner = tape.workspace();
    b = inner(10);
    CHECK(a != b);
  }
  CHECK(outer(10) == b);
}

TEST_CASE("closures without an output are always replayed, in reverse order") {
  Tape<double> tape;
  int order = 0, first = 0, second = 0;
  int* at = &order;
  tape.record([=, out = &first] { *out = ++*at; });
  tape.record([=, out = &second] { *out = ++*at; });
  tape.backward();
  CHECK(second == 1);
  CHECK(first == 2);
}
