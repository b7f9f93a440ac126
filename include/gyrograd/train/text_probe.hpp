// SPDX-License-Identifier: MIT
// Zero-shot classification with text vectors, and the published few-shot probe that starts from it.
//
// A class is the mean of the unit vectors of its prompts; the score of a window is the inner product of its
// unit feature vector with that mean. The probe trains these weights with AdamW under a warm-up-cosine rate
// (PRIMUS sheet §13.1, §13.2). With few labels the rates add up to almost nothing: it then says what the text
// vectors say, see train/logistic_regression.hpp for a probe that converges.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <utility>
#include <vector>

#include "gyrograd/core/config.hpp"
#include "gyrograd/core/error.hpp"
#include "gyrograd/core/random.hpp"
#include "gyrograd/core/thread_pool.hpp"
#include "gyrograd/optim/adam.hpp"
#include "gyrograd/optim/schedule.hpp"
#include "gyrograd/train/feature_blocks.hpp"
#include "gyrograd/train/probe_head.hpp"

namespace gyrograd::train {

/// Whether the mean of the prompts of a class is divided by its length (PRIMUS sheet §17.34): classes whose
/// prompts differ much otherwise score less.
enum class ClassVectors { published, unit };

/// Vector of every class (classes, width), row-major, from the vectors of its prompts (prompts, width).
/// labels: class of every prompt. ConfigError when a class has no prompt, ShapeError when one has no length.
template <class Real>
std::vector<Real> class_vectors(const FeatureRows<Real>& prompts, std::span<const Index> labels,
                                Index classes, ClassVectors form = ClassVectors::published) {
  if (prompts.count() != static_cast<Index>(labels.size()))
    fail<ShapeError>("class vectors: ", prompts.count(), " prompts, ", labels.size(), " labels");
  const auto width = static_cast<std::size_t>(prompts.width);
  std::vector<double> sum(static_cast<std::size_t>(classes) * width, 0.0);
  std::vector<Index> found(static_cast<std::size_t>(classes), 0);
  const auto length = [](auto row) {
    double square = 0;
    for (const auto v : row) square += static_cast<double>(v) * static_cast<double>(v);
    return std::sqrt(square);
  };
  for (Index p = 0; p < prompts.count(); ++p) {
    const Index k = labels[static_cast<std::size_t>(p)];
    if (k < 0 || k >= classes)
      fail<ConfigError>("class vectors: prompt ", p, " is for class ", k, ", expected 0 to ", classes - 1);
    const double norm = length(prompts.row(p));
    if (!(norm > 1e-12) || !std::isfinite(norm))
      fail<ShapeError>("class vectors: prompt ", p, " has no length; encode it again");
    ++found[static_cast<std::size_t>(k)];
    for (std::size_t d = 0; d < width; ++d)
      sum[static_cast<std::size_t>(k) * width + d] += static_cast<double>(prompts.row(p)[d]) / norm;
  }
  for (std::size_t k = 0; k < found.size(); ++k) {
    if (found[k] == 0) fail<ConfigError>("class vectors: class ", k, " has no prompt; give at least one");
    const std::span<double> row = std::span(sum).subspan(k * width, width);
    const double scale = form == ClassVectors::unit ? length(row) : static_cast<double>(found[k]);
    if (!(scale > 1e-12)) fail<ShapeError>("class vectors: the prompts of class ", k, " cancel out");
    for (double& v : row) v /= scale;
  }
  return {sum.begin(), sum.end()};
}

/// Settings with the published values.
struct TextProbeOptions {
  double lr = 1e-4;
  double weight_decay = 1e-4;
  Index batch = 256;
  Index epochs = 20;
  optim::ScheduleLength schedule = optim::ScheduleLength::real_steps;
  std::uint64_t seed = 1;
};

/// Weights after training; scores of unit rows are weight x + bias.
template <class Real>
struct TextProbe {
  Index classes = 0, width = 0;
  std::vector<Real> weight;  ///< (classes, width) row-major
  std::vector<Real> bias;
  std::vector<double> losses;  ///< mean cross-entropy before every step
};

/// The order in which an epoch visits its samples.
using EpochOrder = std::function<std::vector<Index>(Index epoch)>;

/// Trains from `start` (classes, width), bias 0, on the chosen rows. `order`: null draws permutations from
/// Philox(seed, epoch).
template <Scalar Real, class Value>
TextProbe<Real> train_text_probe(const FeatureRows<Value>& rows, std::span<const Index> chosen,
                                 std::span<const Index> labels, std::span<const Real> start, Index classes,
                                 const TextProbeOptions& options, const EpochOrder& order = {}) {
  const Index n = static_cast<Index>(chosen.size());
  if (static_cast<Index>(start.size()) != classes * rows.width)
    fail<ShapeError>("text probe: ", start.size(), " start values for ", classes, " classes of width ",
                     rows.width, "; the text vectors and the features must have the same width");
  const optim::WarmupCosine rate(options.lr,
                                 optim::schedule_steps(n, options.batch, options.epochs, options.schedule));
  const optim::AdamOptions adam{
      .learning_rate = options.lr, .weight_decay = options.weight_decay, .decay = optim::Decay::decoupled};
  ProbeHead<Real, optim::Adam<Real>> head(start, classes, rows.width, adam);
  ProbeBatch<Real> batch(FeatureScale::unit);
  std::vector<double> losses;
  for (Index epoch = 0; epoch < options.epochs; ++epoch) {
    Philox g(options.seed, static_cast<std::uint32_t>(epoch), 0, Purpose::shuffle);
    const std::vector<Index> places = order ? order(epoch) : permutation(g, n);
    for (Index at = 0; at < n; at += options.batch) {
      const auto size = static_cast<std::size_t>(std::min(options.batch, n - at));
      batch.gather(rows, chosen, labels, std::span(places).subspan(static_cast<std::size_t>(at), size));
      losses.push_back(head.step(batch, rate(static_cast<Index>(losses.size()))));
    }
  }
  return {classes, rows.width, head.weight(), head.bias(), std::move(losses)};
}

/// Scores (count, classes) row-major of the chosen rows (empty: all), divided by their length. bias null: 0.
template <Scalar Real, class Value>
std::vector<Real> text_scores(const FeatureRows<Value>& rows, std::span<const Index> chosen,
                              std::span<const Real> weight, const Real* bias, Index classes,
                              ThreadPool& pool) {
  if (static_cast<Index>(weight.size()) != classes * rows.width)
    fail<ShapeError>("text scores: class vectors of width ",
                     classes > 0 ? static_cast<Index>(weight.size()) / classes : 0, ", features of width ",
                     rows.width, "; both must come from one space");
  const FeatureBlocks<Real> x(rows, chosen, {FeatureScale::unit, {}, {}});
  return x.scores(weight.data(), bias, classes, pool);
}

}  // namespace gyrograd::train
