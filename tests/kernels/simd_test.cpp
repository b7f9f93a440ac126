// SPDX-License-Identifier: MIT
#include "gyrograd/kernels/simd.hpp"

#include "support/reference.hpp"
#include "support/tolerance.hpp"

using namespace gyrograd;
using namespace gyrograd::kernels;
using namespace gyrograd::testing;

namespace {

template <class Real>
std::vector<Real> lanes_of(Batch<Real> v) {
  std::vector<Real> out(static_cast<std::size_t>(lanes<Real>));
  store(out.data(), v);
  return out;
}

}  // namespace

TEMPLATE_TEST_CASE("partial loads and stores touch n values only", "", float, double) {
  using Real = TestType;
  constexpr Index L = lanes<Real>;
  const std::vector<Real> source = random_values<Real>(L, 1);
  for (Index n = 0; n <= L; ++n) {
    INFO("n " << n);
    Guarded<Real> from(std::vector<Real>(source.begin(), source.begin() + n));
    std::vector<Real> want(source);
    std::fill(want.begin() + n, want.end(), Real(0));
    CHECK(lanes_of<Real>(load_partial(static_cast<const Real*>(from.data()), n)) == want);
    Guarded<Real> to(n);
    store_partial(to.data(), load(source.data()), n);
    CHECK(to.intact());
    CHECK(to.copy() == std::vector<Real>(source.begin(), source.begin() + n));
    CHECK(lanes_of<Real>(load_lanes(static_cast<const Real*>(from.data()), 0, n)) == want);
  }
}

TEMPLATE_TEST_CASE("a row is read and written by whole vectors and a tail", "", float, double) {
  using Real = TestType;
  for (Index n : sizes_around(lanes<Real>)) {
    Guarded<Real> from(random_values<Real>(n, 2)), to(n);
    for (Index i = 0; i < n; i += lanes<Real>)
      store_lanes(to.data(), load_lanes(static_cast<const Real*>(from.data()), i, n), i, n);
    CHECK(to.intact());
    CHECK(to.copy() == from.copy());
  }
}

TEMPLATE_TEST_CASE("fma and fnma", "", float, double) {
  using Real = TestType;
  using V = Batch<Real>;
  // (1 + e)(1 - e) - 1 = -e^2: zero when the product is rounded first.
  const Real e = std::numeric_limits<Real>::epsilon();
  const Real fused = lanes_of<Real>(fma(V(1 + e), V(1 - e), V(Real(-1))))[0];
  const Real negated = lanes_of<Real>(fnma(V(1 + e), V(1 - e), V(Real(1))))[0];
  if (fma_is_exact) {
    CHECK(fused == -e * e);
    CHECK(negated == e * e);
  }
  CHECK(std::fabs(static_cast<double>(fused)) <= static_cast<double>(e));
  CHECK(std::fabs(static_cast<double>(negated)) <= static_cast<double>(e));
  CHECK(lanes_of<Real>(fma(V(Real(2)), V(Real(3)), V(Real(4))))[0] == Real(10));
  CHECK(lanes_of<Real>(fnma(V(Real(2)), V(Real(3)), V(Real(4))))[0] == Real(-2));
}

TEMPLATE_TEST_CASE("division and square root are correctly rounded", "", float, double) {
  using Real = TestType;
  const std::vector<Real> a = random_values<Real>(5000, 6, -3, 3), b = random_values<Real>(5000, 7, 0, 9);
  int wrong = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (lanes_of<Real>(divide(Batch<Real>(a[i]), Batch<Real>(b[i])))[0] != a[i] / b[i]) ++wrong;
    if (lanes_of<Real>(kernels::sqrt(Batch<Real>(b[i])))[0] != std::sqrt(b[i])) ++wrong;
  }
  CHECK(wrong == 0);
}

TEMPLATE_TEST_CASE("min and max with NaN behind keep it", "", float, double) {
  using Real = TestType;
  using V = Batch<Real>;
  const Real nan = std::numeric_limits<Real>::quiet_NaN();
  CHECK(lanes_of<Real>(kernels::min(V(Real(1)), V(Real(2))))[0] == Real(1));
  CHECK(lanes_of<Real>(kernels::max(V(Real(1)), V(Real(2))))[0] == Real(2));
  CHECK(std::isnan(lanes_of<Real>(kernels::min(V(Real(1)), V(nan)))[0]));
  CHECK(std::isnan(lanes_of<Real>(kernels::max(V(Real(1)), V(nan)))[0]));
}

TEMPLATE_TEST_CASE("the sum over all lanes", "", float, double) {
  using Real = TestType;
  const std::vector<Real> x = random_values<Real>(lanes<Real>, 5);
  double want = 0;
  for (Real v : x) want += static_cast<double>(v);
  CHECK(static_cast<double>(reduce_add<Real>(load(x.data()))) == Approx(want).margin(kernel_tolerance<Real>));
}

TEST_CASE("vector width is that of the build") {
#if defined(GYROGRAD_SCALAR)
  CHECK(lanes<float> == 1);
#elif defined(GYROGRAD_AVX512)
  CHECK(lanes<float> == 16);
  CHECK(vector_registers == 32);
#elif defined(GYROGRAD_AVX2)
  CHECK(lanes<float> == 8);
#endif
  CHECK((lanes<double> == 1 || lanes<double> * 2 == lanes<float>));
}
