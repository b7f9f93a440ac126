// SPDX-License-Identifier: MIT
#include "gyrograd/kernels/relu_tanh.hpp"

#include "support/reference.hpp"
#include "support/tolerance.hpp"

using namespace gyrograd;
using namespace gyrograd::testing;

TEMPLATE_TEST_CASE("relu_tanh forward and backward", "", float, double) {
  using Real = TestType;
  for (const Index n : sizes_around(kernels::lanes<Real>)) {
    const auto x = random_values<Real>(n, 1, -3, 3), dy = random_values<Real>(n, 2);
    Guarded<Real> y(n), dx(std::vector<Real>(static_cast<std::size_t>(n), Real(2)));
    kernels::relu_tanh_forward(y.data(), x.data(), n);
    kernels::relu_tanh_backward(dx.data(), static_cast<const Real*>(dx.data()), dy.data(),
                                static_cast<const Real*>(y.data()), n);
    std::vector<double> want, slope;
    for (std::size_t i = 0; i < x.size(); ++i) {
      want.push_back([](double a) { return std::max(std::tanh(a), 0.0); }(static_cast<double>(x[i])));
      slope.push_back(2 + static_cast<double>(dy[i]) * ((want[i] > 0 ? 1 - want[i] * want[i] : 0)));
    }
    check_close<Real>(y.values(), want);
    check_close<Real>(dx.values(), slope);
    CHECK((y.intact() && dx.intact()));
  }
}
