// SPDX-License-Identifier: MIT
// What a user of the library writes first; built by tests/packaging/check.py in four ways.
#include <cstdio>
#include <gyrograd/core/config.hpp>
#include <gyrograd/core/random.hpp>
#include <gyrograd/kernels/simd.hpp>

int main() {
#if defined(__FMA__) && !defined(CONSUMER_CHOSE_FMA)
#error "gyrograd must not choose the instruction set of its users"
#endif
  std::puts("gyrograd " GYROGRAD_VERSION);
}
