// SPDX-License-Identifier: MIT
// Synthetic IMU recordings of people doing everyday activities, from a physical model of body, device and
// sensor.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <numbers>
#include <span>
#include <vector>

#include "gyrograd/core/config.hpp"
#include "gyrograd/core/error.hpp"
#include "gyrograd/core/random.hpp"
#include "gyrograd/data/synth_motion.hpp"
#include "gyrograd/data/synth_noise.hpp"
#include "gyrograd/data/windows.hpp"

namespace gyrograd::data {

/// What to generate. Every number is deterministic in `seed`; a recording depends on the seed and its number
/// only.
///
/// The model: rigid trunk segments swing about a mean posture with the harmonics of the stride (draw_gait),
/// carry a device in the field of gravity, and are disturbed as bodies are (synth_noise.hpp). The sizes of
/// activity_facts follow HAPT. What is typical of the activity and constant over the window is weak: a few
/// degrees of lean, the side to which a staircase turns. What changes from second to second is strong: uneven
/// and soft steps, pauses, bursts of other movement, restless turning, cloth. One second is therefore often
/// ambiguous where six seconds are not. A LIMU-BERT embedding of one second has seen the whole window
/// (LIMU-BERT sheet §13.9), a classifier of raw seconds has not: much of its advantage on this set, and on
/// real recordings, is this context. An untrained encoder, which averages over the window too, already gains
/// from it; pre-training gains more.
struct SynthConfig {
  std::uint64_t seed = 3431;
  Index windows = 3000;
  Index steps = 120;       ///< rows per window
  double rate = 20.0;      ///< Hz of the windows
  Index oversampling = 5;  ///< the body is simulated at rate * oversampling and averaged (anti-aliasing)
  Index users = 12;
  Index activities = 6;  ///< the first of synth_activities; six are those of HAPT
  Index positions = 1;   ///< the first of synth_positions
  Index devices = 4;
  Index windows_per_recording = 6;

  double bout_seconds = 120.0;      ///< mean time in one activity; a recording may hold a change
  double transition_seconds = 1.5;  ///< time from one activity to the next
  PeopleSpread people;              ///< between users
  double session = 0.3;  ///< share of the spread between users that one user shows between sessions

  double mounting = 0.04;  ///< rad, tilt of the device on the body between sessions (each axis)
  double flipped = 0.0;    ///< share of sessions with the device turned by 180 degrees about a random axis
  double slip = 0.02;      ///< rad, slow slipping of the device within a session

  double cadence_jitter = 0.05;    ///< slow variation of the stride frequency within a session (share)
  double intensity_jitter = 0.15;  ///< slow variation of all amplitudes within a session (share)
  StepQuality gait;                ///< from step to step
  BurstQuality bursts;             ///< something else for a second
  double restless = 1.0;           ///< factor of the irregular turning of activity_facts
  double fidget_seconds = 0.4;     ///< s, how fast that turning changes
  double cloth = 1.0;              ///< factor of the cloth and soft-tissue shaking of activity_facts

