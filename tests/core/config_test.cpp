// SPDX-License-Identifier: MIT
// The version macros agree with each other, and the constants are what the documents say.
#include "gyrograd/core/config.hpp"

#include <string>

#include "support/catch.hpp"

TEST_CASE("the version text is made of the version numbers") {
  const std::string text = std::to_string(GYROGRAD_VERSION_MAJOR) + "." +
                           std::to_string(GYROGRAD_VERSION_MINOR) + "." +
                           std::to_string(GYROGRAD_VERSION_PATCH);
  CHECK(text == GYROGRAD_VERSION);
}

TEST_CASE("buffers are aligned to one cache line") {
  STATIC_REQUIRE(gyrograd::alignment == 64);
  STATIC_REQUIRE(sizeof(gyrograd::Index) == sizeof(void*));
}
