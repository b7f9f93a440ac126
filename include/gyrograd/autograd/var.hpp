// SPDX-License-Identifier: MIT
// Var: a value on the tape together with the place where its gradient is gathered.
#pragma once

#include <vector>

#include "gyrograd/tensor/arena.hpp"
#include "gyrograd/tensor/tensor.hpp"

namespace gyrograd {

/// Memory of activations that is used again as soon as it is free, so that a few buffers serve a whole pass
/// from cache: gradients, taken when the first one is written and given back when the op that produced the
/// activation has run; without recording, values that were released.
template <Scalar Real>
class BufferPool {
 public:
  explicit BufferPool(Arena& arena) : arena_(arena) {}
  Real* take(Index size) {
    for (std::size_t i = free_.size(); i-- > 0;) {
      if (free_[i].size != size) continue;
      Real* data = free_[i].data;
      free_[i] = free_.back();
      free_.pop_back();
      return data;
    }
    return arena_.template allocate<Real>(size);
  }
  void give_back(Real* data, Index size) { free_.push_back({data, size}); }
  void clear() { free_.clear(); }

 private:
  struct Buffer {
    Real* data;
    Index size;
  };
  Arena& arena_;
  std::vector<Buffer> free_;
};

/// Where the gradient of one Var is gathered; lives in the tape's arena.
template <Scalar Real>
struct Gradient {
  Real* data = nullptr;
  Index size = 0;
  BufferPool<Real>* pool = nullptr;  // null: the memory belongs to somebody else (a parameter's gradient)
  bool written = false;              // false: nothing has been added yet, the memory holds no values
};

/// Target of a gradient contribution: write into + residual, where a null residual means "start from zero".
/// The first writer stores and later ones add, without a pass that clears memory.
template <class Real, Index... Dims>
struct Accumulator {
  Tensor<Real, Dims...> into;
  const Real* residual;
};

/// Value view plus gradient. Trivially copyable, so closures capture it by value.
template <class Real, Index... Dims>
struct Var {
  Tensor<Real, Dims...> value;
  Gradient<Real>* gradient = nullptr;  // null: no gradient is wanted

  bool needs_gradient() const { return gradient != nullptr; }
  Index extent(int axis) const { return value.extent(axis); }

  /// Gradient to add to with +=; zeros on first use.
  Tensor<Real, Dims...> grad() const {
    const Accumulator<Real, Dims...> target = accumulator();
    if (target.residual == nullptr) target.into.fill(Real(0));
    return target.into;
  }
  /// Gradient to write as contribution + residual; see Accumulator.
  Accumulator<Real, Dims...> accumulator() const {
    const bool first = !gradient->written;
    if (gradient->data == nullptr) gradient->data = gradient->pool->take(gradient->size);
    gradient->written = true;
    return {Tensor<Real, Dims...>(gradient->data, value.extents()), first ? nullptr : gradient->data};
  }
  /// The same values under another shape of equal size: (B, T, C) as (B T, C), for example.
  template <Index... NewDims, class... Sizes>
  Var<Real, NewDims...> reshape(Sizes... sizes) const {
    return {Tensor<Real, NewDims...>(value.data(), sizes...), gradient};
  }
};

}  // namespace gyrograd
