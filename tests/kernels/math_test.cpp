// SPDX-License-Identifier: MIT
// The numbers stated in math.hpp are the limits here: about a million floats over the whole range of bit
// patterns for float, 2e5 points over the useful range for double, and the special values.
#include "gyrograd/kernels/math.hpp"

#include <bit>
#include <functional>

#include "support/reference.hpp"
#include "support/tolerance.hpp"

using namespace gyrograd;
using namespace gyrograd::kernels;
using namespace gyrograd::testing;

namespace {

constexpr double inf = std::numeric_limits<double>::infinity();

/// f lane by lane on any number of values.
template <class Real, class F>
std::vector<Real> map(const std::vector<Real>& x, F&& f) {
  std::vector<Real> y(x.size());
  const auto n = static_cast<Index>(x.size());
  for (Index i = 0; i < n; i += lanes<Real>)
    store_lanes(y.data(), Batch<Real>(f(load_lanes(x.data(), i, n))), i, n);
  return y;
}

/// Every 4093rd float (a prime: all mantissas and exponents), those in [low, high] only.
std::vector<float> floats(double low, double high) {
  std::vector<float> x;
  for (std::uint64_t bits = 0; bits < (std::uint64_t{1} << 32); bits += 4093) {
    const float value = std::bit_cast<float>(static_cast<std::uint32_t>(bits));
    if (static_cast<double>(value) >= low && static_cast<double>(value) <= high) x.push_back(value);
  }
  // Bit patterns are dense near zero only; most of the range needs points of its own.
  for (int i = 0; i <= 200000; ++i) x.push_back(static_cast<float>(low + (high - low) * i / 200000));
  return x;
}

std::vector<double> points(double low, double high) {
  std::vector<double> x;
  for (int i = 0; i <= 200000; ++i) x.push_back(low + (high - low) * (i + 0.37) / 200001);
  return x;
}

/// Largest error(got, exact) over all samples; the argument where it is, in the message of a failure.
template <class Real, class F, class Error>
void expect_below(double limit, const std::vector<Real>& x, F&& f, double (*exact)(double), Error&& error) {
  const std::vector<Real> y = map(x, f);
  double worst = 0, where = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double e = error(y[i], exact(static_cast<double>(x[i])));
    if (e <= worst) continue;
    worst = std::isnan(e) ? inf : e;
    where = static_cast<double>(x[i]);
  }
  INFO("largest error " << worst << " at " << where << " of " << x.size() << " samples");
  CHECK(x.size() > 100000);
  CHECK(worst <= limit);
}

const auto relative = [](auto got, double want) { return std::fabs(static_cast<double>(got) / want - 1); };
const auto absolute = [](auto got, double want) { return std::fabs(static_cast<double>(got) - want); };
const auto ulps = [](auto got, double want) { return ulp_error(got, want); };

double gelu_exact(double x) {
  return 0.5 * x * std::erfc(-x * 0.70710678118654752440);
}
double slope_exact(double x) {
  return 0.5 * std::erfc(-x * 0.70710678118654752440) + x * 0.3989422804014327 * std::exp(-0.5 * x * x);
}
double sigmoid_exact(double x) {
  return 1 / (1 + std::exp(-x));
}

template <class Real>
Batch<Real> gelu_value(Batch<Real> x) {
  Batch<Real> y, slope;
  gelu_pair<Real>(y, slope, x);
  return y;
}
template <class Real>
Batch<Real> gelu_slope(Batch<Real> x) {
  Batch<Real> y, slope;
  gelu_pair<Real>(y, slope, x);
  return slope;
}

/// f(x) for one number, with every other lane holding something else.
template <class Real, class F>
Real at(F&& f, double x) {
  std::vector<Real> in(static_cast<std::size_t>(lanes<Real>), Real(0.5));
  in.back() = static_cast<Real>(x);
  return map(in, f).back();
}

}  // namespace

TEST_CASE("exp2 in float") {
  const auto f = [](Batch<float> x) { return exp2_clamped(x); };
  expect_below(
      2.4e-7, floats(-126, 127), f, [](double x) { return std::exp2(x); }, relative);
  for (double x : {-126.5, -200.0, -3e38, -inf}) CHECK(at<float>(f, x) == at<float>(f, -126));
  for (double x : {127.5, 3e38, inf}) CHECK(at<float>(f, x) == at<float>(f, 127));
  for (double x : {0.0, -0.0, 1e-45, -1e-45}) CHECK(relative(at<float>(f, x), 1) <= 2.4e-7);
}

