// SPDX-License-Identifier: MIT
// Weights of a golden model case into a model, and its gradients back against the case.
#pragma once

#include <algorithm>
#include <cmath>
#include <string>
#include <string_view>
#include <vector>

#include "golden/case.hpp"
#include "gyrograd/autograd/parameter.hpp"
#include "gyrograd/core/aligned.hpp"

namespace gyrograd::golden {

/// Values of one parameter: stored, or by the closed form of the README.
template <class Real>
std::vector<Real> parameter_values(const Case& c, const std::string& name, const std::vector<Index>& shape,
                                   Index position) {
  if (c.has("param." + name)) {
    CHECK(c.at("param." + name).shape == shape);
    return c.values<Real>("param." + name);
  }
  const bool norm_scale = name.ends_with("gamma") || (shape.size() == 1 && name.ends_with("weight"));
  const std::vector<float> filled =
      fill_values(shape, c.integer("fill_salt"), position, c.number("fill_gain"), norm_scale);
  return {filled.begin(), filled.end()};
}

/// Gives every parameter its value; names, order and shapes must be those of the case.
template <class Real, class Model>
void load_parameters(const Case& c, Model& model) {
  std::vector<std::string> names;
  model.visit([&](std::string_view name, Parameter<Real>& p) {
    const std::vector<Index> shape(p.shape.extents.begin(), p.shape.extents.begin() + p.shape.rank);
    const std::vector<Real> values =
        parameter_values<Real>(c, std::string(name), shape, static_cast<Index>(names.size()));
    INFO(std::string(name));
    REQUIRE(static_cast<Index>(values.size()) == p.size());
    std::copy(values.begin(), values.end(), p.value);
    names.emplace_back(name);
  });
  CHECK(names == c.names("parameter_order"));
}

/// True when only rounding noise is stored for the gradient of this parameter.
inline bool is_noise(const Case& c, const std::string& name) {
  const auto noise = c.names("zero_gradient");
  return name.ends_with("proj_k.bias") || std::find(noise.begin(), noise.end(), name) != noise.end();
}

inline double norm_of(const std::vector<double>& values) {
  double sum = 0;
  for (double v : values) sum += v * v;
  return std::sqrt(sum);
}

/// Compares the gradient buffer of a model, parameter by parameter.
template <class Real, class Model>
void check_parameter_gradients(const Case& c, Model& model, const AlignedVector<Real>& gradients) {
  const std::vector<std::string> none = c.names("no_gradient");
  const double tolerance = c.gradient_tolerance<Real>();
  model.visit([&](std::string_view view, Parameter<Real>& p) {
    const std::string name(view);
    const std::vector<double> got(gradients.begin() + p.offset, gradients.begin() + p.offset + p.size());
    if (std::find(none.begin(), none.end(), name) != none.end()) {
      INFO(name << " gets no gradient");
      CHECK(norm_of(got) == 0);
    } else if (!is_noise(c, name)) {
      if (c.has("grad." + name)) {
        expect_rows(c, "grad." + name, got, tolerance);
      } else {  // a large tensor: some of its values, and their sum
        std::vector<double> some;
        for (const Index i : c.indices("grad_index." + name))
          some.push_back(got[static_cast<std::size_t>(i)]);
        expect_rows(c, "grad_sample." + name, some, tolerance);
      }
      expect_number(c, "grad_norm." + name, norm_of(got), tolerance);
    }
  });
}

/// Compares the weights after a training run.
template <class Real, class Model>
void check_final_weights(const Case& c, Model& model, double tolerance) {
  model.visit([&](std::string_view view, Parameter<Real>& p) {
    const std::string name(view);
    if (is_noise(c, name)) return;
    const std::vector<double> got(p.value, p.value + p.size());
    if (c.has("output.final." + name)) expect_rows(c, "output.final." + name, got, tolerance);
    expect_number(c, "output.final_norm." + name, norm_of(got), tolerance);
  });
}

}  // namespace gyrograd::golden
