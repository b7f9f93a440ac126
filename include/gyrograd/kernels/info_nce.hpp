// SPDX-License-Identifier: MIT
// Contrastive softmax over a matrix of similarities: loss and gradients by panels, in memory of panels.
//
// z(i, j) = q(i) . k(j) / tau over n queries and n keys; the positive of row i is column (i + shift) mod n.
//
//   loss = sum_i a_i (log sum_j e^z(i,j) - z(i,+))  +  sum_j b_j (log sum_i e^z(i,j) - z(+,j))
//   G    = dloss/dz = a_i P_row(i, j) + b_j P_column(i, j) - (a_i + b_j) at the positives
//   dq   = G k / tau,   dk = G^T q / tau,   dtau = -(1 / tau) sum G z
//
// z is a dense layer whose weights are the keys: the product kernels do the work. Queries are cut into panels
// of at most `contrast_panel` rows, which lie compactly, so that no stride is a large power of two. A panel
// of z is computed for the sums over rows and columns, and computed again, from the same numbers with the
// same bits, for G: memory is one panel per task that runs, whatever n. A single panel is kept.
#pragma once

#include <algorithm>
#include <cmath>

#include "gyrograd/kernels/math.hpp"
#include "gyrograd/kernels/product.hpp"
#include "gyrograd/kernels/transpose.hpp"

namespace gyrograd::kernels {

/// Rows of one panel: whole blocks of three vectors on every target.
inline constexpr Index contrast_panel = 144;

/// Logit of an entry that takes no part; its exponential is 0.
inline constexpr double contrast_excluded = -1e30;

/// Sums of one softmax over x: largest value m, sum of e^(x - m), sum of e^(x - m) (x - m).
template <class Real>
struct SoftmaxSums {
  Real* top;
  Real* sum;
  Real* moment;
};

/// Operands of one contrastive loss; see the file comment.
template <class Real>
struct Contrast {
  Real* dq = nullptr;                   ///< (n x width) column-major: written; null: no gradients at all
  Real* dk = nullptr;                   ///< (n x width) column-major: written; or null
  const Real* q = nullptr;              ///< (n x width) column-major
  const Real* k = nullptr;              ///< (n x width) column-major
  const Real* row_weight = nullptr;     ///< a: (n)
  const Real* column_weight = nullptr;  ///< b: (n), or null: rows only
  const Index* group =
      nullptr;  ///< (n) or null: entries off the positives whose keys have equal groups take no part
  bool exclude_self = false;  ///< entries (i, i) take no part: queries and keys are the same rows
  Index shift = 0;
  Index n = 0, width = 0;
  Real temperature = Real(1);
};

/// Loss and its derivative with respect to the temperature.
template <class Real>
struct ContrastResult {
  Real loss = Real(0), dtemperature = Real(0);
};

namespace detail {

/// Sums of every row of a panel z (rows x n), column stride rows; lanes run along the rows.
template <class Real>
void contrast_rows(const SoftmaxSums<Real>& out, const Real* z, Index rows, Index n) {
  using V = Batch<Real>;
  for (Index p = 0; p < rows; p += lanes<Real>) {
    V top = load_lanes(z, p, rows);
    for (Index j = 1; j < n; ++j) top = max(top, load_lanes(z + j * rows, p, rows));
    V sum(Real(0)), moment(Real(0));
    for (Index j = 0; j < n; ++j) {
      const V d = load_lanes(z + j * rows, p, rows) - top;
      const V e = exp(d);
      sum = sum + e;
      moment = fma(e, d, moment);
    }
    store_lanes(out.top, top, p, rows);
    store_lanes(out.sum, sum, p, rows);
    store_lanes(out.moment, moment, p, rows);
  }
}

/// Sums of every column of a panel z (rows x n), column stride rows.
template <class Real>
void contrast_columns(const SoftmaxSums<Real>& out, const Real* z, Index rows, Index n) {
  using V = Batch<Real>;
  constexpr Index L = lanes<Real>;
  const Index whole = rows / L * L;
  for (Index j = 0; j < n; ++j, z += rows) {
    Real top = z[0];
    if (whole > 0) {
      V largest = load(z);
      for (Index p = L; p < whole; p += L) largest = max(largest, load(z + p));
      Real values[static_cast<std::size_t>(L)];
      store(values, largest);
      for (const Real value : values) top = std::max(top, value);
    }
    for (Index p = whole; p < rows; ++p) top = std::max(top, z[p]);
    V sum(Real(0)), moment(Real(0));
    const V m(top);
    for (Index p = 0; p < whole; p += L) {
      const V d = load(z + p) - m;
      const V e = exp(d);
      sum = sum + e;
      moment = fma(e, d, moment);
    }
    out.top[j] = top;
    out.sum[j] = reduce_add(sum);
    out.moment[j] = reduce_add(moment);
    if (whole == rows) continue;
    Real d[static_cast<std::size_t>(L)], e[static_cast<std::size_t>(L)];
    const V last = load_partial(z + whole, rows - whole) - m;
    store(d, last);
    store(e, exp(last));
    for (Index p = 0; p < rows - whole; ++p) {
      out.sum[j] += e[p];
      out.moment[j] += e[p] * d[p];
    }
  }
}

/// z becomes row_factor(i) e^(z - row_top(i)) + column_factor(j) e^(z - column_top(j)); null factors: no such
/// term.   z: (rows x n), column stride rows
template <class Real>
void contrast_slope(Real* z, Index rows, Index n, const Real* row_top, const Real* row_factor,
                    const Real* column_top, const Real* column_factor) {
  using V = Batch<Real>;
  for (Index j = 0; j < n; ++j, z += rows) {
    const V top(column_factor != nullptr ? column_top[j] : Real(0));
    const V factor(column_factor != nullptr ? column_factor[j] : Real(0));
    for (Index p = 0; p < rows; p += lanes<Real>) {
      const V x = load_lanes(z, p, rows);
      V g(Real(0));
      if (row_factor != nullptr) g = exp(x - load_lanes(row_top, p, rows)) * load_lanes(row_factor, p, rows);
      if (column_factor != nullptr) g = fma(exp(x - top), factor, g);
      store_lanes(z, g, p, rows);
    }
  }
}

/// One side of the loss: its rows in both orders, and what is known of the softmax of each row.
template <class Real>
struct ContrastSide {
  const Real* columns;  ///< (n x width) column-major
  Real* rows;           ///< (n, width) row-major
  const Real* weight;   ///< (n), or null
  SoftmaxSums<Real> sums;
  Real* factor;  ///< (n): weight / sum, or null without weight
};

/// Panels of z as seen from one side; the other side's roles are exchanged.
template <class Real>
class ContrastPanels {
 public:
  ContrastPanels(const Contrast<Real>& a, const ContrastSide<Real>& x, const ContrastSide<Real>& w,
                 Index shift)
      : a_(a), x_(x), w_(w), shift_(shift) {}

