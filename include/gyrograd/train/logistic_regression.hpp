// SPDX-License-Identifier: MIT
// The converged linear probe: L2-regularised logistic regression, solved to rounding noise.
//
//   minimise  C * sum over samples of cross-entropy + |W|^2 / 2      (intercepts are free)
//
// Two classes have one row of weights and the sigmoid, more have one row each, as scikit-learn does it
// (PRIMUS sheet §13.2: the probe without the protocol's influence).
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <utility>
#include <vector>

#include "gyrograd/core/aligned.hpp"
#include "gyrograd/core/config.hpp"
#include "gyrograd/core/error.hpp"
#include "gyrograd/core/thread_pool.hpp"
#include "gyrograd/kernels/cross_entropy.hpp"
#include "gyrograd/kernels/linear.hpp"
#include "gyrograd/optim/lbfgs.hpp"
#include "gyrograd/train/feature_blocks.hpp"

namespace gyrograd::train {

struct LogisticOptions {
  double c = 1;  ///< inverse strength of the penalty
  FeatureScale scale = FeatureScale::standardised;
  optim::LbfgsOptions solver;
};

/// A fitted probe. Classes without a training sample can never be predicted.
struct LogisticModel {
  Index classes = 0, width = 0;
  std::vector<Index> present;  ///< classes with training samples, ascending
  FeatureTransform transform;
  std::vector<double> weight;  ///< (rows, width), rows = 1 for two present classes, else one each
  std::vector<double> bias;    ///< (rows); of more than two classes the sum is 0
  optim::LbfgsResult solver;

  Index rows() const { return static_cast<Index>(bias.size()); }
};

namespace detail {

/// Value and gradient of the objective over fixed shares of the blocks: the same bits for any thread count.
class LogisticObjective {
 public:
  LogisticObjective(const FeatureBlocks<double>& x, std::vector<std::int32_t> labels, Index classes, double c,
                    ThreadPool& pool)
      : x_(x),
        labels_(std::move(labels)),
        classes_(classes),
        rows_(classes == 2 ? 1 : classes),
        c_(c),
        pool_(pool),
        gradients_(static_cast<std::size_t>(shares * size())),
        losses_(static_cast<std::size_t>(shares)) {}

  /// Parameters: weights (rows, width), then intercepts (rows).
  Index size() const { return rows_ * (x_.width() + 1); }
  Index rows() const { return rows_; }

  double operator()(std::span<const double> theta, std::span<double> gradient) {
    pool_.run(shares, [&](Index share, int) { run_share(theta.data(), share); });
    const Index weights = rows_ * x_.width();
    double value = 0;
    for (Index i = 0; i < size(); ++i) {
      const auto at = static_cast<std::size_t>(i);
      gradient[at] = i < weights ? theta[at] : 0;
      value += i < weights ? 0.5 * theta[at] * theta[at] : 0;
      for (Index s = 0; s < shares; ++s) gradient[at] += gradients_[static_cast<std::size_t>(s * size() + i)];
    }
    for (const double loss : losses_) value += loss;
    return value;
  }

 private:
  static constexpr Index shares = 8;

  void run_share(const double* theta, Index share) {
    double* gradient = gradients_.data() + share * size();
    std::fill_n(gradient, size(), 0.0);
    const Index width = x_.width(), most = FeatureBlocks<double>::block_rows;
    AlignedVector<double> z(static_cast<std::size_t>(most * classes_)), slope(z.size());
    AlignedVector<double> scratch(
        static_cast<std::size_t>(kernels::linear_backward_weight_scratch<double>(most, width, rows_) + 1));
    double loss = 0;
    for (Index b = share * x_.blocks() / shares; b < (share + 1) * x_.blocks() / shares; ++b) {
      const Index n = x_.size(b), shift = (classes_ - rows_) * n;  // two classes: the first scores 0
      std::fill_n(z.data(), shift, 0.0);
      kernels::linear_forward(z.data() + shift, x_.data(b), theta, theta + rows_ * width,
                              static_cast<const double*>(nullptr), n, width, rows_);
      loss += kernels::cross_entropy(slope.data(), static_cast<const double*>(z.data()),
                                     labels_.data() + x_.first(b), n, classes_, c_);
      const double* dz = slope.data() + shift;
      kernels::linear_backward_weight(gradient, dz, x_.data(b), n, width, rows_, scratch.data());
      for (Index k = 0; k < rows_; ++k)
        for (Index i = 0; i < n; ++i) gradient[rows_ * width + k] += dz[i + n * k];
    }
    losses_[static_cast<std::size_t>(share)] = loss;
  }

