// SPDX-License-Identifier: MIT
#include "gyrograd/autograd/ops/batch_norm.hpp"

#include "support/op_case.hpp"

using namespace gyrograd;
using namespace gyrograd::testing;

TEST_CASE("batch_norm on the tape: gradients with statistics of the batch and with stored ones") {
  for (const auto statistics : {ops::Statistics::batch, ops::Statistics::stored}) {
    check_op({random_values<double>(2 * 5 * 3, 1), random_values<double>(3, 2), random_values<double>(3, 3)},
             [=](auto& tape, const auto& v) {
               using Real = typename std::remove_cvref_t<decltype(v[0].value)>::Value;
               static Real mean[3] = {Real(0.1), Real(0.2), Real(-0.3)}, variance[3] = {1, 2, Real(0.5)};
               return ops::batch_norm(tape, v[0].template reshape<dyn, dyn, dyn>(2, 5, 3), v[1], v[2],
                                      ops::RunningStatistics<Real>{mean, variance}, statistics);
             });
  }
}

TEST_CASE("batch_norm: estimates move only when asked to, one value has no variance") {
  Tape<double> tape;
  std::vector<double> x{1, 3, 5, 7}, one{1, 1}, mean{0}, variance{1};
  const auto v = tape.constant(Tensor<double, dyn, dyn>(x.data(), 4, 1));
  const auto gamma = tape.constant(Tensor<double, dyn>(one.data(), 1));
  const ops::RunningStatistics<double> running{mean.data(), variance.data()};
  ops::batch_norm(tape, v, gamma, gamma, running, ops::Statistics::batch);
  CHECK(mean[0] == 0);
  const auto y = ops::batch_norm(tape, v, gamma, gamma, running, ops::Statistics::batch_and_store);
  CHECK(mean[0] == Approx(0.4));
  CHECK(variance[0] == Approx(0.9 + 0.1 * 20.0 / 3));
  CHECK(y.value.data()[0] == Approx(1 - 3 / std::sqrt(5.0)).epsilon(1e-4));
  const auto single = tape.constant(Tensor<double, dyn, dyn>(x.data(), 1, 1));
  CHECK_THROWS_AS(ops::batch_norm(tape, single, gamma, gamma, running, ops::Statistics::batch), ShapeError);
  CHECK_NOTHROW(ops::batch_norm(tape, single, gamma, gamma, running, ops::Statistics::stored));
  const auto wide = tape.constant(Tensor<double, dyn, dyn>(x.data(), 2, 2));
  CHECK_THROWS_AS(ops::batch_norm(tape, wide, gamma, gamma, running, ops::Statistics::batch), ShapeError);
}
