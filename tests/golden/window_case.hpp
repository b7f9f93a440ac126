// SPDX-License-Identifier: MIT
// Windows of golden cases: (B, C, T) row-major in the files, (B, T, C) activations here.
#pragma once

#include <string>
#include <vector>

#include "golden/case.hpp"
#include "gyrograd/autograd/tape.hpp"
#include "gyrograd/core/aligned.hpp"

namespace gyrograd::golden {

/// Calls f(row-major position in the file, b, t, c) for every value of a (B, C, T) array.
template <class F>
void for_window(const Array& a, F&& f) {
  std::size_t row = 0;
  for (Index b = 0; b < a.extent(0); ++b)
    for (Index c = 0; c < a.extent(1); ++c)
      for (Index t = 0; t < a.extent(2); ++t) f(row++, b, t, c);
}

/// input.<name> as activation on a tape, with its gradient against grad.<name>.
template <class Real>
class WindowInput {
 public:
  Var<Real, dyn, dyn, dyn> var;

  WindowInput(const Case& c, Tape<Real>& tape, std::string name) : case_(c), name_(std::move(name)) {
    const Array& a = c.at("input." + name_);
    memory_.resize(a.values.size());
    const Tensor<Real, dyn, dyn, dyn> x(memory_.data(), a.extent(0), a.extent(2), a.extent(1));
    for_window(a, [&](std::size_t row, Index b, Index t, Index channel) {
      x(b, t, channel) = static_cast<Real>(a.values[row]);
    });
    var = tape.input(x);
  }
  WindowInput(const WindowInput&) = delete;
  WindowInput& operator=(const WindowInput&) = delete;

  Tensor<const Real, dyn, dyn, dyn> values() const {
    return {memory_.data(), var.extent(0), var.extent(1), var.extent(2)};
  }
  void check_gradient() const {
    const Array& want = case_.at("grad." + name_);
    std::vector<Real> got(want.values.size());
    const auto dx = var.grad();
    for_window(want, [&](std::size_t row, Index b, Index t, Index c) { got[row] = dx(b, t, c); });
    expect_rows(case_, "grad." + name_, got, case_.template gradient_tolerance<Real>());
  }

 private:
  const Case& case_;
  std::string name_;
  AlignedVector<Real> memory_;
};

/// Compares output.<name> (B, C, T).
template <class Real>
void expect_window_values(const Case& c, const std::string& name, const Var<Real, dyn, dyn, dyn>& y) {
  const Array& want = c.at("output." + name);
  REQUIRE(y.value.size() == want.size());
  std::vector<Real> got(want.values.size());
  for_window(want, [&](std::size_t row, Index b, Index t, Index ch) { got[row] = y.value(b, t, ch); });
  expect_rows(c, "output." + name, got, c.tolerance<Real>());
}

/// The same, and sets the gradient of y to the stored one.
template <class Real>
void expect_window(const Case& c, const std::string& name, const Var<Real, dyn, dyn, dyn>& y) {
  expect_window_values(c, name, y);
  const auto dy = y.grad();
  const Array& from = c.at("grad_output." + name);
  for_window(from, [&](std::size_t row, Index b, Index t, Index ch) {
    dy(b, t, ch) += static_cast<Real>(from.values[row]);
  });
}

}  // namespace gyrograd::golden
