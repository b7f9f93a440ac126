// SPDX-License-Identifier: MIT
#include "gyrograd/losses/primus.hpp"

#include <cmath>
#include <vector>

#include "support/op_case.hpp"

using namespace gyrograd;
using namespace gyrograd::losses;
using namespace gyrograd::testing;

namespace {

constexpr Index batch = 5, width = 4;

template <class Real>
const std::vector<Real>& key(int stream) {
  static std::vector<std::vector<Real>> all(8);
  auto& v = all[static_cast<std::size_t>(stream)];
  if (v.empty()) v = random_values<Real>(batch * width, 20 + stream);
  return v;
}
template <class Real>
const std::vector<Real>& partly() {
  static const std::vector<Real> w{1, 0, 1, 1, 0};
  return w;
}
const std::vector<Index> shared_neighbour{3, 3, 8, 3, 8};

/// The whole objective of s0, s1, g0, tau_mm, tau_ss.
auto objective(PrimusWeights weights, bool mask, bool duplicates) {
  return [=](auto& tape, const auto& v) {
    using Real = std::remove_cvref_t<decltype(*v[0].value.data())>;
    const auto constant = [&](int stream) {
      return tape.constant(Tensor<const Real, dyn, dyn>(key<Real>(stream).data(), batch, width));
    };
    PrimusInputs<Real> in;
    in.s0 = v[0].template reshape<dyn, dyn>(batch, width);
    in.s1 = v[1].template reshape<dyn, dyn>(batch, width);
    in.g0 = v[2].template reshape<dyn, dyn>(batch, width);
    in.tau_mm = v[3].template reshape<>();
    in.tau_ss = v[4].template reshape<>();
    in.text = constant(0), in.video = constant(1);
    in.nn_text = constant(2), in.nn_video = constant(3), in.nn_imu = constant(4);
    if (mask) in.mask = partly<Real>().data();
    if (duplicates) in.neighbour = shared_neighbour.data();
    return primus(tape, in, weights).total;
  };
}

std::vector<std::vector<double>> inputs() {
  return {random_values<double>(batch * width, 1),
          random_values<double>(batch * width, 2),
          random_values<double>(batch * width, 3),
          {0.6},
          {0.5}};
}

double value(PrimusWeights weights, bool mask = false) {
  return run_op<double>(inputs(), objective(weights, mask, false)).value[0];
}

}  // namespace

TEST_CASE("PRIMUS objective: gradients of heads and temperatures") {
  check_op(inputs(), objective({}, false, false), {}, {}, 30);
  check_op(inputs(), objective({1, 0.7, 0.4, 0.2}, true, true), {}, {}, 30);
}

TEST_CASE("a term with weight 0 leaves its inputs without gradient") {
  check_op(inputs(), objective(PrimusWeights::c_form(0, false), true, false), {}, {0, 1, 4}, 30);  // IMU2CLIP
  check_op(inputs(), objective(PrimusWeights::c_form(1, false), false, false), {}, {2, 3}, 30);    // SimCLR
  const OpResult none = run_op<double>(inputs(), objective({0, 0, 0, 0}, false, false));
  CHECK(none.value[0] == 0);
}

TEST_CASE("the weighted sum is linear, and c = 0.5 is half of all weights 1") {
  const double all = value({1, 1, 1, 1});
  CHECK(value({1, 0, 0, 0}) + value({0, 1, 0, 0}) + value({0, 0, 1, 0}) + value({0, 0, 0, 1}) ==
        Approx(all).epsilon(1e-13));
  CHECK(value(PrimusWeights::c_form(0.5, true)) == Approx(all / 2).epsilon(1e-13));
  const PrimusWeights c = PrimusWeights::c_form(0.3, true);
  CHECK(c.alpha == 0.3);
  CHECK(c.beta == 0.7);
  CHECK(c.gamma_mm == 0.7);
  CHECK(c.gamma_ss == 0.3);
}

TEST_CASE("the mask acts on the multimodal terms only") {
  CHECK(value({1, 0, 1, 1}, true) == value({1, 0, 1, 1}, false));
  CHECK(value({0, 1, 0, 0}, true) != value({0, 1, 0, 0}, false));
}

TEST_CASE("vectors of another width than the encoder's are refused") {
  Tape<float> tape;
  PrimusInputs<float> in;
  in.g0 = tape.make<dyn, dyn>(3, 8);
  in.g0.value.fill(1.0F);
  in.text = tape.make<dyn, dyn>(3, 6);
  in.tau_mm = in.tau_ss = tape.make<>();
  CHECK_THROWS_AS(primus(tape, in, {}), ShapeError);
}
