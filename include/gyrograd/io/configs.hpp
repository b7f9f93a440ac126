// SPDX-License-Identifier: MIT
// Plain structs for the published configuration files, and the tables of all named configurations.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gyrograd/core/error.hpp"
#include "gyrograd/core/suggest.hpp"
#include "gyrograd/io/text.hpp"

namespace gyrograd::io {

/// An entry of config/limu_bert.json (LIMU-BERT sheet §2.1); defaults as published.
struct EncoderConfig {
  int hidden = 0;        ///< width H
  int hidden_ff = 0;     ///< feed-forward width
  int feature_num = 0;   ///< channels F: the first F of the data are used
  int n_layers = 0;      ///< how often the shared block is applied
  int n_heads = 0;       ///< must divide hidden
  int seq_len = 0;       ///< rows of the position table: longest window
  bool emb_norm = true;  ///< layer norm also before the positions are added
  bool operator==(const EncoderConfig&) const = default;
};

/// [in, out] of a recurrent module or dense layer.
struct InOut {
  int in = 0, out = 0;
  bool operator==(const InOut&) const = default;
};
/// [in, out, kernel, padding] of a convolution.
struct ConvSize {
  int in = 0, out = 0, kernel = 0, padding = 0;
  bool operator==(const ConvSize&) const = default;
};
/// A number of config files that may be given as one integer or as a pair (height, width).
struct Pair {
  int first = 0, second = 0;
  bool operator==(const Pair&) const = default;
};
/// [kernel, stride, padding] of the max-pool; all zero: none.
struct PoolSize {
  Pair kernel, stride, padding;
  bool operator==(const PoolSize&) const = default;
};

/// An entry of config/classifier.json (LIMU-BERT sheet §2.2); defaults as published.
struct ClassifierConfig {
  int seq_len = 0;              ///< classifier window in steps, the value of merge
  int input = 0;                ///< channels for runs on raw data
  int num_rnn = 0;              ///< stacked recurrent modules
  std::vector<int> num_layers;  ///< inner layers of each module
  std::vector<InOut> rnn_io;    ///< widths; the first `in` gives way to the actual input width
  int num_cnn = 0;
  std::vector<ConvSize> conv_io;  ///< the first `in` is ignored
  PoolSize pool;
  int flat_num = 0;  ///< flattened width (DCNN: multiplier)
  int num_attn = 0;  ///< never read
  int num_head = 0;
  int atten_hidden = 0;
  int num_linear = 0;
  std::vector<InOut> linear_io;  ///< the last `out` gives way to the number of classes
  bool activ = false;            ///< ReLU after every step, the logits included
  bool dropout = false;          ///< one dropout of 0.5 before the dense part
  bool operator==(const ClassifierConfig&) const = default;
};

/// pretrain.json, train.json, bert_classifier_train.json (LIMU-BERT sheet §2.3); defaults as published.
struct TrainConfig {
  std::uint64_t seed = 0;
  int batch_size = 0;
  double lr = 0;
  int n_epochs = 0;
  double warmup = 0;  ///< never read
  std::int64_t save_steps = 0;
  std::int64_t total_steps = 0;  ///< hard stop in steps; 0: none
  double lambda1 = 0;            ///< never read
  double lambda2 = 0;            ///< weight decay, of TPN pre-training only
  bool operator==(const TrainConfig&) const = default;
};

/// mask.json (LIMU-BERT sheet §2.4); defaults as published.
struct MaskConfig {
  double mask_ratio = 0;      ///< share of the steps that the loss covers
  double mask_alpha = 0;      ///< never read
  int max_gram = 0;           ///< longest span in steps
  double mask_prob = 1.0;     ///< probability that a window is masked at all
  double replace_prob = 0.0;  ///< probability of noise instead of zeros
  bool operator==(const MaskConfig&) const = default;
};

/// An entry of dataset/data_config.json (LIMU-BERT sheet §2.5, §5.2); defaults as published.
struct DataConfig {
  /// One column of the label array; index -1: absent.
  struct Label {
    int index = -1;
    int size = 0;
    std::vector<std::string> names;
    bool operator==(const Label&) const = default;
  };
  int sr = 0;             ///< sampling rate in Hz
  int seq_len = 0;        ///< window in steps
  int dimension = 0;      ///< channels stored
  std::int64_t size = 0;  ///< number of windows
  Label activity, user, position, model;
  bool operator==(const DataConfig&) const = default;
};

template <class Config>
using NamedConfig = std::pair<std::string_view, Config>;

/// Settings of the published files.
inline constexpr TrainConfig published_pretrain{3431, 128, 1e-3, 3200, 0.1, 1000, 200'000'000, 0, 0};
inline constexpr TrainConfig published_train{3431, 128, 1e-3, 700, 0.1, 100, 500'000'000, 0.0, 0.005};
inline constexpr TrainConfig published_train_tpn{3431, 128, 3e-4, 700, 0.1, 100, 500'000'000, 0.0, 1e-4};
inline constexpr MaskConfig published_mask{0.15, 6, 10, 0.8, 0.0};

/// Every named encoder: v1 and v2 of the public release, the others of LIMU-BERT-X (LIMU-BERT sheet §2.1).
///                                                             H    FF  F  layers heads T
inline constexpr std::array<NamedConfig<EncoderConfig>, 12> encoder_configs{
    {{"base_v1", {72, 144, 6, 4, 4, 120}},
     {"base_v2", {72, 144, 9, 4, 4, 120}},
     {"base_v3", {72, 144, 9, 4, 4, 150}},
     {"base_v4", {72, 144, 6, 4, 4, 20}},
     {"base_v5", {72, 144, 3, 4, 4, 20}},
     {"base_v6", {36, 72, 6, 3, 4, 20}},
     {"base_v7", {288, 576, 6, 6, 4, 20}},
     {"base_v8", {48, 96, 6, 4, 4, 20}},
     {"base_v9", {48, 144, 6, 4, 4, 20}},
     {"base_v10", {72, 144, 6, 6, 8, 20}},
     {"base_v11", {108, 216, 6, 4, 4, 20}},
     {"base_zjs", {72, 144, 6, 4, 4, 100}}}};

namespace detail {

/// Two recurrent modules with 2 and 1 inner layers and one dense layer: the GRU and LSTM classifiers.
inline ClassifierConfig recurrent_config(int seq_len, int input, int middle, int last, bool dropout) {
  ClassifierConfig c;
  c.seq_len = seq_len;
  c.input = input;
  c.num_rnn = 2;
  c.num_layers = {2, 1};
  c.rnn_io = {{input, middle}, {middle, last}};
  c.num_linear = 1;
  c.linear_io = {{last, 3}};
  c.dropout = dropout;
  return c;
}

inline ClassifierConfig convolution_config(std::vector<ConvSize> conv, PoolSize pool, int flat, bool activ) {
  ClassifierConfig c;
  c.seq_len = 20;
  c.input = 6;
  c.num_cnn = 3;
  c.conv_io = std::move(conv);
  c.pool = pool;
  c.flat_num = flat;
  c.num_linear = 2;
  c.linear_io = {{0, 12}, {12, 0}};
  c.activ = activ;
  c.dropout = true;
  return c;
}

inline ClassifierConfig attention_config() {
  ClassifierConfig c;
  c.seq_len = 20;
  c.input = 6;
  c.num_attn = 1;
  c.num_head = 4;
  c.atten_hidden = 36;
  c.num_linear = 1;
  c.linear_io = {{720, 3}};
  c.dropout = true;
  return c;
}

inline ClassifierConfig plain_config(int seq_len, int flat) {
  ClassifierConfig c;
  c.seq_len = seq_len;
  c.input = 6;
  c.flat_num = flat;
  return c;
}

}  // namespace detail

/// Every classifier of the final release, then those of the pre-release files whose shapes are documented
/// (LIMU-BERT sheet §2.2). A pre-release entry that shares its name with a final one ends in "_prerelease";
/// the sheet leaves their dropout open, so it is that of the final entry of the same family.
inline const std::vector<NamedConfig<ClassifierConfig>>& classifier_configs() {
  using namespace detail;
  static const std::vector<NamedConfig<ClassifierConfig>> table{
      {"dcnn_v1", plain_config(20, 1)},
      {"deepsense_v1", plain_config(20, 992)},
      {"tpn_v1", plain_config(20, 0)},
      {"lstm_v1", recurrent_config(20, 6, 20, 10, true)},
      {"gru_v1", recurrent_config(20, 6, 20, 10, false)},
      {"gru_v2", recurrent_config(20, 6, 20, 10, true)},
      {"cnn2_v1", convolution_config({{8, 16, 3, 0}, {16, 8, 3, 0}, {8, 4, 3, 0}}, {{3, 3}, {1, 2}, {0, 0}},
                                     192, false)},
      {"cnn1_v1",
       convolution_config({{8, 16, 5, 0}, {16, 8, 3, 0}, {8, 4, 3, 0}}, {{3, 3}, {1, 1}, {0, 0}}, 232, true)},
      {"attn_v1", attention_config()},
      {"dcnn_v2", plain_config(20, 1)},
      {"dcnn_v3", plain_config(40, 5)},
      {"dcnn_v4", plain_config(60, 10)},
      {"dcnn_v5", plain_config(120, 25)},
      {"deepsense_v2", plain_config(20, 992)},
      {"deepsense_v3", plain_config(40, 992)},
      {"deepsense_v4", plain_config(60, 992)},
      {"deepsense_v5", plain_config(120, 992)},
      {"tpn_v2", plain_config(20, 0)},
      {"tpn_v3", plain_config(40, 0)},
      {"tpn_v4", plain_config(60, 0)},
      {"tpn_v5", plain_config(120, 0)},
      {"gru_v4", recurrent_config(20, 6, 64, 10, true)},
      {"gru_v11", recurrent_config(40, 6, 20, 10, true)},
      {"gru_v12", recurrent_config(60, 6, 20, 10, true)},
      {"gru_v13", recurrent_config(120, 6, 20, 10, true)},
      {"gru_v21", recurrent_config(20, 3, 20, 10, true)},
      {"gru_v102", recurrent_config(20, 6, 12, 8, true)},
      {"gru_v1_prerelease", recurrent_config(20, 6, 32, 10, false)},
      {"lstm_v5", recurrent_config(40, 6, 20, 10, true)},
      {"lstm_v6", recurrent_config(120, 6, 20, 10, true)},
      {"lstm_v1_prerelease", recurrent_config(20, 6, 100, 50, true)},
      {"cnn2_v1_prerelease", convolution_config({{8, 16, 3, 1}, {16, 8, 3, 1}, {8, 4, 3, 0}},
                                                {{3, 3}, {1, 1}, {1, 1}}, 288, false)}};
  return table;
}

namespace detail {

template <class Table>
const auto& named_config(const Table& table, std::string_view name, std::string_view what) {
  std::vector<std::string_view> names;
  for (const auto& [known, config] : table) {
    if (known == name) return config;
    names.push_back(known);
  }
  std::string all;
  for (const std::string_view n : names) all += (all.empty() ? "" : " ") + std::string(n);
  const std::string_view near = nearest(name, names);
  fail<ConfigError>("unknown ", what, " ", in_quotes(name), ", expected one of: ", all,
                    near.empty() ? "" : "; did you mean " + in_quotes(near) + "?");
}

}  // namespace detail

/// The encoder called `name`, for example "base_v1". Error: unknown name, with the nearest one.
inline const EncoderConfig& encoder_config(std::string_view name) {
  return detail::named_config(encoder_configs, name, "encoder configuration");
}

/// The classifier called `name`, for example "gru_v2". Error: unknown name, with the nearest one.
inline const ClassifierConfig& classifier_config(std::string_view name) {
  return detail::named_config(classifier_configs(), name, "classifier configuration");
}

/// Error when the sizes of an encoder make no model; `where` starts the message.
inline void check_encoder(const EncoderConfig& c, std::string_view where) {
  const std::array<std::pair<const char*, int>, 6> sizes{{{"hidden", c.hidden},
                                                          {"hidden_ff", c.hidden_ff},
                                                          {"feature_num", c.feature_num},
                                                          {"n_layers", c.n_layers},
                                                          {"n_heads", c.n_heads},
                                                          {"seq_len", c.seq_len}}};
  for (const auto& [key, value] : sizes) {
    if (value < 1 || value > 65'536)
      fail<ConfigError>(where, ": ", key, " is ", value, ", expected 1 to 65536");
  }
  if (c.hidden % c.n_heads != 0) {
    fail<ConfigError>(where, ": n_heads ", c.n_heads, " does not divide hidden ", c.hidden);
  }
}

}  // namespace gyrograd::io
