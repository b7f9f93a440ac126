// SPDX-License-Identifier: MIT
// Stochastic gradient descent with momentum on a flat parameter buffer.
#pragma once

#include <cmath>
#include <cstdint>

#include "gyrograd/core/aligned.hpp"
#include "gyrograd/core/error.hpp"
#include "gyrograd/kernels/optimiser.hpp"
#include "gyrograd/tensor/tensor.hpp"

namespace gyrograd::optim {

struct SgdOptions {
  double learning_rate = 1e-2;
  double momentum = 0;
  double weight_decay = 0;  ///< added to the gradient
};

/// g += decay w; v = momentum v + g (first step: v = g); w -= lr v, as PyTorch's SGD.
template <Scalar Real>
class Sgd {
 public:
  /// Throws ConfigError for a learning rate or momentum that is negative or not a number.
  explicit Sgd(Index parameters, SgdOptions options = {})
      : options_(options),
        velocity_(static_cast<std::size_t>(options.momentum > 0 ? parameters : 0), Real(0)) {
    if (!(options.learning_rate >= 0) || !(options.momentum >= 0) || !std::isfinite(options.learning_rate))
      fail<ConfigError>("SGD: learning_rate and momentum must be at least 0, got ", options.learning_rate,
                        " and ", options.momentum);
  }

  const SgdOptions& options() const { return options_; }
  void set_learning_rate(double rate) { options_.learning_rate = rate; }

  /// Starts the next step: call once, then update() for every range of parameters.
  void begin_step() { ++steps_; }
  /// Updates parameters begin .. end - 1.   weight, gradient: whole flat buffers. Ranges may run on several
  /// threads.
  void update(Real* weight, const Real* gradient, Index begin, Index end) {
    Real* velocity = velocity_.empty() ? nullptr : velocity_.data() + begin;
    kernels::sgd(weight + begin, velocity, gradient + begin, end - begin,
                 static_cast<Real>(options_.learning_rate), static_cast<Real>(options_.momentum),
                 static_cast<Real>(options_.weight_decay), steps_ == 1);
  }

  /// State for checkpoints.
  AlignedVector<Real>& velocity() { return velocity_; }
  std::uint64_t steps() const { return steps_; }
  void set_steps(std::uint64_t steps) { steps_ = steps; }

 private:
  SgdOptions options_;
  AlignedVector<Real> velocity_;
  std::uint64_t steps_ = 0;
};

}  // namespace gyrograd::optim
