// SPDX-License-Identifier: MIT
#include "gyrograd/kernels/l2_normalise.hpp"

#include "support/reference.hpp"
#include "support/tolerance.hpp"

using namespace gyrograd;
using namespace gyrograd::kernels;
using namespace gyrograd::testing;

namespace {

template <class Real>
void check(Index P, Index C) {
  INFO("positions " << P << ", channels " << C);
  Guarded<Real> x(random_values<Real>(P * C, 1)), dy(random_values<Real>(P * C, 2)), y(P * C), inverse(P),
      dx(P * C), residual(random_values<Real>(P * C, 3));
  const auto xd = doubles(x.copy()), dyd = doubles(dy.copy());
  std::vector<double> want(xd.size()), d(xd.size()), sum = doubles(residual.copy());
  for (Index p = 0; p < P; ++p) {
    double norm = 0, along = 0;
    const auto at = [=](Index c) { return static_cast<std::size_t>(p + P * c); };
    for (Index c = 0; c < C; ++c) norm += xd[at(c)] * xd[at(c)];
    norm = std::sqrt(norm);
    for (Index c = 0; c < C; ++c) along += dyd[at(c)] * (want[at(c)] = xd[at(c)] / norm);
    for (Index c = 0; c < C; ++c) sum[at(c)] += d[at(c)] = (dyd[at(c)] - want[at(c)] * along) / norm;
  }
  const Real eps = Real(1e-12);
  l2_normalise_forward(y.data(), inverse.data(), static_cast<const Real*>(x.data()), P, C, eps);
  check_close<Real>(y.values(), want);
  const auto backward = [&](Real* to, const Real* from) {
    l2_normalise_backward(to, from, static_cast<const Real*>(dy.data()), static_cast<const Real*>(y.data()),
                          static_cast<const Real*>(inverse.data()), P, C, eps);
  };
  backward(dx.data(), nullptr);
  check_close<Real>(dx.values(), d, 4);
  backward(residual.data(), residual.data());
  check_close<Real>(residual.values(), sum, 4);
  CHECK((y.intact() && inverse.intact() && dx.intact() && residual.intact()));
}

}  // namespace

TEMPLATE_TEST_CASE("L2 normalisation equals plain loops", "", float, double) {
  for (const Index P : sizes_around(lanes<TestType>)) check<TestType>(P, 8);
  check<TestType>(2, 512);
  check<TestType>(3, 1);
}

TEMPLATE_TEST_CASE("L2 normalisation of a zero row is zero, with the gradient dy / eps", "", float, double) {
  using Real = TestType;
  std::vector<Real> x(3, Real(0)), y(3), dy{1, -2, 4}, dx(3);
  Real inverse;
  l2_normalise_forward(y.data(), &inverse, static_cast<const Real*>(x.data()), 1, 3, Real(1e-3));
  l2_normalise_backward(dx.data(), static_cast<const Real*>(nullptr), static_cast<const Real*>(dy.data()),
                        static_cast<const Real*>(y.data()), static_cast<const Real*>(&inverse), 1, 3,
                        Real(1e-3));
  for (std::size_t i = 0; i < 3; ++i) {
    CHECK(y[i] == Real(0));
    CHECK(static_cast<double>(dx[i]) == Approx(1000 * static_cast<double>(dy[i])));
  }
}

TEST_CASE("L2 normalisation keeps NaN") {
  const float x[2] = {1, std::nanf("")};
  float y[2], inverse;
  l2_normalise_forward(y, &inverse, x, 1, 2, 1e-12F);
  CHECK((std::isnan(y[0]) && std::isnan(y[1])));
}
