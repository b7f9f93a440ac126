// SPDX-License-Identifier: MIT
// One cell of a few-shot table: a probe of one kind, fitted to a drawn set, scored on the test windows.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "gyrograd/core/config.hpp"
#include "gyrograd/core/error.hpp"
#include "gyrograd/core/thread_pool.hpp"
#include "gyrograd/metrics/classification.hpp"
#include "gyrograd/train/feature_blocks.hpp"
#include "gyrograd/train/few_shot.hpp"
#include "gyrograd/train/knn.hpp"
#include "gyrograd/train/logistic_regression.hpp"
#include "gyrograd/train/text_probe.hpp"

namespace gyrograd::train {

/// What judges the features.
enum class ProbeKind {
  converged,  ///< logistic regression to convergence
  published,  ///< text-initialised, a few steps of AdamW (PRIMUS sheet §13.2): needs class vectors
  knn         ///< nearest neighbours
};

/// Name on command lines and in tables.
constexpr std::string_view probe_name(ProbeKind kind) {
  return kind == ProbeKind::converged ? "converged" : kind == ProbeKind::published ? "published" : "knn";
}

/// Settings of all kinds.
struct ProbeOptions {
  LogisticOptions logistic;
  TextProbeOptions text;
  KnnOptions knn;
};

/// What is judged, and by what. All spans number the rows of `rows`.
struct ProbeTask {
  FeatureRows<float> rows;
  std::span<const Index> labels;  ///< 0 .. classes - 1 in the parts
  Index classes = 0;
  std::span<const Index> test;
  std::span<const float> class_vectors;  ///< (classes, width), or empty
};

/// Scores of one cell.
struct ProbeResult {
  metrics::Confusion confusion{1};
  bool converged = true;
  Index steps = 0;  ///< iterations of the solver, or steps of the optimiser
};

/// Classes of the test windows from scores (count, classes).
template <class Real>
metrics::Confusion test_confusion(const ProbeTask& task, const std::vector<Real>& scores) {
  std::vector<Index> truth;
  for (const Index i : task.test) truth.push_back(task.labels[static_cast<std::size_t>(i)]);
  return metrics::Confusion(truth, metrics::predictions(std::span<const Real>(scores), task.classes),
                            task.classes);
}

/// Test scores of the class vectors as they are.
inline metrics::Confusion zero_shot(const ProbeTask& task, ThreadPool& pool) {
  const float* none = nullptr;
  return test_confusion(task,
                        text_scores(task.rows, task.test, task.class_vectors, none, task.classes, pool));
}

/// Fits a probe to the windows `train` and scores it. ConfigError where the kind needs what is not there.
inline ProbeResult run_probe(ProbeKind kind, const ProbeTask& task, std::span<const Index> train,
                             const ProbeOptions& options, std::uint64_t seed, ThreadPool& pool) {
  ProbeResult out;
  if (kind == ProbeKind::converged) {
    const LogisticModel model =
        fit_logistic(task.rows, train, task.labels, task.classes, options.logistic, pool);
    out.confusion = test_confusion(task, logits(model, task.rows, task.test, pool));
    out.converged = model.solver.converged;
    out.steps = model.solver.iterations;
    return out;
  }
  if (kind == ProbeKind::knn) {
    const std::vector<Index> predicted =
        knn_predictions(task.rows, train, task.labels, task.classes, task.rows, task.test, options.knn, pool);
    std::vector<Index> truth;
    for (const Index i : task.test) truth.push_back(task.labels[static_cast<std::size_t>(i)]);
    out.confusion = metrics::Confusion(truth, predicted, task.classes);
    return out;
  }
  if (task.class_vectors.empty())
    fail<ConfigError>(
        "published probe: it starts from text vectors of the classes; give them, or take the "
        "converged probe");
  TextProbeOptions text = options.text;
  text.seed = seed;
  const TextProbe<float> probe =
      train_text_probe<float>(task.rows, train, task.labels, task.class_vectors, task.classes, text);
  out.confusion = test_confusion(task, text_scores(task.rows, task.test, std::span<const float>(probe.weight),
                                                   probe.bias.data(), task.classes, pool));
  out.steps = static_cast<Index>(probe.losses.size());
  return out;
}

}  // namespace gyrograd::train
