// SPDX-License-Identifier: MIT
// Nearest neighbours by cosine: the probe without any training.
#pragma once

#include <algorithm>
#include <cstddef>
#include <numeric>
#include <span>
#include <vector>

#include "gyrograd/core/aligned.hpp"
#include "gyrograd/core/config.hpp"
#include "gyrograd/core/error.hpp"
#include "gyrograd/core/thread_pool.hpp"
#include "gyrograd/kernels/linear.hpp"
#include "gyrograd/train/feature_blocks.hpp"
#include "gyrograd/train/logistic_regression.hpp"

namespace gyrograd::train {

struct KnnOptions {
  Index neighbours = 5;  ///< fewer when there are fewer training rows
};

namespace detail {

/// Class that most of the k nearest rows have; equals are decided by the larger sum of similarities, then by
/// the lower class.
inline Index vote(std::span<const float> similarity, std::span<const Index> labels, Index k, Index classes,
                  std::vector<Index>& order) {
  order.resize(similarity.size());
  std::iota(order.begin(), order.end(), Index{0});
  const auto of = [&](Index i) { return similarity[static_cast<std::size_t>(i)]; };
  std::partial_sort(order.begin(), order.begin() + k, order.end(),
                    [&](Index a, Index b) { return of(a) > of(b) || (of(a) == of(b) && a < b); });
  std::vector<Index> votes(static_cast<std::size_t>(classes), 0);
  std::vector<double> sums(votes.size(), 0.0);
  for (Index i = 0; i < k; ++i) {
    const Index row = order[static_cast<std::size_t>(i)];
    const auto label = static_cast<std::size_t>(labels[static_cast<std::size_t>(row)]);
    ++votes[label];
    sums[label] += static_cast<double>(of(row));
  }
  std::size_t best = 0;
  for (std::size_t c = 1; c < votes.size(); ++c)
    if (votes[c] > votes[best] || (votes[c] == votes[best] && sums[c] > sums[best])) best = c;
  return static_cast<Index>(best);
}

}  // namespace detail

/// Class of every query row (empty `queries`: all rows of `rows`) by its nearest training rows.
/// labels: of all training rows, 0 .. classes - 1 where chosen.
template <class Real>
std::vector<Index> knn_predictions(const FeatureRows<Real>& train_rows, std::span<const Index> chosen,
                                   std::span<const Index> labels, Index classes,
                                   const FeatureRows<Real>& rows, std::span<const Index> queries,
                                   const KnnOptions& options, ThreadPool& pool) {
  detail::present_classes(labels, chosen, classes, "nearest neighbours");
  const auto n = static_cast<Index>(chosen.size());
  if (n < 1 || options.neighbours < 1)
    fail<ConfigError>("nearest neighbours: ", options.neighbours, " of ", n,
                      " training rows, expected at least 1");
  if (train_rows.width != rows.width)
    fail<ShapeError>("nearest neighbours: training features of width ", train_rows.width, ", queries of ",
                     rows.width);
  const FeatureTransform unit{FeatureScale::unit, {}, {}};
  const FeatureBlocks<float> x(rows, queries, unit), known(train_rows, chosen, unit);
  AlignedVector<float> weight(static_cast<std::size_t>(n * rows.width));  // row-major copy of the known rows
  for (Index b = 0; b < known.blocks(); ++b)
    for (Index i = 0; i < known.size(b); ++i)
      for (Index d = 0; d < rows.width; ++d)
        weight[static_cast<std::size_t>((known.first(b) + i) * rows.width + d)] =
            known.data(b)[i + known.size(b) * d];
  std::vector<Index> classes_of;
  for (const Index i : chosen) classes_of.push_back(labels[static_cast<std::size_t>(i)]);
  std::vector<Index> out(static_cast<std::size_t>(x.count()));
  pool.run(x.blocks(), [&](Index b, int) {
    const Index size = x.size(b);
    AlignedVector<float> y(static_cast<std::size_t>(size * n));
    const float* none = nullptr;
    kernels::linear_forward(y.data(), x.data(b), static_cast<const float*>(weight.data()), none, none, size,
                            rows.width, n);
    std::vector<float> row(static_cast<std::size_t>(n));
    std::vector<Index> order;
    for (Index i = 0; i < size; ++i) {
      for (Index j = 0; j < n; ++j)
        row[static_cast<std::size_t>(j)] = y[static_cast<std::size_t>(i + size * j)];
      out[static_cast<std::size_t>(x.first(b) + i)] =
          detail::vote(row, classes_of, std::min(n, options.neighbours), classes, order);
    }
  });
  return out;
}

}  // namespace gyrograd::train
