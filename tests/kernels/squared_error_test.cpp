// SPDX-License-Identifier: MIT
#include "gyrograd/kernels/squared_error.hpp"

#include "support/reference.hpp"
#include "support/tolerance.hpp"

using namespace gyrograd;
using namespace gyrograd::kernels;
using namespace gyrograd::testing;

TEMPLATE_TEST_CASE("squared error and its gradient equal plain loops", "", float, double) {
  using Real = TestType;
  std::vector<Index> sizes = sizes_around(lanes<Real>);
  sizes.insert(sizes.end(), {0, 18 * 6});
  for (Index n : sizes) {
    INFO("n " << n);
    Guarded<Real> x(random_values<Real>(n, 1)), target(random_values<Real>(n, 2)), slope(n);
    double loss = 0;
    std::vector<double> want;
    for (Index i = 0; i < n; ++i) {
      const double d = static_cast<double>(x.data()[i]) - static_cast<double>(target.data()[i]);
      loss += 0.25 * d * d;
      want.push_back(0.5 * d);
    }
    const Real got = squared_error(slope.data(), x.data(), target.data(), n, Real(0.25));
    CHECK(static_cast<double>(got) == Approx(loss).epsilon(kernel_tolerance<Real>));
    check_close<Real>(slope.values(), want);
    CHECK(slope.intact());
    CHECK(squared_error(static_cast<Real*>(nullptr), x.data(), target.data(), n, Real(0.25)) == got);
  }
}
