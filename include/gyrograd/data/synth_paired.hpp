// SPDX-License-Identifier: MIT
// Synthetic windows with text and video vectors: the same latent activity drives all three, nuisance drives
// each alone.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "gyrograd/core/config.hpp"
#include "gyrograd/core/error.hpp"
#include "gyrograd/core/random.hpp"
#include "gyrograd/data/paired.hpp"
#include "gyrograd/data/synth.hpp"

namespace gyrograd::data {

/// What to generate. Vectors have length 1 and share a common part, so that cosines between any two are
/// positive, as those of CLIP are.
struct SynthPairedConfig {
  SynthConfig motion;
  Index width = 512;      ///< values of a text and of a video vector
  Index video_width = 0;  ///< of a video vector where it has its own; 0: as text
  Index phrases = 6;      ///< ways in which an activity is put into words; narrations repeat them
  double phrase = 0.5;    ///< share of a text vector that the choice of words decides
  double scene = 0.7;     ///< share of a video vector that the user's surroundings decide
  double view = 0.5;      ///< share of a video vector that changes from window to window
  double common = 0.8;    ///< part that all vectors share
  double paired = 1;      ///< share of takes that have vectors

  SynthPairedConfig() {
    motion.rate = 50;
    motion.steps = 250;
    motion.oversampling = 2;
    motion.activities = 8;
  }
};

namespace detail {

/// Direction number `item` of one kind: standard normal values.
inline std::vector<double> synth_direction(std::uint64_t seed, std::uint32_t kind, std::uint64_t item,
                                           Index width) {
  Philox g(seed, kind, std::uint64_t{9} << 48 | item, Purpose::synth);
  std::vector<double> v(static_cast<std::size_t>(width));
  for (double& x : v) x = normal(g);
  return v;
}

/// Sum of weighted directions, of length 1.
class SynthVector {
 public:
  explicit SynthVector(Index width) : sum_(static_cast<std::size_t>(width)) {}
  SynthVector& add(double weight, const std::vector<double>& direction) {
    for (std::size_t i = 0; i < sum_.size(); ++i) sum_[i] += weight * direction[i];
    return *this;
  }
  void store(std::span<float> out) const {
    double square = 0;
    for (const double x : sum_) square += x * x;
    for (std::size_t i = 0; i < sum_.size(); ++i) out[i] = static_cast<float>(sum_[i] / std::sqrt(square));
  }

 private:
  std::vector<double> sum_;
};

/// Activity that most steps of window i have.
inline Index main_activity(const Labels& labels, Index i) {
  std::array<Index, 16> count{};
  for (Index t = 0; t < labels.steps; ++t)
    ++count[static_cast<std::size_t>(labels.at(i, t, static_cast<Index>(SynthLabel::activity)))];
  return std::max_element(count.begin(), count.end()) - count.begin();
}

}  // namespace detail

/// Windows of synthesise() with vectors, labels (activity), takes (recordings), users and starts. ConfigError
/// when a number is out of range.
inline PairedWindows synthesise_paired(const SynthPairedConfig& config) {
  const Index video_width = config.video_width > 0 ? config.video_width : config.width;
  if (std::min(config.width, video_width) < 2 || config.phrases < 1)
    fail<ConfigError>("synth: vectors of ", std::min(config.width, video_width), " values and ",
                      config.phrases, " phrases, expected at least 2 and 1");
  const SynthConfig& motion = config.motion;
  DataSet set = synthesise(motion);
  PairedWindows out;
  const Index n = set.windows.count, width = config.width;
  out.windows = std::move(set.windows);
  out.text_width = width, out.video_width = video_width;
  out.text.resize(static_cast<std::size_t>(n * width));
  out.video.resize(static_cast<std::size_t>(n * video_width));
  const auto direction = [&](std::uint32_t kind, Index item) {
    return detail::synth_direction(motion.seed, kind, static_cast<std::uint64_t>(item),
                                   kind < 4 ? width : video_width);
  };
  const std::vector<double> common = direction(0, 0);
  const std::vector<double> common_video =
      detail::synth_direction(motion.seed, 0, 0, video_width);  // the same where the widths are
  for (Index i = 0; i < n; ++i) {
    const Index activity = detail::main_activity(set.labels, i);
    const auto user = static_cast<Index>(set.labels.at(i, 0, static_cast<Index>(SynthLabel::user)));
    const Index take = i / motion.windows_per_recording;
    Philox g(motion.seed, 1, std::uint64_t{9} << 48 | static_cast<std::uint64_t>(i), Purpose::synth);
    const Index words = random_index(g, config.phrases);
    const auto row = [&](std::vector<float>& v, Index values) {
      return std::span<float>(v).subspan(static_cast<std::size_t>(i * values),
                                         static_cast<std::size_t>(values));
    };
    detail::SynthVector(width)
        .add(config.common, common)
        .add(1, direction(2, activity))
        .add(config.phrase, direction(3, activity * config.phrases + words))
        .store(row(out.text, width));
    detail::SynthVector(video_width)
        .add(config.common, common_video)
        .add(1, direction(4, activity))
        .add(config.scene, direction(5, user))
        .add(config.view, direction(6, i))
        .store(row(out.video, video_width));
    out.labels.push_back(activity);
    out.users.push_back(user);
    out.takes.push_back(take);
    const auto place = static_cast<double>(i % motion.windows_per_recording * motion.steps);
    out.starts.push_back(static_cast<Index>(std::llround(1000 * place / motion.rate)));
    out.texts.push_back(std::string(synth_activities[static_cast<std::size_t>(activity)]) + ", phrase " +
                        std::to_string(words + 1));
  }
  const std::vector<std::uint8_t> alone = draw_imu_only(out.takes, config.paired, motion.seed);
  for (Index i = 0; i < n; ++i) {
    const bool no_vectors = alone[static_cast<std::size_t>(i)] != 0;
    out.flags.push_back(no_vectors ? paired_imu_only | paired_no_text | paired_no_video : 0);
    if (!no_vectors) continue;
    std::fill_n(out.text.begin() + i * width, width, 0.0F);
    std::fill_n(out.video.begin() + i * width, width, 0.0F);
  }
  return out;
}

}  // namespace gyrograd::data
