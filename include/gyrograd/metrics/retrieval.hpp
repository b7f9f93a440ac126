// SPDX-License-Identifier: MIT
// Retrieval by cosine: rank of the true partner of every row, and the scores made of ranks.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <span>
#include <vector>

#include "gyrograd/core/config.hpp"
#include "gyrograd/core/error.hpp"

namespace gyrograd::metrics {

/// What a candidate as near as the true partner does to its rank.
enum class Ties {
  pessimistic,  ///< stands before it
  optimistic    ///< stands behind it
};

/// Scores of one direction of retrieval (PRIMUS sheet §12). They depend on the number of candidates: report
/// it.
struct RetrievalScore {
  Index queries = 0, candidates = 0;
  double accuracy = 0;  ///< share of queries whose nearest candidate (first of equals) is the partner
  double mrr = 0;       ///< mean of 1 / rank
  double median_rank = 0;
  double recall_1 = 0, recall_10 = 0, recall_50 = 0;  ///< share of ranks up to k
  Index tied = 0;  ///< queries with another candidate exactly as near as the partner
};

namespace detail {

/// Rows (count, width) divided by their length, one behind the other or (transposed) column by column.
/// ShapeError when a row has no direction.
template <class Real>
std::vector<Real> unit_rows(std::span<const Real> rows, Index width, bool transposed, const char* what) {
  const auto count = static_cast<Index>(rows.size()) / width;
  std::vector<Real> out(rows.size());
  for (Index i = 0; i < count; ++i) {
    double square = 0;
    for (Index d = 0; d < width; ++d) {
      const auto v = static_cast<double>(rows[static_cast<std::size_t>(i * width + d)]);
      square += v * v;
    }
    if (!(square > 0) || !std::isfinite(square))
      fail<ShapeError>("retrieval: ", what, " row ", i, " is zero or not finite, so it has no direction; ",
                       "drop it");
    const double scale = 1 / std::sqrt(square);
    for (Index d = 0; d < width; ++d) {
      const auto v = static_cast<double>(rows[static_cast<std::size_t>(i * width + d)]) * scale;
      out[static_cast<std::size_t>(transposed ? i + count * d : i * width + d)] = static_cast<Real>(v);
    }
  }
  return out;
}

/// similarity[j] = <query, candidate first + j>.   candidates: (width, count), candidates adjacent
template <class Real>
void similarities(Real* similarity, const Real* query, const Real* candidates, Index width, Index count,
                  Index first, Index size) {
  std::fill_n(similarity, size, Real(0));
  for (Index d = 0; d < width; ++d) {
    const Real q = query[d];
    const Real* row = candidates + d * count + first;
    for (Index j = 0; j < size; ++j) similarity[j] += q * row[j];
  }
}

}  // namespace detail

/// Ranks of all queries of one direction: above[i] candidates are nearer than the partner of query i,
/// equal[i] others exactly as near, hit[i]: the partner is the first of the nearest.
struct RetrievalRanks {
  Index candidates = 0;
  std::vector<Index> above, equal;
  std::vector<char> hit;

  /// 1 = best.
  Index rank(Index i, Ties ties) const {
    const auto at = static_cast<std::size_t>(i);
    return 1 + above[at] + (ties == Ties::pessimistic ? equal[at] : 0);
  }
};

/// Row i of `source` is looked for among all rows of `target`; its partner is row i.
/// source, target: (n, width) row-major. ShapeError when they do not fit or a row has no direction.
template <class Real>
RetrievalRanks retrieval_ranks(std::span<const Real> source, std::span<const Real> target, Index width) {
  if (width < 1 || source.empty() || source.size() % static_cast<std::size_t>(width) != 0 ||
      source.size() != target.size())
    fail<ShapeError>("retrieval: ", source.size(), " source and ", target.size(),
                     " target values in rows of ", width,
                     ", expected as many rows of the same width on both sides, at least one");
  const std::vector<Real> queries = detail::unit_rows(source, width, false, "source");
  const std::vector<Real> candidates = detail::unit_rows(target, width, true, "target");
  const auto n = static_cast<Index>(source.size()) / width;
  constexpr Index block = 512;  // candidates whose sums stay in the first cache
  RetrievalRanks out;
  out.candidates = n;
  std::vector<Real> similarity(static_cast<std::size_t>(n));
  for (Index i = 0; i < n; ++i) {
    for (Index first = 0; first < n; first += block)
      detail::similarities(similarity.data() + first, queries.data() + i * width, candidates.data(), width, n,
                           first, std::min(block, n - first));
    const Real own = similarity[static_cast<std::size_t>(i)];
    Index above = 0, equal = 0, before = 0;
    for (Index j = 0; j < n; ++j) {
      const Real s = similarity[static_cast<std::size_t>(j)];
      above += s > own ? 1 : 0;
      if (j == i || s != own) continue;
      ++equal;
      before += j < i ? 1 : 0;
    }
    out.above.push_back(above);
    out.equal.push_back(equal);
    out.hit.push_back(above == 0 && before == 0 ? 1 : 0);
  }
  return out;
}

/// Scores of the ranks under a policy for ties.
inline RetrievalScore retrieval_score(const RetrievalRanks& ranks, Ties ties = Ties::pessimistic) {
  RetrievalScore score;
  score.queries = static_cast<Index>(ranks.above.size());
  score.candidates = ranks.candidates;
  if (score.queries == 0) return score;
  std::vector<Index> all;
  double inverse = 0;
  for (Index i = 0; i < score.queries; ++i) {
    all.push_back(ranks.rank(i, ties));
    inverse += 1.0 / static_cast<double>(all.back());
    score.tied += ranks.equal[static_cast<std::size_t>(i)] > 0 ? 1 : 0;
  }
  const auto share = [&](auto count) { return static_cast<double>(count) / static_cast<double>(all.size()); };
  const auto up_to = [&](Index k) {
    return share(std::count_if(all.begin(), all.end(), [k](Index rank) { return rank <= k; }));
  };
  score.mrr = inverse / static_cast<double>(all.size());
  score.recall_1 = up_to(1), score.recall_10 = up_to(10), score.recall_50 = up_to(50);
  score.accuracy = share(std::count(ranks.hit.begin(), ranks.hit.end(), char{1}));
  std::sort(all.begin(), all.end());
  const auto half = all.size() / 2;
  score.median_rank = all.size() % 2 == 1 ? static_cast<double>(all[half])
                                          : static_cast<double>(all[half - 1] + all[half]) / 2;
  return score;
}

}  // namespace gyrograd::metrics