TEST_CASE("exp in float") {
  const auto f = [](Batch<float> x) { return kernels::exp(x); };
  expect_below(
      2.1e-7, floats(-87.3, 88.7), f, [](double x) { return std::exp(x); }, relative);
  for (double x : {-88.0, -104.0, -3e38, -inf}) CHECK(at<float>(f, x) == 0.0F);
  for (double x : {88.73, 89.0, 3e38, inf}) CHECK(std::isinf(at<float>(f, x)));
  for (double x : {0.0, -0.0, 1e-45, -1e-45, 1e-39}) CHECK(at<float>(f, x) == 1.0F);
  CHECK(std::isnan(at<float>(f, std::nan(""))));
}

TEST_CASE("exp and exp2 in double") {
  const auto f = [](Batch<double> x) { return kernels::exp(x); };
  expect_below(
      3, points(-700, 700), f, [](double x) { return std::exp(x); }, ulps);
  expect_below(
      3, points(-1, 1), f, [](double x) { return std::exp(x); }, ulps);
  expect_below(
      3, points(-120, 120), [](Batch<double> x) { return exp2_clamped(x); },
      [](double x) { return std::exp2(x); }, ulps);
  CHECK(at<double>(f, 0) == 1);
  CHECK(at<double>(f, -0.0) == 1);
  CHECK(at<double>(f, 5e-324) == 1);
  CHECK(at<double>(f, -800) == 0);
  CHECK(std::isinf(at<double>(f, 800)));
  CHECK(at<double>(f, -inf) == 0);
  CHECK(std::isinf(at<double>(f, inf)));
  CHECK(std::isnan(at<double>(f, std::nan(""))));
}

TEST_CASE("log in both precisions") {
  const auto exact = [](double x) { return std::log(x); };
  expect_below(
      2, floats(1.2e-38, 3.4e38), [](Batch<float> x) { return log_lanes<float>(x); }, exact, ulps);
  expect_below(
      2, points(1, 3), [](Batch<double> x) { return log_lanes<double>(x); }, exact, ulps);
  expect_below(
      2, points(1e-3, 1e6), [](Batch<double> x) { return log_lanes<double>(x); }, exact, ulps);
  CHECK(at<float>([](Batch<float> x) { return log_lanes<float>(x); }, 1) == 0);
  CHECK(at<double>([](Batch<double> x) { return log_lanes<double>(x); }, 1) == 0);
}

TEST_CASE("tanh in both precisions") {
  const auto f = [](Batch<float> x) { return kernels::tanh(x); };
  const auto d = [](Batch<double> x) { return kernels::tanh(x); };
  const auto exact = [](double x) { return std::tanh(x); };
  // Denormal results lose bits whatever is done: from the smallest normal number on.
  std::vector<float> x = floats(-100, 100);
  std::erase_if(x, [](float v) { return std::fabs(v) < 1.2e-38F; });
  expect_below(5e-7, x, f, exact, relative);
  expect_below(3, points(-20, 20), d, exact, ulps);
  for (double v : {100.0, 3e38, inf}) {
    CHECK(relative(at<float>(f, v), 1) <= 5e-7);
    CHECK(relative(at<float>(f, -v), -1) <= 5e-7);
    CHECK(at<double>(d, v) == Approx(1));
    CHECK(at<double>(d, -v) == Approx(-1));
  }
  CHECK(at<float>(f, 0) == 0.0F);
  CHECK(at<double>(d, 0) == 0.0);
}

TEST_CASE("sigmoid in both precisions") {
  const auto f = [](Batch<float> x) { return sigmoid<float>(x); };
  const auto d = [](Batch<double> x) { return sigmoid<double>(x); };
  expect_below(1.2e-7, floats(-200, 200), f, sigmoid_exact, absolute);
  expect_below(1e-15, points(-50, 50), d, sigmoid_exact, absolute);
  CHECK(at<float>(f, 3e38) == 1.0F);
  CHECK(at<float>(f, inf) == 1.0F);
  CHECK(at<float>(f, -inf) <= 1.2e-7F);
  CHECK(at<float>(f, -3e38) >= 0.0F);
}

TEST_CASE("gelu and its derivative in both precisions") {
  expect_below(4.4e-7, floats(-40, 40), gelu_value<float>, gelu_exact, absolute);
  expect_below(3.1e-7, floats(-40, 40), gelu_slope<float>, slope_exact, absolute);
  expect_below(2e-14, points(-12, 12), gelu_value<double>, gelu_exact, absolute);
  expect_below(6e-15, points(-12, 12), gelu_slope<double>, slope_exact, absolute);
  CHECK(at<float>(gelu_value<float>, 0) == 0.0F);
  CHECK(at<float>(gelu_value<float>, 1000) == 1000.0F);
  CHECK(std::fabs(at<float>(gelu_value<float>, -1000)) <= 4.4e-7F);
  CHECK(at<double>(gelu_value<double>, 1000) == 1000.0);
  CHECK(at<double>(gelu_value<double>, -1000) == 0.0);
  CHECK(std::isnan(at<double>(gelu_value<double>, std::nan(""))));
}
