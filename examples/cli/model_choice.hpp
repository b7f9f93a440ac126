// SPDX-License-Identifier: MIT
// Which classifier a command trains: method, configuration, and the behaviours that change results.
#pragma once

#include <algorithm>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cli/settings.hpp"
#include "gyrograd/data/fft_features.hpp"
#include "gyrograd/models/classifier.hpp"
#include "gyrograd/train/report.hpp"

namespace gyrograd::cli {

/// What the model options say.
struct ModelChoice {
  std::string method, version;
  io::ClassifierConfig config;
  models::ClassifierVariants variants;
  data::FftFeatures fft = data::FftFeatures::published;

  std::string configuration() const { return method + '_' + version; }
};

inline std::vector<OptionSpec> model_option_specs(std::span<const std::string_view> methods) {
  std::string list;
  for (const std::string_view method : methods) list += (list.empty() ? "" : ", ") + std::string(method);
  return {{"method", "NAME", list + " (default " + std::string(methods.front()) + ")"},
          {"attention", "KIND", "attn: published (default): over the batch, or corrected: time"},
          {"logits", "KIND", "cnn1: published (default): ReLU on logits, or corrected: none"},
          {"fft", "KIND", "deepsense: published (default): 10 samples, or corrected: all"}};
}

/// Method and configuration, with the nearest word where there is none.
inline ModelChoice read_model_choice(std::string_view command, const Arguments& arguments,
                                     const RunOptions& run, std::span<const std::string_view> methods,
                                     const std::string& version) {
  ModelChoice choice;
  choice.method = arguments.text("method", methods.front());
  if (choice.method.starts_with("base_")) choice.method.erase(0, 5);  // as the published program calls it
  choice.version = version;
  if (std::find(methods.begin(), methods.end(), choice.method) == methods.end()) {
    std::string list;
    for (const std::string_view known : methods) list += (list.empty() ? "" : ", ") + std::string(known);
    fail<UsageError>(command, ": --method is '", choice.method, "', expected one of ", list,
                     did_you_mean(choice.method, methods));
  }
  choice.config = read_classifier_settings(command, run, choice.method, version);
  if (choice.config.seq_len < 1)
    fail<ConfigError>(command, ": ", choice.configuration(), ": seq_len is ", choice.config.seq_len,
                      ", expected at least 1");
  const auto corrected = [&](const char* option) {
    return arguments.choice(option, {"published", "corrected"}) == "corrected";
  };
  if (corrected("attention")) choice.variants.attention = models::AttentionAxis::corrected;
  if (corrected("logits")) choice.variants.logits = models::LogitActivation::corrected;
  if (corrected("fft")) choice.fft = data::FftFeatures::corrected;
  if (choice.method == "deepsense")
    choice.variants.feature_rows = data::fft_rows(choice.config.seq_len, choice.fft);
  return choice;
}

/// The configuration in the form of config/classifier.json: enough to build the model again.
inline train::Json classifier_config_json(const io::ClassifierConfig& c) {
  train::Json json = {
      {"seq_len", c.seq_len},       {"input", c.input},       {"num_rnn", c.num_rnn},
      {"num_layers", c.num_layers}, {"num_cnn", c.num_cnn},   {"flat_num", c.flat_num},
      {"num_attn", c.num_attn},     {"num_head", c.num_head}, {"atten_hidden", c.atten_hidden},
      {"num_linear", c.num_linear}, {"activ", c.activ},       {"dropout", c.dropout}};
  for (const io::InOut& io : c.rnn_io) json["rnn_io"].push_back({io.in, io.out});
  for (const io::InOut& io : c.linear_io) json["linear_io"].push_back({io.in, io.out});
  for (const io::ConvSize& s : c.conv_io) json["conv_io"].push_back({s.in, s.out, s.kernel, s.padding});
  const auto pair = [](const io::Pair& p) { return train::Json{p.first, p.second}; };
  if (c.pool.kernel.first > 0)
    json["pool"] = {pair(c.pool.kernel), pair(c.pool.stride), pair(c.pool.padding)};
  return json;
}

/// Behaviours that matter to the method, as named values.
inline std::vector<std::pair<std::string, std::string>> variant_values(const ModelChoice& c) {
  const auto word = [](bool published) { return published ? "published" : "corrected"; };
  if (c.method == "attn")
    return {{"--attention", word(c.variants.attention == models::AttentionAxis::published)}};
  if (c.method == "cnn1" || c.method == "cnn2")
    return {{"--logits", word(c.variants.logits == models::LogitActivation::published)}};
  if (c.method == "deepsense") return {{"--fft", word(c.fft == data::FftFeatures::published)}};
  return {};
}

/// Builds the model; errors say what of configuration and data does not fit.
inline models::AnyClassifier<float> make_model(std::string_view command, const ModelChoice& c, Index input,
                                               Index classes) {
  try {
    return models::make_classifier<float>(c.method, c.config, input, classes, c.variants);
  } catch (const ConfigError& error) {
    fail<ConfigError>(command, ": ", c.configuration(), " does not fit ", input, " channels and ", classes,
                      " classes: ", error.what());
  }
}

}  // namespace gyrograd::cli
