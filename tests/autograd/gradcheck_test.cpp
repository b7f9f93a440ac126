// SPDX-License-Identifier: MIT
// The gradient check finds planted bugs and accepts what is right.
#include "gyrograd/autograd/gradcheck.hpp"

#include "gyrograd/autograd/ops/gelu.hpp"
#include "gyrograd/autograd/ops/linear.hpp"
#include "gyrograd/autograd/ops/softmax.hpp"
#include "support/catch.hpp"
#include "support/reference.hpp"

using namespace gyrograd;
using gyrograd::testing::random_values;

namespace {

/// Bugs as they happen in backward passes of y_i = sum_j a_ij x_j + x_i^3.
enum class Bug { none, sign, dropped_term, one_percent, transposed, zero, stale, off_by_one, one_element };

constexpr Index n = 6;

auto planted(Bug bug, const std::vector<double>& a) {
  return [bug, &a](Tape<double>& tape, const std::vector<Var<double, dyn>>& v) {
    const auto x = v[0];
    const auto y = tape.like(x);
    const double* matrix = a.data();
    for (Index i = 0; i < n; ++i) {
      double sum = x.value(i) * x.value(i) * x.value(i);
      for (Index j = 0; j < n; ++j) sum += matrix[i * n + j] * x.value(j);
      y.value(i) = sum;
    }
    tape.record(y, [=] {
      const auto dx = x.grad(), dy = y.grad();
      for (Index i = 0; i < n; ++i) {
        for (Index j = 0; j < n; ++j)
          dx(j) += (bug == Bug::transposed ? matrix[j * n + i] : matrix[i * n + j]) * dy(i);
        const Index k = bug == Bug::off_by_one ? (i + 1) % n : i;
        const double at = bug == Bug::stale ? y.value(i) : x.value(i);
        if (bug != Bug::dropped_term) dx(k) += 3 * at * at * dy(i);
      }
      for (Index i = 0; i < n; ++i) {
        if (bug == Bug::sign) dx(i) = -dx(i);
        if (bug == Bug::one_percent) dx(i) *= 1.01;
        if (bug == Bug::zero) dx(i) = 0;
      }
      if (bug == Bug::one_element) dx(2) *= 1 + 1e-6;
    });
    return y;
  };
}

GradcheckResult check(Bug bug) {
  const std::vector<double> a = random_values<double>(n * n, 1);
  std::vector<double> x = random_values<double>(n, 2);
  return gradcheck({x}, planted(bug, a)).front();
}

}  // namespace

TEST_CASE("gradcheck accepts a correct gradient with room to spare") {
  const GradcheckResult r = check(Bug::none);
  INFO(r.text());
  CHECK(r.passed());
  CHECK(r.norm_error < 1e-11);
  CHECK(r.element_error < 1e-10);
}

TEST_CASE("gradcheck refuses every planted bug") {
  for (const Bug bug : {Bug::sign, Bug::dropped_term, Bug::one_percent, Bug::transposed, Bug::zero,
                        Bug::stale, Bug::off_by_one, Bug::one_element}) {
    const GradcheckResult r = check(bug);
    INFO(static_cast<int>(bug) << ": " << r.text());
    CHECK_FALSE(r.passed());
  }
  CHECK(check(Bug::one_percent).norm_error == Approx(0.01).epsilon(0.02));
  CHECK(check(Bug::one_element).worst == 2);
}

TEST_CASE("gradcheck along directions refuses the same bugs") {
  const std::vector<double> a = random_values<double>(n * n, 1);
  for (const Bug bug : {Bug::none, Bug::sign, Bug::dropped_term, Bug::one_percent, Bug::transposed, Bug::zero,
                        Bug::stale, Bug::off_by_one}) {
    std::vector<double> x = random_values<double>(n, 2);
    const auto f = planted(bug, a);
    const auto value = [&] {
      Tape<double> tape;
      const auto y = f(tape, {tape.input(Tensor<double, dyn>(x.data(), n))});
      double sum = 0;
      for (Index i = 0; i < n; ++i) sum += y.value(i) * static_cast<double>(i + 1);
      return sum;
    };
    Tape<double> tape;
    const auto v = tape.input(Tensor<double, dyn>(x.data(), n));
    const auto y = f(tape, {v});
    for (Index i = 0; i < n; ++i) y.grad()(i) = static_cast<double>(i + 1);
    tape.backward();
    const std::vector<double> analytic(v.grad().begin(), v.grad().end());
    const std::vector<double> before = x;
    const GradcheckResult r = gradcheck_directions(x, analytic, value);
    INFO(static_cast<int>(bug) << ": " << r.text());
    CHECK(r.passed() == (bug == Bug::none));
    CHECK(x == before);
  }
}

TEST_CASE("a mask keeps directions away from frozen values") {
  std::vector<double> x{0.3, 0.7};
  const auto value = [&] { return x[0] * x[0] + std::sin(x[1]); };
  const std::vector<double> analytic{0.6, 0.0}, mask{1.0, 0.0};
  CHECK(gradcheck_directions(x, analytic, value, 5, mask).passed());
  CHECK_FALSE(gradcheck_directions(x, analytic, value, 5).passed());
}

TEST_CASE("a zero gradient must be asked for") {
  std::vector<double> x{0.5, -0.25};
  const auto constant = [&] { return 1.0; };
  const std::vector<double> zero{0.0, 0.0}, wrong{0.0, 1e-3};
  GradcheckOptions expected;
  expected.expect_zero = true;
  CHECK_FALSE(gradcheck_elements(x, zero, constant).passed());
  CHECK(gradcheck_elements(x, zero, constant).passed(expected));
  CHECK_FALSE(gradcheck_elements(x, wrong, constant).passed(expected));
  CHECK_FALSE(gradcheck_elements(x, zero, [&] { return x[0]; }).passed(expected));
}

TEST_CASE("a gradient that is no number is refused") {
  std::vector<double> x{0.5, -0.25};
  const std::vector<double> analytic{std::nan(""), 1.0};
  const GradcheckResult r = gradcheck_elements(x, analytic, [&] { return x[0] + x[1]; });
  CHECK_FALSE(r.passed());
}

TEST_CASE("gradcheck of a composed function restores its inputs") {
  std::vector<double> x = random_values<double>(5 * 3, 1, -2, 2), w = random_values<double>(4 * 3, 2),
                      b = random_values<double>(4, 3);
  const auto before = x;
  const auto results = gradcheck({x, w, b}, [](auto& tape, const auto& v) {
    return ops::softmax(
        tape, ops::gelu(tape, ops::linear(tape, v[0].template reshape<dyn, dyn>(5, 3), v[1], v[2])), 1);
  });
  REQUIRE(results.size() == 3);
  for (const auto& r : results) {
    INFO(r.text());
    CHECK(r.passed());
  }
  CHECK(x == before);
}
