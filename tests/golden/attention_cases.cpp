// SPDX-License-Identifier: MIT
// Golden cases of multi-head attention over axis 0 and of the classifier built from it.
#include "golden/classifier_case.hpp"
#include "golden/registry.hpp"
#include "golden/tape_case.hpp"
#include "gyrograd/models/attention_classifier.hpp"
#include "support/shared.hpp"

using namespace gyrograd;
using namespace gyrograd::golden;

namespace {

template <class Real>
void check_layout(const Case& c) {
  TapeCase<Real> run(c);
  const auto turned = [&](const char* name) {
    return ops::permute(run.tape, run.activation(name), {1, 0, 2});
  };
  const auto q = turned("query"), k = turned("key"), v = turned("value");
  const ops::MultiheadWeights<Real> w{run.parameter("in_proj_weight"), run.parameter("in_proj_bias"),
                                      run.parameter("out_proj_weight"), run.parameter("out_proj_bias")};
  const auto y = ops::multihead_attention(run.tape, q, k, v, w, c.integer("heads"));
  run.check_output("y", ops::permute(run.tape, y, {1, 0, 2}));
  run.check_gradients();
}

template <class Real>
void check_classifier(const Case& c) {
  models::AttentionClassifierConfig config;
  config.input = c.integer("inp");
  config.classes = c.integer("classes");
  config.seq_len = c.integer("steps");
  if (c.op() == "classifier_attn_time") config.axis = models::AttentionAxis::corrected;
  models::AttentionClassifier<Real> model(config);
  check_classifier_case<Real>(c, model, [&](auto& tape, const auto& x) { return model.logits(tape, x); });
}

const Register registered[] = {
    {"op_mha_layout", check_layout<double>, check_layout<float>},
    {"classifier_attn", check_classifier<double>, check_classifier<float>},
    {"classifier_attn_time", check_classifier<double>, check_classifier<float>},
};

}  // namespace

TEST_CASE("golden E: initial weights of the attention classifier") {
  const auto folder = testing::shared_path("golden");
  if (!folder) return;
  const Case c(*folder / "init_attn72_3.safetensors");
  models::AttentionClassifier<float> model;
  model.initialise(static_cast<std::uint32_t>(c.integer("seed")));
  std::vector<std::string> names;
  model.visit([&](std::string_view name, Parameter<float>& p) {
    expect_rows(c, "param." + std::string(name), std::vector<float>(p.value, p.value + p.size()),
                c.tolerance<float>());
    names.emplace_back(name);
  });
  CHECK(names == c.names("parameter_order"));
}
