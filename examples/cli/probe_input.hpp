// SPDX-License-Identifier: MIT
// What the commands that judge embeddings read: features by name, labels, users, takes, text vectors, and the
// parts.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "cli/arguments.hpp"
#include "gyrograd/data/features.hpp"
#include "gyrograd/data/split.hpp"
#include "gyrograd/data/windows.hpp"
#include "gyrograd/train/feature_blocks.hpp"

namespace gyrograd::cli {

namespace fs = std::filesystem;

/// Features of one encoder for every window: those that train and, behind them, those of a separate test set.
struct NamedFeatures {
  std::string name;
  std::string file;
  data::Features features;

  train::FeatureRows<float> rows() const { return {features.values, features.width}; }
  /// The name up to '@': encoders that differ by their seed only are runs of one method.
  std::string method() const { return name.substr(0, name.find('@')); }
};

/// Everything that a probe needs, checked against each other.
struct ProbeInput {
  std::vector<NamedFeatures> features;
  std::vector<Index> labels;  ///< 0 .. classes - 1
  Index classes = 0;
  std::vector<std::string> class_names;
  std::vector<Index> users, takes;    ///< empty: not known
  data::Split split;                  ///< only windows with a label
  std::string split_text;             ///< how the parts were made
  std::vector<std::string> warnings;  ///< to be stated in every report
  data::Features prompts;             ///< count 0: none
  std::vector<Index> prompt_labels;
  data::Windows windows;  ///< for standard training; count 0: none

  Index count() const { return static_cast<Index>(labels.size()); }
};

/// Splits "a,b,c". UsageError when a part is empty.
std::vector<std::string> comma_list(const std::string& command, const std::string& option,
                                    const std::string& text);

/// The options that read_probe_input() understands.
std::vector<OptionSpec> probe_input_specs();

/// Reads and checks what the command line names. EMBEDDINGS is word 0, LABELS word 1.
ProbeInput read_probe_input(const std::string& command, const Arguments& arguments);

}  // namespace gyrograd::cli
