// SPDX-License-Identifier: MIT
#include "gyrograd/models/tpn.hpp"

#include "gyrograd/losses/tpn.hpp"
#include "support/classifier_checks.hpp"

using namespace gyrograd;
using namespace gyrograd::models;
using namespace gyrograd::testing;

namespace {

TpnConfig small(TpnBehaviour behaviour) {
  TpnConfig c;
  c.input = 3;
  c.classes = 3;
  c.tasks = 3;
  c.seq_len = 12;
  c.channels = {4, 5, 6};
  c.behaviour = behaviour;
  return c;
}

}  // namespace

TEST_CASE("TPN: published sizes and names") {
  TpnPretrain<float> pretrain;
  CHECK(parameter_count<float>(pretrain) == 147269);
  CHECK(parameter_names(pretrain)[6] == "slin0_1.weight");
  CHECK(parameter_names(pretrain).back() == "slin4_2.bias");
  TpnConfig config;
  TpnClassifier<float> six(config);
  config.classes = 7;
  TpnClassifier<float> seven(config);
  CHECK(parameter_count<float>(six) == 127302);
  CHECK(parameter_count<float>(seven) == 128327);
  Index trained = 0;
  six.visit([&](std::string_view, Parameter<float>& p) { trained += p.trainable ? p.size() : 0; });
  CHECK(trained == 105478);
  TpnPretrain<float> original(TpnConfig::original());
  CHECK(parameter_count<float>(original) ==
        3 * 32 * 24 + 32 + 32 * 64 * 16 + 64 + 64 * 96 * 8 + 96 + 8 * (96 * 256 + 256 + 256 + 1));
}

TEST_CASE("TPN: a trunk learnt by self-training supplies the classifier") {
  const TempFolder folder;
  TpnPretrain<float> pretrain;
  pretrain.initialise(3);
  nn::save_parameters<float>(pretrain, folder / "w.safetensors");
  TpnClassifier<float> classifier;
  classifier.initialise(4);
  const auto read = nn::load_matching<float>(classifier, io::read_safetensors(folder / "w.safetensors"));
  CHECK(read == std::vector<std::string>{"conv1.weight", "conv1.bias", "conv2.weight", "conv2.bias",
                                         "conv3.weight", "conv3.bias"});
  CHECK(std::equal(pretrain.store().data(), pretrain.store().data() + 100, classifier.store().data()));
}

TEST_CASE("TPN classifier: frozen trunk and ReLU on the logits as published, neither when corrected") {
  for (const auto behaviour : {TpnBehaviour::published, TpnBehaviour::corrected}) {
    TpnClassifier<double> model(small(behaviour));
    model.initialise(5);
    model.visit([](std::string_view name, Parameter<double>& p) {  // away from the corner of ReLU
      if (name == "fc2.bias") std::fill_n(p.value, p.size(), 1.0);
    });
    std::vector<double> mask(static_cast<std::size_t>(3 * model.dropout_width()), 1 / 0.9);
    mask[1] = mask[6] = 0;
    check_classifier_gradients(
        model, {3, 12, 3, 3}, [&](auto& tape, const auto& x) { return model.logits(tape, x, mask.data()); },
        [](std::string_view) { return true; },
        {.step = 1e-5, .norm_tolerance = 1e-7, .element_tolerance = 1e-6});
    TpnClassifier<float> single(small(behaviour));
    single.initialise(5);
    check_no_allocation(single, {20, 12, 3, 3},
                        [&](auto& tape, const auto& x) { return single.logits(tape, x); });
  }
}

TEST_CASE("TPN self-training: gradients of all parameters from log-odds, which stay finite") {
  TpnPretrain<double> model(small(TpnBehaviour::published));
  model.initialise(5);
  std::vector<double> x = random_values<double>(4 * 12 * 3, 1, -2, 2);
  const std::vector<std::int32_t> labels{0, 1, 2, 3};
  const auto loss = [&](Tape<double>& tape) {
    const auto window = tape.constant(Tensor<double, dyn, dyn, dyn>(x.data(), 4, 12, 3));
    return losses::tpn_logits(tape, model.logits(tape, window), labels.data(), 1.0 / 6);
  };
  const GradcheckOptions options{.step = 1e-5, .norm_tolerance = 1e-7, .element_tolerance = 1e-6};
  const GradcheckResult r = gradcheck_model(model, loss, 20, options);
  INFO(r.text());
  CHECK(r.passed(options));
}

TEST_CASE("TPN: wrong sizes are refused in words") {
  TpnConfig config;
  config.tasks = 9;
  CHECK_THROWS_AS(TpnPretrain<float>(config), ConfigError);
  config.tasks = 5;
  config.seq_len = 9;
  CHECK_THROWS_AS(TpnPretrain<float>(config), ConfigError);
  TpnPretrain<float> model;
  std::vector<float> x(2 * 20 * 9);
  Tape<float> tape;
  CHECK_THROWS_AS(model.logits(tape, tape.constant(Tensor<float, dyn, dyn, dyn>(x.data(), 2, 20, 9))),
                  ShapeError);
}
