// SPDX-License-Identifier: MIT
// What this core can do, measured: multiply-adds, clock, read bandwidth; and the names of what we run on.
#pragma once

#include <cstddef>
#include <string>

namespace gyrograd::bench {

/// Float multiply-adds of one core in GFLOP/s (one multiply-add is two operations): the best of many slices
/// of 0.1 ms, so that neither the clock's drift nor a neighbour on the machine lowers it. Takes about 6 ms.
double measure_peak_gflops();

/// Clock of this core in GHz from a chain of dependent integer multiplications of 3 cycles each;
/// 0 where that latency is not known (not x86-64).
double measure_clock_ghz();

/// One pass of reads over `bytes` of memory; returns a value that depends on all of it.
float read_all(const float* data, std::size_t bytes);

std::string isa_name();       ///< "AVX-512", "AVX2", ...: the vectors that the kernels were compiled for
std::string compiler_name();  ///< "g++ 12.2.0"
std::string cpu_name();       ///< model name and family of /proc/cpuinfo
int lane_count();             ///< floats in one vector

}  // namespace gyrograd::bench
