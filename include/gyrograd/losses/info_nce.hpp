// SPDX-License-Identifier: MIT
// InfoNCE between two sets of embeddings: symmetric with both directions added, as published, or its
// variants.
#pragma once

#include <vector>

#include "gyrograd/autograd/ops/l2_normalise.hpp"
#include "gyrograd/autograd/tape.hpp"
#include "gyrograd/core/error.hpp"
#include "gyrograd/core/thread_pool.hpp"
#include "gyrograd/kernels/elementwise.hpp"
#include "gyrograd/kernels/info_nce.hpp"

namespace gyrograd::losses {

enum class Direction {
  both,         ///< query to key plus key to query, as published: chance level 2 ln B
  one_way,      ///< query to key only, as the paper writes it
  mean_of_two,  ///< half of both
};

enum class Reduction {
  mean,  ///< over the samples that take part
  sum,   ///< as the paper writes it
};

enum class Similarity {
  cosine,  ///< rows are divided by their norm, at least 1e-12
  dot,
};

/// What becomes of samples with weight 0.
enum class MaskedSamples {
  excluded,   ///< they take no part at all
  published,  ///< their rows and columns stay in the denominators of the others (PRIMUS sheet §17.5)
};

/// Options of one loss; the values are those of the PRIMUS sheet §16, column "default".
template <Scalar Real>
struct InfoNceOptions {
  Direction direction = Direction::both;
  Reduction reduction = Reduction::mean;
  Similarity similarity = Similarity::cosine;
  MaskedSamples masked = MaskedSamples::excluded;
  const Real* mask = nullptr;    ///< (B): 1 or 0; null: all take part
  const Index* group = nullptr;  ///< (B): keys of equal groups are no negatives of each other; null: all are
  ThreadPool* pool = nullptr;    ///< team for large batches; null: this thread. The bits are the same.
};

namespace detail {

/// Samples that take part, and their weights in the two directions.
template <class Real>
struct Selection {
  std::vector<Index> rows;  // empty: all
  std::vector<Real> query_weight, key_weight;
  std::vector<Index> group;
};

template <class Real>
Selection<Real> select_samples(Index n, const InfoNceOptions<Real>& o) {
  Selection<Real> s;
  double total = static_cast<double>(n);
  if (o.mask != nullptr) {
    total = 0;
    for (Index i = 0; i < n; ++i) total += static_cast<double>(o.mask[i]);
  }
  if (total <= 0) return s;
  double factor = o.reduction == Reduction::mean ? 1 / total : 1;
  if (o.direction == Direction::mean_of_two) factor /= 2;
  const bool drop = o.mask != nullptr && o.masked == MaskedSamples::excluded;
  for (Index i = 0; i < n; ++i) {
    const double w = o.mask == nullptr ? 1 : static_cast<double>(o.mask[i]);
    if (drop && w == 0) continue;
    if (drop) s.rows.push_back(i);
    s.query_weight.push_back(static_cast<Real>(factor * w));
    if (o.group != nullptr) s.group.push_back(o.group[i]);
  }
  if (static_cast<Index>(s.rows.size()) == n) s.rows.clear();
  if (o.direction != Direction::one_way) s.key_weight = s.query_weight;
  return s;
}

/// Rows `rows` of x (n x width) as a matrix of their own; the whole of x where the list is empty.
template <class Real>
const Real* gather_rows(const std::vector<Index>& rows, const Real* x, Index n, Index width, Real* into) {
  if (rows.empty()) return x;
  const auto m = static_cast<Index>(rows.size());
  for (Index c = 0; c < width; ++c)
    for (Index i = 0; i < m; ++i) into[i + m * c] = x[rows[static_cast<std::size_t>(i)] + n * c];
  return into;
}

/// Rows of a (m x width) to their places in y (n x width), zeros elsewhere.
template <class Real>
void spread_rows(const std::vector<Index>& rows, Real* y, const Real* x, Index n, Index width) {
  const auto m = static_cast<Index>(rows.size());
  std::fill_n(y, n * width, Real(0));
  for (Index c = 0; c < width; ++c)
    for (Index i = 0; i < m; ++i) y[rows[static_cast<std::size_t>(i)] + n * c] = x[i + m * c];
}

/// Runs tasks on the pool, or here.
struct Team {
  ThreadPool* pool;
  Index threads() const { return pool == nullptr ? 1 : pool->size(); }
  template <class F>
  void operator()(Index count, F&& f) const {
    if (pool != nullptr) return pool->run(count, f);
    for (Index i = 0; i < count; ++i) f(i, 0);
  }
};

/// Adds slope times the gradient of the loss to a gradient.
template <class Real, Index... Dims>
void add_slope(const Var<Real, Dims...>& x, const Real* slope, Real scale) {
  if (!x.needs_gradient()) return;
  const auto d = x.accumulator();
  kernels::scale_add(d.into.data(), d.residual, scale, slope, d.into.size());
}

/// The loss on rows that are as they shall be compared; q, k: (B x width), tau: ().
template <class Real>
Var<Real> contrast(Tape<Real>& tape, Var<Real, dyn, dyn> q, Var<Real, dyn, dyn> k, Var<Real> tau,
                   const InfoNceOptions<Real>& options) {
  const Index n = q.extent(0), width = q.extent(1);
  auto loss = tape.template make<>();
  *loss.value.data() = Real(0);
  const Selection<Real> chosen = select_samples(n, options);
  const auto m = static_cast<Index>(chosen.query_weight.size());
  if (m == 0) return loss;  // nobody takes part: zero, without a gradient
  const bool wanted = tape.recording(), cut = !chosen.rows.empty();
  Real *dq = nullptr, *dk = nullptr;
  if (wanted) dq = tape.template saved<dyn>(n * width).data();
  if (wanted && k.needs_gradient()) dk = tape.template saved<dyn>(n * width).data();
  const Team team{options.pool};
  auto scratch = tape.workspace();
  kernels::Contrast<Real> a;
  const auto own = [&]() -> Real* { return cut ? scratch(m * width) : nullptr; };
  a.q = gather_rows(chosen.rows, static_cast<const Real*>(q.value.data()), n, width, own());
  a.k = gather_rows(chosen.rows, static_cast<const Real*>(k.value.data()), n, width, own());
  a.dq = cut && dq != nullptr ? own() : dq;
  a.dk = cut && dk != nullptr ? own() : dk;
  a.row_weight = chosen.query_weight.data();
  a.column_weight = chosen.key_weight.empty() ? nullptr : chosen.key_weight.data();
  a.group = chosen.group.empty() ? nullptr : chosen.group.data();
  a.n = m;
  a.width = width;
  a.temperature = *tau.value.data();
  const auto result =
      kernels::contrast(a, scratch(kernels::contrast_scratch(m, width, team.threads())), team);
  *loss.value.data() = result.loss;
  if (!wanted) return loss;
  if (cut) spread_rows(chosen.rows, dq, static_cast<const Real*>(a.dq), n, width);
  if (cut && dk != nullptr) spread_rows(chosen.rows, dk, static_cast<const Real*>(a.dk), n, width);
  tape.record(loss, [=, dtau = result.dtemperature] {
    const Real scale = *loss.grad().data();
    add_slope(q, static_cast<const Real*>(dq), scale);
    if (dk != nullptr) add_slope(k, static_cast<const Real*>(dk), scale);
    if (tau.needs_gradient()) *tau.grad().data() += scale * dtau;
  });
  return loss;
}

}  // namespace detail

/// InfoNCE of q against k: the positive of row i is row i.   q, k: (B, width)  tau: (), see temperature()
///
/// With cosine similarity z = q k^T / (|q| |k| tau), the published form is the mean of -log softmax at (i, i)
/// over columns plus that over rows (PRIMUS sheet §5.2); no sample taking part gives 0 without a gradient.
/// Throws ShapeError when q and k differ.
template <class Real, Index B, Index C, Index Bk, Index Ck>
Var<Real> info_nce(Tape<Real>& tape, Var<Real, B, C> q, Var<Real, Bk, Ck> k, Var<Real> tau,
                   const InfoNceOptions<Real>& options = {}) {
  const Index n = q.extent(0), width = q.extent(1);
  if (k.extent(0) != n || k.extent(1) != width)
    fail<ShapeError>("InfoNCE: queries are ", n, " x ", width, ", keys ", k.extent(0), " x ", k.extent(1),
                     "; every query needs its own key of the same width");
  const Var<Real, dyn, dyn> a{q.value, q.gradient}, b{k.value, k.gradient};
  if (options.similarity == Similarity::dot) return detail::contrast(tape, a, b, tau, options);
  return detail::contrast(tape, ops::l2_normalise(tape, a), ops::l2_normalise(tape, b), tau, options);
}

}  // namespace gyrograd::losses
