// SPDX-License-Identifier: MIT
// PRIMUS encoders from files: Lightning checkpoints of the published program, state dicts, safetensors.
#pragma once

#include <array>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gyrograd/core/error.hpp"
#include "gyrograd/io/tensors.hpp"
#include "gyrograd/models/primus_encoder.hpp"
#include "gyrograd/nn/state_dict.hpp"

namespace gyrograd::models {

/// What a checkpoint says besides the encoder's weights.
struct PrimusFileFacts {
  std::optional<double> tau_mm, tau_ss;  ///< temperatures, where the file has them
  std::string epoch, global_step;        ///< of a Lightning checkpoint, else empty
};

namespace detail {

/// Starts of the encoder's names: checkpoint, state dict of the whole model, the encoder alone.
inline constexpr std::array<std::string_view, 3> primus_prefixes{"state_dict.imu_encoder.", "imu_encoder.",
                                                                 ""};
inline constexpr std::array<std::string_view, 4> primus_layers{"backbone.", "net.", "ssl_head.",
                                                               "mmcl_head."};

/// Text and video encoders and the state of the optimiser are not even touched: 0.6 of 0.62 GB.
inline std::vector<std::string> primus_wanted() {
  std::vector<std::string> names;
  for (const std::string_view prefix : primus_prefixes)
    for (const std::string_view layer : primus_layers)
      names.push_back(std::string(prefix) + std::string(layer));
  for (const std::string start : {"", "state_dict."})
    for (const char* loss : {"mmcl_loss.", "ssl_loss."}) names.push_back(start + loss);
  return names;
}

/// The encoder's tensors under their own names. Throws IoError when there are none.
inline io::TensorFile primus_encoder_part(const io::TensorFile& file) {
  for (const std::string_view prefix : primus_prefixes)
    for (const io::TensorEntry& entry : file.entries())
      for (const std::string_view layer : primus_layers)
        if (entry.name.starts_with(std::string(prefix) + std::string(layer))) {
          if (!prefix.empty()) return file.part(prefix);
          return file;
        }
  fail<IoError>(file.name(),
                ": no tensor imu_encoder.backbone..., expected the weights of a PRIMUS or IMU2CLIP ",
                "encoder; give a checkpoint or a state dict of one");
}

inline std::optional<double> temperature_of(const io::TensorFile& file, const std::string& loss) {
  for (const std::string start : {"state_dict.", ""}) {
    const io::TensorEntry* entry = file.find(start + loss + ".temperature");
    if (entry == nullptr) continue;
    const auto values = io::values_of<double>(*entry, file.name());
    if (values.size() != 1 || !(values[0] > 0 && values[0] < 1))
      fail<IoError>(file.name(), ": ", entry->name, " is ", values.empty() ? 0.0 : values[0],
                    ", expected one temperature between 0 and 1; is this a checkpoint of PRIMUS?");
    return values[0];
  }
  return std::nullopt;
}

}  // namespace detail

/// Tensors of a file that belong to a PRIMUS training model; the rest of a checkpoint is skipped unread.
inline io::TensorFile read_primus_file(const std::filesystem::path& path) {
  auto file = io::FileBytes::open(path);
  const io::TensorFormat format = io::sniff_format(file->bytes());
  if (format == io::TensorFormat::pytorch_zip || format == io::TensorFormat::pytorch_legacy)
    return io::read_pt(file, {true, detail::primus_wanted()});
  return io::read_tensors(std::move(file));
}

/// Copies the encoder's weights from `path`: a Lightning checkpoint (names state_dict.imu_encoder....), a
/// state dict of the training model (imu_encoder....) or of the encoder alone, in .ckpt, .pt or .safetensors.
/// Nothing is changed when anything is wrong. Throws IoError in one line: damaged file, another model,
/// missing or wrongly shaped tensors, values or temperatures that cannot be.
template <Scalar Real>
PrimusFileFacts load_primus(PrimusEncoder<Real>& model, const std::filesystem::path& path) {
  const io::TensorFile file = read_primus_file(path);
  const io::TensorFile weights = detail::primus_encoder_part(file);
  const PrimusFileFacts facts{detail::temperature_of(file, "mmcl_loss"),
                              detail::temperature_of(file, "ssl_loss"), file.metadata_or("epoch", ""),
                              file.metadata_or("global_step", "")};
  nn::load_parameters<Real>(model, weights);
  return facts;
}

}  // namespace gyrograd::models
