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
#include "gyrograd/data/channel_scale.hpp"
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

}  // namespace gyrograd::data
