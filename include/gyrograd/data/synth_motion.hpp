// SPDX-License-Identifier: MIT
// How a body segment moves during everyday activities: gait harmonics, postures, limb swing, and how people
// differ.
#pragma once

#include <array>
#include <cmath>
#include <cstddef>
#include <numbers>
#include <string_view>

#include "gyrograd/core/config.hpp"
#include "gyrograd/core/random.hpp"

namespace gyrograd::data {

/// Three numbers along x, y, z.
using Vec3 = std::array<double, 3>;

/// Rotation matrix, rows; R * v takes v from the moving frame to the outer one.
struct Rotation {
  std::array<double, 9> m{1, 0, 0, 0, 1, 0, 0, 0, 1};

  double operator()(std::size_t row, std::size_t column) const { return m[row * 3 + column]; }

  friend Rotation operator*(const Rotation& a, const Rotation& b) {
    Rotation c;
    for (std::size_t i = 0; i < 3; ++i) {
      for (std::size_t j = 0; j < 3; ++j)
        c.m[i * 3 + j] = a(i, 0) * b(0, j) + a(i, 1) * b(1, j) + a(i, 2) * b(2, j);
    }
    return c;
  }
  Rotation transposed() const { return {{m[0], m[3], m[6], m[1], m[4], m[7], m[2], m[5], m[8]}}; }
  Vec3 operator*(const Vec3& v) const {
    Vec3 out{};
    for (std::size_t i = 0; i < 3; ++i) out[i] = m[i * 3] * v[0] + m[i * 3 + 1] * v[1] + m[i * 3 + 2] * v[2];
    return out;
  }
};

/// Rz(yaw) * Ry(pitch) * Rx(roll), radians.
inline Rotation from_euler(double roll, double pitch, double yaw) {
  const double cr = std::cos(roll), sr = std::sin(roll), cp = std::cos(pitch), sp = std::sin(pitch);
  const double cy = std::cos(yaw), sy = std::sin(yaw);
  return {{cy * cp, cy * sp * sr - sy * cr, cy * sp * cr + sy * sr, sy * cp, sy * sp * sr + cy * cr,
           sy * sp * cr - cy * sr, -sp, cp * sr, cp * cr}};
}

/// Angular velocity (rad/s, in the moving frame) that turns `from` into `to` within `seconds`; angles below
/// 90 degrees.
inline Vec3 angular_velocity(const Rotation& from, const Rotation& to, double seconds) {
  const Rotation d = from.transposed() * to;
  const Vec3 axis{(d(2, 1) - d(1, 2)) / 2, (d(0, 2) - d(2, 0)) / 2, (d(1, 0) - d(0, 1)) / 2};
  const double sine = std::sqrt(axis[0] * axis[0] + axis[1] * axis[1] + axis[2] * axis[2]);
  const double scale = sine > 1e-9 ? std::asin(std::fmin(sine, 1.0)) / sine : 1.0;
  return {axis[0] * scale / seconds, axis[1] * scale / seconds, axis[2] * scale / seconds};
}

/// What a synthetic person does, in the order of synth_activities.
enum class Activity : std::uint8_t {
  walking,
  upstairs,
  downstairs,
  sitting,
  standing,
  lying,
  jogging,
  cycling
};
/// Names of the activities in data cards.
inline constexpr std::array<std::string_view, 8> synth_activities{
    "walking", "upstairs", "downstairs", "sitting", "standing", "lying", "jogging", "cycling"};

/// Where the device is worn.
enum class Position : std::uint8_t { belt, jacket, upper_arm };
/// Names of the positions in data cards.
inline constexpr std::array<std::string_view, 3> synth_positions{"belt", "jacket_pocket", "upper_arm"};

/// Periodic signal sum_h sine[h] sin(h p) + cosine[h] cos(h p), h = 1..6, of the stride phase p.
struct Harmonics {
  static constexpr std::size_t count = 6;
  std::array<double, count> sine{}, cosine{};

  void set(std::size_t h, double amplitude, double phase) {
    sine[h - 1] = amplitude * std::cos(phase);
    cosine[h - 1] = amplitude * std::sin(phase);
  }
};

/// Motion of one segment in a steady activity. Channels 0..2: acceleration forward, left, up (m/s2) of the
/// segment's joint; 3..5: roll, pitch, yaw swing (rad) about the mean posture.
struct Gait {
  double stride_hz = 0;        ///< strides (two steps, one pedal turn, one breath) per second
  double roll = 0, pitch = 0;  ///< mean posture, rad
  double vibration = 0;        ///< road and cloth vibration, m/s2
  double fidget = 0;           ///< slow irregular turning, rad
  std::array<Harmonics, 6> channel{};

