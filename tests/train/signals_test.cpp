// SPDX-License-Identifier: MIT
// A stop signal sets the flag, and the old handlers come back.
#include "gyrograd/train/signals.hpp"

#include <csignal>

#include "support/catch.hpp"

using gyrograd::train::StopOnSignal;

TEST_CASE("SIGTERM and SIGINT are remembered, not obeyed", "[signals]") {
  for (const int number : {SIGTERM, SIGINT}) {
    const StopOnSignal stop;
    CHECK_FALSE(stop.requested());
    std::raise(number);
    CHECK(stop.requested());
    CHECK(stop.number() == number);
  }
}

TEST_CASE("handlers are restored", "[signals]") {
  const auto before = std::signal(SIGTERM, SIG_IGN);
  {
    const StopOnSignal stop;
    std::raise(SIGTERM);
    CHECK(stop.requested());
  }
  CHECK(std::signal(SIGTERM, before) == SIG_IGN);
}
