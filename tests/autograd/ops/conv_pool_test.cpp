// SPDX-License-Identifier: MIT
#include "gyrograd/autograd/ops/conv_pool.hpp"

#include "support/op_case.hpp"

using namespace gyrograd;
using namespace gyrograd::testing;

namespace {

/// One op, or the two ops it stands for, on flat inputs x (B, 19, 2), weight (3, 2, 4), bias (3).
template <class Real, class V>
Var<Real, dyn, dyn, dyn> stage(Tape<Real>& tape, const V& v, Index batch, bool fused, bool constant_x) {
  auto x = v[0].template reshape<dyn, dyn, dyn>(batch, 19, 2);
  if (constant_x) x.gradient = nullptr;
  if (fused) return ops::conv_pool(tape, x, v[1], v[2], 4, 2);
  return ops::max_pool1d(tape, ops::conv1d(tape, x, v[1], v[2], 4, {1, 0, 2}), 3, {3, 0, 1});
}

}  // namespace

TEMPLATE_TEST_CASE("conv_pool equals its two ops in values and gradients", "", float, double) {
  for (const Index batch : {Index(3), kernels::lanes<TestType> + 2})
    for (const bool constant_x : {false, true}) {
      INFO("B " << batch << ", constant x " << constant_x);
      const std::vector<std::vector<double>> inputs{
          random_values<double>(batch * 38, 1), random_values<double>(24, 2), random_values<double>(3, 3)};
      const auto run = [&](bool fused) {
        return run_op<TestType>(
            inputs, [&](auto& tape, const auto& v) { return stage(tape, v, batch, fused, constant_x); });
      };
      const OpResult got = run(true), want = run(false);
      CHECK(got.value == want.value);
      CHECK(got.gradients == want.gradients);
      CHECK(std::any_of(got.gradients[1].begin(), got.gradients[1].end(), [](double d) { return d != 0; }));
    }
}

TEST_CASE("conv_pool refuses sizes that do not fit") {
  Tape<float> tape;
  const Index batch = kernels::lanes<float>;
  std::vector<float> memory(static_cast<std::size_t>(batch * 38));
  const auto x = tape.constant(Tensor<float, dyn, dyn, dyn>(memory.data(), batch, 19, 2));
  const auto flat = [&](Index n) { return tape.constant(Tensor<float, dyn>(memory.data(), n)); };
  CHECK_NOTHROW(ops::conv_pool(tape, x, flat(24), flat(3), 4, 2));
  CHECK_THROWS_AS(ops::conv_pool(tape, x, flat(23), flat(3), 4, 2), ShapeError);
  CHECK_THROWS_AS(ops::conv_pool(tape, x, flat(24), flat(2), 4, 2), ShapeError);
  CHECK_THROWS_WITH(
      ops::conv_pool(tape, x, flat(108), flat(3), 18, 1),
      "conv_pool: convolved time of x has 2 values, too few for a kernel of 3 with padding 0 and "
      "dilation 1");
}
