// SPDX-License-Identifier: MIT
// The published configuration files are read as they are; anything else in them is refused (N8).
#include "gyrograd/io/config_json.hpp"

#include <string>
#include <vector>

#include "support/catch.hpp"
#include "support/files.hpp"
#include "support/malformed.hpp"

namespace {

using namespace gyrograd::io;
using namespace gyrograd::testing;

TEST_CASE("config files: entries as published") {
  const TempFolder folder;
  write_text(
      folder / "limu_bert.json",
      R"({"base_v1": {"hidden": 72, "hidden_ff": 144, "feature_num": 6, "n_layers": 4, "n_heads": 4, "seq_len": 120, "emb_norm": true},
                 "base_v2": {"hidden": 72, "hidden_ff": 144, "feature_num": 9, "n_layers": 4, "n_heads": 4, "seq_len": 120}})");
  CHECK(read_encoder_config(folder / "limu_bert.json", "base_v1") == encoder_config("base_v1"));
  CHECK(read_encoder_config(folder / "limu_bert.json", "base_v2") == encoder_config("base_v2"));

  write_text(
      folder / "classifier.json",
      R"({"gru_v2": {"seq_len": 20, "input": 6, "num_rnn": 2, "num_layers": [2, 1], "rnn_io": [[6, 20], [20, 10]],
                            "num_linear": 1, "linear_io": [[10, 3]], "activ": false, "dropout": true},
                 "cnn2_v1": {"seq_len": 20, "input": 6, "num_cnn": 3, "conv_io": [[8, 16, 3, 0], [16, 8, 3, 0], [8, 4, 3, 0]],
                             "pool": [3, [1, 2], 0], "flat_num": 192, "num_linear": 2, "linear_io": [[0, 12], [12, 0]], "dropout": true}})");
  CHECK(read_classifier_config(folder / "classifier.json", "gru_v2") == classifier_config("gru_v2"));
  CHECK(read_classifier_config(folder / "classifier.json", "cnn2_v1") == classifier_config("cnn2_v1"));

  write_text(
      folder / "pretrain.json",
      R"({"seed": 3431, "batch_size": 128, "lr": 1e-3, "n_epochs": 3200, "warmup": 0.1, "save_steps": 1000, "total_steps": 200000000})");
  CHECK(read_train_config(folder / "pretrain.json") == published_pretrain);
  write_text(folder / "mask.json",
             R"({"mask_ratio": 0.15, "mask_alpha": 6, "max_gram": 10, "mask_prob": 0.8})");
  CHECK(read_mask_config(folder / "mask.json") == published_mask);

  write_text(
      folder / "data_config.json",
      R"({"uci_20_120": {"sr": 20, "seq_len": 120, "dimension": 6, "activity_label_index": 0, "activity_label_size": 6,
                 "activity_label": ["walking", "upstairs", "downstairs", "sitting", "standing", "lying"],
                 "user_label_index": 1, "user_label_size": 30, "size": 2088}})");
  const DataConfig uci = read_data_config(folder / "data_config.json", "uci_20_120");
  CHECK(uci.dimension == 6);
  CHECK(uci.size == 2088);
  CHECK(uci.activity.names[5] == "lying");
  CHECK(uci.user.index == 1);
  CHECK(uci.position.index == -1);
  CHECK(error_of([&] {
          (void)read_data_config(folder / "data_config.json", "uci_20_12");
        }).find("did you mean 'uci_20_120'?") != std::string::npos);
}

TEST_CASE("config files: a number may be written as an integer, an integer not as a number") {
  CHECK(train_config_from(parse_json(R"({"batch_size": 1, "lr": 1})", "f"), "f").lr == 1.0);
  CHECK(error_of([] {
          (void)train_config_from(parse_json(R"({"n_epochs": 3200.0, "lr": 1})", "f"), "f");
        }).find("without point") != std::string::npos);
}

