// SPDX-License-Identifier: MIT
// One case of an op serves four judgements: value against plain loops, gradients by differences, float
// against double, and whatever sizes the case names.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "gyrograd/autograd/gradcheck.hpp"
#include "support/catch.hpp"
#include "support/reference.hpp"
#include "support/tolerance.hpp"

namespace gyrograd::testing {

/// Result of one op in one precision: output and the gradient of every input.
struct OpResult {
  std::vector<double> value;
  std::vector<std::vector<double>> gradients;
};

/// Runs f(tape, v) on `inputs`; the gradient of the output is `weights` (1, -1, 1, ... where it is empty).
template <class Real, class F>
OpResult run_op(const std::vector<std::vector<double>>& inputs, F&& f, std::vector<double> weights = {}) {
  std::vector<std::vector<Real>> values;
  for (const auto& x : inputs) values.emplace_back(x.begin(), x.end());
  Tape<Real> tape;
  std::vector<Var<Real, dyn>> v;
  for (auto& x : values) v.push_back(tape.input(Tensor<Real, dyn>(x.data(), static_cast<Index>(x.size()))));
  const auto y = f(tape, v);
  OpResult result{{y.value.begin(), y.value.end()}, {}};
  const auto dy = y.grad();
  for (Index i = 0; i < dy.size(); ++i)
    dy.data()[i] =
        weights.empty() ? (i % 2 ? Real(-1) : Real(1)) : Real(weights[static_cast<std::size_t>(i)]);
  tape.backward();
  for (const auto& x : v) result.gradients.emplace_back(x.grad().begin(), x.grad().end());
  return result;
}

/// Judges an op: `f(tape, v)` builds it for any Real, `want` are the output values (empty: not compared).
/// Inputs whose number is in `zero` have a gradient of exactly zero.
template <class F>
void check_op(std::vector<std::vector<double>> inputs, F&& f, const std::vector<double>& want = {},
              const std::vector<std::size_t>& zero = {}, double float_scale = 10) {
  // Values that float holds exactly, so that both precisions see the same numbers.
  for (auto& x : inputs)
    for (double& number : x) number = static_cast<double>(static_cast<float>(number));

  const OpResult in_double = run_op<double>(inputs, f);
  const OpResult in_float = run_op<float>(inputs, f);
  if (!want.empty()) check_close<double>(in_double.value, want);
  check_close<float>(in_float.value, in_double.value, float_scale);
  for (std::size_t k = 0; k < inputs.size(); ++k) {
    INFO("input " << k);
    check_close<float>(in_float.gradients[k], in_double.gradients[k], float_scale);
  }

  std::vector<std::span<double>> views;
  for (auto& x : inputs) views.emplace_back(x);
  const std::vector<GradcheckResult> results = gradcheck(views, f);
  for (std::size_t k = 0; k < results.size(); ++k) {
    GradcheckOptions options;
    for (std::size_t z : zero) options.expect_zero = options.expect_zero || z == k;
    INFO("input " << k << ": " << results[k].text());
    CHECK(results[k].passed(options));
  }
}

}  // namespace gyrograd::testing
