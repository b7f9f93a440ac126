// SPDX-License-Identifier: MIT
#include "gyrograd/kernels/relu.hpp"

#include "support/reference.hpp"

using namespace gyrograd;
using namespace gyrograd::kernels;
using namespace gyrograd::testing;

TEMPLATE_TEST_CASE("relu and its gradient", "", float, double) {
  using Real = TestType;
  for (Index n : sizes_around(lanes<Real>)) {
    Guarded<Real> x(random_values<Real>(n, 1)), dy(random_values<Real>(n, 2)),
        residual(random_values<Real>(n, 3));
    x.data()[n / 2] = Real(0);
    Guarded<Real> y(n), dx(n), sum(residual.copy());
    relu_forward(y.data(), x.data(), n);
    relu_backward(dx.data(), static_cast<const Real*>(nullptr), dy.data(), y.data(), n);
    relu_backward(sum.data(), sum.data(), dy.data(), y.data(), n);
    for (Index i = 0; i < n; ++i) {
      const bool on = x.data()[i] > Real(0);
      CHECK(y.data()[i] == (on ? x.data()[i] : Real(0)));
      CHECK(dx.data()[i] == (on ? dy.data()[i] : Real(0)));
      CHECK(sum.data()[i] == residual.data()[i] + (on ? dy.data()[i] : Real(0)));
    }
    CHECK((y.intact() && dx.intact() && sum.intact()));
  }
}

TEST_CASE("relu keeps NaN") {
  const float x = std::nanf("");
  float y = 0;
  relu_forward(&y, &x, 1);
  CHECK(std::isnan(y));
}
