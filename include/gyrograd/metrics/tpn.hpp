// SPDX-License-Identifier: MIT
// Score of TPN's self-training (LIMU-BERT sheet §6.4).
#pragma once

#include <span>
#include <vector>

#include "gyrograd/metrics/classification.hpp"

namespace gyrograd::metrics {

/// Questions put to the heads as a table of two classes (0: no, 1: yes): every head about an original window
/// (label 0), head j - 1 alone about one that went through transformation j. A head says yes above 0.5.
/// probability: (count, tasks) row-major  labels: (count), 0 .. tasks
template <class Real>
Confusion tpn_confusion(std::span<const Real> probability, std::span<const Index> labels, Index tasks) {
  if (tasks < 1 || static_cast<Index>(probability.size()) != static_cast<Index>(labels.size()) * tasks)
    fail<ShapeError>("tpn score: ", probability.size(), " probabilities for ", labels.size(), " windows and ",
                     tasks, " tasks");
  Confusion table(2);
  for (std::size_t i = 0; i < labels.size(); ++i) {
    if (labels[i] < 0 || labels[i] > tasks)
      fail<ConfigError>("tpn score: label ", labels[i], ", expected 0 to ", tasks);
    const Index first = labels[i] == 0 ? 0 : labels[i] - 1, last = labels[i] == 0 ? tasks : labels[i];
    for (Index j = first; j < last; ++j) {
      const bool yes =
          probability[i * static_cast<std::size_t>(tasks) + static_cast<std::size_t>(j)] > Real(0.5);
      table.add(labels[i] == 0 ? 0 : 1, yes ? 1 : 0);
    }
  }
  return table;
}

}  // namespace gyrograd::metrics