  // Consumer MEMS sensors, soldered and calibrated in the factory.
  double gain = 0.03;                          ///< share, error of each sensor axis, per device
  double misalignment = 0.03;                  ///< rad, between sensor axes and case, per device
  double acc_bias = 0.1, acc_noise = 0.1;      ///< m/s2 per device; noise per sample at 20 Hz
  double gyro_bias = 0.01, gyro_noise = 0.03;  ///< rad/s per device; noise per sample at 20 Hz
};

/// Label columns of a synthetic set.
enum class SynthLabel : std::uint8_t { activity, user, position, device };

namespace detail {

/// Errors of one device.
struct Device {
  Rotation alignment;
  Vec3 acc_gain{}, acc_bias{}, gyro_gain{}, gyro_bias{};
};

inline Philox synth_stream(const SynthConfig& c, std::uint64_t kind, std::uint64_t number) {
  return Philox(c.seed, 0, kind << 40 | number, Purpose::synth);
}

inline Device draw_device(const SynthConfig& c, Index number) {
  Philox g = synth_stream(c, 1, static_cast<std::uint64_t>(number));
  Device d;
  d.alignment =
      from_euler(c.misalignment * normal(g), c.misalignment * normal(g), c.misalignment * normal(g));
  for (std::size_t i = 0; i < 3; ++i) {
    d.acc_gain[i] = 1 + c.gain * normal(g), d.acc_bias[i] = c.acc_bias * normal(g);
    d.gyro_gain[i] = 1 + c.gain * normal(g), d.gyro_bias[i] = c.gyro_bias * normal(g);
  }
  return d;
}

/// One continuous recording: a user with a device at one position, through several activities.
class SynthRecording {
 public:
  SynthRecording(const SynthConfig& c, Index number)
      : config_(c),
        g_(synth_stream(c, 3, static_cast<std::uint64_t>(number))),
        step_(1.0 / (c.rate * static_cast<double>(c.oversampling))),
        cadence_(4.0, step_),
        intensity_(3.0, step_),
        fidget_{SlowNoise(c.fidget_seconds, step_), SlowNoise(c.fidget_seconds, step_),
                SlowNoise(c.fidget_seconds, step_)},
        vibration_{SlowNoise(0.04, step_), SlowNoise(0.04, step_), SlowNoise(0.04, step_)},
        slip_{SlowNoise(20.0, step_), SlowNoise(20.0, step_), SlowNoise(20.0, step_)} {
    number_ = number;
    user_ = number % c.users;
    position_ = static_cast<Position>((number / c.users) % c.positions);
    device_number_ = static_cast<Index>(random_index(g_, c.devices));
    device_ = draw_device(c, device_number_);
    mounting_ = from_euler(c.mounting * normal(g_), c.mounting * normal(g_), c.mounting * normal(g_));
    if (uniform_double(g_) < c.flipped) {
      constexpr double half = std::numbers::pi;
      const Index axis = random_index(g_, 3);
      mounting_ = from_euler(axis == 0 ? half : 0, axis == 1 ? half : 0, axis == 2 ? half : 0) * mounting_;
    }
    phase_ = 2 * std::numbers::pi * uniform_double(g_);
    heading_ = 2 * std::numbers::pi * uniform_double(g_);
    start_bout();
    gait_ = last_gait_ = next_gait_;
    bout_time_ = bout_length_ * uniform_double(g_);  // the recording begins somewhere within the bout
    before_ = pose();
    device_before_ = before_ * mounting_;
    Vec3 acc{}, gyro{};
    for (int k = 0; k < 4; ++k) advance(acc, gyro);  // differences need a past
  }

  /// Writes `rows` rows (6 channels at the output rate) and the activity of each.
  void write(std::span<float> values, std::span<Index> activity) {
    for (std::size_t row = 0; row < activity.size(); ++row) {
      Vec3 acc{}, gyro{};
      for (Index k = 0; k < config_.oversampling; ++k) advance(acc, gyro);
      const auto n = static_cast<double>(config_.oversampling);
      const Vec3 a = device_.alignment * acc, w = device_.alignment * gyro;
      float* out = values.data() + row * 6;
      for (std::size_t i = 0; i < 3; ++i) {
        out[i] = static_cast<float>(device_.acc_gain[i] * a[i] / n + device_.acc_bias[i] +
                                    config_.acc_noise * normal(g_));
        out[i + 3] = static_cast<float>(device_.gyro_gain[i] * w[i] / n + device_.gyro_bias[i] +
                                        config_.gyro_noise * normal(g_));
      }
      activity[row] = static_cast<Index>(current_);
    }
  }

  Index user() const { return user_; }
  Index position() const { return static_cast<Index>(position_); }
  Index device() const { return device_number_; }

 private:
  /// The user's habit, varied by this session. A person is redrawn from the same stream, so habits need no
  /// storage.
  Gait habit(Activity activity) {
    const auto key = static_cast<std::uint64_t>(user_ * 64 + static_cast<Index>(position_) * 16) +
                     static_cast<std::uint64_t>(activity);
    Philox person = synth_stream(config_, 2, key);
    PeopleSpread none{0, 0, 0, 0, 0, 0, 0};
    const Gait mean = draw_gait(person, activity, position_, config_.people);
    Philox typical = synth_stream(config_, 2, key);
    const Gait centre = draw_gait(typical, activity, position_, none);
    Gait varied = draw_gait(g_, activity, position_, config_.people);
    // habit + session * (another draw - typical): the same structure of differences, only smaller
    Gait out = Gait::mix(centre, varied, config_.session);
    out.stride_hz += mean.stride_hz - centre.stride_hz;
    out.roll += mean.roll - centre.roll, out.pitch += mean.pitch - centre.pitch;
    out.vibration = mean.vibration, out.fidget = mean.fidget;
    for (std::size_t c = 0; c < 6; ++c) {
      for (std::size_t h = 0; h < Harmonics::count; ++h) {
        out.channel[c].sine[h] += mean.channel[c].sine[h] - centre.channel[c].sine[h];
        out.channel[c].cosine[h] += mean.channel[c].cosine[h] - centre.channel[c].cosine[h];
      }
    }
    if (activity == Activity::lying) out.roll += uniform(g_, -1.2, 1.2);  // on the back or on a side
    return out;
  }

