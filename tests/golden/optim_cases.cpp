// SPDX-License-Identifier: MIT
// Golden cases of optimisers: trajectories over explicit gradients, and the state at the end.
#include "golden/registry.hpp"
#include "gyrograd/optim/adam.hpp"
#include "gyrograd/optim/sgd.hpp"

using namespace gyrograd;
using namespace gyrograd::golden;

namespace {

/// Runs all steps; compares the parameters after each.
template <class Real, class Optimiser>
void check_trajectory(const Case& c, Optimiser& optimiser) {
  const std::vector<Real> start = c.values<Real>("param.p"), all = c.values<Real>("input.gradients");
  AlignedVector<Real> p(start.begin(), start.end());
  std::vector<Real> rows;
  const auto n = static_cast<Index>(p.size());
  for (Index step = 0; step < c.at("input.gradients").extent(0); ++step) {
    const AlignedVector<Real> gradient(all.begin() + step * n, all.begin() + (step + 1) * n);
    optimiser.begin_step();
    optimiser.update(p.data(), gradient.data(), 0, n / 2);  // in two ranges, as two threads would
    optimiser.update(p.data(), gradient.data(), n / 2, n);
    rows.insert(rows.end(), p.begin(), p.end());
  }
  expect_rows(c, "output.p", rows, c.tolerance<Real>());
}

template <class Real>
void expect_state(const Case& c, const std::string& name, const AlignedVector<Real>& state) {
  if (c.has("output.state_" + name)) {
    expect_rows(c, "output.state_" + name, std::vector<Real>(state.begin(), state.end()),
                c.tolerance<Real>());
  }
}

template <class Real, optim::Decay decay>
void check_adam(const Case& c) {
  optim::AdamOptions options;
  options.learning_rate = c.number("lr");
  options.beta1 = c.json("betas").at(0).get<double>();
  options.beta2 = c.json("betas").at(1).get<double>();
  options.epsilon = c.number("eps");
  options.weight_decay = c.number("weight_decay");
  options.decay = decay;
  optim::Adam<Real> adam(c.at("param.p").size(), options);
  check_trajectory<Real>(c, adam);
  expect_state(c, "exp_avg", adam.first_moment());
  expect_state(c, "exp_avg_sq", adam.second_moment());
}

template <class Real>
void check_sgd(const Case& c) {
  if (c.flag("nesterov")) throw NotYet("opt_sgd with Nesterov momentum");
  optim::SgdOptions options;
  options.learning_rate = c.number("lr");
  options.momentum = c.number("momentum");
  options.weight_decay = c.number("weight_decay");
  optim::Sgd<Real> sgd(c.at("param.p").size(), options);
  check_trajectory<Real>(c, sgd);
  expect_state(c, "momentum_buffer", sgd.velocity());
}

const Register registered[] = {
    {"opt_adam", check_adam<double, optim::Decay::gradient>, check_adam<float, optim::Decay::gradient>},
    {"opt_adamw", check_adam<double, optim::Decay::decoupled>, check_adam<float, optim::Decay::decoupled>},
    {"opt_sgd", check_sgd<double>, check_sgd<float>},
};

}  // namespace
