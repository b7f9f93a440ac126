// SPDX-License-Identifier: MIT
// Golden cases of the contrastive losses and of the feature queue.
#include <array>
#include <string>
#include <vector>

#include "golden/registry.hpp"
#include "golden/tape_case.hpp"
#include "gyrograd/losses/info_nce.hpp"
#include "gyrograd/losses/nt_xent.hpp"
#include "gyrograd/losses/primus.hpp"

using namespace gyrograd;
using namespace gyrograd::golden;
using namespace gyrograd::losses;

namespace {

template <class Real>
Var<Real> scalar(TapeCase<Real>& run, const std::string& name) {
  return run.parameter(name).template reshape<>();
}

template <class Real>
void check_info_nce(const Case& c) {
  TapeCase<Real> run(c);
  InfoNceOptions<Real> options;
  options.masked = MaskedSamples::published;
  const std::vector<Real> mask = c.has("input.mask") ? c.values<Real>("input.mask") : std::vector<Real>{};
  if (!mask.empty()) options.mask = mask.data();
  const auto q = run.positions("q"), k = run.positions("k");
  const auto tau = scalar(run, "tau");
  run.check_output("loss", info_nce(run.tape, q, k, tau, options));
  run.check_gradients();
}

template <class Real>
void check_variant(const Case& c) {
  TapeCase<Real> run(c);
  const std::string name = c.text("variant_name");
  InfoNceOptions<Real> options;
  std::vector<Real> mask;
  TemperatureOptions form = TemperatureOptions::published();
  if (name == "row_mean" || name == "row_sum") options.direction = Direction::one_way;
  if (name == "row_sum" || name == "both_sum") options.reduction = Reduction::sum;
  if (name == "both_half") options.direction = Direction::mean_of_two;
  if (name == "dot") options.similarity = Similarity::dot;
  if (name == "log_temperature") form.form = TemperatureForm::log;
  if (name == "floor") form.floor = c.number("floor");
  if (name == "exclude_masked") {
    mask = c.values<Real>("input.mask");
    options.mask = mask.data();
  }
  const auto q = run.positions("q"), k = run.positions("k");
  const auto tau =
      temperature(run.tape, scalar(run, form.form == TemperatureForm::log ? "log_tau" : "tau"), form);
  run.check_output("loss", info_nce(run.tape, q, k, tau, options));
  run.check_gradients();
}

template <class Real>
void check_nt_xent(const Case& c) {
  TapeCase<Real> run(c);
  const auto a = run.positions("a"), b = run.positions("b");
  const auto tau = scalar(run, "tau");
  const auto loss = nt_xent(run.tape, a, b, tau);
  expect_number(c, "output.loss_mean", static_cast<double>(*loss.value.data()) / 2, c.tolerance<Real>());
  run.check_output("loss", loss);
  run.check_gradients();
}

/// The queue of a case, as it stands before the batch.
template <class Real>
FeatureQueue<Real> stored_queue(const Case& c, Index filled) {
  const Index rows = c.at("input.queue_video").extent(0), width = c.at("input.queue_video").extent(1);
  FeatureQueue<Real> queue(rows, width, QueueRows::published);
  const auto video = c.values<Real>("input.queue_video"), text = c.values<Real>("input.queue_text"),
             imu = c.values<Real>("input.queue_imu");
  for (Index i = 0; i < filled; ++i) {
    const Index at = i * width;
    queue.push({video.data() + at, text.data() + at, imu.data() + at}, 1);
  }
  return queue;
}

template <class Real>
void check_primus(const Case& c) {
  TapeCase<Real> run(c);
  const Index n = c.at("input.s0").extent(0), width = c.at("input.s0").extent(1);
  const bool published = c.text("search") == "reference";
  FeatureQueue<Real> queue = stored_queue<Real>(c, c.integer("filled"));
  const std::vector<Index> imu_only = c.indices("input.imu_only");
  const std::vector<Real> s0 = c.values<Real>("input.s0"), video = c.values<Real>("input.video");
  std::vector<Index> found(static_cast<std::size_t>(n)), by_imu = found;
  const QueueSearch search = published ? QueueSearch::published : QueueSearch::filled;
  queue.search(found.data(), video.data(), n, Modality::video, search);
  queue.search(by_imu.data(), s0.data(), n, Modality::imu, search);
  std::vector<Real> mask;
  for (std::size_t i = 0; i < found.size(); ++i) {
    if (imu_only[i] != 0) found[i] = by_imu[i];
    mask.push_back(imu_only[i] != 0 ? Real(0) : Real(1));
  }
  expect_indices(c, "output.neighbour", found);

  std::array<std::vector<Real>, 3> rows;
  const auto neighbours = [&](Modality m) {
    std::vector<Real>& x = rows[static_cast<std::size_t>(m)];
    x.resize(static_cast<std::size_t>(n * width));
    for (Index i = 0; i < n; ++i)
      for (Index k = 0; k < width; ++k)
        x[static_cast<std::size_t>(i + n * k)] =
            queue.row(m, found[static_cast<std::size_t>(i)])[static_cast<std::size_t>(k)];
    return run.tape.constant(Tensor<const Real, dyn, dyn>(x.data(), n, width));
  };
  const std::vector<Real> text_columns = c.columns<Real>("input.text"),
                          video_columns = c.columns<Real>("input.video");
  PrimusInputs<Real> in;
  in.s0 = run.positions("s0");
  in.s1 = run.positions("s1");
  in.g0 = run.positions("g0");
  in.text = run.tape.constant(Tensor<const Real, dyn, dyn>(text_columns.data(), n, width));
  in.video = run.tape.constant(Tensor<const Real, dyn, dyn>(video_columns.data(), n, width));
  in.nn_text = neighbours(Modality::text);
  in.nn_video = neighbours(Modality::video);
  in.nn_imu = neighbours(Modality::imu);
  in.tau_mm = scalar(run, "tau_mm");
  in.tau_ss = scalar(run, "tau_ss");
  in.mask = mask.data();
  InfoNceOptions<Real> options;
  options.masked = c.flag("masked_in_denominator") ? MaskedSamples::published : MaskedSamples::excluded;
  const PrimusWeights weights{c.number("alpha"), c.number("beta"), c.number("gamma_mm"),
                              c.number("gamma_ss")};
  const PrimusLoss<Real> loss = losses::primus(run.tape, in, weights, options);
  const std::array<double, 6> weight{weights.alpha,    weights.beta,     weights.beta,
                                     weights.gamma_mm, weights.gamma_mm, weights.gamma_ss};
  for (std::size_t t = 0; t < 6; ++t) {
    if (weight[t] > 0)
      expect_number(c, "output.term_" + std::string(primus_term_names[t]), static_cast<double>(loss.terms[t]),
                    c.tolerance<Real>());
    else
      CHECK(loss.terms[t] == 0);
  }
  run.check_output("loss", loss.total);
  run.check_gradients();
}

template <class Real>
void check_queue(const Case& c) {
  const Array& rows = c.at("input.queue_video");
  Index filled = 0;  // rows that were never written are zero
  for (std::size_t i = 0; i < rows.values.size(); i += static_cast<std::size_t>(rows.extent(1)))
    if (rows.values[i] != 0) ++filled;
  FeatureQueue<Real> queue = stored_queue<Real>(c, filled);
  CHECK(queue.next() == c.indices("input.start")[0]);
  const auto video = c.values<Real>("input.batch_video"), text = c.values<Real>("input.batch_text"),
             imu = c.values<Real>("input.batch_imu");
  const std::vector<std::uint8_t> skip = c.values<std::uint8_t>("input.imu_only");
  queue.push({video.data(), text.data(), imu.data()}, static_cast<Index>(skip.size()), skip.data());
  CHECK(queue.next() == c.indices("output.pointer")[0]);
  CHECK(queue.filled() == c.indices("output.filled")[0]);
  for (std::size_t m = 0; m < 3; ++m) {
    const auto all = queue.row(static_cast<Modality>(m), 0).data();
    const std::vector<Real> got(all, all + queue.capacity() * queue.width(Modality::video));
    const std::string key = "output.queue_" + std::string(modality_names[m]);
    CHECK(got == c.values<Real>(key));
  }
}

const Register registered[] = {
    {"loss_infonce", check_info_nce<double>, check_info_nce<float>},
    {"loss_infonce_variant", check_variant<double>, check_variant<float>},
    {"loss_nt_xent", check_nt_xent<double>, check_nt_xent<float>},
    {"loss_primus", check_primus<double>, check_primus<float>},
    {"primus_queue", check_queue<double>, check_queue<float>},
};

}  // namespace
