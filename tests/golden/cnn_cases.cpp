// SPDX-License-Identifier: MIT
// Golden cases of the convolutional classifiers and baselines.
#include "golden/classifier_case.hpp"
#include "golden/registry.hpp"
#include "gyrograd/models/cnn_classifier.hpp"
#include "gyrograd/models/dcnn.hpp"
#include "gyrograd/models/deepsense.hpp"

using namespace gyrograd;
using namespace gyrograd::golden;

namespace {

template <class Real, class Model>
void check(const Case& c, Model model) {
  const auto logits = [&](nn::Statistics statistics) {
    return [&model, statistics](Tape<Real>& tape, const auto& x) {
      return model.logits(tape, x, nullptr, statistics);
    };
  };
  check_classifier_case<Real>(c, model, logits(nn::Statistics::batch_and_store),
                              logits(nn::Statistics::stored));
}

template <class Real>
void check_cnn1(const Case& c) {
  models::CnnClassifierConfig config = models::cnn1_v1(c.integer("inp"), c.integer("classes"));
  config.seq_len = c.integer("steps");
  check<Real>(c, models::CnnClassifier<Real>(config));
}
template <class Real>
void check_cnn2(const Case& c) {
  models::CnnClassifierConfig config = models::cnn2_v1(c.integer("inp"), c.integer("classes"));
  config.seq_len = c.integer("steps");
  check<Real>(c, models::CnnClassifier<Real>(config));
}
template <class Real>
void check_dcnn(const Case& c) {
  check<Real>(c, models::Dcnn<Real>(
                     models::DcnnConfig::of(c.integer("steps"), c.integer("inp"), c.integer("classes"))));
}
template <class Real>
void check_deepsense(const Case& c) {
  models::DeepSenseConfig config;
  config.input = c.integer("inp");
  config.classes = c.integer("classes");
  config.rows = c.integer("steps");
  check<Real>(c, models::DeepSense<Real>(config));
}

const Register registered[] = {
    {"classifier_cnn1", check_cnn1<double>, check_cnn1<float>},
    {"classifier_cnn2", check_cnn2<double>, check_cnn2<float>},
    {"classifier_dcnn", check_dcnn<double>, check_dcnn<float>},
    {"classifier_deepsense", check_deepsense<double>, check_deepsense<float>},
};

}  // namespace
