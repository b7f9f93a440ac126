// SPDX-License-Identifier: MIT
#include "gyrograd/losses/temperature.hpp"

#include <cmath>

#include "support/op_case.hpp"

using namespace gyrograd;
using namespace gyrograd::losses;
using namespace gyrograd::testing;

namespace {

auto with(TemperatureOptions o) {
  return [o](auto& tape, const auto& v) { return temperature(tape, v[0].template reshape<>(), o); };
}

}  // namespace

TEST_CASE("temperature: raw, log and fixed") {
  check_op({{0.25}}, with({}), {0.25});
  check_op({{0.005}}, with({}), {0.01}, {0});  // the floor holds: no gradient
  check_op({{0.005}}, with(TemperatureOptions::published()), {static_cast<double>(0.005F)});
  check_op({{-2.5}}, with({TemperatureForm::log, 0}), {std::exp(-2.5)});
}

TEST_CASE("a fixed temperature gets no gradient") {
  const OpResult r = run_op<double>({{0.07}}, with({TemperatureForm::fixed, 0}));
  CHECK(r.value[0] == 0.07);
  CHECK(r.gradients[0][0] == 0);
}

TEST_CASE("stored and used temperature belong together") {
  for (const TemperatureForm form : {TemperatureForm::raw, TemperatureForm::log, TemperatureForm::fixed})
    CHECK(used_temperature(stored_temperature(0.1, {form, 0.01}), {form, 0.01}) ==
          Approx(0.1).epsilon(1e-15));
}
