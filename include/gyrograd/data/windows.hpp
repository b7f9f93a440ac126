// SPDX-License-Identifier: MIT
// Windows of sensor values and their labels: the arrays data_<version>.npy and label_<version>.npy in memory.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <span>
#include <string_view>
#include <vector>

#include "gyrograd/core/aligned.hpp"
#include "gyrograd/core/config.hpp"
#include "gyrograd/core/error.hpp"

namespace gyrograd::data {

/// Sensor windows (count, steps, channels), row-major: window after window, step after step.
/// Channels: accelerometer xyz in m/s2 with gravity, gyroscope xyz in rad/s, magnetometer xyz (LIMU-BERT
/// sheet §5.1).
struct Windows {
  Index count = 0, steps = 0, channels = 0;
  AlignedVector<float> values;

  Windows() = default;
  Windows(Index n, Index t, Index c)
      : count(n), steps(t), channels(c), values(static_cast<std::size_t>(n * t * c)) {}

  /// The (steps, channels) values of window i.
  std::span<float> window(Index i) { return {values.data() + i * steps * channels, window_size()}; }
  std::span<const float> window(Index i) const {
    return {values.data() + i * steps * channels, window_size()};
  }
  std::size_t window_size() const { return static_cast<std::size_t>(steps * channels); }
};

/// Labels of every step (count, steps, columns), row-major; a column is one kind of label (activity, user,
/// ...).
struct Labels {
  Index count = 0, steps = 0, columns = 0;
  AlignedVector<double> values;

  Labels() = default;
  Labels(Index n, Index t, Index k)
      : count(n), steps(t), columns(k), values(static_cast<std::size_t>(n * t * k)) {}

  double& at(Index i, Index t, Index k) {
    return values[static_cast<std::size_t>((i * steps + t) * columns + k)];
  }
  double at(Index i, Index t, Index k) const {
    return values[static_cast<std::size_t>((i * steps + t) * columns + k)];
  }
};

/// Where a window was cut: the number of its recording session and its first step there, at the rate of the
/// windows.
struct Origin {
  Index session = 0, start = 0;
  bool operator==(const Origin&) const = default;
};

/// Windows, the labels of their steps, and where they come from (empty: not known).
struct DataSet {
  Windows windows;
  Labels labels;
  std::vector<Origin> origins{};
};

/// Refuses labels that do not belong to the windows.
inline void check_pair(const Windows& w, const Labels& l, std::string_view where) {
  if (w.count == l.count && w.steps == l.steps) return;
  fail<ShapeError>(where, ": labels are for ", l.count, " windows of ", l.steps, " steps, the data has ",
                   w.count, " of ", w.steps, "; both files must come from the same preparation");
}

/// One label column as class numbers (count, steps): the smallest value of the whole set is subtracted
/// (LIMU-BERT sheet §5.12), so numbers start at 0.
inline std::vector<Index> label_column(const Labels& labels, Index column) {
  if (column < 0 || column >= labels.columns) {
    fail<ConfigError>("label column ", column, " does not exist: the labels have columns 0 to ",
                      labels.columns - 1);
  }
  std::vector<Index> out;
  out.reserve(static_cast<std::size_t>(labels.count * labels.steps));
  Index least = std::numeric_limits<Index>::max();
  for (Index row = 0; row < labels.count * labels.steps; ++row) {
    out.push_back(static_cast<Index>(
        std::llround(labels.values[static_cast<std::size_t>(row * labels.columns + column)])));
    least = std::min(least, out.back());
  }
  for (Index& v : out) v -= least;
  return out;
}

/// The label of the first step of every window, from label_column().
inline std::vector<Index> first_of_windows(std::span<const Index> step_labels, Index steps) {
  std::vector<Index> out;
  for (std::size_t i = 0; i < step_labels.size(); i += static_cast<std::size_t>(steps))
    out.push_back(step_labels[i]);
  return out;
}

/// Copies the chosen windows into the activation layout (B, T, C): out[b + B * (t + T * c)], B =
/// chosen.size().
template <class Real>
void gather_windows(Real* out, const Windows& w, std::span<const Index> chosen) {
  const auto batch = static_cast<Index>(chosen.size());
  for (Index b = 0; b < batch; ++b) {
    const float* in = w.values.data() + chosen[static_cast<std::size_t>(b)] * w.steps * w.channels;
    for (Index t = 0; t < w.steps; ++t) {
      for (Index c = 0; c < w.channels; ++c) out[b + batch * (t + w.steps * c)] = static_cast<Real>(*in++);
    }
  }
}

}  // namespace gyrograd::data
