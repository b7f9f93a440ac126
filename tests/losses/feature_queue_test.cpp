// SPDX-License-Identifier: MIT
#include "gyrograd/losses/feature_queue.hpp"

#include <cmath>
#include <vector>

#include "support/reference.hpp"

using namespace gyrograd;
using namespace gyrograd::losses;
using namespace gyrograd::testing;

namespace {

/// `count` rows of one value each: first, first + 1, ...
std::vector<float> numbered(Index count, float first) {
  std::vector<float> v;
  for (Index i = 0; i < count; ++i) v.push_back(first + static_cast<float>(i));
  return v;
}

void push(FeatureQueue<float>& queue, const std::vector<float>& rows, const std::uint8_t* skip = nullptr) {
  queue.push({rows.data(), rows.data(), rows.data()},
             static_cast<Index>(rows.size()) / queue.width(Modality::imu), skip);
}

}  // namespace

TEST_CASE("the queue wraps as the sheet says") {
  FeatureQueue<float> ten(10, 1, QueueRows::published);  // PRIMUS sheet §18.5: 10 rows, batches of 4, 4, 4
  for (const float first : {1.0F, 5.0F, 9.0F}) push(ten, numbered(4, first));
  CHECK(ten.next() == 2);
  CHECK(ten.filled() == 10);
  for (const auto& [row, value] : {std::pair<Index, float>{8, 9}, {9, 10}, {0, 11}, {1, 12}, {2, 3}})
    CHECK(ten.row(Modality::video, row)[0] == value);
  FeatureQueue<float> eight(8, 1, QueueRows::published);
  push(eight, numbered(4, 1));
  push(eight, numbered(4, 5));
  CHECK(eight.next() == 0);
  for (Index i = 0; i < 8; ++i) CHECK(eight.row(Modality::imu, i)[0] == static_cast<float>(i + 1));
  push(eight, numbered(8, 20));  // as many as there are rows
  CHECK(eight.row(Modality::text, 0)[0] == 20.0F);
}

TEST_CASE("rows are stored with length 1 unless published") {
  for (const QueueRows kind : {QueueRows::normalised, QueueRows::published}) {
    FeatureQueue<float> queue(3, 2, kind);
    push(queue, {3, 4, 0, 0});
    const auto row = queue.row(Modality::video, 0);
    CHECK(row[0] == (kind == QueueRows::normalised ? 0.6F : 3.0F));
    CHECK(row[1] == (kind == QueueRows::normalised ? 0.8F : 4.0F));
    CHECK(queue.row(Modality::video, 1)[0] == 0.0F);  // a row of zeros stays one
  }
}

TEST_CASE("samples to skip are not stored, and the rings stay aligned") {
  FeatureQueue<float> queue(5, 1, QueueRows::published);
  const std::vector<float> video = numbered(4, 1), text = numbered(4, 11), imu = numbered(4, 21);
  const std::vector<std::uint8_t> skip{0, 1, 0, 1};
  queue.push({video.data(), text.data(), imu.data()}, 4, skip.data());
  CHECK(queue.filled() == 2);
  CHECK(queue.row(Modality::video, 1)[0] == 3.0F);
  CHECK(queue.row(Modality::text, 1)[0] == 13.0F);
  CHECK(queue.row(Modality::imu, 1)[0] == 23.0F);
  queue.push({video.data(), nullptr, imu.data()}, 1);  // a modality that the data do not have
  CHECK(queue.row(Modality::text, 2)[0] == 0.0F);
  const std::vector<std::uint8_t> all(4, 1);
  push(queue, numbered(4, 1), all.data());  // nobody to store
  CHECK(queue.filled() == 3);
}

TEMPLATE_TEST_CASE("the search finds the largest cosine", "", float, double) {
  constexpr Index rows = 300, width = 9, queries = 70;
  const auto stored = random_values<TestType>(rows * width, 1),
             q = random_values<TestType>(queries * width, 2);
  for (const QueueRows kind : {QueueRows::normalised, QueueRows::published}) {
    FeatureQueue<TestType> queue(rows, width, kind);
    queue.push({stored.data(), stored.data(), stored.data()}, rows);
    std::vector<Index> best(queries), team(queries);
    queue.search(best.data(), q.data(), queries, Modality::text);
    ThreadPool pool(3);
    queue.search(team.data(), q.data(), queries, Modality::text, QueueSearch::filled, &pool);
    CHECK(team == best);
    for (Index i = 0; i < queries; ++i) {
      const auto cosine = [&](Index j) {
        double dot = 0, norm = 0;
        for (Index c = 0; c < width; ++c) {
          const auto x = static_cast<double>(stored[static_cast<std::size_t>(j * width + c)]);
          dot += x * static_cast<double>(q[static_cast<std::size_t>(i * width + c)]);
          norm += x * x;
        }
        return dot / std::sqrt(norm);
      };
      double most = -1e9;
      for (Index j = 0; j < rows; ++j) most = std::max(most, cosine(j));
      CHECK(cosine(best[static_cast<std::size_t>(i)]) >= most - 1e-5);
    }
  }
}

