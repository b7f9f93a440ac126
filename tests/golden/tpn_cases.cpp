// SPDX-License-Identifier: MIT
// Golden cases of TPN: models, loss, transformations, score; and of the spectral features of DeepSense.
#include "golden/classifier_case.hpp"
#include "golden/registry.hpp"
#include "golden/tape_case.hpp"
#include "gyrograd/data/fft_features.hpp"
#include "gyrograd/data/tpn_transforms.hpp"
#include "gyrograd/losses/tpn.hpp"
#include "gyrograd/metrics/tpn.hpp"
#include "gyrograd/models/tpn.hpp"

using namespace gyrograd;
using namespace gyrograd::golden;

namespace {

template <class Real>
void check_loss(const Case& c) {
  TapeCase<Real> run(c);
  const std::vector<std::int32_t> labels = c.values<std::int32_t>("input.labels");
  const auto n = static_cast<Index>(labels.size()),
             terms = losses::tpn_terms(labels.data(), n, c.integer("tasks"));
  run.check_output(
      "loss", losses::tpn(run.tape, run.positions("p"), labels.data(), Real(1) / static_cast<Real>(terms)));
  run.check_gradients();
}

template <class Real>
void check_pretrain(const Case& c) {
  models::TpnConfig config;
  config.input = c.integer("inp");
  config.tasks = c.at("output.probability").extent(1);
  models::TpnPretrain<Real> model(config);
  CHECK(parameter_count<Real>(model) == c.integer("parameters"));
  load_parameters<Real>(c, model);
  std::vector<Real> x = c.columns<Real>("input.x");
  const std::vector<std::int32_t> labels = c.values<std::int32_t>("input.labels");
  AlignedVector<Real> gradients(static_cast<std::size_t>(model.store().size()));
  Tape<Real> tape;
  tape.bind_gradients(gradients.data());
  const Array& s = c.at("input.x");
  const auto p = model.probabilities(
      tape, tape.constant(Tensor<Real, dyn, dyn, dyn>(x.data(), s.extent(0), s.extent(1), s.extent(2))));
  expect_columns(c, "output.probability", p.value.data(), c.tolerance<Real>());
  const Index terms = losses::tpn_terms(labels.data(), s.extent(0), config.tasks);
  const auto loss = losses::tpn(tape, p, labels.data(), Real(1) / static_cast<Real>(terms));
  expect_number(c, "output.loss", static_cast<double>(*loss.value.data()), c.tolerance<Real>());
  tape.backward(loss);
  check_parameter_gradients<Real>(c, model, gradients);
}

template <class Real>
void check_classifier(const Case& c) {
  models::TpnConfig config;
  config.input = c.integer("inp");
  config.classes = c.at("output.logits").extent(1);
  models::TpnClassifier<Real> model(config);
  check_classifier_case<Real>(c, model, [&](auto& tape, const auto& x) { return model.logits(tape, x); });
}

template <class Real>
void check_transforms(const Case& c) {
  const Array& shape = c.at("input.x");
  const Index B = shape.extent(0), T = shape.extent(1), C = shape.extent(2);
  const auto window = static_cast<std::size_t>(T * C);
  const std::vector<Real> x = c.values<Real>("input.x"), noise = c.values<Real>("input.noise"),
                          scale = c.values<Real>("input.scale");
  const std::vector<double> rotation = c.values<double>("input.rotation");
  const std::vector<Index> order = c.indices("input.axis_order");
  std::map<std::string, std::vector<Real>> got;
  for (const char* name : {"noise", "scale", "rotate", "flip", "shuffle", "shuffle_published"}) got[name] = x;
  for (std::size_t b = 0; b < static_cast<std::size_t>(B); ++b) {
    const auto part = [&](const std::vector<Real>& all) {
      return std::span<const Real>(all).subspan(b * window, window);
    };
    const auto out = [&](const char* name) { return std::span<Real>(got[name]).subspan(b * window, window); };
    data::RotationMatrix m;
    std::copy_n(rotation.begin() + static_cast<std::ptrdiff_t>(9 * b), 9, m.begin());
    const std::array<Index, 3> axes{order[3 * b], order[3 * b + 1], order[3 * b + 2]};
    data::tpn_noise(out("noise"), part(x), part(noise));
    data::tpn_scale(out("scale"), part(x), part(scale));
    data::tpn_rotate(out("rotate"), part(x), m);
    data::tpn_flip(out("flip"), part(x), C);
    data::tpn_shuffle(out("shuffle"), part(x), C, axes, data::TpnShuffle::corrected);
    data::tpn_shuffle(out("shuffle_published"), part(x), C, axes, data::TpnShuffle::published);
  }
  for (const auto& [name, values] : got) expect_rows(c, "output." + name, values, c.tolerance<Real>());
}

template <class Real>
void check_fft(const Case& c) {
  const Array& shape = c.at("input.x");
  const Index B = shape.extent(0), T = shape.extent(1), C = shape.extent(2);
  const data::FftFeature feature(T, C, data::FftFeatures::published);
  REQUIRE(feature.rows() == c.at("output.features").extent(1));
  const auto rows = static_cast<std::size_t>(feature.rows()), width = static_cast<std::size_t>(C);
  const std::vector<Real> x = c.values<Real>("input.x");
  std::vector<Real> got(rows * width * static_cast<std::size_t>(B));
  for (std::size_t b = 0; b < static_cast<std::size_t>(B); ++b)
    feature(std::span<Real>(got).subspan(b * rows * width, rows * width),
            std::span<const Real>(x).subspan(b * static_cast<std::size_t>(T) * width,
                                             static_cast<std::size_t>(T) * width));
  const std::vector<Index> reliable = c.indices("output.phase_reliable");  // (B, 10, C)
  const std::vector<double>& want = c.at("output.features").values;
  for (std::size_t i = 0; i < got.size(); ++i) {
    const std::size_t b = i / (rows * width), row = i / width % rows, column = i % width;
    if (row >= rows / 2 && reliable[(b * rows / 2 + row - rows / 2) * width + column] == 0)
      got[i] = static_cast<Real>(want[i]);
  }
  expect_rows(c, "output.features", got, c.tolerance<Real>());
}

void check_metric(const Case& c) {
  const std::vector<double> p = c.values<double>("input.probability");
  const std::vector<Index> labels = c.indices("input.labels");
  const metrics::Confusion table = metrics::tpn_confusion<double>(p, labels, c.integer("tasks"));
  expect_number(c, "output.accuracy", metrics::accuracy(table), c.tolerance<double>());
  expect_number(c, "output.macro_f1", metrics::macro_f1(table), c.tolerance<double>());
  expect_number(c, "output.count", static_cast<double>(table.total()), 0);
}

const Register registered[] = {
    {"loss_tpn", check_loss<double>, check_loss<float>},
    {"tpn_pretrain", check_pretrain<double>, check_pretrain<float>},
    {"tpn_classifier", check_classifier<double>, check_classifier<float>},
    {"tpn_transforms", check_transforms<double>, check_transforms<float>},
    {"fft_features", check_fft<double>, check_fft<float>},
    {"tpn_metric", check_metric},
};

}  // namespace
