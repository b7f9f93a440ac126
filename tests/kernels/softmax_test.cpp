// SPDX-License-Identifier: MIT
#include "gyrograd/kernels/softmax.hpp"

#include "support/reference.hpp"
#include "support/tolerance.hpp"

using namespace gyrograd;
using namespace gyrograd::kernels;
using namespace gyrograd::testing;

namespace {

/// Calls f(inner, n, outer) for sizes around the vector width.
template <class Real, class F>
void for_sizes(F&& f) {
  for (Index inner : sizes_around(lanes<Real>))
    for (Index n : {1, 2, 20}) {
      INFO("inner " << inner << ", n " << n);
      f(inner, n, Index{2});
    }
  f(Index{3}, Index{7}, Index{1});
}

}  // namespace

TEMPLATE_TEST_CASE("softmax equals plain loops", "", float, double) {
  using Real = TestType;
  for (double range : {1.0, 60.0})
    for_sizes<Real>([&](Index inner, Index n, Index outer) {
      Guarded<Real> x(random_values<Real>(inner * n * outer, 1, -range, range)), y(inner * n * outer);
      const auto want = softmax_reference(doubles(x.copy()), inner, n, outer);
      softmax_forward(y.data(), x.data(), inner, n, outer);
      check_close<Real>(y.values(), want, range > 1 ? 4 : 1);
      CHECK((y.intact() && x.intact()));
      softmax_forward(x.data(), x.data(), inner, n, outer);
      CHECK(same_bits(x.values(), y.values()));
    });
}

TEMPLATE_TEST_CASE("softmax does not see a shift of its row, however large", "", float, double) {
  using Real = TestType;
  const std::vector<Real> x{1, 2, 4, 8};
  std::vector<Real> shifted{1025, 1026, 1028, 1032}, a(4), b(4);
  softmax_forward(a.data(), x.data(), 1, 4, 1);
  softmax_forward(b.data(), shifted.data(), 1, 4, 1);
  CHECK(largest_gap(std::span<const Real>(b), std::span<const Real>(a)) < (sizeof(Real) == 4 ? 2e-4 : 1e-12));
  for (Real& v : shifted) v = v * (sizeof(Real) == 4 ? Real(1e5) : Real(1e14));
  softmax_forward(b.data(), shifted.data(), 1, 4, 1);
  CHECK(static_cast<double>(b[3]) == Approx(1));
}

TEMPLATE_TEST_CASE("softmax of values up to the largest", "", float, double) {
  using Real = TestType;
  const Real huge = std::numeric_limits<Real>::max();
  for (Real size : {Real(1e6), Real(3e8), Real(1e9), Real(7e10), Real(1e20), huge}) {
    INFO("values of " << size);
    const Real next = std::nextafter(size, Real(0));
    const double gap = static_cast<double>(size) - static_cast<double>(next);
    std::vector<Real> x{next, size, -size, size}, y(4);
    softmax_forward(y.data(), x.data(), 1, 4, 1);
    const double lower = std::exp(-gap), sum = 2 + lower;
    CHECK(static_cast<double>(y[0]) == Approx(lower / sum).margin(1e-30));
    CHECK(static_cast<double>(y[1]) == Approx(1 / sum));
    CHECK(static_cast<double>(y[2]) == Approx(0).margin(1e-30));
    CHECK(y[1] == y[3]);
  }
  std::vector<Real> x{1, std::numeric_limits<Real>::quiet_NaN(), 2}, y(3);
  softmax_forward(y.data(), x.data(), 1, 3, 1);
  for (Real v : y) CHECK(std::isnan(v));
}

TEMPLATE_TEST_CASE("log-softmax equals plain loops", "", float, double) {
  using Real = TestType;
  for (double range : {1.0, 60.0})
    for_sizes<Real>([&](Index inner, Index n, Index outer) {
      Guarded<Real> x(random_values<Real>(inner * n * outer, 1, -range, range)), y(inner * n * outer);
      std::vector<double> want;
      const auto xd = doubles(x.copy());
      for (Index i = 0; i < inner * n * outer; ++i) {
        const Index row = i % inner + i / (inner * n) * inner * n;
        double top = -1e300, sum = 0;
        for (Index k = 0; k < n; ++k) top = std::max(top, xd[static_cast<std::size_t>(row + k * inner)]);
        for (Index k = 0; k < n; ++k) sum += std::exp(xd[static_cast<std::size_t>(row + k * inner)] - top);
        want.push_back(xd[static_cast<std::size_t>(i)] - top - std::log(sum));
      }
      log_softmax_forward(y.data(), x.data(), inner, n, outer);
      check_close<Real>(y.values(), want);
      CHECK(y.intact());
    });
}

TEMPLATE_TEST_CASE("gradients of softmax and log-softmax equal plain loops", "", float, double) {
  using Real = TestType;
  for (bool with_log : {false, true})
    for_sizes<Real>([&](Index inner, Index n, Index outer) {
      const Index size = inner * n * outer;
      Guarded<Real> x(random_values<Real>(size, 1)), dy(random_values<Real>(size, 2)), y(size), dx(size);
      Guarded<Real> residual(random_values<Real>(size, 3));
      if (with_log)
        log_softmax_forward(y.data(), x.data(), inner, n, outer);
      else
        softmax_forward(y.data(), x.data(), inner, n, outer);
      const auto yd = doubles(y.copy()), dyd = doubles(dy.copy());
      std::vector<double> want;
      for (Index i = 0; i < size; ++i) {
        const Index row = i % inner + i / (inner * n) * inner * n;
        double dot = 0;
        for (Index k = 0; k < n; ++k) {
          const auto at = static_cast<std::size_t>(row + k * inner);
          dot += dyd[at] * (with_log ? 1 : yd[at]);
        }
        const auto at = static_cast<std::size_t>(i);
        want.push_back(with_log ? dyd[at] - std::exp(yd[at]) * dot : yd[at] * (dyd[at] - dot));
      }
      const auto backward = [&](Real* to, const Real* start) {
        if (with_log)
          log_softmax_backward(to, start, dy.data(), y.data(), inner, n, outer);
        else
          softmax_backward(to, start, dy.data(), y.data(), inner, n, outer);
      };
      backward(dx.data(), nullptr);
      check_close<Real>(dx.values(), want);
      CHECK(dx.intact());
      for (std::size_t i = 0; i < want.size(); ++i) want[i] += static_cast<double>(residual.values()[i]);
      backward(dx.data(), residual.data());
      check_close<Real>(dx.values(), want);
      backward(residual.data(), residual.data());
      CHECK(same_bits(residual.values(), dx.values()));
    });
}
