// SPDX-License-Identifier: MIT
#include "gyrograd/train/probe.hpp"

#include <cmath>
#include <numeric>

#include "support/reference.hpp"

using namespace gyrograd;
using namespace gyrograd::testing;
using namespace gyrograd::train;

namespace {

/// Three directions with noise; class vectors are the directions.
struct Directions {
  std::vector<float> values, vectors{1, 0, 0, 0, 1, 0, 0, 0, 1};
  std::vector<Index> labels, train, test;

  Directions() {
    const std::vector<float> noise = random_values<float>(90 * 3, 9);
    for (Index i = 0; i < 90; ++i) {
      labels.push_back(i % 3);
      for (Index d = 0; d < 3; ++d)
        values.push_back((d == i % 3 ? 2.0F : 0.0F) + noise[static_cast<std::size_t>(3 * i + d)]);
      (i < 60 ? train : test).push_back(i);
    }
  }
  ProbeTask task() const { return {{values, 3}, labels, 3, test, vectors}; }
};

}  // namespace

TEST_CASE("every kind of probe reads separable features, and zero-shot reads aligned ones") {
  const Directions data;
  ThreadPool pool(1);
  CHECK(metrics::accuracy(zero_shot(data.task(), pool)) > 0.9);
  for (const ProbeKind kind : {ProbeKind::converged, ProbeKind::published, ProbeKind::knn}) {
    const ProbeResult result = run_probe(kind, data.task(), data.train, {}, 1, pool);
    INFO(probe_name(kind));
    CHECK(metrics::accuracy(result.confusion) > 0.9);
    CHECK(result.confusion.total() == 30);
    CHECK(result.converged);
  }
}

TEST_CASE("swapped class vectors fool what starts from them, not what learns") {
  Directions data;
  data.vectors = {0, 1, 0, 0, 0, 1, 1, 0, 0};
  ThreadPool pool(1);
  CHECK(metrics::accuracy(zero_shot(data.task(), pool)) < 0.1);
  CHECK(metrics::accuracy(run_probe(ProbeKind::published, data.task(), data.train, {}, 1, pool).confusion) <
        0.1);
  CHECK(metrics::accuracy(run_probe(ProbeKind::converged, data.task(), data.train, {}, 1, pool).confusion) >
        0.9);
}

TEST_CASE("the published probe without class vectors is refused") {
  const Directions data;
  ProbeTask task = data.task();
  task.class_vectors = {};
  ThreadPool pool(1);
  CHECK_THROWS_AS(run_probe(ProbeKind::published, task, data.train, {}, 1, pool), ConfigError);
}
