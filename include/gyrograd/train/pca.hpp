// SPDX-License-Identifier: MIT
// Principal components: a map of high-dimensional rows onto the plane.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numeric>
#include <span>
#include <vector>

#include "gyrograd/core/config.hpp"
#include "gyrograd/core/error.hpp"

namespace gyrograd::train {

namespace detail {

/// Eigenvectors of a symmetric matrix a (n, n), row-major, by cyclic Jacobi rotations (Golub and Van
/// Loan, 8.5). On return the diagonal of `a` holds the eigenvalues and row k of the result belongs to a(k,
/// k).
inline std::vector<double> jacobi_eigenvectors(std::vector<double>& a, std::size_t n) {
  std::vector<double> v(n * n, 0.0);
  for (std::size_t i = 0; i < n; ++i) v[i * n + i] = 1;
  const auto rotate = [n](std::vector<double>& m, std::size_t i, std::size_t j, std::size_t k, std::size_t l,
                          double c, double s) {
    const double x = m[i * n + j];
    const double y = m[k * n + l];
    m[i * n + j] = c * x - s * y;
    m[k * n + l] = s * x + c * y;
  };
  for (int sweep = 0; sweep < 60; ++sweep) {
    double off = 0;
    double on = 0;
    for (std::size_t i = 0; i < n; ++i) {
      on += a[i * n + i] * a[i * n + i];
      for (std::size_t j = i + 1; j < n; ++j) off += a[i * n + j] * a[i * n + j];
    }
    if (off <= 1e-26 * on || off == 0) break;
    for (std::size_t p = 0; p + 1 < n; ++p) {
      for (std::size_t q = p + 1; q < n; ++q) {
        if (a[p * n + q] == 0) continue;
        const double theta = (a[q * n + q] - a[p * n + p]) / (2 * a[p * n + q]);
        const double t = (theta >= 0 ? 1 : -1) / (std::abs(theta) + std::sqrt(theta * theta + 1));
        const double c = 1 / std::sqrt(t * t + 1);
        const double s = t * c;
        for (std::size_t k = 0; k < n; ++k) rotate(a, k, p, k, q, c, s);
        for (std::size_t k = 0; k < n; ++k) rotate(a, p, k, q, k, c, s);
        for (std::size_t k = 0; k < n; ++k) rotate(v, p, k, q, k, c, s);
      }
    }
  }
  return v;
}

}  // namespace detail

/// Leading components of a cloud of rows.
struct Components {
  Index wanted = 0;
  std::vector<double> coordinates;  // (rows, wanted) row-major: centred rows times components
  std::vector<double> share;        // (wanted) of the total variance, descending
};

/// Projects rows (count, width), row-major, onto their `wanted` leading principal components. The sign of a
/// component makes its largest weight positive, so equal input gives equal maps. ShapeError when sizes do not
/// fit.
inline Components principal_components(std::span<const float> rows, Index count, Index width,
                                       Index wanted = 2) {
  if (count < 1 || width < 1 || rows.size() != static_cast<std::size_t>(count * width) || wanted < 1 ||
      wanted > width) {
    fail<ShapeError>("principal_components: ", rows.size(), " values are not ", count, " rows of ", width,
                     " with at least ", wanted, " columns");
  }
  const auto n = static_cast<std::size_t>(width);
  std::vector<double> mean(n, 0.0);
  for (std::size_t i = 0; i < rows.size(); ++i)
    mean[i % n] += static_cast<double>(rows[i]) / static_cast<double>(count);
  std::vector<double> covariance(n * n, 0.0);
  std::vector<double> centred(n);
  for (std::size_t r = 0; r < rows.size(); r += n) {
    for (std::size_t i = 0; i < n; ++i) centred[i] = static_cast<double>(rows[r + i]) - mean[i];
    for (std::size_t i = 0; i < n; ++i) {
      for (std::size_t j = 0; j < n; ++j)
        covariance[i * n + j] += centred[i] * centred[j] / static_cast<double>(count);
    }
  }
  const std::vector<double> vectors = detail::jacobi_eigenvectors(covariance, n);
  std::vector<std::size_t> order(n);
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return covariance[a * n + a] > covariance[b * n + b];
  });
  double total = 0;
  for (std::size_t i = 0; i < n; ++i) total += std::max(0.0, covariance[i * n + i]);

  Components out;
  out.wanted = wanted;
  out.coordinates.assign(static_cast<std::size_t>(count * wanted), 0.0);
  for (std::size_t k = 0; k < static_cast<std::size_t>(wanted); ++k) {
    const double* axis = vectors.data() + order[k] * n;
    const double* largest =
        std::max_element(axis, axis + n, [](double a, double b) { return std::abs(a) < std::abs(b); });
    const double sign = *largest < 0 ? -1 : 1;
    out.share.push_back(total > 0 ? std::max(0.0, covariance[order[k] * n + order[k]]) / total : 0);
    for (std::size_t r = 0; r < static_cast<std::size_t>(count); ++r) {
      double sum = 0;
      for (std::size_t i = 0; i < n; ++i) sum += (static_cast<double>(rows[r * n + i]) - mean[i]) * axis[i];
      out.coordinates[r * static_cast<std::size_t>(wanted) + k] = sign * sum;
    }
  }
  return out;
}

}  // namespace gyrograd::train
