// SPDX-License-Identifier: MIT
// Runs one operation of a golden case on a tape: inputs in activation layout, stored output gradients, all
// gradients.
#pragma once

#include <deque>
#include <functional>
#include <string>
#include <vector>

#include "golden/case.hpp"
#include "gyrograd/autograd/tape.hpp"
#include "gyrograd/core/aligned.hpp"

namespace gyrograd::golden {

template <class Real>
class TapeCase {
 public:
  explicit TapeCase(const Case& c) : case_(c) {}

  Tape<Real> tape;

  /// input.<name> as (B, T, C).
  Var<Real, dyn, dyn, dyn> activation(const std::string& name) {
    const Array& a = case_.at("input." + name);
    return input(name, Tensor<Real, dyn, dyn, dyn>(load(name), a.extent(0), a.extent(1), a.extent(2)));
  }
  /// input.<name> as (all axes but the last, last axis).
  Var<Real, dyn, dyn> positions(const std::string& name) {
    const Array& a = case_.at("input." + name);
    const Index channels = a.shape.back();
    return input(name, Tensor<Real, dyn, dyn>(load(name), a.size() / channels, channels));
  }
  /// input.<name> as one axis, first index fastest.
  Var<Real, dyn> flat(const std::string& name) {
    return input(name, Tensor<Real, dyn>(load(name), case_.at("input." + name).size()));
  }
  /// input.<name> (layers, B, H) as one (B, H) per layer.
  std::vector<Var<Real, dyn, dyn>> layers(const std::string& name) {
    const Array& a = case_.at("input." + name);
    const Index batch = a.extent(1), width = a.extent(2);
    std::vector<Var<Real, dyn, dyn>> out;
    for (Index k = 0; k < a.extent(0); ++k) {
      AlignedVector<Real>& values = memory_.emplace_back(static_cast<std::size_t>(batch * width));
      const auto at = [=](Index b, Index c) { return static_cast<std::size_t>((k * batch + b) * width + c); };
      const Tensor<Real, dyn, dyn> x(values.data(), batch, width);
      for (Index b = 0; b < batch; ++b) {
        for (Index c = 0; c < width; ++c) x(b, c) = static_cast<Real>(a.values[at(b, c)]);
      }
      const auto var = tape.input(x);
      out.push_back(var);
      gradients_.push_back([this, name, var, at] {
        std::vector<Real> got;
        std::vector<double> want;
        for (Index b = 0; b < var.extent(0); ++b) {
          for (Index c = 0; c < var.extent(1); ++c) {
            got.push_back(var.grad()(b, c));
            want.push_back(case_.at("grad." + name).values[at(b, c)]);
          }
        }
        expect_close("grad." + name, std::span<const Real>(got), std::span<const double>(want),
                     case_.template gradient_tolerance<Real>());
      });
    }
    return out;
  }
  /// param.<name>, row-major.
  Var<Real, dyn> parameter(const std::string& name) {
    AlignedVector<Real>& values = memory_.emplace_back();
    for (double v : case_.at("param." + name).values) values.push_back(static_cast<Real>(v));
    const auto size = static_cast<Index>(values.size());
    const auto var = tape.input(Tensor<Real, dyn>(values.data(), size));
    gradients_.push_back([this, name, var, size] {
      const std::vector<Real> got(var.grad().data(), var.grad().data() + size);
      expect_rows(case_, "grad." + name, got, case_.template gradient_tolerance<Real>());
    });
    return var;
  }

  /// Compares output.<name>, then sets its gradient to the stored one.
  template <Index... Dims>
  void check_output(const std::string& name, const Var<Real, Dims...>& y) {
    expect_columns(case_, "output." + name, y.value.data(), case_.template tolerance<Real>());
    const std::vector<Real> dy = case_.template columns<Real>("grad_output." + name);
    std::copy(dy.begin(), dy.end(), y.grad().data());
  }

  /// Runs the tape backwards and compares grad.<name> of everything that was loaded.
  void check_gradients() {
    tape.backward();
    for (const auto& check : gradients_) check();
  }

 private:
  Real* load(const std::string& name) {
    const std::vector<Real> values = case_.template columns<Real>("input." + name);
    return memory_.emplace_back(values.begin(), values.end()).data();
  }

  template <Index... Dims>
  Var<Real, Dims...> input(const std::string& name, Tensor<Real, Dims...> x) {
    const auto var = tape.input(x);
    gradients_.push_back([this, name, var] {
      expect_columns(case_, "grad." + name, var.grad().data(), case_.template gradient_tolerance<Real>());
    });
    return var;
  }

  const Case& case_;
  std::deque<AlignedVector<Real>> memory_;
  std::vector<std::function<void()>> gradients_;
};

}  // namespace gyrograd::golden
