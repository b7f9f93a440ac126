// SPDX-License-Identifier: MIT
#include "gyrograd/kernels/batch_norm.hpp"

#include "support/reference.hpp"
#include "support/tolerance.hpp"

using namespace gyrograd;
using namespace gyrograd::kernels;
using namespace gyrograd::testing;

TEMPLATE_TEST_CASE("batch norm equals plain loops", "", float, double) {
  using Real = TestType;
  const Index C = 3;
  for (const Index P : {2, 5, 16, 35, 64, 150}) {
    INFO("P " << P);
    const auto x = random_values<Real>(P * C, 1, -2, 3), dy = random_values<Real>(P * C, 2),
               gamma = random_values<Real>(C, 3, 0.5, 2), beta = random_values<Real>(C, 4);
    const auto N = static_cast<double>(P);
    std::vector<double> mean(3), variance(3), y, dx, dgamma(3, 1), dbeta(3, 1);
    const auto at = [&](const std::vector<Real>& v, Index p, std::size_t c) {
      return static_cast<double>(v[static_cast<std::size_t>(p) + static_cast<std::size_t>(P) * c]);
    };
    for (std::size_t c = 0; c < 3; ++c) {
      for (Index p = 0; p < P; ++p) mean[c] += at(x, p, c) / N;
      for (Index p = 0; p < P; ++p) variance[c] += std::pow(at(x, p, c) - mean[c], 2) / N;
      const double r = 1 / std::sqrt(variance[c] + 1e-5), g = static_cast<double>(gamma[c]);
      double sum = 0, dot = 0;
      for (Index p = 0; p < P; ++p) {
        const double xhat = (at(x, p, c) - mean[c]) * r;
        y.push_back(g * xhat + static_cast<double>(beta[c]));
        sum += at(dy, p, c);
        dot += at(dy, p, c) * xhat;
      }
      dgamma[c] += dot;
      dbeta[c] += sum;
      for (Index p = 0; p < P; ++p)
        dx.push_back(g * r * (at(dy, p, c) - sum / N - (at(x, p, c) - mean[c]) * r * dot / N));
    }
    Guarded<Real> got_mean(C), got_variance(C), rstd(C), got(P * C), got_dx(P * C);
    batch_statistics(got_mean.data(), got_variance.data(), x.data(), P, C);
    check_close<Real>(got_mean.values(), mean);
    check_close<Real>(got_variance.values(), variance);
    batch_norm_forward(got.data(), rstd.data(), x.data(), static_cast<const Real*>(got_mean.data()),
                       static_cast<const Real*>(got_variance.data()), gamma.data(), beta.data(), P, C,
                       Real(1e-5));
    check_close<Real>(got.values(), y, 4);
    std::vector<Real> dg(3, Real(1)), db(3, Real(1));
    BatchNormBackward<Real> a;
    a.dx = got_dx.data();
    a.dgamma = dg.data();
    a.dbeta = db.data();
    a.dy = dy.data();
    a.x = x.data();
    a.mean = got_mean.data();
    a.rstd = rstd.data();
    a.gamma = gamma.data();
    a.positions = P;
    a.channels = C;
    batch_norm_backward(a);
    check_close<Real>(got_dx.values(), dx,
                      P == 2 ? 1000 : 8);  // two values: dx is a difference of equal terms
    check_close<Real>(dg, dgamma, 8);
    check_close<Real>(db, dbeta, 8);
    CHECK((got.intact() && got_dx.intact() && rstd.intact()));
  }
}

TEST_CASE("batch statistics of a constant far from zero: no variance") {
  const std::vector<float> x(37, 1000.5F);
  float mean = 0, variance = 1;
  batch_statistics(&mean, &variance, x.data(), 37, 1);
  CHECK(mean == Approx(1000.5));
  CHECK(variance < 1e-6F);
}

TEST_CASE("running statistics take the unbiased variance") {
  double running[2] = {1, 4};
  const double mean = 3, variance = 2;
  update_running_statistics(&running[0], &running[1], &mean, &variance, 5, 1, 0.1);
  CHECK(running[0] == Approx(1.2));
  CHECK(running[1] == Approx(0.9 * 4 + 0.1 * 2.5));
}
