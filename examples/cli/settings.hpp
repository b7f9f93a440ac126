// SPDX-License-Identifier: MIT
// Settings of training commands: built-in values, then JSON files, then options of the command line.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cli/arguments.hpp"
#include "cli/card.hpp"
#include "cli/run_options.hpp"
#include "cli/splits.hpp"
#include "gyrograd/io/config_json.hpp"
#include "gyrograd/io/configs.hpp"

namespace gyrograd::cli {

/// Options of the commands that train.
inline std::vector<OptionSpec> training_option_specs() {
  std::vector<OptionSpec> specs = {
      {"epochs", "N", "number of epochs"},
      {"batch", "N", "windows or pieces per step"},
      {"lr", "R", "learning rate"},
      {"patience", "N", "stop after N epochs without a better one (default 0: never)"},
      {"save-every", "SECONDS", "time between checkpoints (default 30; 0: every step)"},
  };
  for (OptionSpec& more : split_option_specs()) specs.push_back(std::move(more));
  return specs;
}

/// Number of windows or pieces per step, epochs, most steps (0: any number), learning rate, seed, split.
struct TrainSettings {
  Index epochs = 0;
  std::int64_t total_steps = 0;
  Index batch = 0;
  double lr = 0;
  std::uint32_t seed = 0;
  SplitChoice split;
  Index patience = 0;
  double save_every = 30;
};

/// `file`: config/<file> under the root is read when it is there and -t is not given.
inline TrainSettings read_train_settings(const Arguments& arguments, const RunOptions& run,
                                         io::TrainConfig config, const std::string& file) {
  const fs::path usual = run.at.config(file);
  if (arguments.has("train_cfg")) {
    config = io::read_train_config(arguments.text("train_cfg"));
  } else if (fs::exists(usual)) {
    config = io::read_train_config(usual);
  }
  TrainSettings s;
  s.epochs = arguments.integer("epochs", config.n_epochs, 0, 10000000);
  s.total_steps = config.total_steps;
  s.batch = arguments.integer("batch", config.batch_size, 1, 1000000);
  s.lr = arguments.real("lr", config.lr, 0, 1000);
  s.seed = arguments.has("seed") ? run.seed : static_cast<std::uint32_t>(config.seed);
  s.split = read_split(arguments);
  s.patience = arguments.integer("patience", 0, 0, 10000000);
  s.save_every = arguments.has("save-every") && arguments.text("save-every") == "0"
                     ? 0
                     : arguments.real("save-every", 30, 0, 1e6);
  if (config.seed > 4294967295U)
    fail<ConfigError>(usual.string(), ": seed is ", config.seed, ", expected below 2^32");
  return s;
}

/// `epochs`, or the whole epochs of `batches` steps that total_steps of the training file leaves, said in a
/// note. The published trainer returns in mid-epoch then, without its best weights (sheet §6.3).
inline Index epochs_within(const RunOptions& run, std::string_view command, const TrainSettings& settings,
                           Index epochs, Index batches) {
  const Index most = static_cast<Index>(settings.total_steps) / std::max<Index>(batches, 1);
  if (settings.total_steps == 0 || most >= epochs) return epochs;
  if (most == 0)
    fail<ConfigError>(command, ": total_steps of the training file is ", settings.total_steps,
                      ", expected at least the ", batches, " steps of one epoch, or 0 for no limit");
  note(run, command, ": total_steps ", settings.total_steps, " of the training file ends the run after ",
       most, " of ", epochs, " epochs");
  return most;
}

inline io::MaskConfig read_mask_settings(const Arguments& arguments, const RunOptions& run) {
  const fs::path usual = run.at.config("mask.json");
  if (arguments.has("mask_cfg")) return io::read_mask_config(arguments.text("mask_cfg"));
  return fs::exists(usual) ? io::read_mask_config(usual) : io::published_mask;
}

/// Encoder configuration base_<version>, from config/limu_bert.json under the root or the published table.
inline io::EncoderConfig read_encoder_settings(std::string_view command, const RunOptions& run,
                                               const std::string& version) {
  const fs::path usual = run.at.config("limu_bert.json");
  if (fs::exists(usual)) return io::read_encoder_config(usual, "base_" + version);
  try {
    return io::encoder_config("base_" + version);
  } catch (const ConfigError& error) {
    fail<UsageError>(command, ": MODEL is ", version, ": ", error.what());
  }
}

/// Versions of a method among the built-in classifiers: "v1", "v2", ...
inline std::vector<std::string> classifier_versions(const std::string& method) {
  std::vector<std::string> versions;
  for (const auto& [name, config] : io::classifier_configs()) {
    if (name.starts_with(method + '_')) versions.emplace_back(name.substr(method.size() + 1));
  }
  return versions;
}

/// Classifier configuration <method>_<version>, likewise.
inline io::ClassifierConfig read_classifier_settings(std::string_view command, const RunOptions& run,
                                                     const std::string& method, const std::string& version) {
  const fs::path usual = run.at.config("classifier.json");
  const std::string name = method + '_' + version;
  if (fs::exists(usual)) return io::read_classifier_config(usual, name);
  const std::vector<std::string> versions = classifier_versions(method);
  if (std::find(versions.begin(), versions.end(), version) != versions.end())
    return io::classifier_config(name);
  std::string list;
  for (const std::string& known : versions) list += (list.empty() ? "" : " ") + known;
  fail<UsageError>(command, ": MODEL is ", version, ", but ", method, " has only ", list,
                   did_you_mean(version, versions));
}

}  // namespace gyrograd::cli
