// SPDX-License-Identifier: MIT
// Adam and AdamW on a flat parameter buffer.
#pragma once

#include <cmath>
#include <cstdint>

#include "gyrograd/core/aligned.hpp"
#include "gyrograd/core/error.hpp"
#include "gyrograd/kernels/optimiser.hpp"
#include "gyrograd/tensor/tensor.hpp"

namespace gyrograd::optim {

/// Where weight decay enters.
enum class Decay {
  gradient,   ///< added to the gradient (L2 penalty): Adam
  decoupled,  ///< multiplies the weight: AdamW (Loshchilov and Hutter 2019)
};

struct AdamOptions {
  double learning_rate = 1e-3;
  double beta1 = 0.9;
  double beta2 = 0.999;
  double epsilon = 1e-8;  ///< added after the bias-corrected root
  double weight_decay = 0;
  Decay decay = Decay::gradient;
};

/// Kingma and Ba 2015, with PyTorch's order of operations. State: first and second moments, number of steps.
template <Scalar Real>
class Adam {
 public:
  /// Throws ConfigError for rates outside of their range.
  explicit Adam(Index parameters, AdamOptions options = {})
      : options_(options),
        first_(static_cast<std::size_t>(parameters), Real(0)),
        second_(static_cast<std::size_t>(parameters), Real(0)) {
    if (!(options.learning_rate >= 0) || !std::isfinite(options.learning_rate))
      fail<ConfigError>("Adam: learning_rate must be a number of at least 0, got ", options.learning_rate);
    if (!(options.beta1 >= 0 && options.beta1 < 1 && options.beta2 >= 0 && options.beta2 < 1))
      fail<ConfigError>("Adam: betas must lie in [0, 1), got ", options.beta1, " and ", options.beta2);
  }

  const AdamOptions& options() const { return options_; }
  void set_learning_rate(double rate) { options_.learning_rate = rate; }

  /// Starts the next step: call once, then update() for every range of parameters.
  void begin_step() {
    ++steps_;
    step_ = {static_cast<Real>(options_.learning_rate),
             static_cast<Real>(options_.beta1),
             static_cast<Real>(options_.beta2),
             static_cast<Real>(options_.epsilon),
             static_cast<Real>(1 - std::pow(options_.beta1, static_cast<double>(steps_))),
             static_cast<Real>(1 - std::pow(options_.beta2, static_cast<double>(steps_)))};
    step_.share1 = static_cast<Real>(1 - options_.beta1);
    step_.share2 = static_cast<Real>(1 - options_.beta2);
    if (options_.decay == Decay::gradient)
      step_.decay = static_cast<Real>(options_.weight_decay);
    else
      step_.shrink = static_cast<Real>(1 - options_.learning_rate * options_.weight_decay);
  }
  /// Updates parameters begin .. end - 1.   weight, gradient: whole flat buffers. Ranges may run on several
  /// threads.
  void update(Real* weight, const Real* gradient, Index begin, Index end) {
    kernels::adam(weight + begin, first_.data() + begin, second_.data() + begin, gradient + begin,
                  end - begin, step_);
  }

  /// State for checkpoints.
  AlignedVector<Real>& first_moment() { return first_; }
  AlignedVector<Real>& second_moment() { return second_; }
  std::uint64_t steps() const { return steps_; }
  void set_steps(std::uint64_t steps) { steps_ = steps; }

 private:
  AdamOptions options_;
  AlignedVector<Real> first_, second_;
  std::uint64_t steps_ = 0;
  kernels::AdamStep<Real> step_{};
};

}  // namespace gyrograd::optim
