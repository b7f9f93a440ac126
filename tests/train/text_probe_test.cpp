// SPDX-License-Identifier: MIT
// Against PyTorch's trajectory in tests/golden; here laws and refusals.
#include "gyrograd/train/text_probe.hpp"

#include <cmath>
#include <numeric>

#include "support/reference.hpp"

using namespace gyrograd;
using namespace gyrograd::testing;
using namespace gyrograd::train;

TEST_CASE("class vectors average the directions of the prompts") {
  const std::vector<float> prompts{2, 0, 0, 3, 0, 5};
  const std::vector<Index> labels{0, 0, 1};
  const FeatureRows<float> rows{prompts, 2};
  const std::vector<float> mean = class_vectors(rows, labels, 2);
  CHECK(mean[0] == Approx(0.5));
  CHECK(mean[1] == Approx(0.5));
  CHECK(mean[3] == Approx(1));
  const std::vector<float> unit = class_vectors(rows, labels, 2, ClassVectors::unit);
  CHECK(unit[0] == Approx(std::sqrt(0.5)));
}

TEST_CASE("prompts that make no class are refused") {
  const std::vector<float> prompts{2, 0, 0, 0}, opposite{1, 0, -1, 0};
  const FeatureRows<float> rows{prompts, 2}, cancel{opposite, 2};
  const std::vector<Index> labels{0, 1}, far{0, 2}, same{0, 0}, few{0};
  CHECK_THROWS_WITH(class_vectors(rows, labels, 2), "class vectors: prompt 1 has no length; encode it again");
  CHECK_THROWS_WITH(class_vectors(rows, far, 2), "class vectors: prompt 1 is for class 2, expected 0 to 1");
  CHECK_THROWS_WITH(class_vectors(cancel, same, 1, ClassVectors::unit),
                    "class vectors: the prompts of class 0 cancel out");
  CHECK_THROWS_WITH(class_vectors(cancel, same, 2),
                    "class vectors: class 1 has no prompt; give at least one");
  CHECK_THROWS_AS(class_vectors(rows, few, 2), ShapeError);
}

TEST_CASE("few steps of the published probe leave the text vectors where they are") {
  const std::vector<float> x = random_values<float>(40 * 6, 1), start = random_values<float>(2 * 6, 2);
  std::vector<Index> labels, all(40);
  std::iota(all.begin(), all.end(), Index{0});
  for (const Index i : all) labels.push_back(i % 2);
  const FeatureRows<float> rows{x, 6};
  const auto probe =
      train_text_probe<float>(rows, all, labels, std::span<const float>(start), 2, TextProbeOptions{});
  CHECK(probe.losses.size() == 20);
  double furthest = 0;
  for (std::size_t i = 0; i < start.size(); ++i)
    furthest = std::max(furthest, std::abs(static_cast<double>(probe.weight[i] - start[i])));
  CHECK(furthest < 0.0012);  // the sum of the rates: sheet §13.2
  CHECK(furthest > 0.0001);
}

TEST_CASE("a probe with a rate to learn by learns, the same for the same seed") {
  std::vector<float> x;
  std::vector<Index> labels, all(60);
  std::iota(all.begin(), all.end(), Index{0});
  const std::vector<float> noise = random_values<float>(120, 4);
  for (const Index i : all) {
    labels.push_back(i % 2);
    x.push_back((i % 2 == 0 ? 1.0F : -1.0F) + 0.2F * noise[static_cast<std::size_t>(2 * i)]);
    x.push_back(noise[static_cast<std::size_t>(2 * i + 1)]);
  }
  const std::vector<float> start(4, 0.0F);
  TextProbeOptions options;
  options.lr = 0.05, options.epochs = 40, options.batch = 16;
  const FeatureRows<float> rows{x, 2};
  const auto run = [&](std::uint64_t seed) {
    options.seed = seed;
    return train_text_probe<float>(rows, all, labels, std::span<const float>(start), 2, options);
  };
  const auto a = run(1), b = run(1), c = run(2);
  CHECK(a.losses.back() < 0.5 * a.losses.front());
  CHECK(a.weight == b.weight);
  CHECK(a.weight != c.weight);
  ThreadPool pool(1);
  const auto z = text_scores(rows, {}, std::span<const float>(a.weight), a.bias.data(), 2, pool);
  Index right = 0;
  for (std::size_t i = 0; i < labels.size(); ++i) right += (z[2 * i + 1] > z[2 * i]) == (labels[i] == 1);
  CHECK(right > 55);
}

TEST_CASE("text vectors of another width are refused") {
  const std::vector<float> x(12, 1.0F), start(8, 1.0F);
  const std::vector<Index> labels{0, 1, 0}, all{0, 1, 2};
  const FeatureRows<float> rows{x, 4};
  ThreadPool pool(1);
  const float* none = nullptr;
  CHECK_THROWS_WITH(
      text_scores(FeatureRows<float>{x, 3}, {}, std::span<const float>(start), none, 2, pool),
      "text scores: class vectors of width 4, features of width 3; both must come from one space");
  CHECK_THROWS_AS(
      train_text_probe<float>(rows, all, labels, std::span<const float>(start), 3, TextProbeOptions{}),
      ShapeError);
  CHECK_THROWS_AS(train_text_probe<float>(rows, {}, labels, std::span<const float>(start), 2, {}),
                  ConfigError);
}
