// SPDX-License-Identifier: MIT
// A view of constants does not become a view that can be written.
// expect: conversion
#include "gyrograd/tensor/tensor.hpp"

using namespace gyrograd;

void use(const float* values) {
  const Tensor<const float, dyn, 6> x(values, 20, 6);
  const Tensor<const float, dyn, dyn> fine = x;
  static_cast<void>(fine);
#if defined(WRONG)
  const Tensor<float, dyn, 6> wrong = x;
#endif
}
