// SPDX-License-Identifier: MIT
// Errors keep their type and join their parts into one line.
#include "gyrograd/core/error.hpp"

#include <string>
#include <string_view>

#include "support/catch.hpp"

using namespace gyrograd;

namespace {

template <class Kind>
std::string text_of_failure() {
  try {
    fail<Kind>("linear: x has ", 5, " channels, expected ", std::size_t{6}, std::string(" ("),
               std::string_view("B, T, C"), ")");
  } catch (const Kind& error) {
    return error.what();
  }
}

}  // namespace

TEST_CASE("fail throws the named kind with its parts joined") {
  const std::string expected = "linear: x has 5 channels, expected 6 (B, T, C)";
  CHECK(text_of_failure<ShapeError>() == expected);
  CHECK(text_of_failure<IoError>() == expected);
  CHECK(text_of_failure<ConfigError>() == expected);
}

TEST_CASE("every error is a gyrograd::Error and a std::runtime_error") {
  CHECK_THROWS_AS(fail<ShapeError>("x"), Error);
  CHECK_THROWS_AS(fail<IoError>("x"), Error);
  CHECK_THROWS_AS(fail<ConfigError>("x"), std::runtime_error);
}
