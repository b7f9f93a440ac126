// SPDX-License-Identifier: MIT
// What a user of the library writes first; built by tests/packaging/check.py in four ways.
#include <cstdio>
#include <gyrograd/gyrograd.hpp>

int main() {
#if defined(__FMA__) || defined(NDEBUG) || defined(_OPENMP)
#error "gyrograd must not choose compiler flags for its users"
#endif
  gyrograd::Tape<float> tape;
  const auto x = tape.make<gyrograd::dyn, 6>(20, 6);
  x.value.fill(1);
  std::printf("gyrograd %s: %td values\n", GYROGRAD_VERSION, x.value.size());
}