  /// All activities in random order; the recordings of one user begin with each of them in turn.
  void plan_activities() {
    plan_.resize(static_cast<std::size_t>(config_.activities));
    for (std::size_t i = 0; i < plan_.size(); ++i) plan_[i] = static_cast<Activity>(i);
    shuffle(g_, std::span(plan_));
    if (begun_) return;
    const Index first = (number_ / (config_.users * config_.positions) + user_) % config_.activities;
    std::iter_swap(std::find(plan_.begin(), plan_.end(), static_cast<Activity>(first)), plan_.end() - 1);
    begun_ = true;
  }

  void start_bout() {
    if (plan_.empty()) plan_activities();
    current_ = plan_.back();
    plan_.pop_back();
    last_gait_ = gait_;
    next_gait_ = habit(current_);
    bout_time_ = 0;
    turns_.restart();
    bout_length_ = config_.bout_seconds * uniform(g_, 0.6, 1.4);
  }

  void blend() {
    const double w = std::min(bout_time_ / config_.transition_seconds, 1.0);
    if (bout_time_ <= config_.transition_seconds + step_)
      gait_ = Gait::mix(last_gait_, next_gait_, w * w * (3 - 2 * w));
  }

  /// Orientation of the body segment in the world (x ahead, y left, z up).
  Rotation pose() {
    swing_ = evaluate(gait_, phase_);
    const double fidget = config_.restless * gait_.fidget;
    return from_euler(gait_.roll + loud_ * swing_[3] + fidget * turn_[0] + bursts_.turn(0),
                      gait_.pitch + loud_ * swing_[4] + fidget * turn_[1] + bursts_.turn(1),
                      heading_ + loud_ * swing_[5] + fidget * turn_[2] + bursts_.turn(2));
  }

  /// One simulation step; adds specific force and angular velocity in the frame of the device.
  void advance(Vec3& acc, Vec3& gyro) {
    bout_time_ += step_;
    if (bout_time_ >= bout_length_) start_bout();
    blend();
    phase_ +=
        2 * std::numbers::pi * step_ * gait_.stride_hz * (1 + config_.cadence_jitter * cadence_.next(g_));
    loud_ = (1 + config_.intensity_jitter * intensity_.next(g_)) *
            strength_.next(g_, config_.gait, phase_ / std::numbers::pi, step_);
    bursts_.next(g_, config_.bursts, step_);
    heading_ += step_ * turns_.next(g_, turn_habit(current_), step_);
    for (std::size_t i = 0; i < 3; ++i) turn_[i] = fidget_[i].next(g_);
    const Rotation now = pose();
    const Vec3 omega = angular_velocity(before_, now, step_);
    const double shake = config_.cloth * gait_.vibration + bursts_.shake();
    const double ahead = loud_ * swing_[0] + shake * vibration_[0].next(g_);
    const double left = loud_ * swing_[1] + shake * vibration_[1].next(g_);
    const double up = loud_ * swing_[2] + shake * vibration_[2].next(g_);
    const double c = std::cos(heading_), s = std::sin(heading_);
    Vec3 force = now.transposed() * Vec3{c * ahead - s * left, s * ahead + c * left, up + 9.80665};
    add_lever(force, omega);
    const Rotation on_body = from_euler(config_.slip * slip_[0].next(g_), config_.slip * slip_[1].next(g_),
                                        config_.slip * slip_[2].next(g_)) *
                             mounting_;
    const Rotation device = now * on_body;
    const Vec3 a = on_body.transposed() * force, w = angular_velocity(device_before_, device, step_);
    for (std::size_t i = 0; i < 3; ++i) acc[i] += a[i], gyro[i] += w[i];
    before_ = now;
    device_before_ = device;
    omega_before_ = omega;
  }

  /// Acceleration of a device hanging `lever` metres below the joint: tangential and centripetal.
  void add_lever(Vec3& force, const Vec3& omega) const {
    constexpr std::array<double, 3> lever{0.05, 0.12, 0.15};
    const double r = -lever[static_cast<std::size_t>(position_)];
    const Vec3 alpha{(omega[0] - omega_before_[0]) / step_, (omega[1] - omega_before_[1]) / step_, 0};
    force[0] += alpha[1] * r + omega[0] * omega[2] * r;
    force[1] += -alpha[0] * r + omega[1] * omega[2] * r;
    force[2] += -(omega[0] * omega[0] + omega[1] * omega[1]) * r;
  }

