// SPDX-License-Identifier: MIT
// Supervised training as the commands classifier, classifier_bert and benchmark share it.
#pragma once

#include <span>
#include <string_view>

#include "cli/cli.hpp"

namespace gyrograd::cli {

/// What a recognition command reads.
enum class RecognitionInput {
  embeddings,  ///< pieces of stored encoder outputs
  windows,     ///< pieces of the recordings
  encoder,     ///< the same, through an encoder that may be trained along
};

/// How the three commands differ.
struct RecognitionCommand {
  std::string_view name;
  std::string_view purpose;
  std::string_view model_help;  ///< of the word MODEL
  std::string_view target;      ///< folder below saved/ in front of the method
  std::string_view settings;    ///< file of config/ that -t replaces
  RecognitionInput input;
  std::span<const std::string_view> methods;  ///< the first is the default
  bool all_labels = false;  ///< without options: every label counts, as LIMU-BERT-X has it, not 1 %
};

/// Runs one of them.
int run_recognition(const RecognitionCommand& command, int argc, char** argv);

}  // namespace gyrograd::cli
