// SPDX-License-Identifier: MIT
// An op of one's own: y = x^2 with its backward, checked by hand.
#include <cmath>
#include <cstdio>

#include "gyrograd/autograd/tape.hpp"

using namespace gyrograd;

/// y = x^2.   x, y: any shape
template <class Real, Index... Dims>
auto square(Tape<Real>& tape, Var<Real, Dims...> x) {
  const auto y = tape.like(x);
  const Index n = x.value.size();
  for (Index i = 0; i < n; ++i) y.value.data()[i] = x.value.data()[i] * x.value.data()[i];
  tape.record(y, [=] {  // captures views and numbers only
    if (!x.needs_gradient()) return;
    const auto dx = x.grad(), dy = y.grad();
    for (Index i = 0; i < n; ++i) dx.data()[i] += 2 * x.value.data()[i] * dy.data()[i];
  });
  return y;
}

int main() {
  Tape<double> tape;
  double values[] = {1, -2, 3};
  const auto x = tape.input(Tensor<double, dyn>(values, 3));
  const auto y = square(tape, square(tape, x));  // x^4
  y.grad().fill(1);
  tape.backward();
  for (Index i = 0; i < 3; ++i) {
    const double expected = 4 * std::pow(values[i], 3);
    std::printf("x %g: gradient %g, expected %g\n", values[i], x.grad()(i), expected);
    if (std::abs(x.grad()(i) - expected) > 1e-12) return 1;
  }
}
