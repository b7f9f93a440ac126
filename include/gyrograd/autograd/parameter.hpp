// SPDX-License-Identifier: MIT
// Parameters: named views into one flat buffer of values, in the published order and row-major shapes.
#pragma once

#include <algorithm>
#include <array>
#include <concepts>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

#include "gyrograd/core/aligned.hpp"
#include "gyrograd/core/error.hpp"
#include "gyrograd/tensor/tensor.hpp"

namespace gyrograd {

/// Published, row-major shape of a parameter: rank 0 to 4.
struct Shape {
  std::array<Index, 4> extents{};
  int rank = 0;

  Shape() = default;
  Shape(std::initializer_list<Index> sizes) {
    for (Index size : sizes) extents[static_cast<std::size_t>(rank++)] = size;
  }
  Index operator[](int axis) const { return extents[static_cast<std::size_t>(axis)]; }
  Index size() const {
    Index n = 1;
    for (int axis = 0; axis < rank; ++axis) n *= (*this)[axis];
    return n;
  }
  bool operator==(const Shape&) const = default;
  /// "(72, 6)".
  std::string text() const {
    std::string s = "(";
    for (int axis = 0; axis < rank; ++axis) s += (axis ? ", " : "") + std::to_string((*this)[axis]);
    return s + ")";
  }
};

/// One tensor of weights. `value` points into the ParameterStore; the gradient lies at the same `offset` of
/// whatever gradient buffer a tape is bound to. Frozen parameters (`trainable` false) get no gradient.
template <Scalar Real>
struct Parameter {
  Shape shape;
  Real* value = nullptr;
  Index offset = 0;
  bool trainable = true;

  Parameter() = default;
  explicit Parameter(Shape s) : shape(s) {}
  Index size() const { return shape.size(); }
};

/// A model or layer: visit(f) calls f(published name, parameter) for each of its parameters in the published
/// order.
template <class Model, class Real>
concept HasParameters = requires(Model& model) {
  model.visit([](std::string_view, Parameter<Real>&) {});
};

/// Calls layer.visit(f) with `prefix` put before every name: visit_prefixed("embed.", embed, f).
template <class Layer, class F>
void visit_prefixed(std::string_view prefix, Layer& layer, F&& f) {
  layer.visit(
      [&](std::string_view name, auto& parameter) { f(std::string(prefix) + std::string(name), parameter); });
}

/// A model or layer with stored values that are not trained (running estimates of a batch norm), shown by
/// visit_buffers(f) as visit(f) shows parameters.
template <class Model, class Real>
concept HasBuffers = requires(Model& model) {
  model.visit_buffers([](std::string_view, Parameter<Real>&) {});
};

/// Calls layer.visit_buffers(f) with `prefix` put before every name.
template <class Layer, class F>
void visit_buffers_prefixed(std::string_view prefix, Layer& layer, F&& f) {
  layer.visit_buffers(
      [&](std::string_view name, auto& buffer) { f(std::string(prefix) + std::string(name), buffer); });
}

/// Everything that a file of the model holds: parameters, then buffers.
template <Scalar Real, HasParameters<Real> Model, class F>
void visit_state(Model& model, F&& f) {
  model.visit(f);
  if constexpr (HasBuffers<Model, Real>) model.visit_buffers(f);
}

/// Owns the values of all parameters of one model in one aligned buffer; those of its buffers lie behind
/// them, so that a copy of the store is the whole state. Their gradient stays zero and no optimiser changes
/// them.
template <Scalar Real>
class ParameterStore {
 public:
  /// Lays the parameters of `model` out one after the other and points them here. Values that they have, in
  /// the store of a part that moved in, move along; those of new parameters start at zero.
  template <HasParameters<Real> Model>
  void bind(Model& model) {
    Index size = 0;
    visit_state<Real>(model, [&](std::string_view, Parameter<Real>& p) {
      p.offset = size;
      size += p.size();
    });
    AlignedVector<Real> values(static_cast<std::size_t>(size), Real(0));
    visit_state<Real>(model, [&](std::string_view, Parameter<Real>& p) {
      Real* to = values.data() + p.offset;
      if (p.value != nullptr) std::copy_n(p.value, p.size(), to);
      p.value = to;
    });
    values_ = std::move(values);
  }
  Real* data() { return values_.data(); }
  const Real* data() const { return values_.data(); }
  Index size() const { return static_cast<Index>(values_.size()); }

 private:
  AlignedVector<Real> values_;
};

/// Number of values in all parameters of a model, those that are stored but never used included.
template <Scalar Real, HasParameters<Real> Model>
Index parameter_count(Model& model) {
  Index n = 0;
  model.visit([&](std::string_view, Parameter<Real>& p) { n += p.size(); });
  return n;
}

}  // namespace gyrograd
