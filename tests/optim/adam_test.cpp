// SPDX-License-Identifier: MIT
// Against loops in double here; against PyTorch's trajectories in tests/golden.
#include "gyrograd/optim/adam.hpp"

#include "support/reference.hpp"
#include "support/tolerance.hpp"

using namespace gyrograd;
using namespace gyrograd::testing;

namespace {

/// Three steps of Adam in double with the formulas of Kingma and Ba 2015 (weight decay as told).
std::vector<double> reference(std::vector<double> w, const std::vector<double>& g,
                              const optim::AdamOptions& o) {
  std::vector<double> m(w.size()), v(w.size());
  for (int t = 1; t <= 3; ++t)
    for (std::size_t i = 0; i < w.size(); ++i) {
      const bool coupled = o.decay == optim::Decay::gradient;
      const double d = g[i] * t + (coupled ? o.weight_decay * w[i] : 0);
      if (!coupled) w[i] *= 1 - o.learning_rate * o.weight_decay;
      m[i] = o.beta1 * m[i] + (1 - o.beta1) * d;
      v[i] = o.beta2 * v[i] + (1 - o.beta2) * d * d;
      w[i] -= o.learning_rate * (m[i] / (1 - std::pow(o.beta1, t))) /
              (std::sqrt(v[i] / (1 - std::pow(o.beta2, t))) + o.epsilon);
    }
  return w;
}

}  // namespace

TEMPLATE_TEST_CASE("adam and adamw follow their formulas, ranges may be updated apart", "", float, double) {
  using Real = TestType;
  for (const optim::Decay decay : {optim::Decay::gradient, optim::Decay::decoupled})
    for (double weight_decay : {0.0, 0.1}) {
      const optim::AdamOptions options{.learning_rate = 0.01, .weight_decay = weight_decay, .decay = decay};
      const Index n = 37;
      std::vector<Real> w = random_values<Real>(n, 1), g = random_values<Real>(n, 2);
      const auto want = reference(doubles(w), doubles(g), options);
      optim::Adam<Real> adam(n, options);
      for (int t = 1; t <= 3; ++t) {
        std::vector<Real> scaled = g;
        for (Real& x : scaled) x *= static_cast<Real>(t);
        adam.begin_step();
        adam.update(w.data(), scaled.data(), 0, 5);
        adam.update(w.data(), scaled.data(), 5, n);
      }
      check_close<Real>(w, want);
      CHECK(adam.steps() == 3);
    }
}

TEST_CASE("adam goes on from saved moments and steps") {
  const Index n = 9;
  std::vector<double> a = random_values<double>(n, 1), g = random_values<double>(n, 2);
  optim::Adam<double> first(n);
  const auto step = [&](optim::Adam<double>& adam, std::vector<double>& w) {
    adam.begin_step();
    adam.update(w.data(), g.data(), 0, n);
  };
  step(first, a);
  step(first, a);
  std::vector<double> b = a;
  optim::Adam<double> second(n);
  second.first_moment() = first.first_moment();
  second.second_moment() = first.second_moment();
  second.set_steps(first.steps());
  step(first, a);
  step(second, b);
  CHECK(a == b);
}

TEST_CASE("a changed learning rate counts from the next step on") {
  std::vector<double> w{1.0};
  const std::vector<double> g{3.0};
  optim::Adam<double> adam(1, {.learning_rate = 0.5});
  adam.begin_step();
  adam.update(w.data(), g.data(), 0, 1);
  CHECK(w[0] == Approx(0.5).epsilon(1e-7));  // the first step of Adam has the length of the rate
  adam.set_learning_rate(0);
  adam.begin_step();
  adam.update(w.data(), g.data(), 0, 1);
  CHECK(w[0] == Approx(0.5).epsilon(1e-7));
  CHECK(adam.options().learning_rate == 0);
}

TEST_CASE("adam refuses rates that are none") {
  const auto make = [](optim::AdamOptions o) { return optim::Adam<float>(1, o); };
  CHECK_THROWS_AS(make({.learning_rate = -1}), ConfigError);
  CHECK_THROWS_AS(make({.learning_rate = std::nan("")}), ConfigError);
  CHECK_THROWS_AS(make({.learning_rate = std::numeric_limits<double>::infinity()}), ConfigError);
  CHECK_THROWS_AS(make({.beta1 = 1}), ConfigError);
  CHECK_THROWS_AS(make({.beta2 = -0.1}), ConfigError);
  CHECK_THROWS_AS(make({.beta2 = std::nan("")}), ConfigError);
}
