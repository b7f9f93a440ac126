// SPDX-License-Identifier: MIT
// Classification scores from predicted and true class numbers.
#pragma once

#include <algorithm>
#include <cstddef>
#include <span>
#include <vector>

#include "gyrograd/core/config.hpp"
#include "gyrograd/core/error.hpp"

namespace gyrograd::metrics {

/// Number of the largest value; ties go to the first, as numpy.argmax.
template <class Real>
Index first_maximum(std::span<const Real> values) {
  return static_cast<Index>(std::max_element(values.begin(), values.end()) - values.begin());
}

/// Predicted class of every row of logits (count, classes), row-major.
template <class Real>
std::vector<Index> predictions(std::span<const Real> logits, Index classes) {
  if (classes < 1 || logits.size() % static_cast<std::size_t>(classes) != 0) {
    fail<ShapeError>("predictions: ", logits.size(), " logits are not rows of ", classes, " classes");
  }
  std::vector<Index> out;
  for (std::size_t i = 0; i < logits.size(); i += static_cast<std::size_t>(classes)) {
    out.push_back(first_maximum(logits.subspan(i, static_cast<std::size_t>(classes))));
  }
  return out;
}

/// Counts (classes, classes): row = truth, column = prediction.
class Confusion {
 public:
  explicit Confusion(Index classes)
      : classes_(classes), counts_(static_cast<std::size_t>(classes * classes)) {
    if (classes < 1) fail<ConfigError>("confusion matrix: ", classes, " classes, expected at least 1");
  }

  /// Counts all pairs.
  Confusion(std::span<const Index> truth, std::span<const Index> predicted, Index classes)
      : Confusion(classes) {
    if (truth.size() != predicted.size()) {
      fail<ShapeError>("confusion matrix: ", truth.size(), " labels, ", predicted.size(), " predictions");
    }
    for (std::size_t i = 0; i < truth.size(); ++i) add(truth[i], predicted[i]);
  }

  void add(Index truth, Index predicted, Index items = 1) {
    if (truth < 0 || truth >= classes_ || predicted < 0 || predicted >= classes_) {
      fail<ConfigError>("confusion matrix: label ", truth, " predicted as ", predicted, ", expected 0 to ",
                        classes_ - 1);
    }
    counts_[static_cast<std::size_t>(truth * classes_ + predicted)] += items;
  }

  Index classes() const { return classes_; }
  Index operator()(Index truth, Index predicted) const {
    return counts_[static_cast<std::size_t>(truth * classes_ + predicted)];
  }
  /// Items whose truth is k.
  Index true_count(Index k) const { return sum(k * classes_, 1); }
  /// Items predicted as k.
  Index predicted_count(Index k) const { return sum(k, classes_); }
  Index total() const {
    Index n = 0;
    for (Index k = 0; k < classes_; ++k) n += true_count(k);
    return n;
  }

 private:
  Index sum(Index first, Index step) const {
    Index n = 0;
    for (Index j = 0; j < classes_; ++j) n += counts_[static_cast<std::size_t>(first + j * step)];
    return n;
  }

  Index classes_;
  std::vector<Index> counts_;
};

/// Precision, recall and F1 of one class or an average of them; undefined ratios are 0 (LIMU-BERT sheet
/// §6.4).
struct ClassScore {
  double precision = 0, recall = 0, f1 = 0;
};

/// How class scores are averaged.
enum class Average {
  macro,      ///< equal weight for every class that occurs in truth or prediction: the published score
  macro_all,  ///< equal weight for every class; absent ones count 0, so runs stay comparable (sheet §13.40)
  weighted,   ///< weight = number of true items
  micro,      ///< over all decisions: equals the accuracy
};

inline ClassScore class_score(const Confusion& c, Index k) {
  const auto hit = static_cast<double>(c(k, k));
  const Index found = c.predicted_count(k), there = c.true_count(k);
  ClassScore s;
  s.precision = found > 0 ? hit / static_cast<double>(found) : 0.0;
  s.recall = there > 0 ? hit / static_cast<double>(there) : 0.0;
  s.f1 = found + there > 0 ? 2.0 * hit / static_cast<double>(found + there) : 0.0;
  return s;
}

/// Share of items whose prediction is right; 0 for no items.
inline double accuracy(const Confusion& c) {
  Index hits = 0;
  for (Index k = 0; k < c.classes(); ++k) hits += c(k, k);
  const Index n = c.total();
  return n > 0 ? static_cast<double>(hits) / static_cast<double>(n) : 0.0;
}

/// Classes that occur in truth or prediction, ascending.
inline std::vector<Index> union_of_labels(const Confusion& c) {
  std::vector<Index> out;
  for (Index k = 0; k < c.classes(); ++k) {
    if (c.true_count(k) + c.predicted_count(k) > 0) out.push_back(k);
  }
  return out;
}

inline ClassScore average_score(const Confusion& c, Average how) {
  if (how == Average::micro) {
    const double a = accuracy(c);
    return {a, a, a};
  }
  ClassScore sum;
  double weights = 0;
  for (Index k = 0; k < c.classes(); ++k) {
    const Index there = c.true_count(k);
    const bool seen = there + c.predicted_count(k) > 0;
    const double w = how == Average::weighted ? static_cast<double>(there)
                     : how == Average::macro  ? (seen ? 1.0 : 0.0)
                                              : 1.0;
    const ClassScore s = class_score(c, k);
    sum.precision += w * s.precision, sum.recall += w * s.recall, sum.f1 += w * s.f1;
    weights += w;
  }
  if (weights == 0) return {};
  return {sum.precision / weights, sum.recall / weights, sum.f1 / weights};
}

/// Unweighted mean of the F1 of the classes that occur (published), or of all classes (Average::macro_all).
inline double macro_f1(const Confusion& c, Average how = Average::macro) {
  return average_score(c, how).f1;
}

/// Mean recall over the classes that occur in the truth.
inline double balanced_accuracy(const Confusion& c) {
  double sum = 0;
  Index present = 0;
  for (Index k = 0; k < c.classes(); ++k) {
    if (c.true_count(k) == 0) continue;
    sum += class_score(c, k).recall;
    ++present;
  }
  return present > 0 ? sum / static_cast<double>(present) : 0.0;
}

}  // namespace gyrograd::metrics
