// SPDX-License-Identifier: MIT
// Gradient check: gradients of the tape against a 4-point difference stencil in double precision.
//
//   df/dx = (8 (f(x + h) - f(x - h)) - (f(x + 2h) - f(x - 2h))) / 12h + O(h^4),  h = 1e-3 max(1, |x|)
//
// A correct gradient of a smooth function agrees to about 1e-11; a gradient that is zero proves nothing, so
// it is refused unless zero is what was asked for.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "gyrograd/autograd/tape.hpp"
#include "gyrograd/core/random.hpp"

namespace gyrograd {

struct GradcheckOptions {
  double step = 1e-3;               ///< h for |x| <= 1, in units of |x| above
  double norm_tolerance = 1e-9;     ///< bound of norm_error
  double element_tolerance = 1e-7;  ///< bound of element_error
  double least_norm = 1e-6;         ///< smaller analytic gradients are refused as vacuous
  bool expect_zero = false;         ///< the gradient must vanish: both norms at most norm_tolerance
  std::uint64_t seed = 1;           ///< of output weights and directions
};

/// Outcome of one comparison of an analytic gradient with differences.
struct GradcheckResult {
  double norm_error = 0;     ///< |analytic - numeric| / max(|analytic|, |numeric|), L2 norms
  double element_error = 0;  ///< largest |a - n| / max(|a|, 1e-3 max|a|)
  double analytic_norm = 0;
  double numeric_norm = 0;
  Index worst = 0;  ///< element or direction of the largest element_error
  double worst_analytic = 0, worst_numeric = 0;

  bool passed(const GradcheckOptions& o = {}) const {
    if (o.expect_zero) return analytic_norm <= o.norm_tolerance && numeric_norm <= o.norm_tolerance;
    return analytic_norm > o.least_norm && norm_error <= o.norm_tolerance &&
           element_error <= o.element_tolerance;
  }
  /// One line for the message of a failed test.
  std::string text() const {
    const auto number = [](double x) {
      char buffer[32];
      std::snprintf(buffer, sizeof buffer, "%.3g", x);
      return std::string(buffer);
    };
    return "norm error " + number(norm_error) + ", element error " + number(element_error) + " at " +
           std::to_string(worst) + " (analytic " + number(worst_analytic) + ", numeric " +
           number(worst_numeric) + "), norms " + number(analytic_norm) + " and " + number(numeric_norm);
  }
};

namespace detail {

/// (8 (f(h) - f(-h)) - (f(2h) - f(-2h))) / 12h.
template <class F>
double four_point_slope(F&& f, double h) {
  const double far = f(2 * h) - f(-2 * h), near = f(h) - f(-h);
  return (8 * near - far) / (12 * h);
}

inline GradcheckResult compare_gradients(std::span<const double> analytic, std::span<const double> numeric) {
  GradcheckResult r;
  double largest = 0, difference = 0;
  for (std::size_t i = 0; i < analytic.size(); ++i) {
    largest = std::max(largest, std::fabs(analytic[i]));
    difference += (analytic[i] - numeric[i]) * (analytic[i] - numeric[i]);
    r.analytic_norm += analytic[i] * analytic[i];
    r.numeric_norm += numeric[i] * numeric[i];
  }
  r.analytic_norm = std::sqrt(r.analytic_norm);
  r.numeric_norm = std::sqrt(r.numeric_norm);
  const double norm = std::max(r.analytic_norm, r.numeric_norm);
  r.norm_error = norm > 0 ? std::sqrt(difference) / norm : 0;
  for (std::size_t i = 0; i < analytic.size(); ++i) {
    const double floor = std::max(std::fabs(analytic[i]), 1e-3 * largest);
    const double gap = std::fabs(analytic[i] - numeric[i]);
    const double error = gap == 0 ? 0 : gap / floor;
    if (error <= r.element_error) continue;
    r.element_error = error;
    r.worst = static_cast<Index>(i);
    r.worst_analytic = analytic[i];
    r.worst_numeric = numeric[i];
  }
  return r;
}

}  // namespace detail

/// Compares `analytic`, the gradient of value() with respect to x, element by element. `value()` computes the
/// function at the present content of x, which is restored.   x, analytic: (n)
template <class Value>
GradcheckResult gradcheck_elements(std::span<double> x, std::span<const double> analytic, Value&& value,
                                   const GradcheckOptions& options = {}) {
  std::vector<double> numeric(x.size());
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double start = x[i];
    const auto shifted = [&](double by) {
      x[i] = start + by;
      return static_cast<double>(value());
    };
    numeric[i] = detail::four_point_slope(shifted, options.step * std::max(1.0, std::fabs(start)));
    x[i] = start;
  }
  return detail::compare_gradients(analytic, numeric);
}

