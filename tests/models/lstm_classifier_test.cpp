// SPDX-License-Identifier: MIT
#include "gyrograd/models/lstm_classifier.hpp"

#include "gyrograd/autograd/gradcheck.hpp"
#include "gyrograd/losses/cross_entropy.hpp"
#include "gyrograd/nn/state_dict.hpp"
#include "support/reference.hpp"
#include "support/temp_folder.hpp"
#include "support/tolerance.hpp"

using namespace gyrograd;
using namespace gyrograd::models;
using namespace gyrograd::testing;

TEST_CASE("LSTM classifier: published sizes and names") {
  const auto parameters = [](const LstmClassifierConfig& c) {
    LstmClassifier<float> model(c);
    return parameter_count<float>(model);
  };
  CHECK(parameters(lstm_v1(72, 6)) == 12306);
  CHECK(parameters(lstm_v1(6, 6)) == 7026);
  CHECK(parameters(lstm_v5(6, 6)) == 7026 + 80);
  CHECK(parameters(lstm_v6(6, 6)) == 7026 + 400);
  CHECK(parameters(lstm_v1_prerelease(6, 6)) == 154'786);

  LstmClassifier<float> model;
  std::vector<std::string> names;
  model.visit([&](std::string_view name, Parameter<float>&) { names.emplace_back(name); });
  CHECK(names.size() == 18);
  CHECK(names[8] == "bn0.weight");
  CHECK(names[10] == "lstm1.weight_ih_l0");
  CHECK(names.back() == "lin0.bias");
}

TEST_CASE("LSTM classifier: stored norms travel in files and stay out of the result") {
  const TempFolder folder;
  LstmClassifier<float> model, other;
  model.initialise(3);
  model.visit_buffers([](std::string_view, Parameter<float>& p) { p.value[0] = 5; });
  nn::save_parameters<float>(model, folder / "w.safetensors");
  const io::TensorFile file = io::read_safetensors(folder / "w.safetensors");
  CHECK(file.find("bn0.running_mean") != nullptr);
  CHECK(file.find("bn1.num_batches_tracked")->shape.empty());
  nn::load_parameters<float>(other, file);
  CHECK(std::equal(model.store().data(), model.store().data() + model.store().size(), other.store().data()));
}

TEST_CASE("LSTM classifier: gradients of all parameters, with dropout, activ and two dense layers") {
  for (bool activ : {false, true}) {
    LstmClassifierConfig config;
    config.input = 3;
    config.classes = 4;
    config.seq_len = 4;
    config.modules = {{5, 2}, {4, 1}};
    config.dense = {3};
    config.activ = activ;
    LstmClassifier<double> model(config);
    model.initialise(5);
    model.visit([](std::string_view name, Parameter<double>& p) { p.trainable = !name.starts_with("bn"); });
    std::vector<double> x = random_values<double>(3 * 4 * 3, 1, -2, 2);
    const std::vector<std::int32_t> labels{0, 3, 1};
    std::vector<double> mask(3 * 4, 2.0);
    mask[1] = mask[6] = 0.0;
    for (const nn::Linear<double>& layer : model.dense())  // away from the corner of ReLU
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
