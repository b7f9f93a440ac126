// SPDX-License-Identifier: MIT
// Vector maths at every one of the 2^32 floats against the stated limits. Not part of ctest: target
// `exhaustive`. usage: math_exhaustive [THREADS [STEP]]   STEP n takes every n-th float (default 1)
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <thread>

#include "gyrograd/core/thread_pool.hpp"
#include "support/math_claims.hpp"

int main(int argc, char** argv) {
  using namespace gyrograd;
  using namespace gyrograd::testing;
  const auto threads = argc > 1 ? std::atoi(argv[1]) : static_cast<int>(std::thread::hardware_concurrency());
  const auto step = static_cast<std::uint64_t>(argc > 2 ? std::atoi(argv[2]) : 1);
  constexpr std::uint64_t chunk = std::uint64_t{1} << 20, all = std::uint64_t{1} << 32;
  ThreadPool pool(threads);
  bool good = true;
  for (const MathClaim& claim : math_claims) {
    std::mutex mutex;
    MathWorst worst;
    pool.run(static_cast<Index>(all / chunk), [&](Index i, int) {
      const auto x = floats_from(static_cast<std::uint64_t>(i) * chunk, step, chunk / step);
      const MathWorst here = measure(claim, x);
      const std::lock_guard lock(mutex);
      worst.take(here);
    });
    const bool kept = worst.share <= 1;
    good = good && kept;
    std::printf("%-22s %s: %.3f of the limit (%g ULP + %g) at %.9g, got %.9g\n", claim.name,
                kept ? "kept" : "BROKEN", worst.share, claim.ulp, claim.absolute,
                static_cast<double>(worst.at), static_cast<double>(worst.got));
    std::fflush(stdout);
  }
  return good ? 0 : 1;
}
