// SPDX-License-Identifier: MIT
// Golden cases of published weights: the .pt files of the authors on real windows, encoder and classifier.
#include <cstdint>

#include "golden/registry.hpp"
#include "gyrograd/data/normalise.hpp"
#include "gyrograd/io/pt.hpp"
#include "gyrograd/models/gru_classifier.hpp"
#include "gyrograd/models/limu_bert.hpp"
#include "gyrograd/nn/state_dict.hpp"
#include "support/shared.hpp"

using namespace gyrograd;
using namespace gyrograd::golden;

namespace {

/// Mean over steps and channels of (got - want)^2 per window; activation layout with `batch` windows.
template <class Real>
std::vector<double> mean_square(const Real* got, const Real* want, Index batch, Index rest) {
  std::vector<double> sum(static_cast<std::size_t>(batch));
  for (Index i = 0; i < rest; ++i) {
    for (Index b = 0; b < batch; ++b) {
      const double gap = static_cast<double>(got[b + batch * i]) - static_cast<double>(want[b + batch * i]);
      sum[static_cast<std::size_t>(b)] += gap * gap / static_cast<double>(rest);
    }
  }
  return sum;
}

/// Positions 10..27 of every window.
std::vector<std::int32_t> masked_positions(Index batch) {
  std::vector<std::int32_t> out;
  for (Index b = 0; b < batch; ++b) {
    for (std::int32_t t = 10; t < 28; ++t) out.push_back(t);
  }
  return out;
}

template <class Real>
void check_encoder(const Case& c, models::LimuBert<models::LimuBertConfig, Real>& model) {
  const Index batch = c.at("input.x").extent(0), steps = c.at("input.x").extent(1);
  const double tolerance = c.tolerance<Real>();
  std::vector<Real> values = c.columns<Real>("input.x");
  const Tensor<Real, dyn, dyn, dyn> x(values.data(), batch, steps, 6);
  Tape<Real> tape;
  tape.set_recording(false);
  expect_columns(c, "output.embedding", model.encode(tape, tape.constant(x)).value.data(), tolerance);
  const auto all = model.reconstruct(tape, tape.constant(x));
  expect_columns(c, "output.reconstruction", all.value.data(), tolerance);
  expect_rows(c, "output.full_mse", mean_square(all.value.data(), values.data(), batch, steps * 6),
              tolerance);

  std::vector<Real> hidden = values, target;
  for (Index k = 0; k < 6; ++k) {
    for (Index t = 10; t < 28; ++t) {
      for (Index b = 0; b < batch; ++b) {
        Real& v = hidden[static_cast<std::size_t>(b + batch * (t + steps * k))];
        target.push_back(v);
        v = 0;
      }
    }
  }
  const std::vector<std::int32_t> positions = masked_positions(batch);
  const auto rows = model.reconstruct(
      tape, tape.constant(Tensor<Real, dyn, dyn, dyn>(hidden.data(), batch, steps, 6)), positions.data(), 18);
  expect_columns(c, "output.masked_reconstruction", rows.value.data(), tolerance);
  expect_rows(c, "output.masked_mse", mean_square(rows.value.data(), target.data(), batch, 18 * 6),
              tolerance);
}

/// Logits of the six 20-step pieces of every embedding.
template <class Real>
void check_head(const Case& c, const models::LimuBert<models::LimuBertConfig, Real>& model,
                const models::GruClassifier<models::GruClassifierConfig, Real>& head) {
  const Index batch = c.at("input.x").extent(0), steps = c.at("input.x").extent(1), pieces = steps / 20;
  std::vector<Real> values = c.columns<Real>("input.x");
  Tape<Real> tape;
  tape.set_recording(false);
  const auto h =
      model.encode(tape, tape.constant(Tensor<Real, dyn, dyn, dyn>(values.data(), batch, steps, 6)));
  const Index width = h.extent(2);
  std::vector<Real> cut(static_cast<std::size_t>(h.value.size()));
  const Tensor<Real, dyn, dyn, dyn> piece(cut.data(), batch * pieces, 20, width);
  for (Index b = 0; b < batch; ++b) {
    for (Index t = 0; t < steps; ++t) {
      for (Index k = 0; k < width; ++k) piece(b * pieces + t / 20, t % 20, k) = h.value(b, t, k);
    }
  }
  expect_columns(c, "output.logits", head.logits(tape, tape.constant(piece)).value.data(),
                 c.tolerance<Real>());
}

void check_normalised(const Case& c) {
  const std::vector<float> raw = c.values<float>("input.raw");
  std::vector<float> x(raw.size());
  data::normalise(std::span<float>(x), std::span<const float>(raw), 6, 6, data::Normalisation::limu);
  expect_rows(c, "input.x", x, 0);
}

template <class Real>
void check_published(const Case& c) {
  const auto weights = testing::shared_path("weights/limu-bert");
  if (!weights) return;
  const std::vector<std::string> files = c.names("weights_files");
  models::LimuBert<models::LimuBertConfig, Real> model;
  nn::load_parameters<Real>(model, io::read_pt(*weights / files.at(0)));
  models::GruClassifierConfig config;
  config.classes = c.integer("classes");
  models::GruClassifier<models::GruClassifierConfig, Real> head(config);
  nn::load_parameters<Real>(head, io::read_pt(*weights / files.at(1)));
  check_normalised(c);
  check_encoder<Real>(c, model);
  check_head<Real>(c, model, head);
}

const Register registered{"published", check_published<double>, check_published<float>};

}  // namespace
