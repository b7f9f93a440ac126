// SPDX-License-Identifier: MIT
// How a SimCLR trunk is judged: a linear layer on its frozen features, and fine-tuning behind frozen first
// layers (PRIMUS sheet §14.2).
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <numeric>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "gyrograd/core/config.hpp"
#include "gyrograd/core/error.hpp"
#include "gyrograd/core/random.hpp"
#include "gyrograd/core/thread_pool.hpp"
#include "gyrograd/data/split.hpp"
#include "gyrograd/data/windows.hpp"
#include "gyrograd/kernels/simd.hpp"
#include "gyrograd/metrics/classification.hpp"
#include "gyrograd/models/simclr_har.hpp"
#include "gyrograd/optim/sgd.hpp"
#include "gyrograd/train/feature_blocks.hpp"
#include "gyrograd/train/probe_head.hpp"
#include "gyrograd/train/slots.hpp"

namespace gyrograd::train {

/// Trunk features of every window: (N, width) row-major. Model: trunk(tape, x) -> (B, width).
template <Scalar Real, class Model>
std::vector<float> trunk_features(const Model& model, const data::Windows& windows, Index width,
                                  ThreadPool& pool) {
  std::vector<float> out(static_cast<std::size_t>(windows.count * width));
  Slots<Real> slots(pool, 0);
  slots.forward(windows.count, kernels::lanes<Real>, [&](Tape<Real>& tape, Index first, Index count, int) {
    const auto x = tape.template saved<dyn, dyn, dyn>(count, windows.steps, windows.channels);
    std::vector<Index> chosen(static_cast<std::size_t>(count));
    std::iota(chosen.begin(), chosen.end(), first);
    data::gather_windows(x.data(), windows, chosen);
    const auto h = model.trunk(tape, tape.constant(x));
    float* to = out.data() + first * width;
    for (Index b = 0; b < count; ++b)
      for (Index c = 0; c < width; ++c) *to++ = static_cast<float>(h.value(b, c));
  });
  return out;
}

/// Settings with the published values.
struct LinearEvaluationOptions {
  Index batch = 200;
  Index epochs = 50;
  double lr = 0.03;
  std::uint64_t seed = 3431;
};

struct LinearEvaluation {
  metrics::Confusion test{1};
  double validation_loss = 0;
  Index best_epoch = 0;
};

/// Dense softmax on frozen features by plain SGD; the epoch with the least validation loss is tested.
/// Weights start at 0. Order: Philox(seed, epoch). labels: of all rows.
inline LinearEvaluation linear_evaluation(const FeatureRows<float>& rows, std::span<const Index> labels,
                                          Index classes, const data::Split& split,
                                          const LinearEvaluationOptions& options, ThreadPool& pool) {
  if (split.train.empty() || split.validation.empty() || split.test.empty())
    fail<ConfigError>("linear evaluation: ", split.train.size(), " training, ", split.validation.size(),
                      " validation and ", split.test.size(), " test windows, expected at least one of each");
  const std::vector<float> start(static_cast<std::size_t>(classes * rows.width), 0.0F);
  ProbeHead<float, optim::Sgd<float>> head(std::span<const float>(start), classes, rows.width,
                                           optim::SgdOptions{.learning_rate = options.lr});
  ProbeBatch<float> batch(FeatureScale::raw), held(FeatureScale::raw);
  std::vector<Index> all(split.validation.size());
  std::iota(all.begin(), all.end(), Index{0});
  held.gather(rows, split.validation, labels, all);
  LinearEvaluation out;
  out.validation_loss = std::numeric_limits<double>::infinity();
  std::vector<float> weight, bias;
  const auto n = static_cast<Index>(split.train.size());
  for (Index epoch = 0; epoch < options.epochs; ++epoch) {
    Philox g(options.seed, static_cast<std::uint32_t>(epoch), 0, Purpose::shuffle);
    const std::vector<Index> order = permutation(g, n);
    for (Index at = 0; at < n; at += options.batch) {
      const auto size = static_cast<std::size_t>(std::min(options.batch, n - at));
      batch.gather(rows, split.train, labels, std::span(order).subspan(static_cast<std::size_t>(at), size));
      head.step(batch, options.lr);
    }
    const double loss = head.loss(held);
    if (!(loss < out.validation_loss)) continue;
    out.validation_loss = loss;
    out.best_epoch = epoch;
    weight = head.weight();
    bias = head.bias();
  }
  const FeatureBlocks<float> x(rows, split.test);
  const std::vector<float> z = x.scores(weight.data(), bias.data(), classes, pool);
  std::vector<Index> truth;
  for (const Index i : split.test) truth.push_back(labels[static_cast<std::size_t>(i)]);
  out.test = metrics::Confusion(truth, metrics::predictions(std::span<const float>(z), classes), classes);
  return out;
}

/// The classifier that is fine-tuned: the trunk, a dense layer of 1024, the classes. The first two
/// convolutions are frozen, the rest learns. Dense layers: drawn by MT19937(seed).
template <Scalar Real>
models::TpnClassifier<Real> fine_tuning_model(models::SimclrHar<Real>& pretrained, Index classes,
                                              std::uint32_t seed) {
  models::TpnConfig config = pretrained.config();
  config.classes = classes;
  config.behaviour = models::TpnBehaviour::corrected;
  models::TpnClassifier<Real> model(config);
  model.initialise(seed);
  std::vector<Real> trunk;
  pretrained.visit([&](std::string_view name, const Parameter<Real>& p) {
    if (name.starts_with("conv")) trunk.insert(trunk.end(), p.value, p.value + p.size());
  });
  const Real* from = trunk.data();
  model.visit([&](std::string_view name, Parameter<Real>& p) {
    if (!name.starts_with("conv")) return;
    std::copy_n(from, p.size(), p.value);
    from += p.size();
    p.trainable = name.starts_with("conv3");
  });
  return model;
}

}  // namespace gyrograd::train