TEST_CASE("rows that were never written are searched as published only") {
  FeatureQueue<float> queue(4, 2);
  Index best = -1;
  const std::vector<float> query{1, 0};
  CHECK_THROWS_AS(queue.search(&best, query.data(), 1, Modality::imu), ConfigError);
  queue.search(&best, query.data(), 1, Modality::imu, QueueSearch::published);
  CHECK(best == 0);
  push(queue, {-1, 0});  // less similar than a row of zeros
  queue.search(&best, query.data(), 1, Modality::imu);
  CHECK(best == 0);
  queue.search(&best, query.data(), 1, Modality::imu, QueueSearch::published);
  CHECK(best == 1);
}

TEST_CASE("the buffers of a queue are all of it") {
  FeatureQueue<float> a(5, 3), b(5, 3);
  push(a, random_values<float>(12, 1));
  auto from = a.buffers(), to = b.buffers();
  for (std::size_t i = 0; i < from.size(); ++i)
    std::copy(from[i].values.begin(), from[i].values.end(), to[i].values.begin());
  CHECK(b.filled() == 4);
  push(a, random_values<float>(9, 2));
  push(b, random_values<float>(9, 2));
  Index best_a = -1, best_b = -2;
  const auto q = random_values<float>(3, 3);
  a.search(&best_a, q.data(), 1, Modality::video);
  b.search(&best_b, q.data(), 1, Modality::video);
  CHECK(best_a == best_b);
  CHECK(b.next() == a.next());
}

TEST_CASE("rings may have widths of their own") {
  FeatureQueue<float> queue(3, {1, 2, 3});
  const std::vector<float> video{2, -4}, text{3, 4, 0, 5}, imu{0, 0, 7, 0, 8, 0};
  queue.push({video.data(), text.data(), imu.data()}, 2);
  CHECK(queue.width(Modality::text) == 2);
  CHECK(queue.row(Modality::video, 1)[0] == -1);
  CHECK(queue.row(Modality::text, 0)[1] == Approx(0.8));
  CHECK(queue.row(Modality::imu, 1)[1] == 1);
  for (const auto& [m, query] : {std::pair{Modality::video, std::vector<float>{-1}},
                                 {Modality::text, {0, 1}},
                                 {Modality::imu, {1, 2, 0}}}) {
    Index best = -1;
    queue.search(&best, query.data(), 1, m);
    CHECK(best == 1);
  }
  CHECK_THROWS_AS(FeatureQueue<float>(3, {1, 0, 3}), ConfigError);
}

TEST_CASE("queues without a size and batches larger than the queue are refused") {
  CHECK_THROWS_AS(FeatureQueue<float>(0, 4), ConfigError);
  CHECK_THROWS_AS(FeatureQueue<float>(4, 0), ConfigError);
  FeatureQueue<float> queue(3, 1);
  CHECK_THROWS_AS(push(queue, numbered(4, 1)), ConfigError);
  CHECK(queue.filled() == 0);
}

TEST_CASE("rows of the queue are gathered as columns") {
  losses::FeatureQueue<float> queue(5, 3);
  const std::vector<float> rows{1, 0, 0, 0, 1, 0, 0, 0, 1, 0.6F, 0.8F, 0};
  queue.push({rows.data(), nullptr, nullptr}, 4);
  const std::vector<Index> which{3, 1};
  std::vector<float> columns(6);
  queue.gather(columns.data(), which.data(), 2, losses::Modality::video);
  for (std::size_t i = 0; i < 2; ++i)
    for (std::size_t c = 0; c < 3; ++c)
      CHECK(columns[i + 2 * c] == queue.row(losses::Modality::video, which[i])[c]);
}
