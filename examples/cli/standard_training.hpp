// SPDX-License-Identifier: MIT
// Standard training: a PRIMUS encoder from random weights learns from the labelled windows alone, all of it.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "gyrograd/core/thread_pool.hpp"
#include "gyrograd/data/windows.hpp"
#include "gyrograd/metrics/classification.hpp"
#include "gyrograd/models/primus_classifier.hpp"
#include "gyrograd/train/fine_tuning.hpp"

namespace gyrograd::cli {

/// What is learned from, and how.
struct StandardTraining {
  const data::Windows& windows;
  std::span<const Index> labels;  ///< of all windows
  Index classes = 0, width = 512;
  std::uint64_t seed = 1;
  bool published = false;  ///< a step or two an epoch; else at least 400 steps at ten times the rate
};

/// Trains on the windows `rows` and judges the windows `test`.
inline metrics::Confusion standard_confusion(const StandardTraining& s, const std::vector<Index>& rows,
                                             const std::vector<Index>& test, ThreadPool& pool) {
  using Model = models::PrimusClassifier<float>;
  models::PrimusConfig config;
  config.width = s.width;
  models::PrimusEncoder<float> encoder(config);
  encoder.initialise(static_cast<std::uint32_t>(s.seed));
  Model model(std::move(encoder), {s.classes, models::PrimusOutput::mmcl});
  model.initialise(static_cast<std::uint32_t>(s.seed));
  train::FineTuningOptions options;
  options.seed = s.seed;
  if (!s.published) {
    options.batch = 32;
    options.lr = 1e-3;
    const Index batches = (static_cast<Index>(rows.size()) + options.batch - 1) / options.batch;
    options.epochs = std::max<Index>(options.epochs, (400 + batches - 1) / batches);
  }
  train::FineTuning<float, Model> recipe(model, s.windows, s.labels, rows, {}, options, pool);
  train::LoopState<float> state;
  const auto go_on = [](const train::LoopState<float>&) { return true; };
  train::run_epochs(recipe, state, options.epochs, go_on, go_on);
  std::copy(state.best_weights.begin(), state.best_weights.end(), recipe.weights().begin());
  std::vector<Index> truth;
  for (const Index i : test) truth.push_back(s.labels[static_cast<std::size_t>(i)]);
  return metrics::Confusion(truth, train::predict_windows<float>(model, s.windows, test, pool), s.classes);
}

}  // namespace gyrograd::cli
