// SPDX-License-Identifier: MIT
#include "gyrograd/losses/tpn.hpp"

#include "gyrograd/autograd/ops/sigmoid.hpp"
#include "support/op_case.hpp"

using namespace gyrograd;
using namespace gyrograd::testing;

TEST_CASE("tpn loss: value and gradient, from probabilities and from log-odds") {
  const std::vector<std::int32_t> labels{0, 2, 1};
  const std::vector<double> p{0.25, 0.5, 0.75, 0.5, 0.125, 0.875};  // (3, 2), first index fastest
  const double want = (-std::log(0.75) - std::log(0.5) - std::log(0.125) - std::log(0.75)) / 4;
  CHECK(losses::tpn_terms(labels.data(), 3, 2) == 4);
  const auto f = [&](auto& tape, const auto& v) {
    return losses::tpn(tape, v[0].template reshape<dyn, dyn>(3, 2), labels.data(),
                       typename std::remove_cvref_t<decltype(v[0].value)>::Value(0.25));
  };
  const OpResult r = run_op<double>({p}, f, {1.0});
  CHECK(r.value[0] == Approx(want));
  CHECK(r.gradients[0][0] == Approx(0.25 / 0.75));
  CHECK(r.gradients[0][2] == Approx(-0.25 / 0.75));
  CHECK(r.gradients[0][1] == 0);  // not asked
  CHECK(r.gradients[0][4] == Approx(-0.25 / 0.125));

  std::vector<double> z;
  for (const double v : p) z.push_back(std::log(v / (1 - v)));
  const auto odds = [&](auto& tape, const auto& v) {
    return losses::tpn_logits(tape, v[0].template reshape<dyn, dyn>(3, 2), labels.data(),
                              typename std::remove_cvref_t<decltype(v[0].value)>::Value(0.25));
  };
  const OpResult o = run_op<double>({z}, odds, {1.0});
  CHECK(o.value[0] == Approx(want));
  for (std::size_t i = 0; i < 6; ++i)
    CHECK(o.gradients[0][i] == Approx(r.gradients[0][i] * p[i] * (1 - p[i])).margin(1e-12));
}

TEST_CASE("tpn loss: saturated heads are infinite as published and finite from log-odds") {
  const std::vector<std::int32_t> labels{0};
  Tape<float> tape;
  float z[] = {200.0F}, p[] = {1.0F};
  CHECK(std::isinf(
      *losses::tpn(tape, tape.input(Tensor<float, dyn, dyn>(p, 1, 1)), labels.data(), 1.0F).value.data()));
  CHECK(*losses::tpn_logits(tape, tape.input(Tensor<float, dyn, dyn>(z, 1, 1)), labels.data(), 1.0F)
             .value.data() == 200.0F);
  const std::vector<std::int32_t> bad{2};
  CHECK_THROWS_AS(losses::tpn(tape, tape.input(Tensor<float, dyn, dyn>(p, 1, 1)), bad.data(), 1.0F),
                  ConfigError);
}
