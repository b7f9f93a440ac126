// SPDX-License-Identifier: MIT
#include "gyrograd/kernels/cross_entropy.hpp"

#include "support/reference.hpp"
#include "support/tolerance.hpp"

using namespace gyrograd;
using namespace gyrograd::kernels;
using namespace gyrograd::testing;

TEMPLATE_TEST_CASE("cross-entropy and its gradient equal plain loops", "", float, double) {
  using Real = TestType;
  for (Index n : sizes_around(lanes<Real>))
    for (Index classes : {1, 2, 6})
      for (double range : {1.0, 300.0}) {
        INFO("n " << n << ", classes " << classes << ", range " << range);
        Guarded<Real> x(random_values<Real>(n * classes, 1, -range, range)), slope(n * classes);
        const auto labels = random_indices(n, classes, 2);
        const auto xd = doubles(x.copy());
        const double factor = 0.3;
        double loss = 0;
        std::vector<double> want = softmax_reference(xd, n, classes, 1);
        for (double& p : want) p *= factor;
        for (Index i = 0; i < n; ++i) {
          double top = -1e300, sum = 0;
          for (Index j = 0; j < classes; ++j) top = std::max(top, xd[static_cast<std::size_t>(i + n * j)]);
          for (Index j = 0; j < classes; ++j) sum += std::exp(xd[static_cast<std::size_t>(i + n * j)] - top);
          const auto at = static_cast<std::size_t>(i + n * labels[static_cast<std::size_t>(i)]);
          loss += factor * (top + std::log(sum) - xd[at]);
          want[at] -= factor;
        }
        const Real got =
            cross_entropy(slope.data(), x.data(), labels.data(), n, classes, static_cast<Real>(factor));
        CHECK(static_cast<double>(got) ==
              Approx(loss).epsilon(4 * kernel_tolerance<Real>).margin(range * kernel_tolerance<Real>));
        check_close<Real>(slope.values(), want, 4);
        CHECK(slope.intact());
        CHECK(cross_entropy(static_cast<Real*>(nullptr), x.data(), labels.data(), n, classes,
                            static_cast<Real>(factor)) == got);
      }
}
