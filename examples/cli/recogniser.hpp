// SPDX-License-Identifier: MIT
// The GRU classifier with its sizes from a configuration, as the demonstration uses it.
#pragma once

#include "cli/labelled_parts.hpp"
#include "gyrograd/io/configs.hpp"
#include "gyrograd/models/gru_classifier.hpp"

namespace gyrograd::cli {

using Recogniser = models::GruClassifier<models::GruClassifierConfig, float>;

inline Recogniser make_recogniser(const io::ClassifierConfig& c, Index input, Index classes) {
  models::GruClassifierConfig config;
  config.input = input;
  config.classes = classes;
  config.seq_len = c.seq_len;
  config.activ = c.activ;
  config.dropout = c.dropout;
  config.modules.clear();
  for (std::size_t i = 0; i < c.rnn_io.size(); ++i)
    config.modules.push_back({c.rnn_io[i].out, c.num_layers[i]});
  config.dense.clear();
  for (std::size_t i = 0; i + 1 < c.linear_io.size(); ++i) config.dense.push_back(c.linear_io[i].out);
  return Recogniser(config);
}

}  // namespace gyrograd::cli
