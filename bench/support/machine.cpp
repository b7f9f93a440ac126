// SPDX-License-Identifier: MIT
// Measurements of one core.
#include "support/machine.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <fstream>

#include "gyrograd/kernels/simd.hpp"

namespace gyrograd::bench {

namespace {

using Clock = std::chrono::steady_clock;
using V = kernels::Batch<float>;
constexpr Index L = kernels::lanes<float>;

/// Chains of dependent multiply-adds: more than latency times units of any core (10), as many as the
/// registers hold beside the two operands.
constexpr int chains = kernels::vector_registers == 32 ? 20 : 12;

/// sum = a sum + b, `rounds` times in every chain. The result is the multiplicand, so that the instruction
/// overwrites it and needs no move.
[[gnu::noinline]] V multiply_add(V a, V b, int rounds) {
  V sum[chains];
  GYROGRAD_UNROLL
  for (int i = 0; i < chains; ++i) sum[i] = V(static_cast<float>(i));
  for (int round = 0; round < rounds; ++round) {
    GYROGRAD_UNROLL
    for (int i = 0; i < chains; ++i) {
      sum[i] = kernels::fma(sum[i], a, b);
      kernels::keep(sum[i]);
    }
  }
  GYROGRAD_UNROLL
  for (int i = 1; i < chains; ++i) sum[0] = sum[0] + sum[i];
  return sum[0];
}

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

volatile float sink;

}  // namespace

double measure_peak_gflops() {
  constexpr double flop = 2.0 * chains * static_cast<double>(L);
  int rounds = 256;
  double best = 0;
  for (int slice = 0; slice < 60; ++slice) {
    const auto start = Clock::now();
    sink = kernels::reduce_add(multiply_add(V(0.999F), V(0.001F), rounds));
    const double seconds = seconds_since(start);
    if (slice == 0) {  // grow to slices of about 0.1 ms
      rounds = std::max(256, static_cast<int>(1e-4 / std::max(seconds, 1e-7) * rounds));
      continue;
    }
    best = std::max(best, flop * rounds / seconds);
  }
  return best / 1e9;
}

double measure_clock_ghz() {
#if defined(__x86_64__)
  constexpr int steps = 30000;
  double best = 0;
  for (int slice = 0; slice < 20; ++slice) {
    std::uint64_t x = 3;
    const auto start = Clock::now();
    for (int i = 0; i < steps; ++i) {
      x *= 5;
      asm("" : "+r"(x));
      x *= x;  // a true multiplication: no shift and no lea
      asm("" : "+r"(x));
    }
    best = std::max(best, 4.0 * steps / seconds_since(start));
    sink = static_cast<float>(x);
  }
  return best / 1e9;
#else
  return 0;
#endif
}

float read_all(const float* data, std::size_t bytes) {
  constexpr int streams = 8;
  V sum[streams];
  GYROGRAD_UNROLL
  for (int s = 0; s < streams; ++s) sum[s] = V(0.0F);
  const auto count = static_cast<Index>(bytes / sizeof(float)) / (streams * L) * (streams * L);
  for (Index i = 0; i < count; i += streams * L) {
    GYROGRAD_UNROLL
    for (int s = 0; s < streams; ++s) sum[s] = sum[s] + kernels::load(data + i + s * L);
  }
  GYROGRAD_UNROLL
  for (int s = 1; s < streams; ++s) sum[0] = sum[0] + sum[s];
  return kernels::reduce_add(sum[0]);
}

std::string isa_name() {
#if defined(GYROGRAD_AVX512)
  return "AVX-512";
#elif defined(GYROGRAD_AVX2)
  return "AVX2";
#elif defined(__aarch64__) && !defined(GYROGRAD_SCALAR)
  return "NEON";
#elif defined(__x86_64__) && !defined(GYROGRAD_SCALAR)
  return "SSE2";
#else
  return "scalar";
#endif
}

std::string compiler_name() {
#if defined(__clang__)
  return "clang " + std::to_string(__clang_major__) + "." + std::to_string(__clang_minor__) + "." +
         std::to_string(__clang_patchlevel__);
#elif defined(__GNUC__)
  return "g++ " + std::to_string(__GNUC__) + "." + std::to_string(__GNUC_MINOR__) + "." +
         std::to_string(__GNUC_PATCHLEVEL__);
#else
  return "unknown";
#endif
}

std::string cpu_name() {
  std::ifstream file("/proc/cpuinfo");
  std::string line, model = "unknown", family;
  while (std::getline(file, line) && !line.empty()) {
    const auto colon = line.find(": ");
    if (colon == std::string::npos) continue;
    if (line.starts_with("model name")) model = line.substr(colon + 2);
    if (line.starts_with("cpu family")) family = ", family " + line.substr(colon + 2);
  }
  return model + family;
}

int lane_count() {
  return static_cast<int>(L);
}

}  // namespace gyrograd::bench
