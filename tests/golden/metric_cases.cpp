// SPDX-License-Identifier: MIT
// Golden cases of classification scores.
#include <algorithm>

#include "golden/registry.hpp"
#include "gyrograd/metrics/classification.hpp"

using namespace gyrograd;
using namespace gyrograd::golden;

namespace {

/// Mean over batches of the batch accuracy, the way the seeds' evaluation loops average.
double batch_mean(const std::vector<Index>& truth, const std::vector<Index>& predicted, Index batch,
                  Index classes, bool drop_last) {
  double sum = 0;
  Index batches = 0;
  const auto n = static_cast<Index>(truth.size());
  for (Index i = 0; i < n && (!drop_last || i + batch <= n); i += batch, ++batches) {
    const auto count = static_cast<std::size_t>(std::min(batch, n - i));
    const auto first = static_cast<std::size_t>(i);
    sum += metrics::accuracy(metrics::Confusion(std::span(truth).subspan(first, count),
                                                std::span(predicted).subspan(first, count), classes));
  }
  return batches > 0 ? sum / static_cast<double>(batches) : 0.0;
}

void expect_averages(const Case& c, const metrics::Confusion& table, double tolerance) {
  using metrics::Average;
  for (const auto& [name, how] :
       {std::pair{"macro", Average::macro}, std::pair{"weighted", Average::weighted},
        std::pair{"micro", Average::micro}}) {
    const metrics::ClassScore s = metrics::average_score(table, how);
    const std::string key = std::string("output.") + name;
    expect_number(c, key + "_f1", s.f1, tolerance);
    expect_number(c, key + "_precision", s.precision, tolerance);
    expect_number(c, key + "_recall", s.recall, tolerance);
  }
  expect_number(c, "output.macro_f1_all_classes", metrics::macro_f1(table, Average::macro_all), tolerance);
}

template <class Real>
void check_metrics(const Case& c) {
  const Index classes = c.integer("classes");
  const std::vector<Index> truth = c.indices("input.truth");
  const std::vector<Real> logits = c.values<Real>("input.logits");
  const std::vector<Index> predicted = metrics::predictions(std::span<const Real>(logits), classes);
  const metrics::Confusion table(truth, predicted, classes);
  const std::vector<Index> labels = metrics::union_of_labels(table);
  const double tolerance = c.tolerance<Real>();

  expect_indices(c, "output.prediction", predicted);
  expect_indices(c, "output.labels", labels);
  std::vector<Index> all, seen;
  std::vector<double> f1, precision, recall;
  for (Index i = 0; i < classes; ++i) {
    for (Index j = 0; j < classes; ++j) all.push_back(table(i, j));
  }
  for (Index i : labels) {
    for (Index j : labels) seen.push_back(table(i, j));
    const metrics::ClassScore s = metrics::class_score(table, i);
    f1.push_back(s.f1), precision.push_back(s.precision), recall.push_back(s.recall);
  }
  expect_indices(c, "output.confusion_all_classes", all);
  expect_indices(c, "output.confusion", seen);
  expect_rows(c, "output.class_f1", f1, tolerance);
  expect_rows(c, "output.class_precision", precision, tolerance);
  expect_rows(c, "output.class_recall", recall, tolerance);
  expect_number(c, "output.accuracy", metrics::accuracy(table), tolerance);
  expect_number(c, "output.balanced_accuracy", metrics::balanced_accuracy(table), tolerance);
  expect_averages(c, table, tolerance);
  const Index batch = c.integer("batch");
  expect_number(c, "output.batch_mean_accuracy", batch_mean(truth, predicted, batch, classes, false),
                tolerance);
  expect_number(c, "output.batch_mean_accuracy_drop_last", batch_mean(truth, predicted, batch, classes, true),
                tolerance);
}

const Register registered{"metrics", check_metrics<double>, check_metrics<float>};

}  // namespace
