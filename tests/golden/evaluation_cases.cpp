// SPDX-License-Identifier: MIT
// Golden cases of retrieval scores, logistic regression and binary cross-entropy.
#include <numeric>

#include "golden/registry.hpp"
#include "golden/tape_case.hpp"
#include "gyrograd/losses/bce.hpp"
#include "gyrograd/metrics/classification.hpp"
#include "gyrograd/metrics/retrieval.hpp"
#include "gyrograd/train/logistic_regression.hpp"

using namespace gyrograd;
using namespace gyrograd::golden;

namespace {

template <class Real>
void expect_direction(const Case& c, const std::string& key, const std::vector<Real>& from,
                      const std::vector<Real>& to, Index width) {
  const auto ranks = metrics::retrieval_ranks(std::span<const Real>(from), std::span<const Real>(to), width);
  std::vector<Index> all;
  for (Index i = 0; i < ranks.candidates; ++i) all.push_back(ranks.rank(i, metrics::Ties::pessimistic));
  expect_indices(c, "output." + key + "_rank", all);
  const metrics::RetrievalScore score = metrics::retrieval_score(ranks);
  const double tolerance = c.tolerance<Real>();
  expect_number(c, "output." + key + "_accuracy", score.accuracy, tolerance);
  expect_number(c, "output." + key + "_mrr", score.mrr, tolerance);
  expect_number(c, "output." + key + "_recall_1", score.recall_1, tolerance);
  expect_number(c, "output." + key + "_recall_10", score.recall_10, tolerance);
  expect_number(c, "output." + key + "_recall_50", score.recall_50, tolerance);
}

template <class Real>
void check_retrieval(const Case& c) {
  const Index width = c.at("input.source").extent(1);
  const std::vector<Real> source = c.values<Real>("input.source"), target = c.values<Real>("input.target");
  expect_direction(c, "source_to_target", source, target, width);
  expect_direction(c, "target_to_source", target, source, width);
}

/// exp(z) / sum of every row.
std::vector<double> softmax_rows(std::vector<double> z, Index classes) {
  const auto k = static_cast<std::ptrdiff_t>(classes);
  for (auto row = z.begin(); row != z.end(); row += k) {
    const double top = *std::max_element(row, row + k);
    double sum = 0;
    for (auto v = row; v != row + k; ++v) sum += * v = std::exp(*v - top);
    for (auto v = row; v != row + k; ++v) *v /= sum;
  }
  return z;
}

template <class Real>
void check_logistic(const Case& c) {
  const std::vector<Real> x = c.values<Real>("input.x"), test = c.values<Real>("input.x_test");
  const Index width = c.at("input.x").extent(1);
  const std::vector<Index> labels = c.indices("input.labels");
  const Index classes = 1 + *std::max_element(labels.begin(), labels.end());
  std::vector<Index> all(labels.size());
  std::iota(all.begin(), all.end(), Index{0});
  train::LogisticOptions options;
  options.c = c.number("inverse_regularisation");
  options.scale = train::FeatureScale::raw;
  ThreadPool pool(2);
  const train::FeatureRows<Real> rows{x, width};
  const train::LogisticModel model = train::fit_logistic(rows, all, labels, classes, options, pool);
  const double tolerance = c.tolerance<Real>();
  CHECK(model.solver.converged);
  expect_rows(c, "output.weight", model.weight, tolerance);
  expect_rows(c, "output.bias", model.bias, tolerance);
  expect_number(c, "output.objective", model.solver.value, tolerance);
  const std::vector<double> z = logits(model, train::FeatureRows<Real>{test, width}, {}, pool);
  expect_rows(c, "output.test_probability", softmax_rows(z, classes), tolerance);
  const metrics::Confusion table(c.indices("input.labels_test"),
                                 metrics::predictions(std::span<const double>(z), classes), classes);
  expect_number(c, "output.test_accuracy", metrics::accuracy(table), tolerance);
}

template <class Real, bool log_odds>
void check_bce(const Case& c) {
  TapeCase<Real> run(c);
  const std::vector<Real> target = c.columns<Real>("input.target");
  const auto x = run.positions(log_odds ? "x" : "p");
  const Real factor = Real(1) / static_cast<Real>(target.size());
  const auto loss = log_odds ? losses::bce_logits(run.tape, x, target.data(), factor)
                             : losses::bce(run.tape, x, target.data(), factor);
  run.check_output("loss", loss);
  run.check_gradients();
}

const Register registered[] = {
    {"retrieval", check_retrieval<double>, check_retrieval<float>},
    {"logistic_regression", check_logistic<double>, check_logistic<float>},
    {"loss_bce", check_bce<double, false>, check_bce<float, false>},
    {"loss_bce_logits", check_bce<double, true>, check_bce<float, true>},
};

}  // namespace