  /// (1 - w) * a + w * b: what happens between two activities.
  static Gait mix(const Gait& a, const Gait& b, double w) {
    const auto lerp = [w](double x, double y) { return x + w * (y - x); };
    Gait g;
    g.stride_hz = lerp(a.stride_hz, b.stride_hz);
    g.roll = lerp(a.roll, b.roll), g.pitch = lerp(a.pitch, b.pitch);
    g.vibration = lerp(a.vibration, b.vibration), g.fidget = lerp(a.fidget, b.fidget);
    for (std::size_t c = 0; c < 6; ++c) {
      for (std::size_t h = 0; h < Harmonics::count; ++h) {
        g.channel[c].sine[h] = lerp(a.channel[c].sine[h], b.channel[c].sine[h]);
        g.channel[c].cosine[h] = lerp(a.channel[c].cosine[h], b.channel[c].cosine[h]);
      }
    }
    return g;
  }
};

namespace detail {

inline constexpr double degree = std::numbers::pi / 180.0;

/// Typical values; accelerations in m/s2 at the trunk, angles in degrees per position (belt, jacket pocket,
/// upper arm). The sizes of the first six are near those measured on the public HAPT recordings (30 people,
/// phone at the waist). Walking, upstairs, downstairs there: median step rate (twice stride_hz) 1.83, 1.67,
/// 1.67 Hz; mean standard deviation of the vertical axis within 6 s 2.2, 2.4, 3.4 m/s2, of the gyroscope axes
/// 0.3 to 0.6 rad/s; mean turn rate 0, +0.26, -0.27 rad/s, since everybody used one staircase, which turns to
/// one side on the way up and to the other on the way down. So does this one, at a landing about every 8 s.
/// Two things differ on purpose: lean separates walking, stairs and standing about twice as far as in HAPT
/// (there 2 to 9 degrees), and irregular turning is livelier, as outside a laboratory: means of the seconds
/// within one window differ by 0.2 to 1 m/s2 (HAPT: 0.1 to 0.4), standing shakes by 0.8 m/s2 (HAPT: 0.1).
struct ActivityFacts {
  double stride_hz;
  std::array<double, 3> up;       // harmonics 2, 4, 6
  std::array<double, 2> forward;  // harmonics 2, 4
  std::array<double, 2> left;     // harmonics 1, 3
  std::array<double, 3> swing;    // pitch, harmonic 1
  std::array<double, 3> nod;      // pitch, harmonic 2
  double sway, twist;             // roll and yaw, harmonic 1
  std::array<double, 3> lean;     // mean pitch
  double vibration, fidget;       // m/s2; degrees
  std::array<double, 3> turns;    // seconds between, mean degrees to the left, spread in degrees
};

inline constexpr std::array<ActivityFacts, 8> activity_facts{{
    // walking
    {0.92,
     {2.1, 0.8, 0.9},
     {1.0, 0.6},
     {0.9, 0.6},
     {3, 2.5, 5},
     {2.0, 1.8, 2},
     4,
     4,
     {5, 5, -6},
     1.0,
     5,
     {20, 0, 60}},
    // upstairs
    {0.83,
     {2.4, 0.8, 0.6},
     {1.1, 0.5},
     {1.1, 0.5},
     {4, 3.5, 4},
     {2.5, 2, 2},
     5,
     5,
     {14, 18, -8},
     1.0,
     6,
     {6.7, 120, 40}},
    // downstairs
    {0.90,
     {3.4, 1.4, 1.0},
     {1.1, 0.7},
     {1.0, 0.8},
     {3, 2.5, 3},
     {2.0, 1.8, 2},
     4,
     4,
     {-3, 0, -8},
     1.3,
     6,
     {6.7, -120, 40}},
    // sitting
    {0.25,
     {0.02, 0, 0},
     {0.02, 0},
     {0.01, 0},
     {0.3, 0.5, 0.2},
     {0, 0, 0},
     0.1,
     0.1,
     {-20, -14, -22},
     0.1,
     5,
     {60, 0, 40}},
    // standing
    {0.28,
     {0.03, 0, 0},
     {0.05, 0},
     {0.04, 0},
     {0.3, 0.6, 0.4},
     {0, 0, 0},
     0.3,
     0.3,
     {-5, 2, -3},
     0.1,
     5,
     {30, 0, 60}},
    // lying
    {0.21,
     {0.03, 0, 0},
     {0.02, 0},
     {0.01, 0},
     {0.4, 0.8, 0.3},
     {0, 0, 0},
     0.2,
     0.1,
     {84, 86, 80},
     0.05,
     2,
     {0, 0, 0}},
    // jogging
    {1.36,
     {6.5, 2.0, 0.8},
     {2.2, 0.8},
     {1.5, 0.8},
     {4, 3, 7},
     {3, 2.5, 3},
     5,
     6,
     {6, 10, -18},
     1.5,
     5,
     {20, 0, 60}},
    // cycling
    {1.15,
     {0.35, 0.2, 0.1},
     {0.5, 0.2},
     {0.5, 0.2},
     {2.0, 1.2, 2},
     {1, 0.8, 1},
     3,
     2,
     {24, 36, -42},
     1.2,
     5,
     {30, 0, 60}},
}};
}  // namespace detail

/// How strongly people differ; each value is the standard deviation of a logarithm unless a unit is given.
struct PeopleSpread {
  double cadence = 0.05;    ///< stride frequency
  double intensity = 0.12;  ///< all accelerations together
  double harmonic = 0.2;    ///< every harmonic on its own
  double phase = 0.4;       ///< rad, phase of every harmonic
  double swing = 0.15;      ///< limb swing
  double posture = 0.05;    ///< rad, mean posture of a segment
  double asymmetry = 0.2;   ///< share of a step's acceleration that alternates between left and right
};

namespace detail {

template <WordGenerator Generator>
double spread(Generator& g, double sigma) {
  return std::exp(sigma * normal(g));
}

}  // namespace detail

/// One person's way of doing an activity with the device at one position. The same generator state gives the
/// same person; amplitudes follow the facts times log-normal factors.
template <WordGenerator Generator>
Gait draw_gait(Generator& g, Activity activity, Position position, const PeopleSpread& spread) {
  using detail::degree;
  const auto& facts = detail::activity_facts[static_cast<std::size_t>(activity)];
  const auto place = static_cast<std::size_t>(position);
  constexpr std::array<double, 3> coupling{1.0, 0.9, 0.8};  // of trunk acceleration at the three positions
  const double intensity = coupling[place] * detail::spread(g, spread.intensity);
  Gait gait;
  gait.stride_hz = facts.stride_hz * detail::spread(g, spread.cadence);
  gait.roll = spread.posture * normal(g);
  gait.pitch = facts.lean[place] * degree + spread.posture * normal(g);
  gait.vibration = facts.vibration * detail::spread(g, spread.harmonic);
  gait.fidget = facts.fidget * degree * detail::spread(g, spread.harmonic);
  const auto put = [&](std::size_t channel, std::size_t h, double amplitude, double phase) {
    gait.channel[channel].set(h, amplitude * detail::spread(g, spread.harmonic),
                              phase + spread.phase * normal(g));
  };
  for (std::size_t k = 0; k < 3; ++k)
    put(2, 2 * k + 2, intensity * facts.up[k], 0.9 * static_cast<double>(k));
  for (std::size_t k = 0; k < 2; ++k) put(0, 2 * k + 2, intensity * facts.forward[k], 1.6);
  for (std::size_t k = 0; k < 2; ++k) put(1, 2 * k + 1, intensity * facts.left[k], 0.4);
  const double uneven = spread.asymmetry * normal(g);
  put(2, 1, intensity * uneven * facts.up[0], 0.0);
  put(0, 1, intensity * uneven * facts.forward[0], 0.8);
  const double swing = degree * detail::spread(g, spread.swing);
  put(3, 1, swing * facts.sway, 0.0);
  put(4, 1, swing * facts.swing[place], 0.3);
  put(4, 2, swing * facts.nod[place], 1.1);
  put(5, 1, swing * facts.twist, 0.7);
  return gait;
}

/// Values of the six channels at stride phase p.
inline std::array<double, 6> evaluate(const Gait& gait, double p) {
  std::array<double, Harmonics::count> s, c;
  s[0] = std::sin(p), c[0] = std::cos(p);
  for (std::size_t h = 1; h < Harmonics::count; ++h) {
    s[h] = s[h - 1] * c[0] + c[h - 1] * s[0];
    c[h] = c[h - 1] * c[0] - s[h - 1] * s[0];
  }
  std::array<double, 6> out{};
  for (std::size_t k = 0; k < 6; ++k) {
    for (std::size_t h = 0; h < Harmonics::count; ++h) {
      out[k] += gait.channel[k].sine[h] * s[h] + gait.channel[k].cosine[h] * c[h];
    }
  }
  return out;
}

}  // namespace gyrograd::data
