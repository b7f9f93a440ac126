// SPDX-License-Identifier: MIT
#include "gyrograd/models/gru_classifier.hpp"

#include "gyrograd/autograd/gradcheck.hpp"
#include "gyrograd/losses/cross_entropy.hpp"
#include "support/reference.hpp"
#include "support/tolerance.hpp"

using namespace gyrograd;
using namespace gyrograd::models;
using namespace gyrograd::testing;

namespace {

template <class Config, class Real>
std::vector<Real> logits(const GruClassifier<Config, Real>& model, std::vector<Real> x, Index B, Index T,
                         const Real* mask = nullptr) {
  Tape<Real> tape;
  tape.set_recording(false);
  const auto window = tape.constant(Tensor<Real, dyn, dyn, dyn>(x.data(), B, T, model.config().input));
  const auto y = model.logits(tape, window, mask);
  return {y.value.begin(), y.value.end()};
}

template <class Preset>
GruClassifierConfig run_time_config() {
  GruClassifierConfig c;
  c.input = Preset::input;
  c.classes = Preset::classes;
  c.seq_len = Preset::seq_len;
  c.modules.assign(Preset::modules.begin(), Preset::modules.end());
  c.activ = Preset::activ;
  c.dropout = Preset::dropout;
  return c;
}

/// Preset and run-time sizes: parameters as published, equal bits.
template <class Preset>
void check_preset(Index parameters, Index steps, bool dropout) {
  GruClassifier<Preset> fixed;
  GruClassifier<> free(run_time_config<Preset>());
  CHECK(fixed.store().size() == parameters);
  CHECK(free.store().size() == parameters);
  CHECK(Preset::seq_len == steps);
  CHECK(Preset::dropout == dropout);
  fixed.initialise(3431);
  free.initialise(3431);
  const auto x = random_values<float>(3 * 5 * Preset::input, 1);
  CHECK(logits(fixed, x, 3, 5) == logits(free, x, 3, 5));
}

}  // namespace

TEST_CASE("GRU classifier presets have the published sizes") {
  check_preset<GruV1<72, 6>>(9186, 20, false);
  check_preset<GruV2<72, 6>>(9186, 20, true);
  check_preset<GruV2<72, 7>>(9197, 20, true);
  check_preset<GruV2<6, 6>>(5226, 20, true);
  check_preset<GruV2<6, 7>>(5237, 20, true);
  check_preset<GruV11<6, 6>>(5226, 40, true);
  check_preset<GruV12<6, 6>>(5226, 60, true);
  check_preset<GruV13<6, 6>>(5226, 120, true);
  check_preset<GruV21<3, 6>>(5046, 20, true);
  check_preset<GruV1Prerelease<6, 3>>(11529, 20, false);
  check_preset<GruV4<6, 3>>(41097, 20, true);
  check_preset<GruV102<6, 3>>(2211, 20, true);
}

TEST_CASE("GRU classifier: names in the published order") {
  GruClassifier<> model;
  std::vector<std::string> names;
  model.visit([&](std::string_view name, Parameter<float>&) { names.emplace_back(name); });
  CHECK(names == std::vector<std::string>{"gru0.weight_ih_l0", "gru0.weight_hh_l0", "gru0.bias_ih_l0",
                                          "gru0.bias_hh_l0", "gru0.weight_ih_l1", "gru0.weight_hh_l1",
                                          "gru0.bias_ih_l1", "gru0.bias_hh_l1", "gru1.weight_ih_l0",
                                          "gru1.weight_hh_l0", "gru1.bias_ih_l0", "gru1.bias_hh_l0",
                                          "lin0.weight", "lin0.bias"});
}

TEST_CASE("GRU classifier: a window's logits do not depend on the batch around it") {
  GruClassifier<GruV2<6, 4>> model;
  model.initialise(1);
  const Index B = 37, T = 20;
  const auto x = random_values<float>(B * T * 6, 1);
  const auto all = logits(model, x, B, T);
  for (Index b : {0, 15, 16, 31, 32, 36}) {
    std::vector<float> one;
    for (Index i = 0; i < T * 6; ++i) one.push_back(x[static_cast<std::size_t>(b + B * i)]);
    const auto alone = logits(model, one, 1, T);
    for (Index c = 0; c < 4; ++c)
      CHECK(alone[static_cast<std::size_t>(c)] == all[static_cast<std::size_t>(b + B * c)]);
  }
}

TEST_CASE("GRU classifier: dropout mask and activ") {
  GruClassifierConfig config;
  config.input = 6;
  GruClassifier<> model(config);
  model.initialise(2);
  const auto x = random_values<float>(2 * 7 * 6, 1);
  CHECK(model.dropout_width() == 10);
  const std::vector<float> ones(20, 1.0F), zeros(20, 0.0F);
  CHECK(logits(model, x, 2, 7, ones.data()) == logits(model, x, 2, 7));
  const auto dropped = logits(model, x, 2, 7, zeros.data());
  const nn::Linear<float>& head = model.dense().back();
  for (Index c = 0; c < 6; ++c) CHECK(dropped[static_cast<std::size_t>(2 * c)] == head.bias.value[c]);

  config.dropout = false;
  GruClassifier<> without(config);
  CHECK_THROWS_AS(logits(without, x, 2, 7, ones.data()), ConfigError);

  config.activ = true;
  GruClassifier<> active(config);
  active.initialise(2);
  const auto y = logits(active, x, 2, 7), plain = logits(model, x, 2, 7);
  CHECK(y != plain);
  CHECK(*std::min_element(y.begin(), y.end()) == 0.0F);
}

TEST_CASE("GRU classifier: gradients of all parameters, with dropout, activ and two dense layers") {
  for (bool activ : {false, true}) {
    GruClassifierConfig config;
    config.input = 3;
    config.classes = 4;
    config.modules = {{5, 2}, {4, 1}};
    config.dense = {3};
    config.activ = activ;
    GruClassifier<GruClassifierConfig, double> model(config);
    model.initialise(5);
    std::vector<double> x = random_values<double>(3 * 4 * 3, 1, -2, 2);
    const std::vector<std::int32_t> labels{0, 3, 1};
    std::vector<double> mask(3 * 4, 2.0);
    mask[1] = mask[6] = 0.0;
    // Away from ReLU's corner: larger biases of the dense part.
    for (const nn::Linear<double>& layer : model.dense())
      for (Index i = 0; i < layer.bias.size(); ++i) layer.bias.value[i] = 0.5;
    const auto loss = [&](Tape<double>& tape) {
      const auto window = tape.constant(Tensor<double, dyn, dyn, dyn>(x.data(), 3, 4, 3));
      return losses::cross_entropy(tape, model.logits(tape, window, mask.data()), labels.data(), 1.0 / 3);
    };
    const GradcheckResult r = gradcheck_model(model, loss);
    INFO("activ " << activ << ": " << r.text());
    CHECK(r.passed());
  }
}
