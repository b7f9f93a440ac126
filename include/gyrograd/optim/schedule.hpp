// SPDX-License-Identifier: MIT
// Learning rates that change from step to step: warm-up, then half a cosine.
#pragma once

#include <algorithm>
#include <cmath>
#include <numbers>

#include "gyrograd/core/config.hpp"
#include "gyrograd/core/error.hpp"

namespace gyrograd::optim {

/// Number of steps that a schedule is laid out for (PRIMUS sheet §13.2).
enum class ScheduleLength {
  real_steps,  ///< those that are taken: ceil(samples / batch) epochs
  published,   ///< int(max(samples / batch, 1) epochs): may be shorter, the cosine then rises again
};

/// Steps of a run by either count.
inline Index schedule_steps(Index samples, Index batch, Index epochs, ScheduleLength length) {
  if (samples < 1 || batch < 1 || epochs < 0)
    fail<ConfigError>("schedule: ", samples, " samples, batch ", batch, ", ", epochs, " epochs");
  if (length == ScheduleLength::real_steps) return (samples + batch - 1) / batch * epochs;
  const double batches = std::max(static_cast<double>(samples) / static_cast<double>(batch), 1.0);
  return static_cast<Index>(batches * static_cast<double>(epochs));
}

/// Step s < warm: base (s + 1) / warm; else base (1 + cos(pi (s - warm) / (total - warm))) / 2.
class WarmupCosine {
 public:
  /// warm: max(total / 100, 10), as published.
  WarmupCosine(double base, Index total) : WarmupCosine(base, total, std::max(total / 100, Index{10})) {}
  WarmupCosine(double base, Index total, Index warm) : base_(base), total_(total), warm_(warm) {}

  double operator()(Index step) const {
    if (step < warm_) return base_ * static_cast<double>(step + 1) / static_cast<double>(warm_);
    const double share =
        static_cast<double>(step - warm_) / static_cast<double>(std::max(total_ - warm_, Index{1}));
    return base_ * (1 + std::cos(std::numbers::pi * share)) / 2;
  }
  Index total() const { return total_; }
  Index warm() const { return warm_; }

 private:
  double base_;
  Index total_, warm_;
};

/// base (1 + cos(pi s / total)) / 2 up to step `total`, then 0.
class CosineDecay {
 public:
  CosineDecay(double base, Index total) : base_(base), total_(total) {}
  double operator()(Index step) const {
    const double share =
        static_cast<double>(std::min(step, total_)) / static_cast<double>(std::max(total_, Index{1}));
    return base_ * (1 + std::cos(std::numbers::pi * share)) / 2;
  }

 private:
  double base_;
  Index total_;
};

}  // namespace gyrograd::optim