  Index count() const { return (a_.n + contrast_panel - 1) / contrast_panel; }
  Index first(Index panel) const { return panel * contrast_panel; }
  Index rows(Index panel) const { return std::min(contrast_panel, a_.n - first(panel)); }
  Index positive(Index row) const { return (row + shift_) % a_.n; }

  /// z of a panel: (rows x n).   copy: (rows x width) scratch, factor: (rows) scratch
  void logits(Real* z, Real* copy, Real* factor, Index panel) const {
    const Index P = rows(panel), begin = first(panel);
    std::fill_n(factor, P, Real(1) / a_.temperature);
    Product<Real> p;
    p.y = z;
    p.ldy = P;
    p.x = x_.columns;
    p.ldx = a_.n;
    if (P < a_.n) {  // compact: a column stride of n may hit few cache sets
      for (Index c = 0; c < a_.width; ++c) std::copy_n(x_.columns + begin + c * a_.n, P, copy + c * P);
      p.x = copy;
      p.ldx = P;
    }
    p.w = w_.rows;
    p.w_row = a_.width;
    p.w_step = 1;
    p.positions = P;
    p.rows = a_.n;
    p.depth = a_.width;
    p.lane_factor = factor;
    product(p);
    exclude(z, P, begin);
  }

  /// Gradient rows of a panel from its z: d(begin + i, c) = (1 / tau) sum_j G(i, j) w(j, c).
  void gradient(Real* d, Real* z, Real* factor, Index panel) const {
    const Index P = rows(panel), begin = first(panel);
    contrast_slope(z, P, a_.n, x_.sums.top + begin, x_.factor == nullptr ? nullptr : x_.factor + begin,
                   w_.sums.top, static_cast<const Real*>(w_.factor));
    for (Index i = 0; i < P; ++i) {
      const Index j = positive(begin + i);
      z[i + j * P] -= (x_.weight == nullptr ? Real(0) : x_.weight[begin + i]) +
                      (w_.weight == nullptr ? Real(0) : w_.weight[j]);
    }
    std::fill_n(factor, P, Real(1) / a_.temperature);
    Product<Real> p;
    p.y = d + begin;
    p.ldy = a_.n;
    p.x = z;
    p.ldx = P;
    p.w = w_.rows;
    p.w_row = 1;
    p.w_step = a_.width;
    p.positions = P;
    p.rows = a_.width;
    p.depth = a_.n;
    p.lane_factor = factor;
    product(p);
  }

 private:
  void exclude(Real* z, Index P, Index begin) const {
    const auto none = static_cast<Real>(contrast_excluded);
    if (a_.exclude_self)
      for (Index i = 0; i < P; ++i) z[i + (begin + i) * P] = none;
    if (a_.group == nullptr) return;
    for (Index j = 0; j < a_.n; ++j)
      for (Index i = 0; i < P; ++i) {
        const Index own = positive(begin + i);
        if (own != j && a_.group[own] == a_.group[j]) z[i + j * P] = none;
      }
  }

