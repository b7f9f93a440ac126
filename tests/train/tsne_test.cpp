// SPDX-License-Identifier: MIT
// t-SNE keeps clusters apart, meets its definition, and depends on the seed and on nothing else.
#include "gyrograd/train/tsne.hpp"

#include <cmath>
#include <vector>

#include "support/catch.hpp"

using namespace gyrograd;
using namespace gyrograd::train;

namespace {

/// Three clusters in ten dimensions; row i belongs to cluster i % 3.
std::vector<float> clusters(Index count) {
  Philox g(11);
  std::vector<float> rows;
  for (Index i = 0; i < count; ++i)
    for (Index c = 0; c < 10; ++c) rows.push_back(static_cast<float>(normal(g) + (c == i % 3 ? 12 : 0)));
  return rows;
}

TsneOptions few(std::uint64_t seed = 1) {
  TsneOptions options;
  options.perplexity = 10;
  options.iterations = 300;
  options.seed = seed;
  return options;
}

}  // namespace

TEST_CASE("the nearest neighbour on the map is of the same cluster", "[tsne]") {
  const std::vector<float> rows = clusters(90);
  ThreadPool pool(1);
  const TsneMap map = tsne(rows, 90, 10, few(), pool);
  REQUIRE(map.coordinates.size() == 180);
  const auto distance = [&](std::size_t a, std::size_t b) {
    return std::hypot(map.coordinates[2 * a] - map.coordinates[2 * b],
                      map.coordinates[2 * a + 1] - map.coordinates[2 * b + 1]);
  };
  double mean = 0;
  for (std::size_t i = 0; i < 90; ++i) {
    std::size_t nearest = i == 0 ? 1 : 0;
    for (std::size_t j = 0; j < 90; ++j)
      if (j != i && distance(i, j) < distance(i, nearest)) nearest = j;
    CHECK(nearest % 3 == i % 3);
    mean += map.coordinates[2 * i] + map.coordinates[2 * i + 1];
  }
  CHECK(mean == Approx(0).margin(1e-8));
  CHECK(map.divergence > 0);
  CHECK(map.divergence < 0.6);
}

TEST_CASE("neighbour probabilities have the wanted perplexity", "[tsne]") {
  const std::vector<float> rows = clusters(60);
  ThreadPool pool(1);
  std::vector<double> row = train::detail::squared_distances(rows, 60, 10, pool);
  train::detail::neighbour_probabilities(row.data(), 60, 0, 15);
  double sum = 0, entropy = 0;
  for (std::size_t j = 0; j < 60; ++j) {
    sum += row[j];
    if (row[j] > 0) entropy -= row[j] * std::log(row[j]);
  }
  CHECK(row[0] == 0);
  CHECK(sum == Approx(1).epsilon(1e-12));
  CHECK(std::exp(entropy) == Approx(15).epsilon(1e-5));
  const std::vector<double> joint = train::detail::joint_probabilities(rows, 60, 10, 15, pool);
  double total = 0;
  for (std::size_t i = 0; i < 60; ++i)
    for (std::size_t j = 0; j < 60; ++j) {
      total += joint[60 * i + j];
      CHECK(joint[60 * i + j] == joint[60 * j + i]);
    }
  CHECK(std::abs(total - 1) < 60 * 60 * 1e-12);  // the floor lifts every pair by at most that
}

TEST_CASE("the gradient is the slope of the divergence", "[tsne]") {
  const std::vector<float> rows = clusters(12);
  ThreadPool pool(1);
  const std::vector<double> p = train::detail::joint_probabilities(rows, 12, 10, 4, pool);
  std::vector<double> at;
  Philox g(5);
  for (int i = 0; i < 24; ++i) at.push_back(normal(g));
  const auto divergence = [&](const std::vector<double>& map) {
    return train::detail::TsneDescent(p, map, 1, pool).result().divergence;
  };
  train::detail::TsneDescent descent(p, at, 1, pool);
  const std::vector<double> slope = descent.gradient(1);
  for (std::size_t i = 0; i < 24; ++i) {
    std::vector<double> up = at, down = at;
    up[i] += 1e-5;
    down[i] -= 1e-5;
    const double measured = (divergence(up) - divergence(down)) / 2e-5;
    CHECK(slope[i % 2 * 12 + i / 2] == Approx(measured).margin(1e-7));
  }
}

TEST_CASE("threads change no bit, the seed changes the map", "[tsne]") {
  const std::vector<float> rows = clusters(40);
  ThreadPool one(1), two(2);
  TsneOptions options = few();
  options.iterations = 60;
  const TsneMap a = tsne(rows, 40, 10, options, one);
  const TsneMap b = tsne(rows, 40, 10, options, two);
  options.seed = 2;
  const TsneMap c = tsne(rows, 40, 10, options, one);
  CHECK(a.coordinates == b.coordinates);
  CHECK(a.divergence == b.divergence);
  CHECK(a.coordinates != c.coordinates);
}

TEST_CASE("equal rows make a finite map", "[tsne]") {
  const std::vector<float> rows(20 * 4, 1.5F);
  ThreadPool pool(1);
  TsneOptions options = few();
  options.iterations = 50;
  for (const double v : tsne(rows, 20, 4, options, pool).coordinates) CHECK(std::isfinite(v));
}

TEST_CASE("sizes and options that make no map are refused", "[tsne]") {
  const std::vector<float> rows(40, 1.0F);
  ThreadPool pool(1);
  CHECK_THROWS_AS(tsne(rows, 10, 5, few(), pool), ShapeError);
  CHECK_THROWS_AS(tsne(rows, 10, 4, few(), pool), ConfigError);  // perplexity 10 of 10 rows
  std::vector<float> odd = rows;
  odd[3] = std::nanf("");
  TsneOptions options = few();
  options.perplexity = 3;
  CHECK_THROWS_AS(tsne(odd, 10, 4, options, pool), ConfigError);
}
