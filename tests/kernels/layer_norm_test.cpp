// SPDX-License-Identifier: MIT
#include "gyrograd/kernels/layer_norm.hpp"

#include <limits>

#include "support/reference.hpp"
#include "support/tolerance.hpp"

using namespace gyrograd;
using namespace gyrograd::kernels;
using namespace gyrograd::testing;

namespace {

template <class Real>
void check(Index P, Index C, double eps) {
  INFO("positions " << P << ", channels " << C);
  Guarded<Real> x(random_values<Real>(P * C, 1, -2, 3)), dy(random_values<Real>(P * C, 2));
  Guarded<Real> gamma(random_values<Real>(C, 3, 0.5, 1.5)), beta(random_values<Real>(C, 4));
  Guarded<Real> y(P * C), mean(P), rstd(P);
  const auto xd = doubles(x.copy()), gd = doubles(gamma.copy()), dyd = doubles(dy.copy());
  layer_norm_forward(y.data(), mean.data(), rstd.data(), x.data(), gamma.data(), beta.data(), P, C,
                     static_cast<Real>(eps));
  check_close<Real>(y.values(), layer_norm_reference(xd, gd, doubles(beta.copy()), P, C, eps), 4);
  CHECK((y.intact() && mean.intact() && rstd.intact()));
  Guarded<Real> added(P * C), added_mean(P), added_rstd(P), want(y.copy());
  layer_norm_add_forward(added.data(), added_mean.data(), added_rstd.data(), x.data(), gamma.data(),
                         beta.data(), dy.data(), P, C, static_cast<Real>(eps));
  for (Index i = 0; i < P * C; ++i) want.data()[i] += dy.data()[i];
  CHECK(same_bits(added.values(), want.values()));
  CHECK((same_bits(added_mean.values(), mean.values()) && same_bits(added_rstd.values(), rstd.values())));
  CHECK((added.intact() && added_mean.intact() && added_rstd.intact()));

  Guarded<Real> dgamma(random_values<Real>(C, 5)), dbeta(random_values<Real>(C, 6));
  std::vector<double> data, dgamma_want = doubles(dgamma.copy()), dbeta_want = doubles(dbeta.copy());
  data.resize(xd.size());
  const double count = static_cast<double>(C);
  for (Index p = 0; p < P; ++p) {
    const auto at = [&](Index c) { return static_cast<std::size_t>(p + P * c); };
    double m = 0, variance = 0, sum = 0, along = 0;
    for (Index c = 0; c < C; ++c) m += xd[at(c)] / count;
    for (Index c = 0; c < C; ++c) variance += (xd[at(c)] - m) * (xd[at(c)] - m) / count;
    const double r = 1 / std::sqrt(variance + eps);
    for (Index c = 0; c < C; ++c) {
      const auto k = static_cast<std::size_t>(c);
      const double n = (xd[at(c)] - m) * r;
      sum += dyd[at(c)] * gd[k] / count;
      along += dyd[at(c)] * gd[k] * n / count;
      dgamma_want[k] += dyd[at(c)] * n;
      dbeta_want[k] += dyd[at(c)];
    }
    for (Index c = 0; c < C; ++c)
      data[at(c)] = r * (dyd[at(c)] * gd[static_cast<std::size_t>(c)] - sum - (xd[at(c)] - m) * r * along);
  }
  Guarded<Real> dx(P * C), residual(random_values<Real>(P * C, 7));
  Guarded<Real> scratch(layer_norm_backward_scratch<Real>(C));
  const auto backward = [&](Real* to, const Real* start) {
    Guarded<Real> slope(dgamma), shift(dbeta);
    layer_norm_backward(to, start, slope.data(), shift.data(), dy.data(), x.data(), gamma.data(), mean.data(),
                        rstd.data(), P, C, scratch.data());
    check_close<Real>(slope.values(), dgamma_want, 4);
    check_close<Real>(shift.values(), dbeta_want, 4);
    CHECK((slope.intact() && shift.intact() && scratch.intact()));
  };
  std::vector<double> sum = data;
  for (std::size_t i = 0; i < sum.size(); ++i) sum[i] += static_cast<double>(residual.values()[i]);
  backward(dx.data(), residual.data());
  check_close<Real>(dx.values(), sum, 4);
  backward(residual.data(), residual.data());
  CHECK(same_bits(residual.values(), dx.values()));
  backward(dx.data(), nullptr);
  check_close<Real>(dx.values(), data, 4);
  CHECK(dx.intact());

  Guarded<Real> both(P * C), slope(dgamma), shift(dbeta);
  REQUIRE(layer_norm_undoes(gamma.data(), beta.data(), C));
  layer_norm_backward_from_output(both.data(), static_cast<const Real*>(nullptr), slope.data(), shift.data(),
                                  dy.data(), y.data(), gamma.data(), beta.data(), rstd.data(), P, C,
                                  scratch.data());
  CHECK((both.intact() && scratch.intact() && slope.intact() && shift.intact()));
  for (std::size_t i = 0; i < data.size(); ++i) data[i] = static_cast<double>(dx.values()[i]);
  check_close<Real>(both.values(), data, 4);
  check_close<Real>(slope.values(), dgamma_want, 4);
  check_close<Real>(shift.values(), dbeta_want, 4);
}

}  // namespace

