// SPDX-License-Identifier: MIT
// Sensor rows as text, for fixtures of readers: gravity and small motion that no check doubts.
#pragma once

#include <cmath>
#include <functional>
#include <string>

namespace gyrograd::testing {

/// Value of channel c (acc xyz in m/s2, gyro xyz in rad/s) at t seconds.
inline double imu_value(double t, int c) {
  const double s = std::sin(6.283185307179586 * t);
  switch (c) {
    case 0:
      return s;
    case 1:
      return 0.1 * s;
    case 2:
      return 9.81 + 0.01 * s;
    default:
      return 0.01 * (c - 2) * s;
  }
}

/// `channels` values from channel `first` at t seconds, each behind a comma.
inline std::string imu_fields(double t, int first = 0, int channels = 6) {
  std::string text;
  for (int c = first; c < first + channels; ++c) text += ',' + std::to_string(imu_value(t, c));
  return text;
}

/// Lines before(i) + six values + after(i) for every row at `rate` Hz.
inline std::string imu_lines(
    double rate, double seconds, const std::function<std::string(int)>& before,
    const std::function<std::string(int)>& after = [](int) { return std::string(); }) {
  std::string text;
  for (int i = 0; i < static_cast<int>(rate * seconds); ++i)
    text += before(i) + imu_fields(i / rate) + after(i) + '\n';
  return text;
}

/// An export of Aria rows: `invalid(i)` marks records that are not valid.
inline std::string aria_csv(
    double rate, double seconds, const std::function<bool(int)>& invalid = [](int) { return false; }) {
  return "timestamp_ns,accel_x,accel_y,accel_z,gyro_x,gyro_y,gyro_z,accel_valid,gyro_valid\n" +
         imu_lines(
             rate, seconds,
             [&](int i) { return std::to_string(7'000'000'000LL + std::llround(1e9 * i / rate)); },
             [&](int i) { return std::string(invalid(i) ? ",1,0" : ",1,1"); });
}

}  // namespace gyrograd::testing
