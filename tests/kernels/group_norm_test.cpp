// SPDX-License-Identifier: MIT
#include "gyrograd/kernels/group_norm.hpp"

#include "support/reference.hpp"
#include "support/tolerance.hpp"

using namespace gyrograd;
using namespace gyrograd::kernels;
using namespace gyrograd::testing;

namespace {

/// Value and gradients of one group norm by plain loops.
struct GroupNormReference {
  std::vector<double> y, dx, dgamma, dbeta;

  GroupNormReference(const std::vector<double>& x, const std::vector<double>& gamma,
                     const std::vector<double>& beta, const std::vector<double>& dy, const GroupNormSizes& s,
                     double eps)
      : y(x.size()), dx(x.size()), dgamma(gamma.size()), dbeta(beta.size()) {
    const double count = static_cast<double>(s.rows());
    for (Index b = 0; b < s.batch; ++b)
      for (Index g = 0; g < s.groups; ++g) {
        const auto each = [&](auto&& f) {
          for (Index c = g * s.width(); c < (g + 1) * s.width(); ++c)
            for (Index t = 0; t < s.steps; ++t)
              f(static_cast<std::size_t>(b + s.batch * (t + s.steps * c)), static_cast<std::size_t>(c));
        };
        double mean = 0, variance = 0, sum = 0, along = 0;
        each([&](std::size_t i, std::size_t) { mean += x[i] / count; });
        each([&](std::size_t i, std::size_t) { variance += (x[i] - mean) * (x[i] - mean) / count; });
        const double r = 1 / std::sqrt(variance + eps);
        each([&](std::size_t i, std::size_t c) {
          const double n = (x[i] - mean) * r;
          y[i] = n * gamma[c] + beta[c];
          sum += dy[i] * gamma[c] / count;
          along += dy[i] * gamma[c] * n / count;
          dgamma[c] += dy[i] * n;
          dbeta[c] += dy[i];
        });
        each([&](std::size_t i, std::size_t c) {
          dx[i] = r * (dy[i] * gamma[c] - sum - (x[i] - mean) * r * along);
        });
      }
  }
};

template <class Real>
void check(const GroupNormSizes& s, double eps) {
  INFO(s.batch << " x " << s.steps << " x " << s.channels << ", " << s.groups << " groups");
  const Index n = s.batch * s.steps * s.channels;
  Guarded<Real> x(random_values<Real>(n, 1, -2, 3)), dy(random_values<Real>(n, 2));
  Guarded<Real> gamma(random_values<Real>(s.channels, 3, 0.5, 1.5)), beta(random_values<Real>(s.channels, 4));
  Guarded<Real> y(n), mean(s.statistics()), rstd(s.statistics()), dx(n), residual(random_values<Real>(n, 7));
  const GroupNormReference want(doubles(x.copy()), doubles(gamma.copy()), doubles(beta.copy()),
                                doubles(dy.copy()), s, eps);
  group_norm_forward(y.data(), mean.data(), rstd.data(), static_cast<const Real*>(x.data()),
                     static_cast<const Real*>(gamma.data()), static_cast<const Real*>(beta.data()), s,
                     static_cast<Real>(eps));
  check_close<Real>(y.values(), want.y, 4);
  CHECK((y.intact() && mean.intact() && rstd.intact()));

  const auto backward = [&](Real* to, const Real* from) {
    group_norm_backward_data(to, from, static_cast<const Real*>(dy.data()),
                             static_cast<const Real*>(x.data()), static_cast<const Real*>(gamma.data()),
                             static_cast<const Real*>(mean.data()), static_cast<const Real*>(rstd.data()), s);
  };
  backward(dx.data(), nullptr);
  check_close<Real>(dx.values(), want.dx, 4);
  std::vector<double> sum = want.dx;
  for (std::size_t i = 0; i < sum.size(); ++i) sum[i] += static_cast<double>(residual.values()[i]);
  backward(residual.data(), residual.data());
  check_close<Real>(residual.values(), sum, 4);
  CHECK((dx.intact() && residual.intact()));

  Guarded<Real> dgamma(random_values<Real>(s.channels, 5)), dbeta(random_values<Real>(s.channels, 6));
  std::vector<double> dgamma_want = doubles(dgamma.copy()), dbeta_want = doubles(dbeta.copy());
  const auto parameters = [&](Real* scale, Real* shift) {
    group_norm_backward_parameters(scale, shift, static_cast<const Real*>(dy.data()),
                                   static_cast<const Real*>(x.data()), static_cast<const Real*>(mean.data()),
                                   static_cast<const Real*>(rstd.data()), s);
  };
  parameters(dgamma.data(), nullptr);
  parameters(nullptr, dbeta.data());
  for (std::size_t c = 0; c < dgamma_want.size(); ++c) {
    dgamma_want[c] += want.dgamma[c];
    dbeta_want[c] += want.dbeta[c];
  }
  check_close<Real>(dgamma.values(), dgamma_want, 4);
  check_close<Real>(dbeta.values(), dbeta_want, 4);
  CHECK((dgamma.intact() && dbeta.intact()));
}

}  // namespace

TEMPLATE_TEST_CASE("group norm forward and backward equal plain loops", "", float, double) {
  for (const Index batch : sizes_around(lanes<TestType>)) {
    check<TestType>({batch, 5, 6, 2}, 1e-5);
    check<TestType>({batch, 1, 4, 1}, 1e-5);
    check<TestType>({batch, 3, 8, 8}, 1e-3);
  }
  check<TestType>({3, 32, 32, 4}, 1e-5);
  check<TestType>({1, 250, 6, 2}, 1e-5);
}

TEMPLATE_TEST_CASE("group norm of a constant group is beta", "", float, double) {
  using Real = TestType;
  const GroupNormSizes s{2, 4, 4, 2};
  std::vector<Real> x(32, Real(0)), y(32), gamma(4, Real(3)), beta{1, 2, 3, 4}, mean(4), rstd(4);
  std::fill(x.begin() + 16, x.end(), Real(0.5));  // the second group
  group_norm_forward(y.data(), mean.data(), rstd.data(), static_cast<const Real*>(x.data()),
                     static_cast<const Real*>(gamma.data()), static_cast<const Real*>(beta.data()), s,
                     Real(1e-5));
  for (std::size_t i = 0; i < 32; ++i) CHECK(y[i] == beta[i / 8]);
}
