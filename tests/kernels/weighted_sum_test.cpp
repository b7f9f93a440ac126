// SPDX-License-Identifier: MIT
#include "gyrograd/kernels/weighted_sum.hpp"

#include "support/reference.hpp"
#include "support/tolerance.hpp"

using namespace gyrograd;
using namespace gyrograd::kernels;
using namespace gyrograd::testing;

TEMPLATE_TEST_CASE("weighted sum over time equals plain loops", "", float, double) {
  using Real = TestType;
  const Index T = 5, C = 3;
  for (const Index B : sizes_around(lanes<Real>)) {
    Guarded<Real> w(random_values<Real>(B * T, 1)), x(random_values<Real>(B * T * C, 2)),
        dy(random_values<Real>(B * C, 3));
    Guarded<Real> y(B * C), dw(random_values<Real>(B * T, 4)), dx(random_values<Real>(B * T * C, 5)),
        fresh(B * T), fresh_x(B * T * C);
    std::vector<double> y_want(static_cast<std::size_t>(B * C)),
        dw_want = doubles(dw.copy()), dx_want = doubles(dx.copy()), dw_only(dw_want.size()),
        dx_only(dx_want.size());
    for (Index b = 0; b < B; ++b)
      for (Index t = 0; t < T; ++t)
        for (Index c = 0; c < C; ++c) {
          const auto wi = static_cast<std::size_t>(b + B * t),
                     xi = static_cast<std::size_t>(b + B * (t + T * c)),
                     yi = static_cast<std::size_t>(b + B * c);
          const double weight = static_cast<double>(w.values()[wi]),
                       value = static_cast<double>(x.values()[xi]), d = static_cast<double>(dy.values()[yi]);
          y_want[yi] += weight * value;
          dw_only[wi] += value * d;
          dw_want[wi] += value * d;
          dx_only[xi] = weight * d;
          dx_want[xi] += weight * d;
        }
    const Real *ws = w.data(), *xs = x.data(), *ds = dy.data(), *none = nullptr;
    weighted_sum_forward(y.data(), ws, xs, B, T, C);
    check_close<Real>(y.values(), y_want);
    weighted_sum_backward_weights(fresh.data(), none, ds, xs, B, T, C);
    check_close<Real>(fresh.values(), dw_only);
    weighted_sum_backward_weights(dw.data(), static_cast<const Real*>(dw.data()), ds, xs, B, T, C);
    check_close<Real>(dw.values(), dw_want);
    weighted_sum_backward_data(fresh_x.data(), none, ds, ws, B, T, C);
    check_close<Real>(fresh_x.values(), dx_only);
    weighted_sum_backward_data(dx.data(), static_cast<const Real*>(dx.data()), ds, ws, B, T, C);
    check_close<Real>(dx.values(), dx_want);
    CHECK((y.intact() && dw.intact() && dx.intact() && fresh.intact() && fresh_x.intact()));
  }
}
