// SPDX-License-Identifier: MIT
// Second source file of the link test.
#include "gyrograd/gyrograd.hpp"

const void* tape_from_elsewhere();

const void* tape_from_elsewhere() {
  static gyrograd::Tape<float> tape;
  return &tape;
}
