// SPDX-License-Identifier: MIT
// t-SNE: a map of high-dimensional rows onto the plane that keeps neighbours together (van der Maaten and
// Hinton, "Visualizing Data using t-SNE", JMLR 9, 2008). Exact: all pairs, for up to a few thousand rows.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "gyrograd/core/config.hpp"
#include "gyrograd/core/error.hpp"
#include "gyrograd/core/random.hpp"
#include "gyrograd/core/thread_pool.hpp"

namespace gyrograd::train {

/// Settings; defaults are the customary ones.
struct TsneOptions {
  double perplexity = 30;     ///< effective number of neighbours; below the number of rows
  Index iterations = 1000;    ///< steps of gradient descent
  double exaggeration = 12;   ///< factor on the attraction in the first quarter of them
  double learning_rate = 0;   ///< 0: rows / exaggeration, at least 50 (Belkina et al. 2019)
  std::uint64_t seed = 3431;  ///< of the start: normal numbers of deviation 1e-4
};

/// Coordinates (rows, 2), row-major, centred, and the Kullback-Leibler divergence that is left.
struct TsneMap {
  std::vector<double> coordinates;
  double divergence = 0;
};

namespace detail {

/// Squared distances of rows (count, width), row-major: (count, count).
inline std::vector<double> squared_distances(std::span<const float> rows, Index count, Index width,
                                             ThreadPool& pool) {
  std::vector<double> d(static_cast<std::size_t>(count * count));
  pool.run(count, [&](Index i, int) {
    const float* a = rows.data() + i * width;
    for (Index j = 0; j < count; ++j) {
      const float* b = rows.data() + j * width;
      double lane[4] = {0, 0, 0, 0};  // fixed order of addition that still fills a vector
      Index c = 0;
      for (; c + 4 <= width; c += 4)
        for (Index k = 0; k < 4; ++k) {
          const double x = static_cast<double>(a[c + k]) - static_cast<double>(b[c + k]);
          lane[k] += x * x;
        }
      for (; c < width; ++c) {
        const double x = static_cast<double>(a[c]) - static_cast<double>(b[c]);
        lane[0] += x * x;
      }
      d[static_cast<std::size_t>(i * count + j)] = (lane[0] + lane[1]) + (lane[2] + lane[3]);
    }
  });
  return d;
}

/// Replaces squared distances of one row by the probabilities of its neighbours: normal kernel whose width
/// gives the wanted perplexity, found by bisection (their section 2).
inline void neighbour_probabilities(double* row, Index count, Index self, double perplexity) {
  const double wanted = std::log(perplexity);
  double nearest = std::numeric_limits<double>::infinity();
  for (Index j = 0; j < count; ++j)
    if (j != self) nearest = std::min(nearest, row[j]);
  std::vector<double> p(static_cast<std::size_t>(count));
  double beta = 1, low = 0, high = std::numeric_limits<double>::infinity();
  for (int step = 0; step < 200; ++step) {
    double sum = 0, weighted = 0;
    for (Index j = 0; j < count; ++j) {
      const double away = row[j] - nearest;
      const double v = j == self ? 0 : std::exp(-beta * away);
      p[static_cast<std::size_t>(j)] = v;
      sum += v;
      weighted += v * away;
    }
    const double entropy = std::log(sum) + beta * weighted / sum;
    for (double& v : p) v /= sum;
    if (std::abs(entropy - wanted) < 1e-7) break;
    if (entropy > wanted) {
      low = beta;
      beta = std::isinf(high) ? beta * 2 : (beta + high) / 2;
    } else {
      high = beta;
      beta = (beta + low) / 2;
    }
  }
  std::copy(p.begin(), p.end(), row);
}

/// Joint probabilities of all pairs: symmetric, sum 1, none below 1e-12.
inline std::vector<double> joint_probabilities(std::span<const float> rows, Index count, Index width,
                                               double perplexity, ThreadPool& pool) {
  std::vector<double> p = squared_distances(rows, count, width, pool);
  pool.run(count, [&](Index i, int) { neighbour_probabilities(p.data() + i * count, count, i, perplexity); });
  for (Index i = 0; i < count; ++i)
    for (Index j = i; j < count; ++j) {
      double& a = p[static_cast<std::size_t>(i * count + j)];
      double& b = p[static_cast<std::size_t>(j * count + i)];
      a = b = i == j ? 0 : std::max((a + b) / (2 * static_cast<double>(count)), 1e-12);
    }
  return p;
}

/// Gradient descent on the map.
class TsneDescent {
 public:
  /// start: (count, 2) row-major.
  TsneDescent(const std::vector<double>& p, std::span<const double> start, double rate, ThreadPool& pool)
      : p_(p),
        count_(static_cast<Index>(start.size() / 2)),
        rate_(rate),
        pool_(pool),
        x_(start.size() / 2),
        y_(x_),
        kernel_(p.size()),
        row_sum_(x_),
        gradient_(2 * x_.size()),
        velocity_(gradient_),
        gain_(gradient_.size(), 1.0) {
    for (std::size_t i = 0; i < x_.size(); ++i) {
      x_[i] = start[2 * i];
      y_[i] = start[2 * i + 1];
    }
  }

  /// Slope of the divergence along all x, then all y; the attraction is multiplied by `exaggeration`.
  const std::vector<double>& gradient(double exaggeration) {
    find_kernel();
    pool_.run(count_, [&](Index i, int) { find_gradient(i, exaggeration); });
    return gradient_;
  }

