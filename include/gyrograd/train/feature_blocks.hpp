// SPDX-License-Identifier: MIT
// Feature vectors as probes read them: chosen rows, scaled, in blocks of columns that the kernels take.
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
#include "gyrograd/core/thread_pool.hpp"
#include "gyrograd/kernels/linear.hpp"
#include "gyrograd/tensor/tensor.hpp"

namespace gyrograd::train {

/// Rows of features (count, width), row-major, owned by somebody else.
template <class Real>
struct FeatureRows {
  std::span<const Real> values;
  Index width = 0;

  Index count() const { return width > 0 ? static_cast<Index>(values.size()) / width : 0; }
  std::span<const Real> row(Index i) const {
    return values.subspan(static_cast<std::size_t>(i * width), static_cast<std::size_t>(width));
  }
};

/// How a probe scales what it reads.
enum class FeatureScale {
  raw,          ///< as it is
  unit,         ///< divided by max(length, 1e-12)
  standardised  ///< minus the mean, divided by the deviation, of the rows it is fitted to
};

/// Shift and factor of every feature; empty: none.
struct FeatureTransform {
  FeatureScale scale = FeatureScale::raw;
  std::vector<double> mean, factor;
};

/// The transform of `scale`, fitted to the chosen rows. A feature that never varies there gets factor 1.
template <class Real>
FeatureTransform fit_transform(const FeatureRows<Real>& rows, std::span<const Index> chosen,
                               FeatureScale scale) {
  FeatureTransform out{scale, {}, {}};
  if (scale != FeatureScale::standardised || chosen.empty()) return out;
  const auto width = static_cast<std::size_t>(rows.width);
  const auto n = static_cast<double>(chosen.size());
  out.mean.assign(width, 0);
  out.factor.assign(width, 0);
  for (const Index i : chosen)
    for (std::size_t d = 0; d < width; ++d) out.mean[d] += static_cast<double>(rows.row(i)[d]) / n;
  for (const Index i : chosen)
    for (std::size_t d = 0; d < width; ++d) {
      const double v = static_cast<double>(rows.row(i)[d]) - out.mean[d];
      out.factor[d] += v * v / n;
    }
  for (std::size_t d = 0; d < width; ++d) {
    const double deviation = std::sqrt(out.factor[d]);
    out.factor[d] = deviation > 1e-12 * (1 + std::abs(out.mean[d])) ? 1 / deviation : 1;
  }
  return out;
}

/// Chosen rows, transformed, in blocks of `block_rows`: block b is (rows, width) with rows adjacent.
template <Scalar Real>
class FeatureBlocks {
 public:
  static constexpr Index block_rows = 128;

  /// `chosen` empty: all rows. ShapeError when a row is not finite.
  template <class Value>
  FeatureBlocks(const FeatureRows<Value>& rows, std::span<const Index> chosen,
                const FeatureTransform& transform = {})
      : count_(chosen.empty() ? rows.count() : static_cast<Index>(chosen.size())),
        width_(rows.width),
        values_(static_cast<std::size_t>(count_ * rows.width)) {
    std::vector<double> row(static_cast<std::size_t>(width_));
    for (Index i = 0; i < count_; ++i) {
      const Index source = chosen.empty() ? i : chosen[static_cast<std::size_t>(i)];
      const std::span<const Value> from = rows.row(source);
      std::copy(from.begin(), from.end(), row.begin());
      apply(transform, row, source);
      Real* to = values_.data() + i / block_rows * block_rows * width_ + i % block_rows;
      const Index stride = size(i / block_rows);
      for (Index d = 0; d < width_; ++d) to[d * stride] = static_cast<Real>(row[static_cast<std::size_t>(d)]);
    }
  }

  Index count() const { return count_; }
  Index width() const { return width_; }
  Index blocks() const { return (count_ + block_rows - 1) / block_rows; }
  Index first(Index block) const { return block * block_rows; }
  Index size(Index block) const { return std::min(block_rows, count_ - block * block_rows); }
  const Real* data(Index block) const { return values_.data() + block * block_rows * width_; }

  /// x W^T + b of every row: (count, outputs) row-major.   weight: (outputs, width) row-major  bias:
  /// (outputs) or null
  std::vector<Real> scores(const Real* weight, const Real* bias, Index outputs, ThreadPool& pool) const {
    std::vector<Real> out(static_cast<std::size_t>(count_ * outputs));
    pool.run(blocks(), [&](Index b, int) {
      const Index n = size(b);
      AlignedVector<Real> y(static_cast<std::size_t>(n * outputs));
      kernels::linear_forward(y.data(), data(b), weight, bias, static_cast<const Real*>(nullptr), n, width_,
                              outputs);
      for (Index i = 0; i < n; ++i)
        for (Index k = 0; k < outputs; ++k)
          out[static_cast<std::size_t>((first(b) + i) * outputs + k)] =
              y[static_cast<std::size_t>(i + n * k)];
    });
    return out;
  }

 private:
  static void apply(const FeatureTransform& transform, std::vector<double>& row, Index number) {
    double square = 0;
    for (std::size_t d = 0; d < row.size(); ++d) {
      if (!transform.mean.empty()) row[d] = (row[d] - transform.mean[d]) * transform.factor[d];
      square += row[d] * row[d];
    }
    if (!std::isfinite(square))
      fail<ShapeError>("features: row ", number, " is not finite; drop or repair the window");
    if (transform.scale != FeatureScale::unit) return;
    const double length = std::max(std::sqrt(square), 1e-12);
    for (double& v : row) v /= length;
  }

  Index count_, width_;
  AlignedVector<Real> values_;
};

}  // namespace gyrograd::train
