// SPDX-License-Identifier: MIT
// Against loops in double here; against PyTorch's trajectories in tests/golden.
#include "gyrograd/optim/sgd.hpp"

#include "support/reference.hpp"
#include "support/tolerance.hpp"

using namespace gyrograd;
using namespace gyrograd::testing;

TEMPLATE_TEST_CASE("sgd follows its formula, ranges may be updated apart", "", float, double) {
  using Real = TestType;
  for (double momentum : {0.0, 0.9})
    for (double decay : {0.0, 0.1}) {
      const Index n = 37;
      std::vector<Real> w = random_values<Real>(n, 1), g = random_values<Real>(n, 2);
      std::vector<double> want = doubles(w), v(want.size());
      optim::Sgd<Real> sgd(n, {.learning_rate = 0.1, .momentum = momentum, .weight_decay = decay});
      for (int t = 0; t < 3; ++t) {
        for (std::size_t i = 0; i < want.size(); ++i) {
          const double d = static_cast<double>(g[i]) + decay * want[i];
          v[i] = t == 0 ? d : momentum * v[i] + d;
          want[i] -= 0.1 * v[i];
        }
        sgd.begin_step();
        sgd.update(w.data(), g.data(), 0, 11);
        sgd.update(w.data(), g.data(), 11, n);
      }
      check_close<Real>(w, want);
      CHECK(sgd.steps() == 3);
      CHECK(sgd.velocity().empty() == (momentum == 0));
    }
}

TEST_CASE("sgd goes on from a saved velocity") {
  std::vector<double> a{1, 2}, g{0.5, -1};
  optim::Sgd<double> first(2, {.learning_rate = 0.1, .momentum = 0.9}), second(2, first.options());
  first.begin_step();
  first.update(a.data(), g.data(), 0, 2);
  std::vector<double> b = a;
  second.velocity() = first.velocity();
  second.set_steps(first.steps());
  first.begin_step();
  first.update(a.data(), g.data(), 0, 2);
  second.begin_step();
  second.update(b.data(), g.data(), 0, 2);
  CHECK(a == b);
  first.set_learning_rate(0);
  first.begin_step();
  first.update(a.data(), g.data(), 0, 2);
  CHECK(a == b);
}

TEST_CASE("sgd refuses rates that are none") {
  const auto make = [](optim::SgdOptions o) { return optim::Sgd<float>(1, o); };
  CHECK_THROWS_AS(make({.learning_rate = -1}), ConfigError);
  CHECK_THROWS_AS(make({.learning_rate = std::nan("")}), ConfigError);
  CHECK_THROWS_AS(make({.momentum = -0.5}), ConfigError);
  CHECK_THROWS_AS(make({.momentum = std::nan("")}), ConfigError);
}
