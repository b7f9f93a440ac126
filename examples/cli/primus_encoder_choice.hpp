// SPDX-License-Identifier: MIT
// The IMU encoder that `gyrograd primus pretrain` trains: its kind, its width, its first weights.
#pragma once

#include <algorithm>
#include <string>

#include "cli/arguments.hpp"
#include "cli/primus_settings.hpp"
#include "cli/run_options.hpp"
#include "gyrograd/data/paired.hpp"
#include "gyrograd/io/tensors.hpp"
#include "gyrograd/models/primus_encoder.hpp"
#include "gyrograd/nn/state_dict.hpp"

namespace gyrograd::cli {

using ImuEncoder = models::PrimusEncoder<float>;

/// Values of an embedding: --width; else those of the vectors that it is compared with, when all have as
/// many; else 512.
inline Index choose_width(const Arguments& a, const data::PairedWindows& w, bool compares_vectors) {
  if (a.has("width")) return a.integer("width", 512, 2, 65536);
  const Index text = w.text_width, video = w.video_width, most = std::max(text, video);
  const bool agree = text == 0 || video == 0 || text == video;
  return compares_vectors && most > 0 && agree ? most : models::PrimusConfig::published().width;
}

inline ImuEncoder make_imu_encoder(const std::string& kind, const data::PairedWindows& w, Index width) {
  models::PrimusConfig config = kind == "multi"    ? models::PrimusConfig::published()
                                : kind == "single" ? models::PrimusConfig::single()
                                                   : models::PrimusConfig::imu2clip();
  config.width = width;
  const char* command = primus_pretrain_command;
  const Index steps = w.windows.steps;
  if (w.windows.channels != models::PrimusConfig::channels)
    fail<IoError>(command, ": the windows have ", w.windows.channels, " channels, the encoder takes ",
                  models::PrimusConfig::channels, ": accelerometer and gyroscope");
  if (steps < config.shortest() || (config.longest() > 0 && steps > config.longest()))
    fail<IoError>(command, ": the windows have ", steps, " samples, the encoder takes ", config.shortest(),
                  config.longest() > 0 ? message(" to ", config.longest()) : " or more",
                  "; prepare longer windows (5 s at 50 Hz are 250)");
  return ImuEncoder(config);
}

/// Weights of an encoder: our files, and checkpoints of the published training, whose names have a prefix.
inline void load_imu_encoder(ImuEncoder& encoder, const fs::path& path) {
  const io::TensorFile file = io::read_tensors(path);
  for (const char* prefix : {"imu_encoder.", "state_dict.imu_encoder."}) {
    const io::TensorFile part = file.part(prefix);
    if (!part.entries().empty()) return nn::load_parameters<float>(encoder, part);
  }
  nn::load_parameters<float>(encoder, file);
}

/// The encoder with the weights of --model_file or of the seed; says which in `start`.
inline ImuEncoder starting_encoder(const Arguments& a, const RunOptions& run, const fs::path& saved,
                                   const std::string& kind, const data::PairedWindows& w, Index width,
                                   std::string& start) {
  ImuEncoder encoder = make_imu_encoder(kind, w, width);
  encoder.initialise(run.seed);
  start = "seed";
  if (!a.has("model_file")) return encoder;
  load_imu_encoder(encoder, find_weights(primus_pretrain_command, saved, a.text("model_file")));
  start = fingerprint(
      std::span<const float>(encoder.store().data(), static_cast<std::size_t>(encoder.store().size())));
  return encoder;
}

/// What is written beside the weights of an encoder.
inline io::Metadata imu_encoder_facts(const ImuEncoder& encoder, const std::string& kind,
                                      const std::string& method, const std::string& set, double rate) {
  return {{"format", "pt"},
          {"gyrograd.model", "primus"},
          {"gyrograd.version", GYROGRAD_VERSION},
          {"gyrograd.encoder", kind},
          {"gyrograd.width", std::to_string(encoder.config().width)},
          {"gyrograd.method", method},
          {"gyrograd.data", set},
          {"gyrograd.rate_hz", std::to_string(rate)},
          {"gyrograd.normalisation", "none: acc m/s2, gyro rad/s"}};
}

}  // namespace gyrograd::cli
