// SPDX-License-Identifier: MIT
// The limits stated for vector maths: float over all bit patterns in a million steps (tests/exhaustive takes
// every one of them) and evenly over the useful range, double at a million points, and the special values.
#include "gyrograd/kernels/math.hpp"

#include "support/math_claims.hpp"
#include "support/reference.hpp"
#include "support/tolerance.hpp"

using namespace gyrograd;
using namespace gyrograd::kernels;
using namespace gyrograd::testing;

namespace {

constexpr double inf = std::numeric_limits<double>::infinity();
constexpr int samples = 1000000;

std::vector<double> points(double low, double high) {
  std::vector<double> x;
  for (int i = 0; i < samples; ++i) x.push_back(low + (high - low) * (i + 0.37) / samples);
  return x;
}

/// f(x) for one number, with every other lane holding something else.
template <class Real, class F>
Real at(F&& f, double x) {
  Real lanes_in[static_cast<std::size_t>(lanes<Real>)];
  for (Real& lane : lanes_in) lane = Real(0.5);
  lanes_in[lanes<Real> - 1] = static_cast<Real>(x);
  store(lanes_in, Batch<Real>(f(load(static_cast<const Real*>(lanes_in)))));
  return lanes_in[lanes<Real> - 1];
}

/// Largest error in double at a million points: in ULP, or absolute.
template <class F>
void expect_double(double ulp, double absolute, double low, double high, F&& f, double (*exact)(double)) {
  const std::vector<double> x = points(low, high);
  double worst = 0, where = 0, y[static_cast<std::size_t>(lanes<double>)];
  const auto n = static_cast<Index>(x.size());
  for (Index i = 0; i < n; i += lanes<double>) {
    store(y, Batch<double>(f(load_lanes(x.data(), i, n))));
    for (Index l = 0; l < std::min(lanes<double>, n - i); ++l) {
      const double at = x[static_cast<std::size_t>(i + l)], want = exact(at);
      const double unit = std::nextafter(std::fabs(want), inf) - std::fabs(want);
      const double share = std::fabs(y[l] - want) / (ulp * unit + absolute);
      if (share <= worst) continue;
      worst = std::isnan(share) ? inf : share;
      where = at;
    }
  }
  INFO("largest error " << worst << " of the limit, at " << where);
  CHECK(worst <= 1);
}

}  // namespace

TEST_CASE("float functions keep their limits over all floats") {
  for (const MathClaim& claim : math_claims) {
    // A prime step: every exponent, all kinds of mantissas, infinities, NaN. It begins with zero.
    MathWorst worst = measure(claim, floats_from(0, 4289, samples + 1500));
    // Bit patterns are dense near zero only; most of the useful range needs points of its own.
    std::vector<float> even(samples);
    for (const float range : {90.0F, 10.0F}) {
      for (int i = 0; i < samples; ++i)
        even[static_cast<std::size_t>(i)] = range * (2 * static_cast<float>(i) / samples - 1);
      worst.take(measure(claim, even));
    }
    INFO(claim.name << ": " << worst.share << " of the limit at " << worst.at << ", got " << worst.got);
    CHECK(worst.share <= 1);
    CHECK(worst.ulps > 0);
  }
}

TEST_CASE("the measurement sees what is wrong") {
  const auto wrong = [](auto claim) {
    const float x[] = {0, -0.0F, 1e-45F, 0.5F, 1, 80, 3e38F, math_inf, -math_inf, NAN};
    return measure(claim, x).share > 1;
  };
  MathClaim identity{
      "x", 1, 0, -math_inf, math_inf, [](Batch<float> x) { return x; }, [](double x) { return x; }};
  CHECK_FALSE(wrong(identity));
  MathClaim claim = identity;
  claim.exact = [](double x) { return x * (1 + 3e-7); };
  CHECK(wrong(claim));
  claim = identity;
  claim.ours = [](Batch<float> x) { return kernels::min(Batch<float>(3e38F), x); };
  CHECK(wrong(claim));  // infinity lost
  claim = identity;
  claim.ours = [](Batch<float> x) { return select(x == x, x, Batch<float>(0.0F)); };
  CHECK(wrong(claim));  // NaN lost
  claim.keeps_nan = false;
  CHECK_FALSE(wrong(claim));
}

