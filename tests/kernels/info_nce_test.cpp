// SPDX-License-Identifier: MIT
// Panels of the contrastive softmax against plain loops in double, around the size of a panel.
#include "gyrograd/kernels/info_nce.hpp"

#include <vector>

#include "support/reference.hpp"
#include "support/tolerance.hpp"

using namespace gyrograd;
using namespace gyrograd::kernels;
using namespace gyrograd::testing;

namespace {

struct Wanted {
  double loss = 0, dtemperature = 0;
  std::vector<double> dq, dk;
};

/// The formula of the header, entry by entry.   q, k: (n x width) column-major
template <class Real>
Wanted plain(const Contrast<Real>& a) {
  const Index n = a.n, width = a.width;
  const auto at = [=](const Real* x, Index i, Index c) { return static_cast<double>(x[i + n * c]); };
  const double tau = static_cast<double>(a.temperature);
  std::vector<double> z(static_cast<std::size_t>(n * n)), g(z.size());
  const auto in = [n](std::vector<double>& m, Index i, Index j) -> double& {
    return m[static_cast<std::size_t>(i * n + j)];
  };
  std::vector<bool> out(z.size());
  for (Index i = 0; i < n; ++i)
    for (Index j = 0; j < n; ++j) {
      for (Index c = 0; c < width; ++c) in(z, i, j) += at(a.q, i, c) * at(a.k, j, c) / tau;
      const Index own = (i + a.shift) % n;
      out[static_cast<std::size_t>(i * n + j)] =
          (a.exclude_self && i == j) || (a.group != nullptr && own != j && a.group[own] == a.group[j]);
    }
  Wanted w{0, 0, std::vector<double>(static_cast<std::size_t>(n * width)),
           std::vector<double>(static_cast<std::size_t>(n * width))};
  const auto softmax = [&](bool rows, Index line, Index positive, double weight) {
    const auto entry = [&](Index m) { return rows ? line * n + m : m * n + line; };
    double top = -1e300, sum = 0;
    for (Index m = 0; m < n; ++m)
      if (!out[static_cast<std::size_t>(entry(m))])
        top = std::max(top, z[static_cast<std::size_t>(entry(m))]);
    for (Index m = 0; m < n; ++m)
      if (!out[static_cast<std::size_t>(entry(m))])
        sum += std::exp(z[static_cast<std::size_t>(entry(m))] - top);
    for (Index m = 0; m < n; ++m) {
      const auto e = static_cast<std::size_t>(entry(m));
      if (!out[e]) g[e] += weight * std::exp(z[e] - top) / sum;
      if (m == positive) g[e] -= weight, w.loss += weight * (top + std::log(sum) - z[e]);
    }
  };
  for (Index i = 0; i < n; ++i) {
    const Index own = (i + a.shift) % n;
    softmax(true, i, own, static_cast<double>(a.row_weight[i]));
    if (a.column_weight != nullptr) softmax(false, own, i, static_cast<double>(a.column_weight[own]));
  }
  for (Index i = 0; i < n; ++i)
    for (Index j = 0; j < n; ++j) {
      w.dtemperature -= in(g, i, j) * in(z, i, j) / tau;
      for (Index c = 0; c < width; ++c) {
        w.dq[static_cast<std::size_t>(i + n * c)] += in(g, i, j) * at(a.k, j, c) / tau;
        w.dk[static_cast<std::size_t>(j + n * c)] += in(g, i, j) * at(a.q, i, c) / tau;
      }
    }
  return w;
}

template <class Real>
struct Problem {
  std::vector<Real> q, k, row, column, dq, dk, scratch;
  Contrast<Real> a;

  Problem(Index n, Index width, Index threads = 1)
      : q(random_values<Real>(n * width, 1, -0.3, 0.3)),
        k(random_values<Real>(n * width, 2, -0.3, 0.3)),
        row(random_values<Real>(n, 3, 0.0, 0.02)),
        column(random_values<Real>(n, 4, 0.0, 0.02)),
        dq(q.size()),
        dk(q.size()),
        scratch(static_cast<std::size_t>(contrast_scratch(n, width, threads))) {
    a.dq = dq.data(), a.dk = dk.data(), a.q = q.data(), a.k = k.data();
    a.row_weight = row.data(), a.column_weight = column.data();
    a.n = n, a.width = width, a.temperature = Real(0.1);
  }
  ContrastResult<Real> run() {
    return contrast(a, scratch.data(), [](Index count, auto&& f) {
      for (Index i = 0; i < count; ++i) f(i, 0);
    });
  }
};

template <class Real>
void compare(Problem<Real>& p) {
  const Wanted want = plain(p.a);
  const ContrastResult<Real> got = p.run();
  check_close<Real>(std::vector<Real>{got.loss, got.dtemperature},
                    std::vector<double>{want.loss, want.dtemperature}, 5);
  check_close<Real>(p.dq, want.dq, 5);
  if (p.a.dk != nullptr) check_close<Real>(p.dk, want.dk, 5);
}

}  // namespace

TEMPLATE_TEST_CASE("contrastive softmax equals plain loops", "", float, double) {
  for (const Index n : {1, 2, 3, 17, 64, 144, 145, 300}) {
    INFO("n " << n);
    Problem<TestType> p(n, 21);
    compare(p);
    p.a.column_weight = nullptr;  // rows only
    compare(p);
  }
}

TEST_CASE("excluded entries take no part") {
  for (const Index n : {6, 150}) {
    Problem<double> p(n, 5);
    std::vector<Index> group;
    for (Index i = 0; i < n; ++i) group.push_back(i % 4);
    p.a.group = group.data();
    compare(p);
    p.a.group = nullptr;
    p.a.k = p.a.q;  // the other view of row i is row i + n / 2
    p.a.exclude_self = true;
    p.a.shift = n / 2;
    p.a.column_weight = nullptr;
    compare(p);
  }
}

TEST_CASE("contrastive softmax of large logits stays finite") {
  Problem<float> p(40, 8);
  p.a.temperature = 0.0005F;  // logits up to several hundred
  compare(p);
}

TEST_CASE("tasks in any order on any thread give the same bits, and nothing is written outside") {
  Problem<float> one(310, 12), other(310, 12, 3);
  const auto first = one.run();
  Guarded<float> scratch(static_cast<Index>(other.scratch.size())), dq(310 * 12), dk(310 * 12);
  other.a.dq = dq.data(), other.a.dk = dk.data();
  const auto second = contrast(other.a, scratch.data(), [](Index count, auto&& f) {
    for (Index i = count; i-- > 0;) f(i, static_cast<int>(i % 3));
  });
  CHECK(first.loss == second.loss);
  CHECK(first.dtemperature == second.dtemperature);
  CHECK(one.dq == dq.copy());
  CHECK(one.dk == dk.copy());
  CHECK(scratch.intact());
  CHECK(dq.intact());
  CHECK(dk.intact());
}

TEST_CASE("no samples: no loss") {
  Problem<float> p(1, 3);
  p.a.n = 0;
  CHECK(p.run().loss == 0.0F);
}
