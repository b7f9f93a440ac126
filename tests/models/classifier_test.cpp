// SPDX-License-Identifier: MIT
#include "gyrograd/models/classifier.hpp"

#include <map>

#include "support/catch.hpp"
#include "support/reference.hpp"

using namespace gyrograd;
using namespace gyrograd::models;

namespace {

/// "lstm" of "lstm_v1".
std::string method_of(std::string_view name) {
  return std::string(name.substr(0, name.find('_')));
}

}  // namespace

TEST_CASE("every named configuration makes its classifier, with the published sizes") {
  const std::map<std::string, Index> published{{"dcnn_v1", 17386},
                                               {"dcnn_v3", 27786},
                                               {"dcnn_v4", 39786},
                                               {"dcnn_v5", 75786},
                                               {"deepsense_v1", 13298},
                                               {"tpn_v1", 127302},
                                               {"lstm_v1", 7026},
                                               {"gru_v1", 5226},
                                               {"gru_v2", 5226},
                                               {"attn_v1", 10530},
                                               {"lstm_v5", 7106},
                                               {"lstm_v6", 7426},
                                               {"gru_v1_prerelease", 11562},
                                               {"gru_v4", 41130},
                                               {"gru_v102", 2238}};
  for (const auto& [name, config] : io::classifier_configs()) {
    INFO(std::string(name));
    const std::string method = method_of(name);
    const bool wide = method == "cnn1" || name == "cnn2_v1";
    const Index input = wide ? 72 : name == "gru_v21" ? 3 : 6;
    AnyClassifier<float> model = make_classifier<float>(method, config, input, 6);
    if (published.count(std::string(name)) != 0)
      CHECK(parameter_count<float>(model) == published.at(std::string(name)));
    model.initialise(3431);
    CHECK(model.config().input == input);
    CHECK(model.config().dropout == config.dropout + (method == "tpn"));
    const Index B = 2, T = model.config().seq_len;
    std::vector<float> x = testing::random_values<float>(B * T * input, 1);
    Tape<float> tape;
    tape.set_recording(false);
    const auto y = model.logits(tape, tape.constant(Tensor<float, dyn, dyn, dyn>(x.data(), B, T, input)));
    CHECK(y.value.extents() == std::array<Index, 2>{2, 6});
  }
}

TEST_CASE("any classifier: what a training loop asks for") {
  const auto make = [](const char* method, const char* config, Index input) {
    return make_classifier<float>(method, io::classifier_config(config), input, 6);
  };
  CHECK(!make("gru", "gru_v2", 72).couples_batch());
  CHECK(make("cnn2", "cnn2_v1", 72).couples_batch());
  CHECK(make("dcnn", "dcnn_v1", 6).couples_batch());
  CHECK(make("attn", "attn_v1", 72).couples_batch());
  ClassifierVariants corrected;
  corrected.attention = AttentionAxis::corrected;
  CHECK(!make_classifier<float>("attn", io::classifier_config("attn_v1"), 72, 6, corrected).couples_batch());
  CHECK(make("gru", "gru_v2", 72).dropout_width() == 10);
  CHECK(make("attn", "attn_v1", 72).dropout_width() == 720);
  CHECK(make("tpn", "tpn_v1", 6).dropout_rate() == 0.1);
  CHECK(make("gru", "gru_v2", 6).dropout_rate() == 0.5);
  AnyClassifier<float> dcnn = make("dcnn", "dcnn_v1", 6), lstm = make("lstm", "lstm_v1", 6);
  Index buffers = 0;
  for (AnyClassifier<float>* model : {&dcnn, &lstm})
    model->visit_buffers([&](std::string_view, Parameter<float>&) { ++buffers; });
  CHECK(buffers == 9 + 6);
}

TEST_CASE("an unknown classifier is refused with the nearest name") {
  const auto message = [](const char* method, const char* config, Index input) {
    try {
      make_classifier<float>(method, io::classifier_config(config), input, 6);
    } catch (const ConfigError& e) {
      return std::string(e.what());
    }
    return std::string();
  };
  CHECK(message("lstn", "lstm_v1", 6).find("did you mean 'lstm'") != std::string::npos);
  CHECK(message("dcnn", "gru_v2", 6).find("flat_num") != std::string::npos);
  CHECK(message("gru", "dcnn_v1", 6).find("rnn_io") != std::string::npos);
  CHECK(message("cnn2", "cnn2_v1", 6).find("too small") != std::string::npos);
}