  const FeatureBlocks<double>& x_;
  std::vector<std::int32_t> labels_;
  Index classes_, rows_;
  double c_;
  ThreadPool& pool_;
  AlignedVector<double> gradients_;
  std::vector<double> losses_;
};

/// Classes of the chosen rows, ascending. ConfigError for a label outside of 0 .. classes - 1.
inline std::vector<Index> present_classes(std::span<const Index> labels, std::span<const Index> chosen,
                                          Index classes, const char* what) {
  std::vector<char> seen(static_cast<std::size_t>(classes), 0);
  for (const Index i : chosen) {
    if (i < 0 || i >= static_cast<Index>(labels.size()))
      fail<ShapeError>(what, ": row ", i, " of ", labels.size());
    const Index k = labels[static_cast<std::size_t>(i)];
    if (k < 0 || k >= classes)
      fail<ConfigError>(what, ": label ", k, " of row ", i, ", expected 0 to ", classes - 1);
    seen[static_cast<std::size_t>(k)] = 1;
  }
  std::vector<Index> out;
  for (Index k = 0; k < classes; ++k)
    if (seen[static_cast<std::size_t>(k)] != 0) out.push_back(k);
  return out;
}

}  // namespace detail

/// Fits the probe to the chosen rows. labels: of all rows, 0 .. classes - 1 where chosen.
/// ConfigError when fewer than two classes have a sample.
template <class Real>
LogisticModel fit_logistic(const FeatureRows<Real>& rows, std::span<const Index> chosen,
                           std::span<const Index> labels, Index classes, const LogisticOptions& options,
                           ThreadPool& pool) {
  LogisticModel model;
  model.classes = classes;
  model.width = rows.width;
  model.present = detail::present_classes(labels, chosen, classes, "logistic regression");
  if (model.present.size() < 2)
    fail<ConfigError>("logistic regression: the training samples hold ", model.present.size(), " of the ",
                      classes, " classes, expected at least 2; give more shots");
  if (!(options.c > 0)) fail<ConfigError>("logistic regression: C is ", options.c, ", expected above 0");
  model.transform = fit_transform(rows, chosen, options.scale);
  const FeatureBlocks<double> x(rows, chosen, model.transform);
  std::vector<std::int32_t> targets;
  for (const Index i : chosen) {
    const auto at =
        std::lower_bound(model.present.begin(), model.present.end(), labels[static_cast<std::size_t>(i)]);
    targets.push_back(static_cast<std::int32_t>(at - model.present.begin()));
  }
  detail::LogisticObjective objective(x, std::move(targets), static_cast<Index>(model.present.size()),
                                      options.c, pool);
  std::vector<double> theta(static_cast<std::size_t>(objective.size()), 0.0);
  model.solver = optim::lbfgs(std::span<double>(theta), objective, options.solver);
  const auto weights = static_cast<std::ptrdiff_t>(objective.rows() * rows.width);
  model.weight.assign(theta.begin(), theta.begin() + weights);
  model.bias.assign(theta.begin() + weights, theta.end());
  if (model.rows() > 1) {  // a common shift changes nothing: fix it
    double mean = 0;
    for (const double b : model.bias) mean += b / static_cast<double>(model.rows());
    for (double& b : model.bias) b -= mean;
  }
  return model;
}

/// Scores (count, classes) row-major of the chosen rows (empty: all); -infinity for absent classes.
template <class Real>
std::vector<double> logits(const LogisticModel& model, const FeatureRows<Real>& rows,
                           std::span<const Index> chosen, ThreadPool& pool) {
  if (rows.width != model.width)
    fail<ShapeError>("logistic regression: features of width ", rows.width, ", fitted to ", model.width);
  const FeatureBlocks<double> x(rows, chosen, model.transform);
  const std::vector<double> z = x.scores(model.weight.data(), model.bias.data(), model.rows(), pool);
  std::vector<double> out(static_cast<std::size_t>(x.count() * model.classes),
                          -std::numeric_limits<double>::infinity());
  for (Index i = 0; i < x.count(); ++i)
    for (std::size_t k = 0; k < model.present.size(); ++k) {
      const auto from = static_cast<std::size_t>(i * model.rows());
      out[static_cast<std::size_t>(i * model.classes + model.present[k])] =
          model.rows() == 1 ? (k == 0 ? 0.0 : z[from]) : z[from + k];
    }
  return out;
}

}  // namespace gyrograd::train
