// SPDX-License-Identifier: MIT
// Tensor: a trivially copyable view (pointer and extents) in column-major order, the first index fastest.
#pragma once

#include <algorithm>
#include <array>
#include <concepts>
#include <type_traits>
#include <utility>

#include "gyrograd/core/assert.hpp"
#include "gyrograd/core/config.hpp"

namespace gyrograd {

/// Floating-point types that models and kernels are written for.
template <class T>
concept Scalar = std::same_as<T, float> || std::same_as<T, double>;

/// Marks an extent that is known at run time only.
inline constexpr Index dyn = -1;

/// View of rank sizeof...(Dims); every extent is a compile-time constant or `dyn`.
///
/// Activations have the papers' shape (batch, time, channel): element (b, t, c) lies at b + B (t + T c), so
/// the values of one channel are adjacent and a range of channels is one block. `Real` may be const.
/// `eigen()` and `positions()` become usable with tensor/eigen.hpp.
template <class Real, Index... Dims>
class Tensor {
 public:
  static constexpr int rank = static_cast<int>(sizeof...(Dims));
  using Value = std::remove_const_t<Real>;

  constexpr Tensor() : extents_{(Dims == dyn ? 0 : Dims)...} {}
  constexpr Tensor(Real* data, std::array<Index, sizeof...(Dims)> extents) : data_(data), extents_(extents) {
    GYROGRAD_ASSERT(matches(extents));
  }
  template <std::convertible_to<Index>... Sizes>
  requires(sizeof...(Sizes) == sizeof...(Dims)) constexpr Tensor(Real* data, Sizes... sizes)
      : Tensor(data, std::array<Index, sizeof...(Dims)>{static_cast<Index>(sizes)...}) {}

  /// Views convert to const views and between static and run-time extents.
  template <class Other, Index... Others>
  requires(sizeof...(Others) == sizeof...(Dims) && std::is_convertible_v<Other (*)[], Real (*)[]> &&
           (... && (Dims == Others || Dims == dyn ||
                    Others == dyn))) constexpr Tensor(const Tensor<Other, Others...>& other)
      : Tensor(other.data(), other.extents()) {}

  constexpr Real* data() const { return data_; }
  constexpr Real* begin() const { return data_; }
  constexpr Real* end() const { return data_ + size(); }
  constexpr Index extent(int axis) const { return extents_[static_cast<std::size_t>(axis)]; }
  constexpr const std::array<Index, sizeof...(Dims)>& extents() const { return extents_; }
  constexpr Index size() const {
    Index n = 1;
    for (Index e : extents_) n *= e;
    return n;
  }
  constexpr bool empty() const { return data_ == nullptr; }

  /// Extents as template arguments; `dyn` where known at run time only.
  static constexpr std::array<Index, sizeof...(Dims)> static_extents{Dims...};

  template <std::convertible_to<Index>... I>
  requires(sizeof...(I) == sizeof...(Dims)) constexpr Real& operator()(I... indices) const {
    const std::array<Index, sizeof...(Dims)> at{static_cast<Index>(indices)...};
    Index offset = 0;
    for (int axis = rank - 1; axis >= 0; --axis) {
      const auto a = static_cast<std::size_t>(axis);
      GYROGRAD_ASSERT(at[a] >= 0 && at[a] < extents_[a]);
      offset = offset * extents_[a] + at[a];
    }
    return data_[offset];
  }

  void fill(Value x) const { std::fill_n(data_, size(), x); }

  /// Channels first .. first + count - 1 of the last axis: a block of the same buffer.
  constexpr auto channels(Index first, Index count) const {
    auto extents = extents_;
    extents.back() = count;
    Index stride = 1;
    for (int axis = 0; axis + 1 < rank; ++axis) stride *= extent(axis);
    return with_last<dyn>(data_ + first * stride, extents);
  }

  /// Eigen::TensorMap of the same shape (defined in tensor/eigen.hpp).
  auto eigen() const;
  /// Eigen::Map of the matrix (all axes but the last, last axis): positions x channels (tensor/eigen.hpp).
  auto positions() const;

 private:
  static constexpr bool matches(const std::array<Index, sizeof...(Dims)>& extents) {
    constexpr std::array<Index, sizeof...(Dims)> dims{Dims...};
    for (std::size_t axis = 0; axis < sizeof...(Dims); ++axis)
      if (extents[axis] < 0 || (dims[axis] != dyn && dims[axis] != extents[axis])) return false;
    return true;
  }
  template <Index Last>
  static constexpr auto with_last(Real* data, const std::array<Index, sizeof...(Dims)>& extents) {
    return [&]<std::size_t... I>(std::index_sequence<I...>) {
      constexpr std::array<Index, sizeof...(Dims)> dims{Dims...};
      return Tensor<Real, (I + 1 == sizeof...(Dims) ? Last : dims[I])...>(data, extents);
    }
    (std::make_index_sequence<sizeof...(Dims)>{});
  }

  Real* data_ = nullptr;
  std::array<Index, sizeof...(Dims)> extents_;
};

/// Positions (all axes but the last) and channels (last axis) of an activation.
template <class Real, Index... Dims>
constexpr Index position_count(const Tensor<Real, Dims...>& x) {
  Index n = 1;
  for (int axis = 0; axis + 1 < x.rank; ++axis) n *= x.extent(axis);
  return n;
}
template <class Real, Index... Dims>
constexpr Index channel_count(const Tensor<Real, Dims...>& x) {
  return x.extent(x.rank - 1);
}

}  // namespace gyrograd
