// SPDX-License-Identifier: MIT
// The GRU classifier as the commands use it, and the labelled parts it learns from.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "cli/cli.hpp"
#include "cli/workspace.hpp"
#include "gyrograd/data/pieces.hpp"
#include "gyrograd/data/split.hpp"
#include "gyrograd/data/subset.hpp"
#include "gyrograd/data/windows.hpp"
#include "gyrograd/io/configs.hpp"
#include "gyrograd/models/gru_classifier.hpp"
#include "gyrograd/nn/state_dict.hpp"

namespace gyrograd::cli {

using Recogniser = models::GruClassifier<models::GruClassifierConfig, float>;

inline Recogniser make_recogniser(const io::ClassifierConfig& c, Index input, Index classes) {
  models::GruClassifierConfig config;
  config.input = input;
  config.classes = classes;
  config.seq_len = c.seq_len;
  config.activ = c.activ;
  config.dropout = c.dropout;
  if (c.rnn_io.empty() || c.num_layers.size() != c.rnn_io.size() || c.linear_io.empty()) {
    fail<ConfigError>("classifier configuration: rnn_io has ", c.rnn_io.size(), " and num_layers ",
                      c.num_layers.size(), " entries, linear_io ", c.linear_io.size(),
                      "; expected as many modules as layer counts, and a dense layer");
  }
  config.modules.clear();
  for (std::size_t i = 0; i < c.rnn_io.size(); ++i)
    config.modules.push_back({c.rnn_io[i].out, c.num_layers[i]});
  config.dense.clear();
  for (std::size_t i = 0; i + 1 < c.linear_io.size(); ++i) config.dense.push_back(c.linear_io[i].out);
  return Recogniser(config);
}

/// Sizes in one line, for reports and checkpoints.
inline std::string recogniser_text(const io::ClassifierConfig& c) {
  std::string text = message("gru steps ", c.seq_len);
  for (std::size_t i = 0; i < c.rnn_io.size() && i < c.num_layers.size(); ++i) {
    text += message(" ", c.num_layers[i], "x", c.rnn_io[i].out);
  }
  return text + (c.activ ? " activ" : "") + (c.dropout ? " dropout" : "");
}

/// Pieces of the parts with their labels, and the few that training may use.
struct LabelledParts {
  Index classes = 0;
  data::PieceSet train, validation, test;
  data::Subset labelled;
};

/// Cuts windows into pieces of `steps` and draws the labelled subset (LIMU-BERT sheet §5.13, §5.14).
inline LabelledParts make_parts(const data::Labels& labels, Index column, const data::Split& split,
                                Index steps, double rate, bool balanced, std::uint32_t seed) {
  LabelledParts parts;
  const std::vector<Index> step_labels = data::label_column(labels, column);
  parts.classes = 1 + *std::max_element(step_labels.begin(), step_labels.end());
  const auto cut = [&](const std::vector<Index>& windows) {
    return data::label_pieces(step_labels, labels.steps, windows, steps, data::PieceLabel::all);
  };
  parts.train = cut(split.train);
  parts.validation = cut(split.validation);
  parts.test = cut(split.test);
  parts.labelled = balanced ? data::balanced_subset(parts.train, rate, seed, data::LabelShift::corrected)
                            : data::unbalanced_subset(parts.train, rate, seed, data::LabelShift::corrected);
  return parts;
}

/// Writes weights with the class names and the embeddings they were trained on.
inline void save_recogniser(const fs::path& file, Recogniser& model, const io::ClassifierConfig& c,
                            const std::vector<std::string>& names, const std::string& dataset,
                            const std::string& version, const std::string& source) {
  std::string classes;
  for (const std::string& name : names) classes += (classes.empty() ? "" : ", ") + name;
  nn::save_parameters<float>(model, file,
                             {{"format", "pt"},
                              {"gyrograd.model", "gru_classifier"},
                              {"gyrograd.version", GYROGRAD_VERSION},
                              {"gyrograd.config", recogniser_text(c)},
                              {"gyrograd.data", dataset + " " + version},
                              {"gyrograd.embeddings", source},
                              {"gyrograd.classes", classes}});
}

}  // namespace gyrograd::cli