TEST_CASE("special values in float") {
  for (double x : {-126.5, -200.0, -3e38, -inf})
    CHECK(at<float>(ours::exp2_clamped, x) == at<float>(ours::exp2_clamped, -126));
  for (double x : {127.5, 3e38, inf})
    CHECK(at<float>(ours::exp2_clamped, x) == at<float>(ours::exp2_clamped, 127));
  for (double x : {-88.0, -104.0, -3e38, -inf}) CHECK(at<float>(ours::exp, x) == 0.0F);
  for (double x : {88.73, 89.0, 3e38, inf}) CHECK(std::isinf(at<float>(ours::exp, x)));
  for (double x : {0.0, -0.0, 1e-45, -1e-45, 1e-39}) CHECK(at<float>(ours::exp, x) == 1.0F);
  CHECK(at<float>(ours::log, 1) == 0.0F);
  CHECK(at<float>(ours::log, 0) == -math_inf);
  CHECK(at<float>(ours::log, inf) == math_inf);
  CHECK(std::isnan(at<float>(ours::log, -1)));
  CHECK((at<float>(ours::tanh, 0) == 0.0F && std::signbit(at<float>(ours::tanh, -0.0))));
  CHECK(at<float>(ours::sigmoid, 3e38) == 1.0F);
  CHECK(at<float>(ours::sigmoid, inf) == 1.0F);
  CHECK(at<float>(ours::sigmoid, -inf) < 1e-38F);
  CHECK(at<float>(ours::gelu, 0) == 0.0F);
  CHECK(at<float>(ours::gelu, 1000) == 1000.0F);
  CHECK(at<float>(ours::gelu, inf) == math_inf);
  CHECK(std::isnan(at<float>(ours::gelu, -inf)));  // -inf * 0, as in the formula
}

TEST_CASE("double functions keep their limits") {
  const auto e = [](Batch<double> x) { return kernels::exp(x); };
  const auto e2 = [](Batch<double> x) { return exp2_clamped(x); };
  const auto ln = [](Batch<double> x) { return log_lanes<double>(x); };
  const auto th = [](Batch<double> x) { return kernels::tanh(x); };
  const auto s = [](Batch<double> x) { return sigmoid<double>(x); };
  const auto value = [](Batch<double> x) {
    Batch<double> y, slope;
    gelu_pair<double>(y, slope, x);
    return y;
  };
  const auto slope = [](Batch<double> x) {
    Batch<double> y, dy;
    gelu_pair<double>(y, dy, x);
    return dy;
  };
  expect_double(3, 0, -700, 700, e, exact::exp);
  expect_double(3, 0, -1, 1, e, exact::exp);
  expect_double(3, 0, -120, 120, e2, exact::exp2_clamped);
  expect_double(2, 0, 1, 3, ln, exact::log);
  expect_double(2, 0, 1e-3, 1e6, ln, exact::log);
  expect_double(3, 0, -20, 20, th, exact::tanh);
  expect_double(0, 1e-15, -50, 50, s, exact::sigmoid);
  expect_double(0, 2e-14, -12, 12, value, exact::gelu);
  expect_double(0, 6e-15, -12, 12, slope, exact::gelu_slope);
  for (double x : {0.0, -0.0, 5e-324}) CHECK(at<double>(e, x) == 1);
  for (double x : {-800.0, -inf}) CHECK(at<double>(e, x) == 0);
  for (double x : {800.0, inf}) CHECK(std::isinf(at<double>(e, x)));
  CHECK(at<double>(ln, 1) == 0);
  CHECK(at<double>(th, 0) == 0);
  for (double x : {100.0, 3e38, inf}) {
    CHECK(at<double>(th, x) == Approx(1));
    CHECK(at<double>(th, -x) == Approx(-1));
  }
  CHECK(at<double>(value, 1000) == 1000);
  CHECK(at<double>(value, -1000) == 0);
  for (const auto& nan :
       {at<double>(e, NAN), at<double>(th, NAN), at<double>(s, NAN), at<double>(value, NAN)})
    CHECK(std::isnan(nan));
}
