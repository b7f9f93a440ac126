// SPDX-License-Identifier: MIT
// Debug assertion for kernels: on without NDEBUG, gone with it. Boundaries use fail<Kind>() of
// core/error.hpp.
#pragma once

#include <cstdio>
#include <cstdlib>

#include "gyrograd/core/config.hpp"

#if !defined(NDEBUG)
#define GYROGRAD_ASSERT(condition)                                                                        \
  ((condition)                                                                                            \
       ? static_cast<void>(0)                                                                             \
       : (std::fprintf(stderr, "%s:%d: gyrograd assertion failed: %s\n", __FILE__, __LINE__, #condition), \
          std::abort()))
#else
#define GYROGRAD_ASSERT(condition) static_cast<void>(0)
#endif
