// SPDX-License-Identifier: MIT
#include "gyrograd/kernels/leaky_relu.hpp"

#include "support/reference.hpp"

using namespace gyrograd;
using namespace gyrograd::kernels;
using namespace gyrograd::testing;

TEMPLATE_TEST_CASE("leaky relu and its gradient", "", float, double) {
  using Real = TestType;
  const Real slope(0.25);  // exact products
  for (Index n : sizes_around(lanes<Real>)) {
    Guarded<Real> x(random_values<Real>(n, 1)), dy(random_values<Real>(n, 2)),
        residual(random_values<Real>(n, 3));
    x.data()[n / 2] = Real(0);
    Guarded<Real> y(n), dx(n), sum(residual.copy());
    leaky_relu_forward(y.data(), static_cast<const Real*>(x.data()), slope, n);
    leaky_relu_backward(dx.data(), static_cast<const Real*>(nullptr), static_cast<const Real*>(dy.data()),
                        static_cast<const Real*>(x.data()), slope, n);
    leaky_relu_backward(sum.data(), static_cast<const Real*>(sum.data()), static_cast<const Real*>(dy.data()),
                        static_cast<const Real*>(x.data()), slope, n);
    for (Index i = 0; i < n; ++i) {
      const Real factor = x.data()[i] > Real(0) ? Real(1) : slope;
      CHECK(y.data()[i] == factor * x.data()[i]);
      CHECK(dx.data()[i] == factor * dy.data()[i]);
      CHECK(sum.data()[i] == residual.data()[i] + factor * dy.data()[i]);
    }
    CHECK((y.intact() && dx.intact() && sum.intact()));
  }
}

TEST_CASE("leaky relu keeps NaN") {
  const float x = std::nanf("");
  float y = 0;
  leaky_relu_forward(&y, &x, 0.01F, 1);
  CHECK(std::isnan(y));
}