/// The same along `directions` random directions of unit length, for functions of many values. A zero in
/// `mask` (empty: no mask) leaves an element as it is.   x, analytic, mask: (n)
template <class Value>
GradcheckResult gradcheck_directions(std::span<double> x, std::span<const double> analytic, Value&& value,
                                     Index directions = 20, std::span<const double> mask = {},
                                     const GradcheckOptions& options = {}) {
  const std::vector<double> start(x.begin(), x.end());
  std::vector<double> along(x.size()), slopes, numeric;
  for (Index k = 0; k < directions; ++k) {
    Philox g(options.seed, 0, static_cast<std::uint64_t>(k), Purpose::user);
    double norm = 0, slope = 0;
    for (std::size_t i = 0; i < x.size(); ++i) {
      along[i] = normal(g) * (mask.empty() ? 1.0 : mask[i]);
      norm += along[i] * along[i];
    }
    norm = std::sqrt(norm);
    for (std::size_t i = 0; i < x.size(); ++i) {
      along[i] /= norm;
      slope += along[i] * analytic[i];
    }
    const auto shifted = [&](double by) {
      for (std::size_t i = 0; i < x.size(); ++i) x[i] = start[i] + by * along[i];
      return static_cast<double>(value());
    };
    slopes.push_back(slope);
    numeric.push_back(detail::four_point_slope(shifted, options.step));
  }
  std::copy(start.begin(), start.end(), x.begin());
  return detail::compare_gradients(slopes, numeric);
}

/// Checks a function built of ops with respect to all of its inputs; one result for each of them.
///
///   std::vector<double> x = ..., w = ...;
///   const auto results = gradcheck({x, w}, [](Tape<double>& tape, const auto& v) {
///     return ops::linear(tape, v[0].template reshape<dyn, dyn>(5, 3), v[1], Var<double, dyn>{});
///   });
///
/// `f(tape, v)` gets the inputs as flat Vars and returns a Var of any shape; what is differentiated is its
/// sum with random weights. f must give the same result at every call (fix masks and random numbers).
template <class F>
std::vector<GradcheckResult> gradcheck(const std::vector<std::span<double>>& inputs, F&& f,
                                       const GradcheckOptions& options = {}) {
  std::vector<double> weights;
  const auto variables = [&](Tape<double>& tape) {
    std::vector<Var<double, dyn>> v;
    for (const std::span<double>& x : inputs)
      v.push_back(tape.input(Tensor<double, dyn>(x.data(), static_cast<Index>(x.size()))));
    return v;
  };
  Tape<double> forward;
  forward.set_recording(false);
  const auto value = [&] {
    forward.clear();
    const std::vector<Var<double, dyn>> v = variables(forward);
    const auto y = f(forward, v);
    double sum = 0;
    for (std::size_t i = 0; i < weights.size(); ++i) sum += weights[i] * y.value.data()[i];
    return sum;
  };
  Tape<double> tape;
  const std::vector<Var<double, dyn>> v = variables(tape);
  const auto y = f(tape, v);
  Philox g(options.seed);
  for (Index i = 0; i < y.value.size(); ++i) weights.push_back(uniform(g, 0.5, 1.5) * (g() % 2 ? 1 : -1));
  std::copy(weights.begin(), weights.end(), y.grad().data());
  tape.backward();
  std::vector<GradcheckResult> results;
  for (std::size_t k = 0; k < inputs.size(); ++k) {
    const std::vector<double> analytic(v[k].grad().begin(), v[k].grad().end());
    results.push_back(gradcheck_elements(inputs[k], analytic, value, options));
  }
  return results;
}

/// Checks the gradient of a loss with respect to all trainable parameters of a model along random directions.
/// `loss(tape)` builds the scalar Var from constants and the model's layers.
template <HasParameters<double> Model, class Loss>
GradcheckResult gradcheck_model(Model& model, Loss&& loss, Index directions = 20,
                                const GradcheckOptions& options = {}) {
  const auto size = static_cast<std::size_t>(model.store().size());
  std::vector<double> gradient(size), mask(size, 0.0);
  model.visit([&](std::string_view, Parameter<double>& p) {
    if (p.trainable) std::fill_n(mask.begin() + p.offset, p.size(), 1.0);
  });
  {
    Tape<double> tape;
    tape.bind_gradients(gradient.data());
    tape.backward(loss(tape));
  }
  Tape<double> forward;
  forward.set_recording(false);
  const auto value = [&] {
    forward.clear();
    return *loss(forward).value.data();
  };
  return gradcheck_directions(std::span<double>(model.store().data(), size), gradient, value, directions,
                              mask, options);
}

}  // namespace gyrograd
