// SPDX-License-Identifier: MIT
#include "gyrograd/kernels/focal.hpp"

#include "gyrograd/kernels/cross_entropy.hpp"
#include "support/reference.hpp"
#include "support/tolerance.hpp"

using namespace gyrograd;
using namespace gyrograd::kernels;
using namespace gyrograd::testing;

TEMPLATE_TEST_CASE("focal loss and its gradient equal the formula", "", float, double) {
  using Real = TestType;
  for (Index classes : {2, 6})
    for (double gamma : {0.0, 0.5, 2.0}) {
      INFO("classes " << classes << ", gamma " << gamma);
      const Index n = 9;
      const double factor = 0.3;
      Guarded<Real> x(random_values<Real>(n * classes, 1, -3, 3)), slope(n * classes);
      const auto labels = random_indices(n, classes, 2);
      const std::vector<Real> weights = random_values<Real>(classes, 3, 0.5, 2);
      const auto p = softmax_reference(doubles(x.copy()), n, classes, 1);
      double loss = 0;
      std::vector<double> want(p.size());
      for (Index i = 0; i < n; ++i) {
        const Index y = labels[static_cast<std::size_t>(i)];
        const double own = p[static_cast<std::size_t>(i + n * y)];
        const auto w = static_cast<double>(weights[static_cast<std::size_t>(y)]);
        loss -= factor * w * std::pow(1 - own, gamma) * std::log(own);
        const double c =
            gamma * std::pow(1 - own, gamma - 1) * own * std::log(own) - std::pow(1 - own, gamma);
        for (Index j = 0; j < classes; ++j) {
          const auto at = static_cast<std::size_t>(i + n * j);
          want[at] = factor * w * c * ((j == y ? 1 : 0) - p[at]);
        }
      }
      const Real got = focal(slope.data(), static_cast<const Real*>(x.data()), labels.data(), weights.data(),
                             n, classes, static_cast<Real>(gamma), static_cast<Real>(factor));
      CHECK(static_cast<double>(got) == Approx(loss).epsilon(8 * kernel_tolerance<Real>));
      check_close<Real>(slope.values(), want, 8);
      CHECK(slope.intact());
      CHECK(focal(static_cast<Real*>(nullptr), static_cast<const Real*>(x.data()), labels.data(),
                  weights.data(), n, classes, static_cast<Real>(gamma), static_cast<Real>(factor)) == got);
    }
}

TEST_CASE("without exponent and weights focal loss is cross-entropy") {
  const auto x = random_values<double>(7 * 6, 4, -5, 5);
  const auto labels = random_indices(7, 6, 5);
  std::vector<double> a(x.size()), b(x.size());
  const double one =
      focal(a.data(), x.data(), labels.data(), static_cast<const double*>(nullptr), 7, 6, 0.0, 0.5);
  const double two = cross_entropy(b.data(), x.data(), labels.data(), 7, 6, 0.5);
  CHECK(one == Approx(two).epsilon(1e-13));
  for (std::size_t i = 0; i < a.size(); ++i) CHECK(a[i] == Approx(b[i]).epsilon(1e-12).margin(1e-15));
}

TEST_CASE("focal loss stays finite for sure predictions, right or wrong") {
  const std::vector<double> x{300, -300, -300, 300};  // sample 0: class 0, sample 1: class 1
  std::vector<double> slope(4);
  for (const std::int32_t label : {0, 1}) {
    const std::int32_t labels[] = {label, label};
    const double loss =
        focal(slope.data(), x.data(), labels, static_cast<const double*>(nullptr), 2, 2, 2.0, 1.0);
    CHECK(loss == Approx(600));
    for (const double s : slope) CHECK(std::isfinite(s));
  }
}