  const SynthConfig& config_;
  Philox g_;
  double step_;
  SlowNoise cadence_, intensity_;
  std::array<SlowNoise, 3> fidget_, vibration_, slip_;
  Index user_ = 0, device_number_ = 0;
  Position position_ = Position::belt;
  Device device_;
  Rotation mounting_, before_, device_before_;
  Vec3 omega_before_{}, turn_{};
  std::array<double, 6> swing_{};
  Gait gait_, last_gait_, next_gait_;
  StepStrength strength_;
  Bursts bursts_;
  Turns turns_;
  bool begun_ = false;
  Index number_ = 0;
  std::vector<Activity> plan_;
  Activity current_ = Activity::walking;
  double phase_ = 0, heading_ = 0, loud_ = 1, bout_time_ = 0, bout_length_ = 0;
};

inline void check_synth(const SynthConfig& c) {
  const auto need = [](bool good, const char* field, auto value, const char* expected) {
    if (!good) fail<ConfigError>("synth: ", field, " is ", value, ", expected ", expected);
  };
  need(c.windows >= 1, "windows", c.windows, "at least 1");
  need(c.steps >= 1, "steps", c.steps, "at least 1");
  need(c.rate > 0 && c.rate <= 1000, "rate", c.rate, "above 0 and at most 1000 Hz");
  need(c.oversampling >= 1 && c.oversampling <= 100, "oversampling", c.oversampling, "1 to 100");
  need(c.users >= 1, "users", c.users, "at least 1");
  need(c.positions >= 1 && c.positions <= 3, "positions", c.positions, "1 to 3");
  need(c.activities >= 2 && c.activities <= static_cast<Index>(synth_activities.size()), "activities",
       c.activities, "2 to 8");
  need(c.devices >= 1, "devices", c.devices, "at least 1");
  need(c.windows_per_recording >= 1, "windows per recording", c.windows_per_recording, "at least 1");
  need(c.bout_seconds > 0, "bout seconds", c.bout_seconds, "above 0");
  need(c.transition_seconds > 0, "transition seconds", c.transition_seconds, "above 0");
}

}  // namespace detail

/// Windows (windows, steps, 6) in m/s2 and rad/s with label columns activity, user, position, device for
/// every step, and origins: every recording is a session. Windows of one recording follow each other in time;
/// a window may hold a change of activity.
inline DataSet synthesise(const SynthConfig& config) {
  detail::check_synth(config);
  DataSet set{Windows(config.windows, config.steps, 6), Labels(config.windows, config.steps, 4)};
  std::vector<Index> activity(static_cast<std::size_t>(config.steps));
  for (Index first = 0; first < config.windows; first += config.windows_per_recording) {
    detail::SynthRecording recording(config, first / config.windows_per_recording);
    for (Index i = first; i < std::min(first + config.windows_per_recording, config.windows); ++i) {
      recording.write(set.windows.window(i), activity);
      set.origins.push_back({first / config.windows_per_recording, (i - first) * config.steps});
      for (Index t = 0; t < config.steps; ++t) {
        set.labels.at(i, t, 0) = static_cast<double>(activity[static_cast<std::size_t>(t)]);
        set.labels.at(i, t, 1) = static_cast<double>(recording.user());
        set.labels.at(i, t, 2) = static_cast<double>(recording.position());
        set.labels.at(i, t, 3) = static_cast<double>(recording.device());
      }
    }
  }
  return set;
}

/// Windows of one recording of the set that synthesise() makes, written one after the other: values (windows,
/// steps, 6), at most windows_per_recording of them; labels: the four columns of each window's first step.
inline void synthesise_recording(const SynthConfig& config, Index number, std::span<float> values,
                                 std::span<std::int32_t> labels) {
  const auto width = static_cast<std::size_t>(config.steps * 6);
  std::vector<Index> activity(static_cast<std::size_t>(config.steps));
  detail::SynthRecording recording(config, number);
  for (std::size_t i = 0; i < values.size() / width; ++i) {
    recording.write(values.subspan(i * width, width), activity);
    const std::array<Index, 4> row = {activity[0], recording.user(), recording.position(),
                                      recording.device()};
    for (std::size_t k = 0; k < row.size(); ++k) labels[i * 4 + k] = static_cast<std::int32_t>(row[k]);
  }
}

}  // namespace gyrograd::data