  /// One step: momentum with a gain for every coordinate (Jacobs 1988), then the map is centred.
  void step(double exaggeration, double momentum) {
    gradient(exaggeration);
    const std::size_t n = x_.size();
    for (std::size_t i = 0; i < 2 * n; ++i) {
      const bool turned = (gradient_[i] > 0) != (velocity_[i] > 0);
      gain_[i] = std::max(turned ? gain_[i] + 0.2 : gain_[i] * 0.8, 0.01);
      velocity_[i] = momentum * velocity_[i] - rate_ * gain_[i] * gradient_[i];
      (i < n ? x_[i] : y_[i - n]) += velocity_[i];
    }
    centre(x_);
    centre(y_);
  }

  TsneMap result() {
    find_kernel();
    TsneMap map;
    for (std::size_t i = 0; i < x_.size(); ++i) {
      map.coordinates.push_back(x_[i]);
      map.coordinates.push_back(y_[i]);
    }
    for (std::size_t i = 0; i < p_.size(); ++i)
      if (p_[i] > 0) map.divergence += p_[i] * std::log(p_[i] * total_ / std::max(kernel_[i], 1e-300));
    return map;
  }

 private:
  /// 1 / (1 + squared distance) of all pairs of the map, and their sum.
  void find_kernel() {
    pool_.run(count_, [&](Index i, int) {
      double* row = kernel_.data() + i * count_;
      const double xi = x_[static_cast<std::size_t>(i)], yi = y_[static_cast<std::size_t>(i)];
      for (Index j = 0; j < count_; ++j) {
        const double dx = xi - x_[static_cast<std::size_t>(j)], dy = yi - y_[static_cast<std::size_t>(j)];
        row[j] = 1 / (1 + dx * dx + dy * dy);
      }
      row[i] = 0;
      double lane[4] = {0, 0, 0, 0};
      Index j = 0;
      for (; j + 4 <= count_; j += 4)
        for (Index k = 0; k < 4; ++k) lane[k] += row[j + k];
      for (; j < count_; ++j) lane[0] += row[j];
      row_sum_[static_cast<std::size_t>(i)] = (lane[0] + lane[1]) + (lane[2] + lane[3]);
    });
    total_ = 0;
    for (const double sum : row_sum_) total_ += sum;
  }

  void find_gradient(Index i, double exaggeration) {
    const double* p = p_.data() + i * count_;
    const double* q = kernel_.data() + i * count_;
    const auto at = static_cast<std::size_t>(i);
    const double xi = x_[at], yi = y_[at], share = 1 / total_;
    double gx[4] = {0, 0, 0, 0}, gy[4] = {0, 0, 0, 0};
    const auto add = [&](Index j, Index k) {
      const double pull = (exaggeration * p[j] - q[j] * share) * q[j];
      gx[k] += pull * (xi - x_[static_cast<std::size_t>(j)]);
      gy[k] += pull * (yi - y_[static_cast<std::size_t>(j)]);
    };
    Index j = 0;
    for (; j + 4 <= count_; j += 4)
      for (Index k = 0; k < 4; ++k) add(j + k, k);
    for (; j < count_; ++j) add(j, 0);
    gradient_[at] = 4 * ((gx[0] + gx[1]) + (gx[2] + gx[3]));
    gradient_[x_.size() + at] = 4 * ((gy[0] + gy[1]) + (gy[2] + gy[3]));
  }

  static void centre(std::vector<double>& values) {
    double mean = 0;
    for (const double v : values) mean += v / static_cast<double>(values.size());
    for (double& v : values) v -= mean;
  }

  const std::vector<double>& p_;
  Index count_;
  double rate_;
  ThreadPool& pool_;
  std::vector<double> x_, y_, kernel_, row_sum_, gradient_, velocity_, gain_;
  double total_ = 0;
};

}  // namespace detail

/// Map of rows (count, width), row-major. The same bits for any number of threads; memory 16 count^2 bytes.
/// Throws ShapeError and ConfigError when sizes or options make no map.
inline TsneMap tsne(std::span<const float> rows, Index count, Index width, const TsneOptions& options,
                    ThreadPool& pool) {
  if (count < 3 || width < 1 || rows.size() != static_cast<std::size_t>(count * width))
    fail<ShapeError>("tsne: ", rows.size(), " values are not ", count, " rows of ", width,
                     ", expected at least 3 rows");
  if (!(options.perplexity >= 1 && options.perplexity < static_cast<double>(count)))
    fail<ConfigError>("tsne: perplexity is ", options.perplexity, " for ", count,
                      " rows, expected at least 1 and below the number of rows; a third of it is usual");
  for (const float v : rows)
    if (!std::isfinite(v)) fail<ConfigError>("tsne: a value of the rows is not finite");
  const double n = static_cast<double>(count), reachable = std::min(options.perplexity, 0.99 * (n - 1));
  const std::vector<double> p = detail::joint_probabilities(rows, count, width, reachable, pool);
  std::vector<double> start(static_cast<std::size_t>(2 * count));
  Philox g(options.seed);
  for (double& v : start) v = 1e-4 * normal(g);
  const double rate =
      options.learning_rate > 0 ? options.learning_rate : std::max(n / options.exaggeration, 50.0);
  detail::TsneDescent descent(p, start, rate, pool);
  const Index early = std::min<Index>(options.iterations / 4, 250);
  for (Index i = 0; i < options.iterations; ++i)
    descent.step(i < early ? options.exaggeration : 1, i < early ? 0.5 : 0.8);
  return descent.result();
}

}  // namespace gyrograd::train
