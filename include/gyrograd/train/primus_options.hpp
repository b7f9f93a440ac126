// SPDX-License-Identifier: MIT
// Settings of contrastive pre-training: the objective, its rivals by name, the published behaviour.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "gyrograd/core/config.hpp"
#include "gyrograd/core/error.hpp"
#include "gyrograd/core/suggest.hpp"
#include "gyrograd/data/tang_augment.hpp"
#include "gyrograd/losses/primus.hpp"
#include "gyrograd/train/contrastive.hpp"

namespace gyrograd::train {

/// Everything that decides the result besides encoder and data. Defaults: PRIMUS with the corrections of the
/// PRIMUS sheet §16, §17; published(): as released.
struct PrimusPretrainOptions {
  Index batch = 16;
  double lr = 2e-4;
  std::uint64_t seed = 3431;
  losses::PrimusWeights weights;
  losses::Modality search = losses::Modality::video;  ///< imu: by ssl features, for L_SS + L_NN
  Index queue = 8192;                                 ///< rows
  Index least_filled = 1;                             ///< rows before the NN terms begin
  losses::QueueRows queue_rows = losses::QueueRows::normalised;
  losses::QueueSearch queue_search = losses::QueueSearch::filled;
  losses::MaskedSamples masked = losses::MaskedSamples::excluded;
  losses::Direction direction = losses::Direction::both;
  losses::Reduction reduction = losses::Reduction::mean;
  bool mask_duplicates = false;  ///< samples with the same neighbour are no negatives of each other
  losses::TemperatureOptions temperature;
  double start_temperature = 0.1;
  data::TangOptions augmentation;
  Negatives negatives = Negatives::global;    ///< of several processes
  Index slots = Slots<float>::default_count;  ///< gradient slots, at least one for each process
  bool augment_both = false;                  ///< false: view 0 is the window itself

  bool uses_ss() const { return weights.alpha > 0; }
  bool uses_mm() const { return weights.beta > 0 || weights.gamma_mm > 0; }
  bool uses_queue() const { return weights.neighbours(); }

  /// What the released code does where it differs.
  void be_published() {
    queue_rows = losses::QueueRows::published;
    queue_search = losses::QueueSearch::published;
    masked = losses::MaskedSamples::published;
    temperature = losses::TemperatureOptions::published();
    augmentation = data::TangOptions::released();
  }
};

/// The methods of PRIMUS sheet §5.7 under their names on the command line.
inline constexpr std::array<std::string_view, 6> primus_methods{"primus", "mm",    "ss",
                                                                "ss+mm",  "mm+nn", "ss+nn"};

/// Weights and search of a method; imu2clip is mm. ConfigError names the nearest one; simclr, multitask and
/// standard have recipes of their own.
inline PrimusPretrainOptions primus_method(std::string_view name) {
  PrimusPretrainOptions o;
  if (name == "primus") return o;
  if (name == "mm" || name == "imu2clip") {
    o.weights = {0, 1, 0, 0};
  } else if (name == "ss") {  // SimCLR, across views
    o.weights = {1, 0, 0, 0};
  } else if (name == "ss+mm") {
    o.weights = {1, 1, 0, 0};
  } else if (name == "mm+nn") {
    o.weights = {0, 1, 1, 0};
  } else if (name == "ss+nn") {
    o.weights = {1, 0, 0, 1};
    o.search = losses::Modality::imu;
  } else {
    std::vector<std::string> names(primus_methods.begin(), primus_methods.end());
    names.insert(names.end(), {"imu2clip", "simclr", "multitask", "standard"});
    fail<ConfigError>(
        "method is '", name,
        "', expected primus, mm, ss, ss+mm, mm+nn, ss+nn, imu2clip, simclr, multitask or standard",
        did_you_mean(std::string(name), names));
  }
  return o;
}

}  // namespace gyrograd::train
