// SPDX-License-Identifier: MIT
// L-BFGS for smooth convex problems on a flat buffer: to convergence, without a learning rate.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <deque>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

#include "gyrograd/core/config.hpp"
#include "gyrograd/core/error.hpp"

namespace gyrograd::optim {

struct LbfgsOptions {
  Index history = 12;       ///< pairs kept
  Index iterations = 2000;  ///< at most
  double tolerance = 1e-9;  ///< largest gradient component / max(1, that at the start)
};

struct LbfgsResult {
  double value = 0;
  double gradient = 0;  ///< largest component at the end
  Index iterations = 0, evaluations = 0;
  bool converged = false;
};

namespace detail {

inline double dot(std::span<const double> a, std::span<const double> b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
  return sum;
}

inline double largest(std::span<const double> a) {
  double most = 0;
  for (const double v : a) most = std::isfinite(v) ? std::max(most, std::abs(v)) : v;
  return most;
}

/// One kept step: s = change of the parameters, y = change of the gradient, 1 / <s, y>.
struct LbfgsPair {
  std::vector<double> s, y;
  double inverse;
};

/// direction = -H gradient by the two loops of Nocedal and Wright (2006), algorithm 7.4.
inline std::vector<double> lbfgs_direction(std::span<const double> gradient,
                                           const std::deque<LbfgsPair>& pairs) {
  std::vector<double> q(gradient.begin(), gradient.end()), alpha;
  for (auto pair = pairs.rbegin(); pair != pairs.rend(); ++pair) {
    alpha.push_back(pair->inverse * dot(pair->s, q));
    for (std::size_t i = 0; i < q.size(); ++i) q[i] -= alpha.back() * pair->y[i];
  }
  const double scale = pairs.empty() ? 1.0 / std::max(largest(gradient), 1e-300)
                                     : 1.0 / (pairs.back().inverse * dot(pairs.back().y, pairs.back().y));
  for (double& v : q) v *= scale;
  for (const LbfgsPair& pair : pairs) {
    const double change = alpha.back() - pair.inverse * dot(pair.y, q);
    alpha.pop_back();
    for (std::size_t i = 0; i < q.size(); ++i) q[i] += change * pair.s[i];
  }
  for (double& v : q) v = -v;
  return q;
}

/// One minimisation: the point, its gradient, and the pairs that stand for the Hessian.
template <class F>
class LbfgsRun {
 public:
  LbfgsRun(std::span<double> theta, F& evaluate, const LbfgsOptions& options)
      : theta_(theta),
        evaluate_(evaluate),
        options_(options),
        gradient_(theta.size()),
        trial_(theta.size()),
        trial_gradient_(theta.size()) {}

  LbfgsResult run() {
    result_.value = evaluate_(std::span<const double>(theta_), std::span<double>(gradient_));
    result_.evaluations = 1;
    result_.gradient = largest(gradient_);
    if (!std::isfinite(result_.value) || !std::isfinite(result_.gradient))
      fail<Error>("L-BFGS: value or gradient at the start is not finite; look for NaN in the data");
    const double goal = options_.tolerance * std::max(1.0, result_.gradient);
    while (result_.gradient > goal && result_.iterations < options_.iterations) {
      const double slope = choose_direction();
      if (search(slope)) {
        accept();
      } else if (pairs_.empty()) {
        break;  // not even the steepest descent improves: rounding noise
      } else {
        pairs_.clear();
      }
    }
    result_.converged = result_.gradient <= goal;
    return result_;
  }

 private:
  /// Where a line search stands: step, value and slope there.
  struct LinePoint {
    double step = 0, value = 0, slope = 0;
    bool finite() const { return std::isfinite(value) && std::isfinite(slope); }
  };

  double choose_direction() {
    direction_ = lbfgs_direction(gradient_, pairs_);
    double slope = dot(gradient_, direction_);
    if (slope < 0) return slope;
    pairs_.clear();
    direction_ = lbfgs_direction(gradient_, pairs_);
    return dot(gradient_, direction_);
  }

  LinePoint look(double step) {
    for (std::size_t i = 0; i < trial_.size(); ++i) trial_[i] = theta_[i] + step * direction_[i];
    LinePoint at{step, evaluate_(std::span<const double>(trial_), std::span<double>(trial_gradient_)), 0};
    ++result_.evaluations;
    at.slope = dot(trial_gradient_, direction_);
    return at;
  }

  /// Low enough: sufficient decrease, or, within rounding of the value, the same said by the slope.
  bool falls(const LinePoint& at, double slope) const {
    if (!at.finite()) return false;
    const double noise = 1e-14 * std::abs(result_.value);
    return at.value <= result_.value + 1e-4 * at.step * slope ||
           (at.value <= result_.value + noise && at.slope <= (2e-4 - 1) * slope);
  }

  /// Widens, then narrows by secants and halves. The accepted point is left in trial_, its value in found_.
  bool search(double slope) {
    LinePoint low{0, result_.value, slope};
    double high = 0;  // 0: no upper end yet
    double step = 1;
    for (int round = 0; round < 60; ++round) {
      const LinePoint at = look(step);
      const bool low_enough = falls(at, slope);
      if (low_enough && std::abs(at.slope) <= -0.9 * slope) {
        found_ = at.value;
        return true;
      }
      if (low_enough && at.slope < 0) {
        low = at;
      } else {
        high = step;
      }
      step = high > 0 ? (low.step + high) / 2 : 2 * step;
      if (high == at.step && at.finite() && at.slope > 0 && round % 3 != 2) {
        const double zero = low.step - low.slope * (at.step - low.step) / (at.slope - low.slope);
        const double margin = 0.05 * (high - low.step);
        step = std::clamp(zero, low.step + margin, high - margin);
      }
    }
    return false;
  }

  void accept() {
    LbfgsPair pair{std::vector<double>(trial_.size()), std::vector<double>(trial_.size()), 0};
    for (std::size_t i = 0; i < trial_.size(); ++i) {
      pair.s[i] = trial_[i] - theta_[i];
      pair.y[i] = trial_gradient_[i] - gradient_[i];
    }
    std::copy(trial_.begin(), trial_.end(), theta_.begin());
    std::swap(gradient_, trial_gradient_);
    result_.value = found_;
    result_.gradient = largest(gradient_);
    ++result_.iterations;
    const double curvature = dot(pair.s, pair.y);
    if (!(curvature > 0)) return;
    pair.inverse = 1 / curvature;
    pairs_.push_back(std::move(pair));
    if (static_cast<Index>(pairs_.size()) > options_.history) pairs_.pop_front();
  }

  std::span<double> theta_;
  F& evaluate_;
  LbfgsOptions options_;
  std::vector<double> gradient_, trial_, trial_gradient_, direction_;
  std::deque<LbfgsPair> pairs_;
  LbfgsResult result_;
  double found_ = 0;
};

}  // namespace detail

/// Minimises evaluate(theta, gradient) -> value from `theta`, which it replaces. A step is accepted under the
/// Wolfe conditions, near the minimum (where the value no longer changes visibly) under their form on slopes
/// alone (Hager and Zhang 2005), so that the gradient reaches rounding noise. Error when the start is not
/// finite.
template <class F>
LbfgsResult lbfgs(std::span<double> theta, F&& evaluate, const LbfgsOptions& options = {}) {
  return detail::LbfgsRun<std::remove_reference_t<F>>(theta, evaluate, options).run();
}

}  // namespace gyrograd::optim
