// SPDX-License-Identifier: MIT
// MotionSense as SimCLR for activity recognition reads it: the accelerometer alone, long overlapping windows.
#pragma once

#include <array>
#include <cmath>
#include <cstddef>
#include <filesystem>
#include <span>
#include <vector>

#include "gyrograd/core/config.hpp"
#include "gyrograd/core/error.hpp"
#include "gyrograd/data/readers/motion_sense.hpp"
#include "gyrograd/data/windows.hpp"

namespace gyrograd::data {

/// Users, counted from 0, whose windows are the test part (PRIMUS sheet §14.2: subjects 1, 6, 14, 19, 23).
inline constexpr std::array<Index, 5> simclr_test_users{0, 5, 13, 18, 22};

/// Every trial cut into windows of `steps` rows at 50 Hz, one every `shift` rows, in g with gravity. Label
/// columns: activity (0..5), user (0..23). The recordings give 5,211 windows of 400 for training and
/// validation and 1,419 for the test. IoError as read_motion_sense().
inline DataSet read_motion_accelerometer(const std::filesystem::path& root, Index steps = 400,
                                         Index shift = 200) {
  if (steps < 1 || shift < 1)
    fail<ConfigError>("MotionSense: windows of ", steps, " rows every ", shift, ", expected at least 1");
  std::vector<float> values;
  std::vector<std::array<double, 2>> labels;
  DataSet out;
  for (const detail::MotionTrial& trial :
       detail::motion_trials(detail::motion_folder(root, "B_Accelerometer_data", "Accelerometer"))) {
    const NumberTable table = detail::read_motion(trial.path);
    for (Index first = 0; first + steps <= table.rows(); first += shift) {
      const auto begin = table.values.begin() + first * 3;
      for (auto v = begin; v != begin + steps * 3; ++v) values.push_back(static_cast<float>(*v));
      labels.push_back({static_cast<double>(trial.activity), static_cast<double>(trial.user)});
      out.origins.push_back({detail::motion_session(trial), first});
    }
  }
  if (labels.empty())
    fail<IoError>(path_text(root), ": no trial has ", steps, " rows; expected the recordings of MotionSense");
  out.windows = Windows(static_cast<Index>(labels.size()), steps, 3);
  out.windows.values.assign(values.begin(), values.end());
  out.labels = Labels(out.windows.count, steps, 2);
  for (Index i = 0; i < out.windows.count; ++i)
    for (Index t = 0; t < steps; ++t)
      for (Index k = 0; k < 2; ++k)
        out.labels.at(i, t, k) = labels[static_cast<std::size_t>(i)][static_cast<std::size_t>(k)];
  return out;
}

/// Every channel minus its mean, divided by its deviation, both over the windows `chosen`. A channel that
/// never varies there is only shifted.
inline void standardise_channels(Windows& w, std::span<const Index> chosen) {
  const auto n = static_cast<double>(static_cast<Index>(chosen.size()) * w.steps);
  for (Index c = 0; c < w.channels && !chosen.empty(); ++c) {
    const auto each = [&](auto&& visit) {
      for (const Index i : chosen)
        for (Index t = 0; t < w.steps; ++t)
          visit(static_cast<double>(w.window(i)[static_cast<std::size_t>(t * w.channels + c)]));
    };
    double mean = 0, square = 0;
    each([&](double v) { mean += v / n; });
    each([&](double v) { square += (v - mean) * (v - mean) / n; });
    const double factor = square > 0 ? 1 / std::sqrt(square) : 1;
    for (std::size_t i = static_cast<std::size_t>(c); i < w.values.size();
         i += static_cast<std::size_t>(w.channels))
      w.values[i] = static_cast<float>((static_cast<double>(w.values[i]) - mean) * factor);
  }
}

}  // namespace gyrograd::data
