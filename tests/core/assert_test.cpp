// SPDX-License-Identifier: MIT
// GYROGRAD_ASSERT stops a debug build and vanishes, unevaluated, from an optimised one.
#include "gyrograd/core/assert.hpp"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/catch.hpp"

namespace {

int evaluations = 0;

bool count_evaluation() {
  ++evaluations;
  return true;
}

/// True if a child process that asserts `condition` is stopped by SIGABRT.
bool aborts(bool condition) {
  const pid_t child = fork();
  if (child == 0) {
    (void)close(STDERR_FILENO);
    GYROGRAD_ASSERT(condition);
    (void)condition;
    _exit(0);
  }
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child);
  return WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT;
}

}  // namespace

TEST_CASE("an assertion stops the program in debug builds only") {
#if defined(NDEBUG)
  CHECK_FALSE(aborts(false));
#else
  CHECK(aborts(false));
#endif
  CHECK_FALSE(aborts(true));
}

TEST_CASE("an assertion is evaluated once, or never") {
  GYROGRAD_ASSERT(count_evaluation());
#if defined(NDEBUG)
  CHECK(count_evaluation());  // the name is used in every build
  CHECK(evaluations == 1);
#else
  CHECK(evaluations == 1);
#endif
}
