// SPDX-License-Identifier: MIT
#include "gyrograd/autograd/ops/pooled_stage.hpp"

#include "gyrograd/autograd/ops/relu_tanh.hpp"
#include "support/op_case.hpp"

using namespace gyrograd;
using namespace gyrograd::testing;

namespace {

template <class Real>
struct Estimates {
  std::vector<Real> mean = std::vector<Real>(11, Real(0.1)), variance = std::vector<Real>(11, Real(0.5));
  ops::RunningStatistics<Real> view() { return {mean.data(), variance.data()}; }
};

/// One op, or the four ops it stands for, on flat inputs x (3, 9, 2, 2), weight (11, 2, 3, 1), bias, gamma,
/// beta.
template <class Real, class V>
auto stage(Tape<Real>& tape, const V& v, ops::Statistics statistics, Estimates<Real>& e, bool fused,
           bool constant_x) {
  auto x = v[0].template reshape<dyn, dyn, dyn, dyn>(3, 9, 2, 2);
  if (constant_x) x.gradient = nullptr;
  if (fused)
    return ops::pooled_stage(tape, x, ops::StageWeights<Real>{v[1], v[2], v[3], v[4], e.view()}, 3, 1, 2,
                             statistics);
  const auto z = ops::max_pool2d(tape, ops::conv2d(tape, x, v[1], v[2], 3, 1), 2, 1, {2, 0, 1}, {});
  return ops::batch_norm(tape, ops::relu_tanh(tape, z), v[3], v[4], e.view(), statistics);
}

}  // namespace

TEST_CASE("pooled_stage equals its four ops in values, gradients and estimates") {
  std::vector<std::vector<double>> inputs;
  int stream = 0;
  for (const Index n : {108, 66, 11, 11, 11}) inputs.push_back(random_values<double>(n, ++stream));
  for (const auto statistics :
       {ops::Statistics::stored, ops::Statistics::batch, ops::Statistics::batch_and_store})
    for (const bool constant_x : {false, true}) {
      Estimates<double> one, four;
      const auto run = [&](Estimates<double>& e, bool fused) {
        return run_op<double>(inputs, [&](auto& tape, const auto& v) {
          return stage(tape, v, statistics, e, fused, constant_x);
        });
      };
      const OpResult got = run(one, true), want = run(four, false);
      check_close<double>(got.value, want.value);
      for (std::size_t i = 0; i < inputs.size(); ++i)
        check_close<double>(got.gradients[i], want.gradients[i], 4);
      check_close<double>(one.mean, four.mean);
      check_close<double>(one.variance, four.variance);
      CHECK((one.mean != Estimates<double>().mean) == (statistics == ops::Statistics::batch_and_store));
    }
}

TEST_CASE("pooled_stage refuses sizes that do not fit") {
  Tape<float> tape;
  std::vector<float> memory(200);
  const auto flat = [&](Index n) { return tape.constant(Tensor<float, dyn>(memory.data(), n)); };
  const auto x = tape.constant(Tensor<float, dyn, dyn, dyn, dyn>(memory.data(), 3, 9, 2, 2));
  Estimates<float> e;
  const auto run = [&](Index weights, Index gamma, Index kernel, Index pool) {
    return ops::pooled_stage(
        tape, x, ops::StageWeights<float>{flat(weights), flat(11), flat(gamma), flat(11), e.view()}, kernel,
        1, pool, ops::Statistics::batch);
  };
  CHECK_NOTHROW(run(66, 11, 3, 2));
  CHECK_THROWS_AS(run(67, 11, 3, 2), ShapeError);
  CHECK_THROWS_AS(run(66, 10, 3, 2), ShapeError);
  CHECK_THROWS_AS(run(66, 11, 3, 8), ShapeError);
  CHECK_THROWS_AS(run(220, 11, 10, 2), ShapeError);
}
