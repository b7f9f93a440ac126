// SPDX-License-Identifier: MIT
// The encoder as the commands use it: sizes from a configuration, weights from any readable file.
#pragma once

#include <filesystem>
#include <functional>
#include <set>
#include <string>
#include <string_view>

#include "cli/arguments.hpp"
#include "cli/card.hpp"
#include "cli/cli.hpp"
#include "gyrograd/data/normalise.hpp"
#include "gyrograd/data/windows.hpp"
#include "gyrograd/io/configs.hpp"
#include "gyrograd/io/tensors.hpp"
#include "gyrograd/models/limu_bert.hpp"
#include "gyrograd/nn/state_dict.hpp"

namespace gyrograd::cli {

using Encoder = models::LimuBert<models::LimuBertConfig, float>;

inline OptionSpec block_option_spec(const std::string& otherwise = "what the weights say") {
  return {"block", "KIND",
          "published, residual (as BERT) or paper: three norms (default: " + otherwise + ')'};
}

/// --block as a word.
inline std::string read_block(const Arguments& arguments, const std::string& otherwise) {
  return arguments.has("block") ? arguments.choice("block", {"published", "residual", "paper"}) : otherwise;
}

inline models::LimuBertConfig encoder_sizes(const io::EncoderConfig& c, const std::string& block,
                                            const std::string& decoder = "published") {
  models::LimuBertConfig config;
  config.feature_num = c.feature_num;
  config.hidden = c.hidden;
  config.hidden_ff = c.hidden_ff;
  config.n_layers = c.n_layers;
  config.n_heads = c.n_heads;
  config.seq_len = c.seq_len;
  config.emb_norm = c.emb_norm;
  config.block = block == "residual" ? nn::BlockResidual::residual
                 : block == "paper"  ? nn::BlockResidual::paper
                                     : nn::BlockResidual::published;
  config.decoder = decoder == "paper" ? models::Decoder::paper : models::Decoder::published;
  return config;
}

inline Encoder make_encoder(const io::EncoderConfig& c, const std::string& block,
                            const std::string& decoder = "published") {
  return Encoder(encoder_sizes(c, block, decoder));
}

/// What weights say about themselves; other people's files say nothing and are as published.
inline std::string said(const io::TensorFile& file, const std::string& what) {
  return file.metadata_or("gyrograd." + what, "published");
}

/// The block of an encoder as the word of --block.
inline std::string block_word(const models::LimuBertConfig& config) {
  return config.block == nn::BlockResidual::residual ? "residual"
         : config.block == nn::BlockResidual::paper  ? "paper"
                                                     : "published";
}

/// The encoder that a file holds; --block overrules what the file says.
inline Encoder make_encoder(const Arguments& arguments, const io::EncoderConfig& c,
                            const io::TensorFile& file) {
  Encoder model = make_encoder(c, read_block(arguments, said(file, "block")), said(file, "decoder"));
  nn::load_parameters<float>(model, file);
  return model;
}

/// The encoder of a joint model from a pre-training file or from another joint model, whole; a classifier
/// where the file has one. IoError in one line where the file's encoder is another one.
template <class Joint>
void load_joint(Joint& model, const io::TensorFile& file) {
  std::set<std::string, std::less<>> known;
  std::string missing, extra;
  model.encoder().visit([&](std::string_view name, auto&) {
    known.emplace(name);
    if (file.find(name) == nullptr && missing.empty()) missing = message("lacks ", name);
  });
  for (const io::TensorEntry& entry : file.entries())
    if (entry.name.starts_with("transformer.") && !known.contains(entry.name) && extra.empty())
      extra = message("has ", io::in_quotes(entry.name), ", which the model lacks");
  if (!missing.empty() || !extra.empty())
    fail<IoError>(file.name(), ": the encoder ", missing.empty() ? extra : missing, "; expected ",
                  block_word(model.encoder_config()), " blocks, the file says ", said(file, "block"),
                  "; leave out --block, or give the encoder version that the file was written for");
  nn::load_matching<float>(model, file);
}

/// Sizes in one line, for reports and checkpoints.
inline std::string encoder_text(const io::EncoderConfig& c) {
  return message("F ", c.feature_num, " H ", c.hidden, " FF ", c.hidden_ff, " layers ", c.n_layers, " heads ",
                 c.n_heads, " T ", c.seq_len, c.emb_norm ? "" : " without emb_norm");
}

inline OptionSpec normalise_option_spec() {
  return {"normalise", "KIND", "published (default): acc / 9.8; x: LIMU-BERT-X; paper; none"};
}

/// --normalise as a word; empty `otherwise`: published.
inline std::string read_normalise(const Arguments& arguments, const std::string& otherwise = {}) {
  if (!arguments.has("normalise") && !otherwise.empty()) return otherwise;
  return arguments.choice("normalise", {"published", "x", "paper", "none"});
}

/// Scaling that the word means (LIMU-BERT sheet §5.10, §13.18).
inline data::Normalisation normalisation(const std::string& word) {
  return word == "none"    ? data::Normalisation::none
         : word == "x"     ? data::Normalisation::limu_x
         : word == "paper" ? data::Normalisation::paper
                           : data::Normalisation::limu;
}

/// The first feature_num channels, scaled. Errors name the data that do not fit the model. steps: of what the
/// encoder sees at once; 0: the whole window.
inline data::Windows normalised_for(const io::EncoderConfig& c, const data::Windows& windows,
                                    const fs::path& folder, const std::string& normalise = "published",
                                    Index steps = 0) {
  if (windows.channels < c.feature_num) {
    fail<IoError>(folder.string(), ": the windows have ", windows.channels, " channels, the model needs ",
                  c.feature_num, "; choose another MODEL version");
  }
  const Index seen = steps > 0 ? steps : windows.steps;
  if (seen > c.seq_len) {
    fail<IoError>(folder.string(), ": the windows have ", seen, " steps, the model takes at most ", c.seq_len,
                  "; choose another MODEL version");
  }
  return data::normalised(windows, c.feature_num, normalisation(normalise));
}

/// Writes weights with what is needed to use them: block, preprocessing, data they were trained on.
inline void save_encoder(const fs::path& file, Encoder& model, const io::EncoderConfig& c,
                         const std::string& dataset, const std::string& version, const Card& card,
                         const std::string& normalise = "published") {
  std::string channels;
  for (const std::string& name : card.channels) channels += (channels.empty() ? "" : ", ") + name;
  nn::save_parameters<float>(
      model, file,
      {{"format", "pt"},
       {"gyrograd.model", "limu_bert"},
       {"gyrograd.version", GYROGRAD_VERSION},
       {"gyrograd.config", encoder_text(c)},
       {"gyrograd.block", block_word(model.config())},
       {"gyrograd.decoder", model.config().decoder == models::Decoder::paper ? "paper" : "published"},
       {"gyrograd.data", dataset + " " + version},
       {"gyrograd.rate_hz", std::to_string(card.rate)},
       {"gyrograd.channels", channels},
       {"gyrograd.normalise", normalise},
       {"gyrograd.normalisation",
        normalise == "none" ? "as recorded" : "acc / 9.8 (m/s2 in), gyro as rad/s"}});
}

}  // namespace gyrograd::cli
