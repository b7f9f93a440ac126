// SPDX-License-Identifier: MIT
// The check of every training workload: against the same one in double, and that it learns.
#pragma once

#include <cmath>
#include <string>
#include <vector>

#include "support/entry.hpp"

namespace gyrograd::bench {

/// What a training step must compute: its loss and the gradient of all parameters.
struct TrainingReference {
  double loss;
  std::vector<double> gradient;
};

/// Of the workload in double, which is gone before ours is made: both at once would be most of the memory.
template <class Exact>
TrainingReference training_reference(Exact&& exact) {
  const double loss = exact.gradient();
  return {loss, {exact.gradients().begin(), exact.gradients().end()}};
}

/// Empty, or what is wrong with `ours`: loss and gradient must be those of `want`, and three steps must lower
/// the loss. `ours` has gradient(), gradients() and train_step().
template <class Ours>
std::string check_training(const TrainingReference& want, Ours&& ours) {
  const auto got = static_cast<double>(ours.gradient());
  if (auto wrong = verdict("the loss", std::abs(got - want.loss) / want.loss, 1e-5); !wrong.empty())
    return wrong;
  if (auto wrong = verdict("the gradient", relative_error(ours.gradients(), want.gradient), 1e-4);
      !wrong.empty()) {
    return wrong;
  }
  const auto before = ours.train_step();
  ours.train_step();
  return ours.train_step() < before ? "" : "wrong numbers: the loss does not fall over three steps";
}

}  // namespace gyrograd::bench
