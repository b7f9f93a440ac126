// SPDX-License-Identifier: MIT
// Golden cases of the joint model of encoder and classifier.
#include "golden/classifier_case.hpp"
#include "golden/registry.hpp"
#include "gyrograd/models/attention_classifier.hpp"
#include "gyrograd/models/gru_classifier.hpp"
#include "gyrograd/models/joint.hpp"

using namespace gyrograd;
using namespace gyrograd::golden;

namespace {

template <class Real, class Head>
void run(const Case& c, Head head) {
  const auto sizes = c.json("encoder").get<std::vector<Index>>();  // F, H, FF, layers, heads, rows
  models::LimuBertConfig config;
  config.feature_num = sizes.at(0);
  config.hidden = sizes.at(1);
  config.hidden_ff = sizes.at(2);
  config.n_layers = sizes.at(3);
  config.n_heads = sizes.at(4);
  config.seq_len = sizes.at(5);
  models::JointClassifier<Head, Real> model(config, std::move(head), c.flag("frozen"));
  check_classifier_case<Real>(c, model, [&](auto& tape, const auto& x) { return model.logits(tape, x); });
}

template <class Real>
void check_joint(const Case& c) {
  const Index hidden = c.json("encoder").at(1).get<Index>(), steps = c.at("input.x").extent(1);
  if (c.text("head") == "gru") {
    models::GruClassifierConfig config;
    config.input = hidden;
    config.classes = c.integer("classes");
    config.seq_len = steps;
    run<Real>(c, models::GruClassifier<models::GruClassifierConfig, Real>(config));
  } else if (c.text("head") == "attn") {
    models::AttentionClassifierConfig config;
    config.input = hidden;
    config.classes = c.integer("classes");
    config.seq_len = steps;
    run<Real>(c, models::AttentionClassifier<Real>(config));
  } else {
    throw NotYet("joint model with head " + c.text("head"));
  }
}

const Register registered[] = {
    {"joint", check_joint<double>, check_joint<float>},
};

}  // namespace
