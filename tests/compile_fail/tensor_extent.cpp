// SPDX-License-Identifier: MIT
// Two different compile-time extents do not convert.
// expect: conversion
#include "gyrograd/tensor/tensor.hpp"

using namespace gyrograd;

void use(float* values) {
  const Tensor<float, dyn, 72> x(values, 120, 72);
  const Tensor<float, 120, dyn> fine = x;
  static_cast<void>(fine);
#if defined(WRONG)
  const Tensor<float, dyn, 6> wrong = x;
#endif
}
