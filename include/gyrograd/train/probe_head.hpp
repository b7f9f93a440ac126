// SPDX-License-Identifier: MIT
// A linear head on frozen features that learns by steps of an optimiser, and the batches it reads.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "gyrograd/core/aligned.hpp"
#include "gyrograd/core/config.hpp"
#include "gyrograd/core/error.hpp"
#include "gyrograd/kernels/cross_entropy.hpp"
#include "gyrograd/kernels/linear.hpp"
#include "gyrograd/tensor/tensor.hpp"
#include "gyrograd/train/feature_blocks.hpp"

namespace gyrograd::train {

/// One batch of rows (count, width), rows adjacent, and their labels.
template <Scalar Real>
class ProbeBatch {
 public:
  /// scale: raw or unit.
  explicit ProbeBatch(FeatureScale scale) : unit_(scale == FeatureScale::unit) {}

  /// Rows `chosen[order[i]]` and their labels. labels_of: of all rows.
  template <class Value>
  void gather(const FeatureRows<Value>& rows, std::span<const Index> chosen, std::span<const Index> labels_of,
              std::span<const Index> order) {
    const std::size_t n = order.size(), width = static_cast<std::size_t>(rows.width);
    x_.resize(n * width);
    labels_.resize(n);
    for (std::size_t i = 0; i < n; ++i) {
      const Index source = chosen[static_cast<std::size_t>(order[i])];
      const std::span<const Value> row = rows.row(source);
      double square = unit_ ? 0 : 1;
      for (const Value v : row) square += unit_ ? static_cast<double>(v) * static_cast<double>(v) : 0;
      const double length = std::max(std::sqrt(square), 1e-12);
      for (std::size_t d = 0; d < width; ++d)
        x_[i + n * d] = static_cast<Real>(static_cast<double>(row[d]) / length);
      labels_[i] = static_cast<std::int32_t>(labels_of[static_cast<std::size_t>(source)]);
    }
  }

  Index size() const { return static_cast<Index>(labels_.size()); }
  const Real* x() const { return x_.data(); }
  const std::int32_t* labels() const { return labels_.data(); }

 private:
  bool unit_;
  AlignedVector<Real> x_;
  std::vector<std::int32_t> labels_;
};

/// Weights (classes, width) and biases in one buffer, with the optimiser that moves them.
template <Scalar Real, class Optimiser>
class ProbeHead {
 public:
  /// start: (classes, width) row-major; biases start at 0.
  template <class Options>
  ProbeHead(std::span<const Real> start, Index classes, Index width, const Options& options)
      : classes_(classes),
        width_(width),
        theta_(start.begin(), start.end()),
        gradient_(static_cast<std::size_t>(classes * (width + 1))),
        optimiser_(static_cast<Index>(gradient_.size()), options) {
    if (static_cast<Index>(start.size()) != classes * width)
      fail<ShapeError>("probe: ", start.size(), " start values, expected ", classes, " x ", width);
    theta_.resize(gradient_.size(), Real(0));
  }

  /// Mean cross-entropy of a batch.
  double loss(const ProbeBatch<Real>& batch) {
    forward(batch);
    return static_cast<double>(cross_entropy(batch, nullptr));
  }

  /// One step at `rate`; returns the mean cross-entropy before it.
  double step(const ProbeBatch<Real>& batch, double rate) {
    forward(batch);
    slope_.resize(z_.size());
    const Real loss = cross_entropy(batch, slope_.data());
    const Index n = batch.size();
    scratch_.resize(
        static_cast<std::size_t>(kernels::linear_backward_weight_scratch<Real>(n, width_, classes_) + 1));
    std::fill(gradient_.begin(), gradient_.end(), Real(0));
    const Real* slope = slope_.data();
    kernels::linear_backward_weight(gradient_.data(), slope, batch.x(), n, width_, classes_, scratch_.data());
    Real* dbias = gradient_.data() + classes_ * width_;
    for (Index k = 0; k < classes_; ++k)
      for (Index i = 0; i < n; ++i) dbias[k] += slope[i + n * k];
    optimiser_.set_learning_rate(rate);
    optimiser_.begin_step();
    optimiser_.update(theta_.data(), gradient_.data(), 0, static_cast<Index>(theta_.size()));
    return static_cast<double>(loss);
  }

  std::vector<Real> weight() const { return {theta_.begin(), theta_.begin() + classes_ * width_}; }
  std::vector<Real> bias() const { return {theta_.begin() + classes_ * width_, theta_.end()}; }

 private:
  void forward(const ProbeBatch<Real>& batch) {
    z_.resize(static_cast<std::size_t>(batch.size() * classes_));
    const Real *weight = theta_.data(), *bias = weight + classes_ * width_, *none = nullptr;
    kernels::linear_forward(z_.data(), batch.x(), weight, bias, none, batch.size(), width_, classes_);
  }
  Real cross_entropy(const ProbeBatch<Real>& batch, Real* slope) const {
    return kernels::cross_entropy(slope, static_cast<const Real*>(z_.data()), batch.labels(), batch.size(),
                                  classes_, Real(1) / static_cast<Real>(batch.size()));
  }

  Index classes_, width_;
  AlignedVector<Real> theta_, gradient_, z_, slope_, scratch_;
  Optimiser optimiser_;
};

}  // namespace gyrograd::train
