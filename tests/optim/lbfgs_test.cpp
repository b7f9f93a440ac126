// SPDX-License-Identifier: MIT
#include "gyrograd/optim/lbfgs.hpp"

#include <cmath>
#include <limits>

#include "support/catch.hpp"

using namespace gyrograd;
using namespace gyrograd::optim;

TEST_CASE("L-BFGS finds the minimum of a badly scaled quadratic") {
  const std::size_t n = 40;
  std::vector<double> theta(n, 1.0);
  const LbfgsResult r = lbfgs(std::span<double>(theta),
                              [&](auto x, auto g) {
                                double value = 0;
                                for (std::size_t i = 0; i < n; ++i) {
                                  const double k =
                                      std::pow(10.0, 5 * static_cast<double>(i) / static_cast<double>(n));
                                  const double d = x[i] - static_cast<double>(i);
                                  value += 0.5 * k * d * d;
                                  g[i] = k * d;
                                }
                                return value;
                              },
                              {.tolerance = 1e-12});
  CHECK(r.converged);
  CHECK(r.value < 1e-8);
  for (std::size_t i = 0; i < n; ++i) CHECK(theta[i] == Approx(static_cast<double>(i)).margin(1e-4));
}

TEST_CASE("L-BFGS follows a curved valley") {
  std::vector<double> theta{-1.2, 1};
  const LbfgsResult r = lbfgs(std::span<double>(theta), [](auto x, auto g) {
    const double a = x[1] - x[0] * x[0], b = 1 - x[0];
    g[0] = -400 * a * x[0] - 2 * b;
    g[1] = 200 * a;
    return 100 * a * a + b * b;
  });
  CHECK(r.converged);
  CHECK(theta[0] == Approx(1).epsilon(1e-6));
  CHECK(theta[1] == Approx(1).epsilon(1e-6));
  CHECK(r.evaluations < 120);
}

TEST_CASE("L-BFGS reaches the rounding noise of a value with a large constant") {
  std::vector<double> theta{3};
  const LbfgsResult r = lbfgs(std::span<double>(theta), [](auto x, auto g) {
    g[0] = std::sinh(x[0] - 0.5);
    return 1e6 + std::cosh(x[0] - 0.5);
  });
  CHECK(r.converged);
  CHECK(theta[0] == Approx(0.5).margin(1e-8));
}

TEST_CASE("L-BFGS at the minimum takes no step, and says when it ran out of them") {
  std::vector<double> theta{0};
  const auto bowl = [](auto x, auto g) {
    g[0] = std::exp(x[0]) - 1;
    return std::exp(x[0]) - x[0];
  };
  CHECK(lbfgs(std::span<double>(theta), bowl).iterations == 0);
  theta[0] = 5;
  const LbfgsResult r = lbfgs(std::span<double>(theta), bowl, {.iterations = 2});
  CHECK(r.iterations == 2);
  CHECK_FALSE(r.converged);
}

TEST_CASE("L-BFGS refuses a start that is no number") {
  std::vector<double> theta{0};
  CHECK_THROWS_AS(lbfgs(std::span<double>(theta),
                        [](auto, auto g) {
                          g[0] = 1;
                          return std::numeric_limits<double>::quiet_NaN();
                        }),
                  Error);
}
