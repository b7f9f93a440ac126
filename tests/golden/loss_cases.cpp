// SPDX-License-Identifier: MIT
// Golden cases of losses.
#include <cstdint>

#include "golden/registry.hpp"
#include "golden/tape_case.hpp"
#include "gyrograd/autograd/ops/gather.hpp"
#include "gyrograd/losses/cross_entropy.hpp"
#include "gyrograd/losses/masked_mse.hpp"

using namespace gyrograd;
using namespace gyrograd::golden;

namespace {

template <class Real>
void check_masked_mse(const Case& c) {
  TapeCase<Real> run(c);
  const std::vector<std::int32_t> positions = c.values<std::int32_t>("input.positions");
  const std::vector<Real> target = c.columns<Real>("input.target");
  const auto rows = ops::gather(run.tape, run.activation("prediction"), positions.data(),
                                c.at("input.positions").extent(1));
  const auto loss =
      losses::masked_mse(run.tape, rows, target.data(), Real(1) / static_cast<Real>(rows.value.size()));
  run.check_output("loss", loss);
  run.check_gradients();
}

template <class Real>
void check_cross_entropy(const Case& c) {
  TapeCase<Real> run(c);
  const std::vector<std::int32_t> labels = c.values<std::int32_t>("input.labels");
  const auto x = run.positions("x");
  const auto loss =
      losses::cross_entropy(run.tape, x, labels.data(), Real(1) / static_cast<Real>(labels.size()));
  run.check_output("loss", loss);
  run.check_gradients();
}

const Register registered[] = {
    {"loss_masked_mse", check_masked_mse<double>, check_masked_mse<float>},
    {"loss_cross_entropy", check_cross_entropy<double>, check_cross_entropy<float>},
};

}  // namespace
