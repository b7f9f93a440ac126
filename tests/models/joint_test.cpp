// SPDX-License-Identifier: MIT
#include "gyrograd/models/joint.hpp"

#include "gyrograd/models/cnn_classifier.hpp"
#include "gyrograd/models/gru_classifier.hpp"
#include "support/classifier_checks.hpp"

using namespace gyrograd;
using namespace gyrograd::models;
using namespace gyrograd::testing;

namespace {

LimuBertConfig small() {
  LimuBertConfig c;
  c.feature_num = 3;
  c.hidden = 8;
  c.hidden_ff = 12;
  c.n_layers = 2;
  c.n_heads = 2;
  c.seq_len = 10;
  return c;
}

template <class Real>
auto joint(bool frozen) {
  GruClassifierConfig head;
  head.input = 8;
  head.classes = 3;
  head.modules = {{4, 1}};
  return JointClassifier<GruClassifier<GruClassifierConfig, Real>, Real>(
      small(), GruClassifier<GruClassifierConfig, Real>(head), frozen);
}

template <class Model>
auto logits_of(const Model& model) {
  return [&model](auto& tape, const auto& x) { return model.logits(tape, x); };
}

}  // namespace

TEST_CASE("joint model: published size and names, one buffer") {
  JointClassifier<GruClassifier<>> model(LimuBertConfig{}, GruClassifier<>{});
  CHECK(parameter_count<float>(model) == 60738);
  const auto names = parameter_names(model);
  CHECK(names.front() == "transformer.embed.lin.weight");
  CHECK(names[21] == "classifier.gru0.weight_ih_l0");
  CHECK(names.back() == "classifier.lin0.bias");
  model.initialise(3431);
  Index inside = 0;
  model.visit([&](std::string_view, Parameter<float>& p) {
    inside += p.value == model.store().data() + p.offset ? p.size() : 0;
  });
  CHECK(inside == model.store().size());
}

TEST_CASE("joint model: initial values draw the classifier first, as the published program does") {
  JointClassifier<GruClassifier<>> model(LimuBertConfig{}, GruClassifier<>{});
  GruClassifier<> head;
  model.initialise(3431);
  head.initialise(3431);
  std::vector<float> drawn;
  model.visit([&](std::string_view name, Parameter<float>& p) {
    if (name.starts_with("classifier.")) drawn.insert(drawn.end(), p.value, p.value + p.size());
  });
  CHECK(std::equal(drawn.begin(), drawn.end(), head.store().data()));
}

TEST_CASE("joint model: gradients of all parameters, none of a frozen encoder") {
  for (const bool frozen : {false, true}) {
    auto model = joint<double>(frozen);
    model.initialise(5);
    // LIMU-BERT's norm has epsilon 1e-12 and no gradient reaches the key biases.
    check_classifier_gradients(model, {3, 6, 3, 3}, logits_of(model),
                               [](std::string_view name) { return !name.ends_with("proj_k.bias"); },
                               {.norm_tolerance = 1e-7, .element_tolerance = 1e-5});
    Tape<double> tape;
    std::vector<double> gradients(static_cast<std::size_t>(model.store().size()));
    tape.bind_gradients(gradients.data());
    tape.backward(ClassifierBatch<double>(3, 6, 3, 3).loss(tape, logits_of(model)));
    double encoder = 0;
    model.encoder().visit([&](std::string_view, Parameter<double>& p) {
      for (Index i = 0; i < p.size(); ++i)
        encoder += std::fabs(gradients[static_cast<std::size_t>(p.offset + i)]);
    });
    CHECK((encoder == 0) == frozen);
  }
}

TEST_CASE("joint model: a pre-training file supplies the encoder") {
  const TempFolder folder;
  LimuBert<> bert(small());
  bert.initialise(9);
  nn::save_parameters<float>(bert, folder / "pretrained.safetensors");
  auto model = joint<float>(false);
  model.initialise(1);
  const auto read = nn::load_matching<float>(model, io::read_safetensors(folder / "pretrained.safetensors"));
  CHECK(read.size() == 21);
  std::vector<float> x = random_values<float>(2 * 10 * 3, 1);
  Tape<float> tape;
  tape.set_recording(false);
  const auto window = tape.constant(Tensor<float, dyn, dyn, dyn>(x.data(), 2, 10, 3));
  const auto h = bert.encode(tape, window);
  const auto want = model.head().logits(tape, h);
  const auto got = model.logits(tape, window);
  CHECK(std::equal(got.value.begin(), got.value.end(), want.value.begin()));
}

TEST_CASE("joint model: a warm training step allocates nothing, norms of the head are buffers") {
  auto model = joint<float>(false);
  model.initialise(3);
  check_no_allocation(model, {20, 10, 3, 3}, logits_of(model));
  auto frozen = joint<float>(true);
  frozen.initialise(3);
  check_no_allocation(frozen, {20, 10, 3, 3}, logits_of(frozen));
  JointClassifier<CnnClassifier<float>> cnn(LimuBertConfig{}, CnnClassifier<float>(cnn2_v1(72, 6)));
  CHECK(cnn.couples_batch());
  Index buffers = 0;
  cnn.visit_buffers(
      [&](std::string_view name, Parameter<float>&) { buffers += name.starts_with("classifier.bn"); });
  CHECK(buffers == 9);
  CHECK_THROWS_AS((JointClassifier<GruClassifier<>>(small(), GruClassifier<>{})), ConfigError);
}
