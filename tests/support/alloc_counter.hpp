// SPDX-License-Identifier: MIT
// Counts heap allocations of the whole test program, all threads: proves that warm code allocates nothing.
#pragma once

#include <cstdint>

namespace gyrograd::testing {

/// Allocations since the program started: malloc, calloc, realloc, aligned forms and operator new
/// (by replacing the functions of glibc, or by the hooks of a sanitizer).
std::uint64_t allocation_count() noexcept;

/// Allocations since construction. Read count() before any assertion macro: those allocate.
class AllocationScope {
 public:
  AllocationScope() noexcept : start_(allocation_count()) {}
  std::uint64_t count() const noexcept { return allocation_count() - start_; }

 private:
  std::uint64_t start_;
};

}  // namespace gyrograd::testing
