// SPDX-License-Identifier: MIT
// Receiver operating characteristic: one class against the rest, and the mean over classes.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <numeric>
#include <span>
#include <vector>

#include "gyrograd/core/config.hpp"
#include "gyrograd/core/error.hpp"

namespace gyrograd::metrics {

/// True-positive over false-positive rate for falling thresholds, from (0, 0) to (1, 1). Without items of
/// both kinds there is no curve: no points, area NaN.
struct RocCurve {
  std::vector<double> false_rate, true_rate;
  double area = std::numeric_limits<double>::quiet_NaN();
};

/// Curve of a score that should be high where `positive` is true; items of equal score make one step, so the
/// area counts a tie as one half.
template <class Real>
RocCurve roc_curve(std::span<const Real> score, const std::vector<bool>& positive) {
  if (score.size() != positive.size())
    fail<ShapeError>("roc curve: ", score.size(), " scores, ", positive.size(), " labels");
  std::vector<std::size_t> order(score.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  for (std::size_t i = 0; i < score.size(); ++i)
    if (std::isnan(score[i])) fail<ConfigError>("roc curve: score ", i, " is not a number");
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return score[a] > score[b]; });
  const auto yes = static_cast<double>(std::count(positive.begin(), positive.end(), true));
  const double no = static_cast<double>(score.size()) - yes;
  RocCurve curve;
  if (yes == 0 || no == 0) return curve;
  curve.false_rate.push_back(0);
  curve.true_rate.push_back(0);
  curve.area = 0;
  double hits = 0, alarms = 0;
  for (std::size_t i = 0; i < order.size();) {
    const Real threshold = score[order[i]];
    for (; i < order.size() && score[order[i]] == threshold; ++i)
      positive[order[i]] ? hits += 1 : alarms += 1;
    const double x = alarms / no, y = hits / yes;
    curve.area += (x - curve.false_rate.back()) * (y + curve.true_rate.back()) / 2;
    curve.false_rate.push_back(x);
    curve.true_rate.push_back(y);
  }
  return curve;
}

/// True-positive rate of a curve at a false-positive rate: the highest reached there, linear between points.
inline double true_rate_at(const RocCurve& curve, double rate) {
  const auto& x = curve.false_rate;
  const auto next = static_cast<std::size_t>(std::upper_bound(x.begin(), x.end(), rate) - x.begin());
  if (next == 0 || next >= x.size()) return next == 0 ? 0.0 : 1.0;
  const double share = (rate - x[next - 1]) / (x[next] - x[next - 1]);
  return curve.true_rate[next - 1] + share * (curve.true_rate[next] - curve.true_rate[next - 1]);
}

/// Curves of all classes and their mean.
struct RocReport {
  std::vector<RocCurve> classes;  ///< one against the rest; empty where a class is absent or alone
  RocCurve macro;                 ///< mean true-positive rate of the curves; area: mean of their areas
};

namespace detail {

/// Logarithm of the softmax probability of class k: probabilities near 1 stay apart, huge logits stay finite.
template <class Real>
double log_probability(std::span<const Real> logits, std::size_t k) {
  double most = 0;
  for (const Real other : logits)
    most = std::max(most, static_cast<double>(other) - static_cast<double>(logits[k]));
  double sum = 0;  // of the terms below the largest one
  bool skipped = false;
  for (const Real other : logits) {
    const double above = static_cast<double>(other) - static_cast<double>(logits[k]) - most;
    if (above == 0 && !skipped) {
      skipped = true;
      continue;
    }
    sum += std::exp(above);
  }
  return -most - std::log1p(sum);
}

}  // namespace detail

/// Curves from logits (count, classes), row-major: the score of a class is its log-probability by
/// softmax.
template <class Real>
RocReport one_vs_rest(std::span<const Real> logits, std::span<const Index> labels, Index classes) {
  const auto width = static_cast<std::size_t>(classes);
  if (classes < 1 || logits.size() != labels.size() * width)
    fail<ShapeError>("roc curves: ", logits.size(), " logits for ", labels.size(), " items of ", classes,
                     " classes");
  std::vector<double> score(labels.size());
  RocReport out;
  std::vector<double> grid;
  for (std::size_t k = 0; k < width; ++k) {
    std::vector<bool> positive(labels.size());
    for (std::size_t i = 0; i < labels.size(); ++i) {
      const std::span<const Real> row = logits.subspan(i * width, width);
      score[i] = detail::log_probability(row, k);
      positive[i] = labels[i] == static_cast<Index>(k);
    }
    out.classes.push_back(roc_curve(std::span<const double>(score), positive));
    const auto& x = out.classes.back().false_rate;
    grid.insert(grid.end(), x.begin(), x.end());
  }
  std::sort(grid.begin(), grid.end());
  grid.erase(std::unique(grid.begin(), grid.end()), grid.end());
  double known = 0;
  for (const RocCurve& c : out.classes) known += std::isnan(c.area) ? 0 : 1;
  if (known == 0) return out;
  out.macro.false_rate = grid;
  out.macro.true_rate.assign(grid.size(), 0.0);
  out.macro.area = 0;
  for (const RocCurve& c : out.classes) {
    if (std::isnan(c.area)) continue;
    for (std::size_t i = 0; i < grid.size(); ++i) out.macro.true_rate[i] += true_rate_at(c, grid[i]) / known;
    out.macro.area += c.area / known;
  }
  return out;
}

}  // namespace gyrograd::metrics