TEST_CASE("config files: misspelt, mistyped and impossible entries are refused with file, key and reason") {
  const auto text = [](const std::string& t) { return [t] { return t; }; };
  const auto parsed = [](const auto& file) {
    return parse_json({reinterpret_cast<const char*>(file->bytes().data()), file->size()}, file->name());
  };
  const std::string sizes = R"("hidden":72,"hidden_ff":144,"feature_num":6,"n_layers":4,"seq_len":120)";
  check_malformed(
      {{"not an object", text("[1]"), {"expected an object, got a list"}},
       {"misspelt key", text(R"({"hiden":72})"), {"unknown key 'hiden'", "did you mean 'hidden'?"}},
       {"unknown key", text(R"({"zzzzzz":72})"), {"unknown key 'zzzzzz'", "remove it"}},
       {"key with control bytes", text("{\"\\u001b[31m\":72}"), {"unknown key", "\\x1b"}},
       {"text for a number", text(R"({"hidden":"72"})"), {"'hidden'", "expected an integer, got a text"}},
       {"null", text(R"({"hidden":null})"), {"got null"}},
       {"real", text(R"({"hidden":72.0})"), {"expected an integer"}},
       {"out of range", text(R"({"hidden":3000000000})"), {"out of range"}},
       {"integer for a boolean", text(R"({"emb_norm":1})"), {"expected true or false, got an integer"}},
       {"missing sizes", text("{}"), {"hidden is 0"}},
       {"negative", text(R"({"hidden":-72})"), {"hidden is -72"}},
       {"heads do not divide",
        text("{" + sizes + R"(,"n_heads":5})"),
        {"n_heads 5 does not divide hidden 72"}}},
      [&](const auto& file) { (void)encoder_config_from(parsed(file), file->name()); });
  check_malformed({{"counts differ",
                    text(R"({"seq_len":20,"num_rnn":2,"rnn_io":[[6,20]],"num_layers":[2,1]})"),
                    {"num_rnn is 2, but 1 sizes"}},
                   {"pair of three", text(R"({"rnn_io":[[6,20,1]]})"), {"lists of 2 integers"}},
                   {"pool of two", text(R"({"pool":[3,1]})"), {"[kernel, stride, padding]"}},
                   {"pool of texts", text(R"({"pool":["3",1,1]})"), {"expected an integer"}},
                   {"number for a list", text(R"({"num_layers":2})"), {"expected a list, got an integer"}},
                   {"no window", text("{}"), {"seq_len is 0"}}},
                  [&](const auto& file) { (void)classifier_config_from(parsed(file), file->name()); });
  check_malformed(
      {{"lr zero", text(R"({"batch_size":1,"lr":0})"), {"lr is 0"}},
       {"lr negative", text(R"({"batch_size":1,"lr":-1e-3})"), {"lr is -0.001"}},
       {"lr as text", text(R"({"batch_size":1,"lr":"1e-3"})"), {"'lr': expected a number, got a text"}},
       {"batch 0", text(R"({"lr":1})"), {"batch_size is 0"}},
       {"epochs negative", text(R"({"batch_size":1,"lr":1,"n_epochs":-1})"), {"n_epochs is -1"}},
       {"negative seed", text(R"({"seed":-1})"), {"'seed': -1 is out of range"}},
       {"misspelt", text(R"({"n_epoch":1})"), {"did you mean 'n_epochs'?"}}},
      [&](const auto& file) { (void)train_config_from(parsed(file), file->name()); });
  check_malformed(
      {{"ratio 0", text(R"({"max_gram":1,"mask_ratio":0})"), {"mask_ratio is 0"}},
       {"ratio 1", text(R"({"max_gram":1,"mask_ratio":1})"), {"mask_ratio is 1"}},
       {"ratio above 1", text(R"({"max_gram":1,"mask_ratio":1.5})"), {"mask_ratio is 1.5"}},
       {"probability", text(R"({"max_gram":1,"mask_ratio":0.1,"mask_prob":2})"), {"mask_prob is 2"}},
       {"max_gram", text(R"({"mask_ratio":0.1})"), {"max_gram is 0"}}},
      [&](const auto& file) { (void)mask_config_from(parsed(file), file->name()); });
  check_malformed(
      {{"no channels", text("{}"), {"dimension is 0"}},
       {"names do not fit",
        text(R"({"dimension":6,"activity_label_size":2,"activity_label":["a"]})"),
        {"do not fit each other"}},
       {"names as text", text(R"({"dimension":6,"activity_label":"a"})"), {"expected a list, got a text"}}},
      [&](const auto& file) { (void)data_config_from(parsed(file), file->name()); });
}

}  // namespace
