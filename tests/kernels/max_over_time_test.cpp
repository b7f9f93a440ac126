// SPDX-License-Identifier: MIT
#include "gyrograd/kernels/max_over_time.hpp"

#include <cmath>

#include "support/reference.hpp"
#include "support/tolerance.hpp"

using namespace gyrograd;
using namespace gyrograd::testing;

TEMPLATE_TEST_CASE("maximum over time equals plain loops, ties go to the first", "", float, double) {
  using Real = TestType;
  for (const Index B : sizes_around(kernels::lanes<Real>))
    for (const Index T : {1, 6}) {
      const Index C = 3;
      auto x = random_values<Real>(B * T * C, 1, -2, 2);
      for (Real& v : x) v = std::round(v);
      const auto dy = random_values<Real>(B * C, 2);
      std::vector<double> want, dx(x.size(), 0);
      for (Index c = 0; c < C; ++c)
        for (Index b = 0; b < B; ++b) {
          const auto at = [&](Index t) { return static_cast<std::size_t>(b + B * (t + T * c)); };
          Index best = 0;
          for (Index t = 1; t < T; ++t) best = x[at(t)] > x[at(best)] ? t : best;
          want.push_back(static_cast<double>(x[at(best)]));
          dx[at(best)] = static_cast<double>(dy[static_cast<std::size_t>(b + B * c)]);
        }
      Guarded<Real> y(B * C), got(B * T * C);
      kernels::max_over_time_forward(y.data(), x.data(), B, T, C);
      CHECK(doubles(y.copy()) == want);
      kernels::max_over_time_backward(got.data(), static_cast<const Real*>(nullptr), dy.data(),
                                      static_cast<const Real*>(y.data()), x.data(), B, T, C);
      CHECK(doubles(got.copy()) == dx);
      kernels::max_over_time_backward(got.data(), static_cast<const Real*>(got.data()), dy.data(),
                                      static_cast<const Real*>(y.data()), x.data(), B, T, C);
      for (double& v : dx) v *= 2;
      CHECK(doubles(got.copy()) == dx);
      CHECK((y.intact() && got.intact()));
    }
}
