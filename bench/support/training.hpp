// SPDX-License-Identifier: MIT
// The check of every training workload: against the same one in double, and that it learns.
#pragma once

#include <cmath>
#include <string>

#include "support/entry.hpp"

namespace gyrograd::bench {

/// Empty, or what is wrong with `ours`: loss and gradient must be those of `exact`, computed in double, and
/// three steps must lower the loss. Both have gradient(), gradients() and train_step().
template <class Exact, class Ours>
std::string check_training(Exact& exact, Ours& ours) {
  const double want = exact.gradient(), got = static_cast<double>(ours.gradient());
  if (auto wrong = verdict("the loss", std::abs(got - want) / want, 1e-5); !wrong.empty()) return wrong;
  if (auto wrong = verdict("the gradient", relative_error(ours.gradients(), exact.gradients()), 1e-4);
      !wrong.empty()) {
    return wrong;
  }
  const auto before = ours.train_step();
  ours.train_step();
  return ours.train_step() < before ? "" : "wrong numbers: the loss does not fall over three steps";
}

}  // namespace gyrograd::bench
