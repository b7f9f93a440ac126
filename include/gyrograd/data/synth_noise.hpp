// SPDX-License-Identifier: MIT
// What is irregular in human motion: slow drifts, uneven steps and pauses, fidgeting and bumps.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numbers>

#include "gyrograd/core/random.hpp"
#include "gyrograd/data/synth_motion.hpp"

namespace gyrograd::data {

/// Irregular signal of unit variance that changes over about `seconds`: uniform noise through two equal
/// low-pass filters, so that its rate of change stays finite.
class SlowNoise {
 public:
  SlowNoise(double seconds, double step)
      : keep_(std::exp(-step / seconds)),
        kick_(std::sqrt(12.0 * (1 - keep_ * keep_))),
        unit_(std::sqrt((1 + keep_) * (1 + keep_) / (1 + keep_ * keep_))) {}

  template <WordGenerator Generator>
  double next(Generator& g) {
    first_ = keep_ * first_ + kick_ * (static_cast<double>(uniform_float(g)) - 0.5);
    value_ = keep_ * value_ + (1 - keep_) * first_;
    return unit_ * value_;
  }

 private:
  double keep_, kick_, unit_, first_ = 0, value_ = 0;
};

/// How regular the steps of a session are.
struct StepQuality {
  double spread = 0.25;  ///< standard deviation of the logarithm of a step's strength
  double soft = 0.08;    ///< share of steps that are hardly felt (at 40 %)
  double pauses = 3;     ///< per minute: hesitation, a landing, freewheeling
};

/// Strength of the current step about 1: every step differs, some are soft, now and then one stops.
class StepStrength {
 public:
  /// `half_strides`: steps made so far, counted from the phase; `step`: seconds since the last call.
  template <WordGenerator Generator>
  double next(Generator& g, const StepQuality& q, double half_strides, double step) {
    if (half_strides >= next_step_) {
      next_step_ = std::floor(half_strides) + 1;
      target_ = std::exp(q.spread * normal(g)) * (uniform_double(g) < q.soft ? 0.4 : 1.0);
    }
    if (pause_ > 0) {
      pause_ -= step;
    } else if (uniform_double(g) < q.pauses / 60.0 * step) {
      pause_ = uniform(g, 0.5, 1.5);
    }
    constexpr double settle = 0.08;  // s, muscles do not jump
    value_ += ((pause_ > 0 ? 0.1 : target_) - value_) * std::min(step / settle, 1.0);
    return value_;
  }

 private:
  double next_step_ = 0, target_ = 1, value_ = 1, pause_ = 0;
};

/// How often a person does something else for a second: looks round, shifts weight, reaches, bumps into
/// something.
struct BurstQuality {
  double rate = 8;     ///< per minute
  double turn = 0.20;  ///< rad, standard deviation of the turn of the segment about each axis
  double shake = 2.5;  ///< m/s2, standard deviation of the shaking at the height of the burst
};

/// One burst at a time: rises and falls as sin^2 over 0.5 to 2 s, turns about an axis of its own.
class Bursts {
 public:
  template <WordGenerator Generator>
  void next(Generator& g, const BurstQuality& q, double step) {
    if (time_ < length_) {
      time_ += step;
    } else if (uniform_double(g) < q.rate / 60.0 * step) {
      time_ = 0;
      length_ = uniform(g, 0.5, 2.0);
      for (double& t : turn_) t = q.turn * normal(g);
      shake_ = q.shake * uniform_double(g);
    }
    const double s = time_ < length_ ? std::sin(std::numbers::pi * time_ / length_) : 0.0;
    level_ = s * s;
  }
  double turn(std::size_t axis) const { return level_ * turn_[axis]; }
  double shake() const { return level_ * shake_; }

 private:
  double time_ = 0, length_ = 0, level_ = 0, shake_ = 0;
  Vec3 turn_{};
};

/// When and how far the whole body turns about the vertical.
struct TurnHabit {
  double gap = 0;               ///< s between two turns; 0: none
  double mean = 0, spread = 0;  ///< rad to the left; mean and standard deviation of one turn
};

/// How people turn while they do this.
inline TurnHabit turn_habit(Activity activity) {
  const auto& [gap, mean, spread] = detail::activity_facts[static_cast<std::size_t>(activity)].turns;
  return {gap, detail::degree * mean, detail::degree * spread};
}

/// Turns at street corners and on the landings of a staircase, each within 1 to 2 s.
class Turns {
 public:
  /// A new activity begins, somewhere between two of its turns.
  void restart() { wait_ = 0, fresh_ = true; }

  /// Angular velocity about the vertical, rad/s.
  template <WordGenerator Generator>
  double next(Generator& g, const TurnHabit& habit, double step) {
    if (time_ < length_) {
      time_ += step;
      const double s = std::sin(std::numbers::pi * std::min(time_ / length_, 1.0));
      return 2 * s * s * angle_ / length_;
    }
    wait_ -= step;
    if (wait_ > 0 || habit.gap <= 0) return 0;
    wait_ = habit.gap * uniform(g, 0.5, 1.5);
    if (fresh_) {
      wait_ *= uniform_double(g);
      fresh_ = false;
      return 0;
    }
    time_ = 0;
    length_ = uniform(g, 1.0, 2.0);
    angle_ = habit.mean + habit.spread * normal(g);
    return 0;
  }

 private:
  double time_ = 0, length_ = 0, angle_ = 0, wait_ = 0;
  bool fresh_ = true;
};

}  // namespace gyrograd::data
