// SPDX-License-Identifier: MIT
// The one door to Eigen: tensor.eigen() and tensor.positions() as Eigen maps of the same memory.
#pragma once

#include <Eigen/Core>
#include <unsupported/Eigen/CXX11/Tensor>

#include "gyrograd/tensor/tensor.hpp"

namespace gyrograd {

template <class Real, Index... Dims>
auto Tensor<Real, Dims...>::eigen() const {
  using Plain = Eigen::Tensor<Value, rank, Eigen::ColMajor, Eigen::Index>;
  using Map =
      std::conditional_t<std::is_const_v<Real>, Eigen::TensorMap<const Plain>, Eigen::TensorMap<Plain>>;
  std::array<Eigen::Index, sizeof...(Dims)> sizes;
  std::copy(extents_.begin(), extents_.end(), sizes.begin());
  return Map(data_, sizes);
}

template <class Real, Index... Dims>
auto Tensor<Real, Dims...>::positions() const {
  using Plain = Eigen::Matrix<Value, Eigen::Dynamic, Eigen::Dynamic, Eigen::ColMajor>;
  using Map = std::conditional_t<std::is_const_v<Real>, Eigen::Map<const Plain>, Eigen::Map<Plain>>;
  return Map(data_, position_count(*this), channel_count(*this));
}

}  // namespace gyrograd
