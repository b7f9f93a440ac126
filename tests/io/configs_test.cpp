// SPDX-License-Identifier: MIT
// The tables of named configurations against the sheet (2.1-2.4).
#include "gyrograd/io/configs.hpp"

#include <string>

#include "support/catch.hpp"
#include "support/malformed.hpp"

namespace {

using namespace gyrograd::io;
using gyrograd::testing::error_of;

TEST_CASE("encoder configurations: all twelve, valid, with the published sizes") {
  CHECK(encoder_configs.size() == 12);
  for (const auto& entry : encoder_configs) {
    INFO(entry.first);
    CHECK(error_of([&] { check_encoder(entry.second, entry.first); }).empty());
    CHECK(encoder_config(entry.first) == entry.second);
    CHECK(entry.second.emb_norm);
  }
  CHECK(encoder_config("base_v1") == EncoderConfig{72, 144, 6, 4, 4, 120, true});
  CHECK(encoder_config("base_v2").feature_num == 9);
  CHECK(encoder_config("base_v3").seq_len == 150);
  CHECK(encoder_config("base_v6") == EncoderConfig{36, 72, 6, 3, 4, 20, true});
  CHECK(encoder_config("base_v7") == EncoderConfig{288, 576, 6, 6, 4, 20, true});
  CHECK(encoder_config("base_v10") == EncoderConfig{72, 144, 6, 6, 8, 20, true});
  CHECK(encoder_config("base_zjs").seq_len == 100);
}

TEST_CASE("classifier configurations: names are unique, counts agree, widths chain") {
  for (const auto& [name, c] : classifier_configs()) {
    INFO(name);
    std::size_t same = 0;
    for (const auto& other : classifier_configs()) same += other.first == name ? 1u : 0u;
    CHECK(same == 1);
    CHECK(static_cast<std::size_t>(c.num_rnn) == c.rnn_io.size());
    CHECK(c.rnn_io.size() == c.num_layers.size());
    CHECK(static_cast<std::size_t>(c.num_cnn) == c.conv_io.size());
    CHECK(static_cast<std::size_t>(c.num_linear) == c.linear_io.size());
    for (std::size_t i = 1; i < c.rnn_io.size(); ++i) CHECK(c.rnn_io[i].in == c.rnn_io[i - 1].out);
    if (!c.rnn_io.empty()) CHECK(c.linear_io[0].in == c.rnn_io.back().out);
  }
  const ClassifierConfig& gru = classifier_config("gru_v2");
  CHECK(gru.seq_len == 20);
  CHECK(gru.rnn_io == std::vector<InOut>{{6, 20}, {20, 10}});
  CHECK(gru.num_layers == std::vector<int>{2, 1});
  CHECK(gru.dropout);
  CHECK_FALSE(gru.activ);
  CHECK_FALSE(classifier_config("gru_v1").dropout);
  CHECK(classifier_config("gru_v13").seq_len == 120);
  CHECK(classifier_config("gru_v4").rnn_io[0].out == 64);
  CHECK(classifier_config("gru_v102").rnn_io[1] == InOut{12, 8});
  CHECK(classifier_config("gru_v21").input == 3);
  CHECK(classifier_config("cnn2_v1").flat_num == 192);
  CHECK(classifier_config("cnn2_v1").pool.stride == Pair{1, 2});
  CHECK(classifier_config("cnn1_v1").activ);
  CHECK(classifier_config("attn_v1").atten_hidden == 36);
  CHECK(classifier_config("dcnn_v5").flat_num == 25);
}

TEST_CASE("unknown names suggest the nearest, impossible sizes are refused") {
  CHECK(error_of([] { (void)encoder_config("base_1"); }).find("did you mean 'base_v1'?") !=
        std::string::npos);
  CHECK(error_of([] { (void)classifier_config("gru-v2"); }).find("did you mean 'gru_v2'?") !=
        std::string::npos);
  EncoderConfig c = encoder_config("base_v1");
  c.n_heads = 5;
  CHECK(error_of([&] { check_encoder(c, "x"); }) == "x: n_heads 5 does not divide hidden 72");
  c = {};
  CHECK(error_of([&] { check_encoder(c, "x"); }) == "x: hidden is 0, expected 1 to 65536");
}

TEST_CASE("settings of the published files") {
  CHECK(published_pretrain.seed == 3431);
  CHECK(published_pretrain.n_epochs == 3200);
  CHECK(published_pretrain.batch_size == 128);
  CHECK(published_train.n_epochs == 700);
  CHECK(published_mask.mask_ratio == 0.15);
  CHECK(published_mask.max_gram == 10);
  CHECK(MaskConfig{}.mask_prob == 1.0);
}

}  // namespace
