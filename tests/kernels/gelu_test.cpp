// SPDX-License-Identifier: MIT
#include "gyrograd/kernels/gelu.hpp"

#include "support/reference.hpp"
#include "support/tolerance.hpp"

using namespace gyrograd;
using namespace gyrograd::kernels;
using namespace gyrograd::testing;

TEMPLATE_TEST_CASE("gelu and its slope equal erf, together and alone, in place", "", float, double) {
  using Real = TestType;
  std::vector<Index> sizes = sizes_around(lanes<Real>);
  sizes.push_back(1000);
  for (Index n : sizes) {
    Guarded<Real> x(random_values<Real>(n, 1, -6, 6)), y(n), slope(n);
    std::vector<double> value, derivative;
    for (double v : doubles(x.copy())) {
      const double phi = 0.5 * std::erfc(-v / std::sqrt(2.0));
      value.push_back(v * phi);
      derivative.push_back(phi + v * std::exp(-0.5 * v * v) * 0.3989422804014327);
    }
    gelu_forward(y.data(), slope.data(), x.data(), n);
    check_close<Real>(y.values(), value);
    check_close<Real>(slope.values(), derivative);
    CHECK((y.intact() && slope.intact()));
    gelu_forward(y.data(), x.data(), n);  // the value alone has a formula of its own
    check_close<Real>(y.values(), value);
    gelu_forward(x.data(), x.data(), n);
    CHECK(same_bits(x.values(), y.values()));
    CHECK((x.intact() && y.intact()));
  }
}
