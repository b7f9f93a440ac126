// SPDX-License-Identifier: MIT
// The whole library in two source files of one program: a function that lacks `inline` fails to link.
#include "gyrograd/gyrograd.hpp"

#include "support/catch.hpp"

const void* tape_from_elsewhere();

TEST_CASE("the umbrella header can be included in several source files of one program") {
  CHECK(tape_from_elsewhere() != nullptr);
  gyrograd::Tape<float> tape;
  CHECK(tape.recording());
}
