// SPDX-License-Identifier: MIT
#include "gyrograd/kernels/sigmoid.hpp"

#include "support/reference.hpp"
#include "support/tolerance.hpp"

using namespace gyrograd;
using namespace gyrograd::testing;

TEMPLATE_TEST_CASE("sigmoid forward and backward", "", float, double) {
  using Real = TestType;
  for (const Index n : sizes_around(kernels::lanes<Real>)) {
    const auto x = random_values<Real>(n, 1, -3, 3), dy = random_values<Real>(n, 2);
    Guarded<Real> y(n), dx(std::vector<Real>(static_cast<std::size_t>(n), Real(2)));
    kernels::sigmoid_forward(y.data(), x.data(), n);
    kernels::sigmoid_backward(dx.data(), static_cast<const Real*>(dx.data()), dy.data(),
                              static_cast<const Real*>(y.data()), n);
    std::vector<double> want, slope;
    for (std::size_t i = 0; i < x.size(); ++i) {
      want.push_back([](double a) { return 1 / (1 + std::exp(-a)); }(static_cast<double>(x[i])));
      slope.push_back(2 + static_cast<double>(dy[i]) * (want[i] * (1 - want[i])));
    }
    check_close<Real>(y.values(), want);
    check_close<Real>(dx.values(), slope);
    CHECK((y.intact() && dx.intact()));
  }
}
