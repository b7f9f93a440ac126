// SPDX-License-Identifier: MIT
#include "gyrograd/train/simclr_evaluation.hpp"

#include <cmath>
#include <map>
#include <string>

#include "support/reference.hpp"

using namespace gyrograd;
using namespace gyrograd::testing;
using namespace gyrograd::train;

namespace {

models::TpnConfig small() {
  models::TpnConfig c = models::TpnConfig::original(3, 20);
  c.kernels = {5, 3, 3};
  c.channels = {8, 8, 16};
  return c;
}

}  // namespace

TEST_CASE("trunk features do not depend on the micro-batch a window falls into") {
  models::SimclrHar<float> model(small());
  model.initialise(2);
  data::Windows w(37, 20, 3);
  const std::vector<float> values = random_values<float>(37 * 60, 1);
  std::copy(values.begin(), values.end(), w.values.begin());
  ThreadPool one(1), three(3);
  const std::vector<float> all = trunk_features<float>(model, w, 16, one);
  CHECK(all == trunk_features<float>(model, w, 16, three));
  data::Windows last(1, 20, 3);
  std::copy(w.window(36).begin(), w.window(36).end(), last.values.begin());
  const std::vector<float> alone = trunk_features<float>(model, last, 16, one);
  for (std::size_t c = 0; c < 16; ++c) CHECK(alone[c] == Approx(all[36 * 16 + c]).margin(1e-6));
}

TEST_CASE("linear evaluation separates directions and keeps the best epoch") {
  std::vector<float> x;
  std::vector<Index> labels;
  data::Split split;
  const std::vector<float> noise = random_values<float>(90 * 3, 9);
  for (Index i = 0; i < 90; ++i) {
    labels.push_back(i % 3);
    for (Index d = 0; d < 3; ++d)
      x.push_back((d == i % 3 ? 3.0F : 0.0F) + noise[static_cast<std::size_t>(3 * i + d)]);
    (i < 50 ? split.train : i < 70 ? split.validation : split.test).push_back(i);
  }
  ThreadPool pool(1);
  LinearEvaluationOptions options;
  options.batch = 10;
  const LinearEvaluation e = linear_evaluation({x, 3}, labels, 3, split, options, pool);
  CHECK(metrics::accuracy(e.test) > 0.9);
  CHECK(e.test.total() == 20);
  CHECK(e.validation_loss < 0.3);
  CHECK(e.best_epoch > 5);
  split.validation.clear();
  CHECK_THROWS_AS(linear_evaluation({x, 3}, labels, 3, split, options, pool), ConfigError);
}

TEST_CASE("fine-tuning starts from the trunk and freezes its first two convolutions") {
  models::SimclrHar<float> pretrained(small());
  pretrained.initialise(2);
  models::TpnClassifier<float> model = fine_tuning_model(pretrained, 4, 9);
  std::map<std::string, std::vector<float>> before;
  pretrained.visit([&](std::string_view name, const Parameter<float>& p) {
    before[std::string(name)].assign(p.value, p.value + p.size());
  });
  Index same = 0;
  model.visit([&](std::string_view name, const Parameter<float>& p) {
    const bool frozen = name.starts_with("conv1") || name.starts_with("conv2");
    CHECK(p.trainable == !frozen);
    if (name.starts_with("conv"))
      same += before[std::string(name)] == std::vector<float>(p.value, p.value + p.size()) ? 1 : 0;
  });
  CHECK(same == 6);
}
