// SPDX-License-Identifier: MIT
#include "gyrograd/kernels/elementwise.hpp"

#include "support/reference.hpp"
#include "support/tolerance.hpp"

using namespace gyrograd;
using namespace gyrograd::kernels;
using namespace gyrograd::testing;

namespace {

/// Runs f(y, residual) without a residual, with one, and in place; `want` is the sum without residual.
template <class Real, class F>
void check_modes(const std::vector<double>& want, F&& f) {
  const auto n = static_cast<Index>(want.size());
  Guarded<Real> y(n), residual(random_values<Real>(n, 9));
  f(y.data(), static_cast<const Real*>(nullptr));
  check_close<Real>(y.values(), want);
  CHECK(y.intact());
  std::vector<double> sum = want;
  for (std::size_t i = 0; i < sum.size(); ++i) sum[i] += static_cast<double>(residual.values()[i]);
  f(y.data(), static_cast<const Real*>(residual.data()));
  check_close<Real>(y.values(), sum);
  f(residual.data(), static_cast<const Real*>(residual.data()));
  CHECK(same_bits(residual.values(), y.values()));
  CHECK((y.intact() && residual.intact()));
}

}  // namespace

TEMPLATE_TEST_CASE("multiply_add, add and scale_add equal plain loops in every mode", "", float, double) {
  using Real = TestType;
  for (Index n : sizes_around(lanes<Real>)) {
    INFO("n " << n);
    Guarded<Real> a(random_values<Real>(n, 1)), b(random_values<Real>(n, 2));
    std::vector<double> product, scaled, same = doubles(a.copy());
    for (std::size_t i = 0; i < same.size(); ++i) {
      product.push_back(same[i] * static_cast<double>(b.values()[i]));
      scaled.push_back(same[i] * -1.75);
    }
    check_modes<Real>(product, [&](Real* y, const Real* r) { multiply_add(y, r, a.data(), b.data(), n); });
    check_modes<Real>(same, [&](Real* y, const Real* r) { kernels::add(y, r, a.data(), n); });
    check_modes<Real>(scaled, [&](Real* y, const Real* r) { scale_add(y, r, Real(-1.75), a.data(), n); });
  }
}

TEMPLATE_TEST_CASE("element-wise kernels leave empty arrays alone", "", float, double) {
  Guarded<TestType> y(Index{0});
  multiply_add(y.data(), static_cast<const TestType*>(nullptr), y.data(), y.data(), 0);
  kernels::add(y.data(), static_cast<const TestType*>(y.data()), y.data(), 0);
  CHECK(y.intact());
}