  const Contrast<Real>& a_;
  const ContrastSide<Real>&x_, &w_;
  Index shift_;
};

/// Joins the sums of column j over all panels, in their order.
template <class Real>
void join_sums(const SoftmaxSums<Real>& out, Index j, const Real* parts, Index panels, Index n) {
  const auto part = [=](Index p, Index what) { return parts[(3 * p + what) * n + j]; };
  Real top = part(0, 0);
  for (Index p = 1; p < panels; ++p) top = std::max(top, part(p, 0));
  Real sum = Real(0), moment = Real(0);
  for (Index p = 0; p < panels; ++p) {
    const Real d = part(p, 0) - top, e = std::exp(d);
    sum += e * part(p, 1);
    moment += e == Real(0) ? Real(0) : e * (part(p, 2) + d * part(p, 1));
  }
  out.top[j] = top, out.sum[j] = sum, out.moment[j] = moment;
}

}  // namespace detail

/// Values of scratch that contrast() needs for `threads` threads.
inline Index contrast_scratch(Index n, Index width, Index threads) {
  const Index panels = (n + contrast_panel - 1) / contrast_panel, P = std::min(n, contrast_panel);
  return 2 * n * width + 9 * n + 3 * panels * n + threads * P * (n + width + 1);
}

/// Loss and gradients; see the file comment and Contrast. n may be 0.
/// scratch: contrast_scratch() values
/// run(count, f): calls f(task, thread) for all tasks, thread < threads of the scratch; results do not depend
/// on who runs what.
template <class Real, class Run>
ContrastResult<Real> contrast(const Contrast<Real>& a, Real* scratch, Run&& run) {
  const Index n = a.n, width = a.width, P = std::min(n, contrast_panel);
  if (n == 0) return {};
  const auto take = [&](Index count) {
    Real* p = scratch;
    scratch += count;
    return p;
  };
  const auto side = [&](const Real* columns, const Real* weight) {
    detail::ContrastSide<Real> s{columns, take(n * width), weight, {take(n), take(n), take(n)}, take(n)};
    if (weight == nullptr) s.factor = nullptr;
    return s;
  };
  detail::ContrastSide<Real> query = side(a.q, a.row_weight), key = side(a.k, a.column_weight);
  Real* positives = take(n);
  const detail::ContrastPanels<Real> by_query(a, query, key, a.shift),
      by_key(a, key, query, (n - a.shift) % n);
  const Index panels = by_query.count();
  Real* parts = take(3 * panels * n);
  const auto z_of = [=, base = scratch](Index thread) { return base + thread * P * (n + width + 1); };

  run(panels, [&](Index panel, int) {
    const Index begin = by_query.first(panel), rows = by_query.rows(panel);
    transpose(key.rows + begin * width, width, a.k + begin, n, rows, width);
    if (a.dk != nullptr) transpose(query.rows + begin * width, width, a.q + begin, n, rows, width);
  });
  run(panels, [&](Index panel, int thread) {
    const Index begin = by_query.first(panel), rows = by_query.rows(panel);
    Real* z = z_of(thread);
    by_query.logits(z, z + P * n, z + P * (n + width), panel);
    detail::contrast_rows<Real>({query.sums.top + begin, query.sums.sum + begin, query.sums.moment + begin},
                                z, rows, n);
    if (a.column_weight != nullptr) {
      Real* own = parts + 3 * panel * n;
      detail::contrast_columns<Real>({own, own + n, own + 2 * n}, z, rows, n);
    }
    for (Index i = 0; i < rows; ++i) positives[begin + i] = z[i + by_query.positive(begin + i) * rows];
  });

  double loss = 0, moment = 0;
  const auto add = [&](const detail::ContrastSide<Real>& s, Index i, Real positive) {
    s.factor[i] = s.weight[i] / s.sums.sum[i];
    const double above = static_cast<double>(s.sums.top[i]) - static_cast<double>(positive);
    const auto weight = static_cast<double>(s.weight[i]), sum = static_cast<double>(s.sums.sum[i]);
    loss += weight * (above + std::log(sum));
    moment += weight * (above + static_cast<double>(s.sums.moment[i]) / sum);
  };
  for (Index i = 0; i < n; ++i) add(query, i, positives[i]);
  if (a.column_weight != nullptr)
    for (Index i = 0; i < n; ++i) {
      const Index j = by_query.positive(i);
      detail::join_sums(key.sums, j, static_cast<const Real*>(parts), panels, n);
      add(key, j, positives[i]);
    }
  const ContrastResult<Real> result{static_cast<Real>(loss),
                                    static_cast<Real>(-moment / static_cast<double>(a.temperature))};
  if (a.dq == nullptr) return result;

  run(panels, [&](Index panel, int thread) {
    Real* z = z_of(thread);
    if (panels > 1) by_query.logits(z, z + P * n, z + P * (n + width), panel);
    by_query.gradient(a.dq, z, z + P * (n + width), panel);
  });
  if (a.dk == nullptr) return result;
  run(panels, [&](Index panel, int thread) {
    Real* z = z_of(thread);
    by_key.logits(z, z + P * n, z + P * (n + width), panel);
    by_key.gradient(a.dk, z, z + P * (n + width), panel);
  });
  return result;
}

}  // namespace gyrograd::kernels
