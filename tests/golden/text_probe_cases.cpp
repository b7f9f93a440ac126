// SPDX-License-Identifier: MIT
// Golden case of the published few-shot probe.
#include <numeric>

#include "golden/registry.hpp"
#include "gyrograd/optim/schedule.hpp"
#include "gyrograd/train/text_probe.hpp"

using namespace gyrograd;
using namespace gyrograd::golden;

namespace {

template <class Real>
void check_text_probe(const Case& c) {
  const std::vector<Real> x = c.values<Real>("input.x");
  const std::vector<Index> labels = c.indices("input.labels"), orders = c.indices("input.order");
  const Index width = c.at("input.x").extent(1), n = c.at("input.x").extent(0);
  std::vector<Real> prompts;
  std::vector<Index> prompt_labels;
  Index classes = 0;
  for (; c.has("input.prompts_" + std::to_string(classes)); ++classes) {
    const std::string key = "input.prompts_" + std::to_string(classes);
    const std::vector<Real> rows = c.values<Real>(key);
    prompts.insert(prompts.end(), rows.begin(), rows.end());
    prompt_labels.insert(prompt_labels.end(), static_cast<std::size_t>(c.at(key).extent(0)), classes);
  }
  const double tolerance = c.tolerance<Real>();
  const std::vector<Real> start =
      train::class_vectors(train::FeatureRows<Real>{prompts, width}, prompt_labels, classes);
  expect_rows(c, "output.initial_weight", start, tolerance);
  const train::FeatureRows<Real> rows{x, width};
  ThreadPool pool(1);
  const Real* no_bias = nullptr;
  expect_rows(c, "output.zero_shot_logits",
              train::text_scores(rows, {}, std::span<const Real>(start), no_bias, classes, pool), tolerance);

  train::TextProbeOptions options;
  options.lr = c.number("lr");
  options.weight_decay = c.number("weight_decay");
  options.batch = c.integer("batch");
  options.epochs = c.integer("epochs");
  options.schedule = optim::ScheduleLength::published;
  const optim::WarmupCosine rate(options.lr,
                                 optim::schedule_steps(n, options.batch, options.epochs, options.schedule));
  CHECK(rate.total() == c.integer("total"));
  CHECK(rate.warm() == c.integer("warm"));
  std::vector<Index> all(labels.size());
  std::iota(all.begin(), all.end(), Index{0});
  const auto order = [&](Index epoch) {
    return std::vector<Index>(orders.begin() + epoch * n, orders.begin() + (epoch + 1) * n);
  };
  const train::TextProbe<Real> probe =
      train::train_text_probe<Real>(rows, all, labels, std::span<const Real>(start), classes, options, order);
  expect_rows(c, "output.loss", probe.losses, tolerance);
  expect_rows(c, "output.weight", probe.weight, tolerance);
  expect_rows(c, "output.bias", probe.bias, tolerance);
  expect_rows(
      c, "output.logits",
      train::text_scores(rows, {}, std::span<const Real>(probe.weight), probe.bias.data(), classes, pool),
      tolerance);
}

const Register registered{"text_probe", check_text_probe<double>, check_text_probe<float>};

}  // namespace
