// SPDX-License-Identifier: MIT
// Whether this process was started by mpirun or the like, asked without starting MPI.
#pragma once

#include <array>
#include <charconv>
#include <cstdlib>
#include <string_view>
#include <system_error>

namespace gyrograd::distributed {

namespace detail {

/// First of the variables that holds a number of at least `least`, else `otherwise`.
inline int number_in_environment(std::array<const char*, 2> names, int least, int otherwise) {
  for (const char* name : names) {
    const char* value = std::getenv(name);
    if (value == nullptr) continue;
    const std::string_view text = value;
    int number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error == std::errc{} && end == text.data() + text.size() && number >= least) return number;
  }
  return otherwise;
}

}  // namespace detail

/// Number of processes that mpirun (of Open MPI; of MPICH, Intel MPI and Slurm) started, as it tells them in
/// the environment; 1 without it. Starting MPI in a program that is alone takes tenths of a second, so
/// programs ask here first.
inline int launched_processes() {
  return detail::number_in_environment({"OMPI_COMM_WORLD_SIZE", "PMI_SIZE"}, 1, 1);
}

/// Number of this process among them, from 0.
inline int launched_rank() {
  return detail::number_in_environment({"OMPI_COMM_WORLD_RANK", "PMI_RANK"}, 0, 0);
}

}  // namespace gyrograd::distributed
