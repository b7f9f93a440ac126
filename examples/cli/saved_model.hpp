// SPDX-License-Identifier: MIT
// A saved model by its name: which kind it is, where its weights lie, and what they say about themselves.
#pragma once

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "cli/arguments.hpp"
#include "cli/model_choice.hpp"
#include "cli/settings.hpp"
#include "cli/workspace.hpp"
#include "gyrograd/io/json_strict.hpp"
#include "gyrograd/io/tensors.hpp"
#include "gyrograd/models/classifier.hpp"

namespace gyrograd::cli {

/// What the word MODEL means: base_v1 an encoder, gru_v2 a classifier, v1_v2 or base_gru_v1_v2 both in one.
struct ModelWord {
  enum class Kind { encoder, classifier, joint } kind = Kind::encoder;
  std::string text, method, encoder_version, version;
};

namespace detail {

inline bool is_method(const std::string& word) {
  return std::find(models::classifier_names.begin(), models::classifier_names.end(), word) !=
         models::classifier_names.end();
}

inline std::vector<std::string> parts_of(const std::string& word, char between) {
  std::vector<std::string> parts(1);
  for (const char c : word) {
    if (c == between)
      parts.emplace_back();
    else
      parts.back() += c;
  }
  return parts;
}

}  // namespace detail

/// UsageError with what was expected, and the nearest configuration.
inline ModelWord read_model_word(std::string_view command, const std::string& word) {
  using Kind = ModelWord::Kind;
  const std::vector<std::string> p = detail::parts_of(word, '_');
  const bool filled = std::none_of(p.begin(), p.end(), [](const std::string& s) { return s.empty(); });
  if (filled && p.size() == 2 && p[0] == "base") return {Kind::encoder, word, "", p[1], ""};
  if (filled && p.size() == 2 && detail::is_method(p[0])) return {Kind::classifier, word, p[0], "", p[1]};
  if (filled && p.size() == 2 && p[0].starts_with('v')) return {Kind::joint, word, "gru", p[0], p[1]};
  if (filled && p.size() == 4 && p[0] == "base" && detail::is_method(p[1]))
    return {Kind::joint, word, p[1], p[2], p[3]};
  std::vector<std::string> known;
  for (const auto& entry : io::encoder_configs) known.emplace_back(entry.first);
  for (const auto& entry : io::classifier_configs()) known.emplace_back(entry.first);
  fail<UsageError>(command, ": MODEL is '", word, "'", did_you_mean(word, known),
                   ", expected an encoder (base_v1), a classifier (gru_v2), or both in one (v1_v2, "
                   "base_lstm_v1_v1)");
}

/// Folders below saved/ in which a model of this kind may lie.
inline std::vector<std::string> model_targets(const ModelWord& m) {
  switch (m.kind) {
    case ModelWord::Kind::encoder:
      return {"pretrain_base"};
    case ModelWord::Kind::joint:
      return {"bert_classifier_base_" + m.method};
    case ModelWord::Kind::classifier:
      break;
  }
  if (m.method == "tpn") return {"bench_tpn_classifier"};
  return {"classifier_base_" + m.method, "bench_" + m.method};
}

/// Weights that -f names: a path, or a name in one of the folders of this kind of model.
inline fs::path find_model(std::string_view command, const Workspace& at, const ModelWord& m,
                           const std::string& dataset, const std::string& version, const std::string& name) {
  std::vector<fs::path> found;
  const std::vector<std::string> targets = model_targets(m);
  const bool path =
      name.find('/') != std::string::npos || name.ends_with(".pt") || name.ends_with(".safetensors");
  for (const std::string& target : targets) {
    for (const char* suffix : {".safetensors", ".pt"}) {
      const fs::path file = at.saved(target, dataset, version) / (name + suffix);
      if (path || !fs::is_regular_file(file)) continue;
      found.push_back(file);
      break;
    }
  }
  if (found.size() > 1)
    fail<UsageError>(command, ": -f ", name, " may be ", found[0].string(), " or ", found[1].string(),
                     "; give the path");
  if (!found.empty()) return found[0];
  fs::path folder = at.saved(targets.front(), dataset, version);
  for (const std::string& target : targets)  // the first folder that exists gives the better message
    if (!fs::is_directory(folder)) folder = at.saved(target, dataset, version);
  return find_weights(command, folder, name);
}

/// Refuses weights that say that they are of another model or data set kind.
inline void check_model_word(const io::TensorFile& file, const ModelWord& m) {
  const std::string configuration = file.metadata_or("gyrograd.configuration", "");
  const std::string encoder = file.metadata_or("gyrograd.encoder", "");
  const std::string model = file.metadata_or("gyrograd.model", "");
  std::string wanted = m.kind == ModelWord::Kind::encoder ? "" : m.method + '_' + m.version;
  std::string there = configuration;
  if (m.kind == ModelWord::Kind::joint) {
    wanted = "base_" + m.encoder_version + " with " + wanted;
    there = model == "joint" ? encoder + " with " + configuration : configuration;
  } else if (m.kind == ModelWord::Kind::classifier && model == "joint") {
    there = encoder + " with " + configuration;
  }
  if (m.kind == ModelWord::Kind::encoder && !model.empty() && model != "limu_bert")
    fail<IoError>(file.name(), ": holds ", there.empty() ? model : there, ", MODEL is the encoder ", m.text);
  if (m.kind != ModelWord::Kind::encoder && model == "limu_bert")
    fail<IoError>(file.name(), ": holds a LIMU-BERT encoder, MODEL is ", wanted, "; give MODEL base_VERSION");
  if (!there.empty() && !wanted.empty() && there != wanted)
    fail<IoError>(file.name(), ": holds ", there, ", MODEL is ", wanted,
                  "; give the MODEL that it was trained as");
}

/// Classifier configuration that the weights carry, else that of the files or tables.
inline ModelChoice saved_choice(std::string_view command, const Arguments& arguments, const RunOptions& run,
                                const ModelWord& m, const io::TensorFile& file) {
  ModelChoice choice;
  choice.method = m.method;
  choice.version = m.version;
  const std::string own = file.metadata_or("gyrograd.config", "");
  choice.config = own.starts_with('{')
                      ? io::classifier_config_from(io::parse_json(own, file.name()), file.name())
                      : read_classifier_settings(command, run, m.method, m.version);
  const auto corrected = [&](const char* option) {
    const std::string key = std::string("gyrograd.") + option;
    if (arguments.has(option)) return arguments.choice(option, {"published", "corrected"}) == "corrected";
    return file.metadata_or(key, "published") == "corrected";
  };
  if (corrected("attention")) choice.variants.attention = models::AttentionAxis::corrected;
  if (corrected("logits")) choice.variants.logits = models::LogitActivation::corrected;
  if (corrected("tpn")) choice.variants.tpn = models::TpnBehaviour::corrected;
  if (corrected("fft")) choice.fft = data::FftFeatures::corrected;
  if (choice.method == "deepsense")
    choice.variants.feature_rows = data::fft_rows(choice.config.seq_len, choice.fft);
  return choice;
}

}  // namespace gyrograd::cli