TEMPLATE_TEST_CASE("layer norm forward and backward equal plain loops", "", float, double) {
  std::vector<Index> positions = sizes_around(lanes<TestType>);
  for (Index n = 2; n <= 6; ++n) positions.push_back(n * lanes<TestType>);
  for (Index P : positions) {
    check<TestType>(P, 7, 1e-5);
    check<TestType>(P, 72, 1e-12);
  }
  check<TestType>(120, 72, 1e-12);
}

TEMPLATE_TEST_CASE("layer norm of constant rows is beta, with the gradient that eps allows", "", float,
                   double) {
  using Real = TestType;
  const Index P = 3, C = 8;
  std::vector<Real> x(24, Real(0.5)), gamma(8, Real(2)), beta(8, Real(-1)), y(24), mean(3), rstd(3), dx(24);
  layer_norm_forward(y.data(), mean.data(), rstd.data(), x.data(), gamma.data(), beta.data(), P, C,
                     Real(1e-4));
  for (Real v : y) CHECK(v == Real(-1));
  CHECK(static_cast<double>(rstd[0]) == Approx(100));
  std::vector<Real> dy(24, Real(0));
  dy[0] = Real(1);  // position 0, channel 0
  std::vector<Real> slope(8), shift(8),
      scratch(static_cast<std::size_t>(layer_norm_backward_scratch<Real>(C)));
  layer_norm_backward(dx.data(), static_cast<const Real*>(nullptr), slope.data(), shift.data(), dy.data(),
                      x.data(), gamma.data(), mean.data(), rstd.data(), P, C, scratch.data());
  CHECK(static_cast<double>(dx[0]) == Approx(2 * 100 * 7.0 / 8));
  CHECK(static_cast<double>(dx[3]) == Approx(-2 * 100 / 8.0));
  CHECK(dx[1] == Real(0));
}

TEMPLATE_TEST_CASE("layer norm is undone only where that costs no digits", "", float, double) {
  using Real = TestType;
  const auto undoes = [](std::vector<Real> gamma, std::vector<Real> beta) {
    return layer_norm_undoes(gamma.data(), beta.data(), static_cast<Index>(gamma.size()));
  };
  CHECK(undoes({1, Real(-0.5)}, {4, 2}));
  CHECK_FALSE(undoes({1, Real(0.5)}, {0, Real(2.1)}));
  CHECK_FALSE(undoes({1, 0}, {0, 0}));
  CHECK_FALSE(undoes({1, Real(1e-20)}, {0, 0}));
  CHECK_FALSE(undoes({1, std::numeric_limits<Real>::quiet_NaN()}, {0, 0}));
  CHECK_FALSE(undoes({1, 1}, {0, std::numeric_limits<Real>::quiet_NaN()}));
}
